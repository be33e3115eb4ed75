"""What must hold after any fault, as queries that must find nothing."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models import tables as t
from models.edition import Edition
from models.store import Database, Store
from notifications.mailbox import mailbox_file
from rules.digests import digest

TOKEN = "k1_"
"""How every personal link's token begins."""
_OWN_LINES = ("digest", "published_at")

FIND_NOTHING: dict[str, str] = {
    "an entry was scored twice by one reviewer": """
        SELECT a.position, a.entry, a.reviewer FROM sheets s JOIN assignments a ON a.id = s.assignment
        GROUP BY a.position, a.entry, a.reviewer HAVING count(*) > 1""",
    "a sheet has no assignment": """
        SELECT s.assignment FROM sheets s LEFT JOIN assignments a ON a.id = s.assignment WHERE a.id IS NULL""",
    "a sheet was signed by somebody who stepped back": """
        SELECT a.id FROM sheets s JOIN assignments a ON a.id = s.assignment WHERE a.recused AND s.signed_at IS NOT NULL""",
    "a step was done twice": "SELECT edition, position, name FROM steps GROUP BY edition, position, name HAVING count(*) > 1",
    "an edition has two stages under way": """
        SELECT edition FROM stage_runs WHERE state IN ('opening', 'open', 'closing') GROUP BY edition HAVING count(*) > 1""",
    "a stage runs before the one before it is closed": """
        SELECT a.edition, a.position FROM stage_runs a JOIN stage_runs b ON b.edition = a.edition AND b.position < a.position
        WHERE a.state <> 'planned' AND b.state <> 'closed'""",
    "a published edition has a stage that is not closed": """
        SELECT e.id, r.position FROM editions e JOIN stage_runs r ON r.edition = e.id
        WHERE e.state = 'published' AND r.state NOT IN ('closed', 'closing')""",
    "a closed stage has a deadline that is waited for": """
        SELECT d.id FROM deadlines d JOIN stage_runs r ON r.edition = d.edition AND r.position = d.position
        WHERE r.state = 'closed' AND d.done_at IS NULL""",
    "an edition was published twice": "SELECT edition FROM publications WHERE version = 1 GROUP BY edition HAVING count(*) > 1",
    "a mail was sent without an answer of the server": "SELECT id FROM mails WHERE state = 'sent' AND (sent_at IS NULL OR reply = '')",
    "a mail failed and nobody was told": """
        SELECT m.id FROM mails m WHERE m.state = 'failed'
        AND NOT EXISTS (SELECT 1 FROM events e WHERE e.edition = m.edition AND e.type = 'MailFailed')""",
    "one cause was mailed twice to one address": """
        SELECT edition, cause, to_address, version FROM mails GROUP BY edition, cause, to_address, version HAVING count(*) > 1""",
    "a mail of a published edition is neither sent nor visibly held": """
        SELECT m.id, m.state FROM mails m JOIN editions e ON e.id = m.edition
        WHERE e.state = 'published' AND m.state NOT IN ('sent', 'failed', 'superseded', 'uncertain')""",
    "an award went to an entry that is not awarded": """
        SELECT e.id FROM entries e JOIN editions d ON d.id = e.edition
        WHERE d.state = 'published' AND e.state IN ('submitted', 'eligible', 'assigned', 'scored', 'shortlisted', 'publicised')""",
}


@dataclass(frozen=True)
class Outcome:
    """What an edition came to, without times and chance numbers."""

    digest: str
    awards: tuple[tuple[str, str, str, int], ...]
    """Code, group, tier, place."""
    events: tuple[tuple[str, str, int], ...]
    """How often the engine noted each kind of event about each stage."""
    steps: frozenset[tuple[int, str]]
    mails: tuple[tuple[str, int], ...]
    """Number of mails per template."""


ENGINE = (
    "StageOpened", "StageClosed", "StageBlocked", "StageExtended", "EntryChecked", "PanelsDrawn", "MarksComputed", "ShortlistMade",
    "ShortlistReleased", "NoticePosted", "ResultPublished", "EditionPublished", "AnswersReopened", "RemindersQueued", "EntriesImported",
)  # fmt: skip
"""Events that happen once per cause, however often the engine is killed."""


