"""The office opens signed score sheets again (rule S9); if the installation wants it, only when a second admin confirms.

What one admin asks for is an event. It waits while each of its sheets is signed as it was, so a sheet that is opened, by whatever
way, ends it; nothing else has to be kept. Each call is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.edition import ScoreSheet
from models.errors import Fault, InputError, NotAllowed, NotFound
from models.events import Event
from models.store import Store
from notifications import messages
from rules.text import TextRefused, clean
from tasks import rounds, signing
from tasks.installation import database, settings

REASON_MAX = 500
"""Characters of a reason for opening sheets again."""
_ADMIN = "admin:"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an admin asked for, and another one has not confirmed yet."""

    number: int
    """Of its event."""
    admin: str
    """Address of who asked."""
    at: datetime
    reason: str
    reviewer: str
    sheets: Mapping[str, int]
    """Entry id -> revision of the signed sheet."""


def reopen(edition: str, position: int, reviewer: str, entries: Iterable[str], reason: str, *, admin: str) -> int:
    """Unlock signed sheets of a reviewer, keep them as they were, and tell the reviewer.

    Where the setting `two_admins` is on, nothing of it happens yet: it is noted, and waits for `confirm`. Yields how many were
    opened, so 0 if it waits.

    Args:
        edition: The edition's id.
        position: Position of the scoring stage.
        reviewer: The reviewer's id.
        entries: Ids of the entries whose sheets are opened.
        reason: Why; the reviewer reads it.
        admin: Address of the admin.

    Raises:
        NotAllowed: the stage is not open, or there is no second admin who could confirm.
        NotFound: an entry is not in the reviewer's hands.
        TooLate: the deadline and its grace have passed.
        InputError: no reason (`reason`), no sheet chosen, or one that is not signed (`entries`).
    """
    with database().write() as store:
        held = signing.Held(store, edition, position, reviewer)
        wanted = sorted(set(entries))
        if any(entry not in held.entries for entry in wanted):
            raise NotFound("this entry is not on the reviewer's list", zh="这一项不在该专家的评审名单中")
        rounds.refuse_locked(store, held.run, [pair.id for pair in held.pairs if pair.entry in wanted])
        cause = _reason(reason)
        signed = [held.sheets[entry] for entry in wanted if entry in held.sheets and held.sheets[entry].signed_at]
        if not signed or len(signed) < len(wanted):
            raise InputError([Fault("a chosen sheet is not signed", "choose signed sheets", field="entries", column="missing")])
        if not settings().two_admins:
            return _open(held, signed, cause, admin)
        _ask(held, signed, cause, admin)
        return 0


def confirm(edition: str, position: int, reviewer: str, number: int, *, admin: str) -> int:
    """Do what another admin has asked for. Yields how many sheets were opened.

    Args:
        edition: The edition's id.
        position: Position of the scoring stage.
        reviewer: The reviewer's id.
        number: `Asked.number`.
        admin: Address of the admin who confirms.

    Raises:
        NotAllowed: the stage is not open, it is the same admin who asked, or the tied have been sent out again since.
        NotFound: nothing of that number waits for this reviewer.
        TooLate: the deadline and its grace have passed.
    """
    with database().write() as store:
        held = signing.Held(store, edition, position, reviewer)
        asked = next((one for one in waiting(store, edition, position) if (one.number, one.reviewer) == (number, reviewer)), None)
        if asked is None:
            raise NotFound(
                "nothing of this number waits for a second admin; look at the reviewer's page again",
                zh="没有等待另一位管理员确认的这项申请，请重新打开该专家的页面",
            )
        if asked.admin.casefold() == admin.casefold():
            raise NotAllowed("who asked for it cannot confirm it; another admin has to", zh="不能确认自己提出的申请，须由另一位管理员确认")
        rounds.refuse_locked(store, held.run, [pair.id for pair in held.pairs if pair.entry in asked.sheets])
        return _open(held, [held.sheets[entry] for entry in asked.sheets], asked.reason, admin, asked_by=asked.admin)


def waiting(store: Store, edition: str, position: int) -> tuple[Asked, ...]:
    """What waits for a second admin in a scoring stage, the oldest first."""
    noted = [_read(one) for one in store.events(edition, "ReopeningAsked") if one.payload["position"] == position]
    if not noted:
        return ()
    signed = {(one.reviewer, one.entry): one.revision for one in store.sheets(edition, position, signed=True)}
    return tuple(one for one in noted if all(signed.get((one.reviewer, entry)) == was for entry, was in one.sheets.items()))


def _read(event: Event) -> Asked:
    told = event.payload
    return Asked(event.seq, event.actor.removeprefix(_ADMIN), event.at, told["reason"], told["reviewer"], told["sheets"])


def _ask(held: signing.Held, signed: Sequence[ScoreSheet], cause: str, admin: str) -> None:
    store, edition, position = held.store, held.edition.id, held.run.position
    if len(store.admins()) < 2:
        raise NotAllowed(
            "two admins are needed to open signed sheets, and there is one; name another in JINBANG_MORE_ADMINS and restart",
            zh="重新开放已签署的评分表需要两位管理员，现在只有一位：请在 JINBANG_MORE_ADMINS 中增加一位后重新启动",
        )
    sheets = {sheet.entry: sheet.revision for sheet in signed}
    noted = [(one.reviewer, one.sheets, one.reason, one.admin) for one in waiting(store, edition, position)]
    if (held.person.id, sheets, cause, admin) not in noted:  # the same form once more
        store.append(
            edition, "ReopeningAsked", actor=f"{_ADMIN}{admin}", position=position, reviewer=held.person.id, reason=cause, sheets=sheets
        )  # fmt: skip


def _open(held: signing.Held, signed: Sequence[ScoreSheet], cause: str, admin: str, **more: str) -> int:
    store, edition, position, actor = held.store, held.edition.id, held.run.position, f"{_ADMIN}{admin}"
    for sheet in signed:
        store.keep_version(sheet, actor=actor, reason=cause, at=held.now)
        store.reopen_sheet(sheet.assignment)
    sheets = {sheet.entry: sheet.revision for sheet in signed}
    store.append(edition, "SheetReopened", actor=actor, position=position, reviewer=held.person.id, reason=cause, sheets=sheets, **more)
    codes = sorted(held.entries[sheet.entry].code for sheet in signed)
    store.queue_mails(edition, [messages.sheet_reopened(held.edition, held.run, held.person, codes, cause, max(sheets.values()))])
    return len(signed)


def _reason(text: str) -> str:
    try:
        cause = clean(text, max_length=REASON_MAX)
    except TextRefused as refused:
        raise InputError([Fault(str(refused), "correct the reason", field="reason", column="text")]) from None
    if not cause:
        raise InputError([Fault("opening a signed sheet needs a reason", "write one", field="reason", column="missing")])
    return cause
