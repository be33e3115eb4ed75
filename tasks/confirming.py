"""What people outside the nominating unit confirm by a link of their own: the nominee, the unit behind the entry, experts.

The nominating unit names them; each has one row and one link. An answer can be changed until the deadline, or, while an entry is
sent back for correction, until that ends. What is missing then is a finding of the form check.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from models.declared import Words
from models.edition import Edition, Entry, EntryState, Grant, Nominator
from models.errors import LinkRefused, NotAllowed, TooLate
from models.stages import Stage, SubmissionStage
from models.store import Store
from models.submitting import Confirmation, ConfirmationKind
from notifications import messages
from rules import confirmations
from tasks import links
from tasks.installation import database, settings

KINDS: tuple[ConfirmationKind, ...] = get_args(ConfirmationKind)
TITLES: Mapping[ConfirmationKind, Words] = {
    "consent": Words(zh="本人同意", en="the nominee's consent"),
    "unit": Words(zh="所在单位意见", en="the unit's opinion"),
    "expert": Words(zh="专家署名意见", en="signed expert opinions"),
}
CONSENT_REFUSED = Words(zh="本人不同意申报", en="the nominee does not agree")
"""Why an entry is not accepted whose nominee said no; it comes back if the nominee says yes in time."""
LIVE: tuple[EntryState, ...] = ("submitted", "correction")
"""States in which an entry can still be confirmed."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What an entry lacks of one kind."""

    kind: ConfirmationKind
    needed: int
    given: int
    waiting: tuple[str, ...]
    """Names of those who have been asked and have not answered."""
    refused: tuple[str, ...]
    """Names of those who said no."""

    @property
    def sentence(self) -> Words:
        """The same for people."""
        title, count = TITLES[self.kind], f" {self.given}/{self.needed}" if self.needed > 1 else ""
        zh, en = f"缺{title.zh}{count}", f"missing: {title.en}{count}"
        if self.refused:
            zh, en = f"{zh}（{'、'.join(self.refused)}不同意）", f"{en} (refused by {', '.join(self.refused)})"
        if self.waiting:
            zh, en = f"{zh}（{'、'.join(self.waiting)}尚未答复）", f"{en} (no answer yet from {', '.join(self.waiting)})"
        elif self.given + len(self.refused) == 0:
            zh, en = f"{zh}（尚未填写确认人）", f"{en} (nobody has been named)"
        return Words(zh=zh, en=en)


# -- what is needed and what is there -------------------------------------------------------------------------------


def needed(stage: Stage) -> dict[ConfirmationKind, int]:
    """How many confirmations of each kind a stage asks for each entry; kinds that it does not ask are left out."""
    if not isinstance(stage, SubmissionStage):
        return {}
    wanted: dict[ConfirmationKind, int] = {"consent": int(stage.consent), "unit": int(stage.unit_opinion), "expert": stage.opinions}
    return {kind: number for kind, number in wanted.items() if number}


def missing(store: Store, entry: Entry) -> tuple[Missing, ...]:
    """What an entry lacks; empty if it has everything, or is classified and so goes without links."""
    return missing_of(store, store.edition(entry.edition), [entry]).get(entry.id, ())


def missing_of(store: Store, edition: Edition, entries: Iterable[Entry]) -> dict[str, tuple[Missing, ...]]:
    """Entry id -> what it lacks, for many entries; those that lack nothing are left out."""
    wanted = needed(edition.stages[0].declared)
    if not wanted:
        return {}
    asked: dict[str, list[Confirmation]] = defaultdict(list)
    for one in store.confirmations(edition.id):
        asked[one.entry].append(one)
    found = {entry.id: _lacking(wanted, asked[entry.id]) for entry in entries if not entry.classified}
    return {entry: lacking for entry, lacking in found.items() if lacking}


def _lacking(wanted: Mapping[ConfirmationKind, int], asked: Collection[Confirmation]) -> tuple[Missing, ...]:
    lacking = []
    for kind, number in wanted.items():
        names: dict[str, list[str]] = {"asked": [], "given": [], "refused": []}
        for one in asked:
            if one.kind == kind:
                names[one.state].append(one.name)
        if len(names["given"]) < number:
            lacking.append(Missing(kind, number, len(names["given"]), tuple(names["asked"]), tuple(names["refused"])))
    return tuple(lacking)