def outcome(database: Database, edition: str) -> Outcome:
    """What an edition came to."""
    with database.read() as store:
        published = store.publication(edition)
        found = store.notice(edition)
        assert found is not None
        codes = {one.id: one.code for one in store.entries(edition)}
        awards = tuple((codes[one.entry], one.group, one.tier, one.place) for one in found[0].awards)
        events = Counter((one.type, str(one.payload.get("stage", ""))) for one in store.events(edition) if one.type in ENGINE)
        steps = store.connection.execute(sa.select(t.STEPS.c.position, t.STEPS.c.name).where(t.STEPS.c.edition == edition)).all()
        mails = Counter(one.template for one in store.mails(edition))
    return Outcome(
        published.digest, awards, tuple(sorted((*key, count) for key, count in events.items())),
        frozenset((row.position, row.name.partition(":")[0]) for row in steps), tuple(sorted(mails.items())),
    )  # fmt: skip


def assert_invariants(database: Database, mailbox: Path, *, logs: Iterable[Path] = (), kills: int = 0) -> None:
    """Everything that must hold whatever has happened.

    Args:
        database: The installation's database.
        mailbox: Folder of the mail catcher.
        logs: What processes printed.
        kills: How many processes were killed; each may have left one extra copy of one mail.
    """
    with database.read() as store:
        for what, query in FIND_NOTHING.items():
            found = store.connection.exec_driver_sql(query).all()
            assert not found, f"{what}: {found[:5]}"
        for edition in store.editions():
            _stages_are_told_once(store, edition)
            _result_recomputes(store, edition)
        _mails_arrived(store, mailbox, kills)
        _no_token_is_stored(store)
    for log in logs:
        assert TOKEN not in log.read_text(encoding="utf-8", errors="replace"), f"a token was written to {log}"


def _stages_are_told_once(store: Store, edition: Edition) -> None:
    """One StageOpened and one StageClosed per stage, in order, none of a stage that is not so far."""
    told = [(one.type, one.payload["stage"]) for one in store.events(edition.id) if one.type in ("StageOpened", "StageClosed")]
    expected = []
    for run in edition.stages:
        if run.state in ("open", "closing", "closed"):
            expected.append(("StageOpened", run.name))
        if run.state == "closed":
            expected.append(("StageClosed", run.name))
    assert told == expected, f"{edition.id}: {told}"


def _result_recomputes(store: Store, edition: Edition) -> None:
    if edition.state != "published":
        return
    published = store.publication(edition.id)
    document = {key: value for key, value in published.document.items() if key not in _OWN_LINES}
    assert digest(document) == published.digest
    shown = sum(len(group["awards"]) for group in document["groups"])
    assert shown == store.count_entries(edition.id).get("awarded", 0)


def _mails_arrived(store: Store, mailbox: Path, kills: int) -> None:
    """Each sent mail is in the mailbox; extra copies are no more than kills, and none of a mail that was never begun."""
    copies = _copies(mailbox)
    extra = 0
    for mail in (mail for edition in store.edition_ids() for mail in store.mails(edition)):
        there = copies.get(mail.id, 0)
        if mail.state == "sent":
            assert there >= 1, f"lost: {mail.template} to {mail.to_address}"
        if mail.state in ("superseded", "pending"):
            assert there == 0, f"{mail.state}, yet sent: {mail.template}"
        extra += max(0, there - 1)
    assert extra <= kills, f"{extra} extra copies after {kills} kills"


def _copies(mailbox: Path) -> Counter[str]:
    """Mail id -> copies in the mailbox."""
    if not mailbox_file(mailbox).exists():
        return Counter()
    connection = sqlite3.connect(mailbox_file(mailbox), timeout=30)
    try:
        rows = connection.execute("SELECT message_id FROM caught").fetchall()
    finally:
        connection.close()
    return Counter(row[0].strip("<>").partition(".v1@")[0] for row in rows)


def _no_token_is_stored(store: Store) -> None:
    for table in t.METADATA.sorted_tables:
        for column in table.columns:
            if not isinstance(column.type, sa.String | sa.JSON):
                continue
            text: Any = sa.cast(column, sa.Text)
            found = store.connection.execute(sa.select(column).where(text.contains(TOKEN, autoescape=True)).limit(1)).first()
            assert found is None, f"a token is stored in {table.name}.{column.name}"