def signers(store: Store, edition: Edition) -> dict[str, frozenset[str]]:
    """Entry id -> names of the experts who signed an opinion on it: none of them can review (rule N7)."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in store.confirmations(edition.id):
        if one.kind == "expert" and one.state == "given":
            found[one.entry] |= {one.name, one.signed_as}
    return {entry: frozenset(names) for entry, names in found.items()}


# -- asking ---------------------------------------------------------------------------------------------------------


def ask(store: Store, edition: Edition, entry: Entry) -> int:
    """Ask whom the form names already, when an entry is handed in: the nominee. Yields how many were asked now.

    A nominee whose address is that of the nominating unit is not asked: the unit must name an own address first.
    """
    return ask_all(store, edition, [entry])


def ask_all(store: Store, edition: Edition, entries: Collection[Entry]) -> int:
    """The same for many entries."""
    coming = [one for one in entries if one.email and not one.classified and one.state in LIVE]
    if not coming or "consent" not in needed(edition.stages[0].declared):
        return 0
    only = coming[0].id if len(coming) == 1 else None
    there = store.confirmations(edition.id, entry=only)
    asked, units = {one.entry for one in there if one.kind == "consent"}, {one.id: one for one in store.nominators(edition.id)}
    fresh = [one for one in coming if one.id not in asked and not same(one.email, units[one.nominator].email)]
    consent: ConfirmationKind = "consent"
    people = [(one, units[one.nominator], consent, (nominee(edition, one), one.unit, one.email)) for one in fresh]
    return len(add(store, edition, people, there))


def nominee(edition: Edition, entry: Entry) -> str:
    """Name of whoever must agree to the entry: the person, the leader, the first author, or else what the entry is called."""
    if edition.process.class_named(entry.class_name).subject == "person":
        return entry.title
    people: Any = entry.fields.get("authors") or [{}]
    first = people[0].get("name", "") if isinstance(people, list) and isinstance(people[0], dict) else ""
    return str(entry.fields.get("leader") or first or entry.title)


def add(
    store: Store, edition: Edition, people: Iterable[tuple[Entry, Nominator, ConfirmationKind, tuple[str, str, str]]],
    there: Iterable[Confirmation],
) -> list[Confirmation]:  # fmt: skip
    """Ask people in the caller's transaction: a row, a link and a mail each.

    Args:
        store: The open transaction.
        edition: The edition.
        people: Entry, nominating unit, what is asked, and the name, unit and address of who is asked.
        there: What is asked already, at least of these entries.
    """
    now, run, made, mails = store.edition_now(edition.id), edition.stages[0], [], []
    last: dict[str, int] = defaultdict(int)
    for one in there:
        last[one.entry] = max(last[one.entry], int(one.id.rpartition("/")[2]))
    for entry, unit, kind, who in people:
        last[entry.id] += 1
        asked = Confirmation(f"{entry.id}/w/{last[entry.id]}", edition.id, entry.id, kind, *who, "asked", "", "", now)
        store.put_confirmation(asked)
        actor = f"nominator:{unit.id}"
        store.append(edition.id, "ConfirmationAsked", actor=actor, entry=entry.id, confirmation=asked.id, asked=kind)
        mails.append(messages.confirmation_request(edition, run, asked, entry, unit, 1))
        made.append(asked)
    links.issue(store, settings(), edition.id, "witness", [one.id for one in made], not_before=now, expires_at=ends(store, edition))
    store.queue_mails(edition.id, mails)
    return made


def mail(
    store: Store, edition: Edition, witness: Confirmation, entry: Entry, person: Nominator, *, again: datetime | None = None
) -> None:  # fmt: skip
    """Mail somebody the own link; `again` tells one sending from the next."""
    grant = store.grant_of(edition.id, "witness", witness.id)
    turn = grant.version if grant else 1
    request = messages.confirmation_request(edition, edition.stages[0], witness, entry, person, turn, again=again)
    store.queue_mails(edition.id, [request])


# -- answering ------------------------------------------------------------------------------------------------------


def may_answer(store: Store, edition: Edition, entry: Entry) -> bool:
    """Whether an answer on an entry is taken now: before the deadline, or while the entry is being corrected."""
    run, now = edition.stages[0], store.edition_now(edition.id)
    if run.state != "open":
        return False
    if run.cutoff is None or now < run.cutoff:
        return entry.state in LIVE or _refused_by_nominee(entry)
    corrections = store.corrections(edition.id, entry=entry.id)
    return entry.state == "correction" and bool(corrections) and now < corrections[-1].due_at


def answer(grant: Grant, *, agree: bool | None, text: str, name: str) -> Confirmation:
    """Keep what somebody answers, in place of an earlier answer.

    Args:
        grant: The link by which the person came; a link that was replaced meanwhile answers nothing.
        agree: The answer; None if none was chosen.
        text: The opinion, or why not.
        name: As typed under it.

    Raises:
        LinkRefused: the link was replaced.
        TooLate: the deadline has passed.
        NotAllowed: the entry is no longer in the running.
        InputError: no answer (`agree`), no or no readable words where they are needed (`text`), no name or another one (`name`).
    """
    with database().write() as store:
        store.lock_stage(grant.edition, 0)
        store.lock_grant(grant.id)
        edition, witness = store.edition(grant.edition), store.confirmation(grant.person)
        current = store.grant_of(edition.id, "witness", witness.id)
        if current is None or current.version != grant.version:
            raise LinkRefused("this link was replaced")
        entry = store.entry(witness.entry)
        refuse_closed(store, edition, entry)
        words, signed_as = confirmations.read_answer(witness, agree, text, name)
        now = store.edition_now(edition.id)
        answered = replace(witness, state="given" if agree else "refused", text=words, signed_as=signed_as, answered_at=now)
        store.put_confirmation(answered)
        store.append(
            edition.id, "ConfirmationGiven", actor=f"witness:{witness.id}", entry=entry.id, confirmation=witness.id, asked=witness.kind,
            state=answered.state,
        )  # fmt: skip
        _follow_up(store, edition, entry, witness, answered)
        return answered


def _follow_up(store: Store, edition: Edition, entry: Entry, before: Confirmation, answered: Confirmation) -> None:
    """A nominee's no takes the entry out of the running, a later yes brings it back; the unit is told of every new no."""
    if answered.kind == "consent":
        if answered.state == "refused" and entry.state in LIVE:
            store.set_outcome(entry.id, "not_accepted", [CONSENT_REFUSED.zh])
        elif answered.state == "given" and _refused_by_nominee(entry):
            store.set_outcome(entry.id, "submitted", [])
    if answered.state == "refused" and before.state != "refused":
        unit = nominator_of(store, edition, entry.nominator)
        store.queue_mails(edition.id, [messages.confirmation_refused(edition, edition.stages[0], answered, entry, unit)])


def _refused_by_nominee(entry: Entry) -> bool:
    return entry.state == "not_accepted" and entry.reasons == (CONSENT_REFUSED.zh,)


def refuse_closed(store: Store, edition: Edition, entry: Entry) -> None:
    """Refuse what comes too late.

    Raises:
        NotAllowed: the entry is not in the running.
        TooLate: the deadline has passed.
    """
    if may_answer(store, edition, entry):
        return
    run = edition.stages[0]
    if entry.state not in LIVE and not _refused_by_nominee(entry):
        raise NotAllowed(f"{entry.code} is not in the running")
    raise TooLate(f"{edition.id}: {run.name} takes no confirmations any more")


def ends(store: Store, edition: Edition) -> datetime:
    """Until when links of those who are asked now live, by the edition's clock."""
    return links.lives_until(edition.stages[0], store.edition_now(edition.id), settings())


def nominator_of(store: Store, edition: Edition, nominator: str) -> Nominator:
    """The unit of an id."""
    return next(one for one in store.nominators(edition.id) if one.id == nominator)


def same(one: str, other: str) -> bool:
    """Whether two addresses are the same."""
    return one.strip().casefold() == other.strip().casefold()
