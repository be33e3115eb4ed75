"""A list that was sent is never changed: what must change makes the next version, and everybody who has the list is told (rule L3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from models.edition import Edition, EntryState, Member, Shortlist, StageRun
from models.errors import Fault, InputError, NotAllowed, NotYet, Stale
from models.shortlists import Grounds
from models.stages import ShortlistingStage, SignoffStage, VotingStage
from models.store import Store
from models.tie_breaks import chain_of
from notifications import messages
from rules import shortlist
from rules.digests import digest
from rules.text import TextRefused, clean
from tasks import answering, ballots, shortlisting
from tasks.installation import database

REASON_MAX = 500
"""Characters of the reason for a new version."""
How = Literal["withdrawn", "ineligible"]
HOWS: tuple[How, ...] = ("withdrawn", "ineligible")
"""Withdrawn by its nominator, or struck by the office because it is not eligible after all."""


def change(edition_id: str, leaving: Mapping[str, str], reason: str, *, version: int, admin: str) -> int:
    """Take entries off the list. Yields the number of the new version.

    While no stage after the shortlisting has ended, and nobody has been asked to sign, the list is cut again by the same rule and with
    the same seats, so that the next entries move up. Afterwards the rest stays as it is.

    Args:
        edition_id: The edition's id.
        leaving: Entry id -> `withdrawn` or `ineligible`.
        reason: Why; everybody who has the list reads it.
        version: The version that the admin has seen.
        admin: Address of the admin.

    Raises:
        NotYet: there is no list.
        NotAllowed: answers are being counted, or the public notice has begun: the list is frozen.
        Stale: there is another version by now.
        InputError: no entry is chosen, one is not on the list (`entries`), or there is no reason (`reason`).
    """
    with database().write() as store:
        edition = store.edition(edition_id)
        found = store.shortlist(edition_id)
        cut = edition.last_of("shortlisting")
        if found is None or cut is None:
            raise NotYet(f"{edition_id}: there is no shortlist yet")
        run = _refuse_frozen(store, edition, cut)
        if found[0].version != version:
            raise Stale(f"{edition_id}: the list is version {found[0].version} by now; look at it again")
        chosen, cause = _checked(found[0], leaving, reason)
        store.set_entry_states(dict(chosen))
        grounds = Grounds(reason=cause, actor=f"admin:{admin}")
        made = _cut_again(store, edition, cut, grounds) if _may_move_up(edition, run) else _without(store, found, chosen, grounds)
        _move_states(store, found[0], made, chosen)
        codes = {one.id: one.code for one in store.entries(edition_id)}
        store.append(
            edition_id, "ShortlistChanged", actor=f"admin:{admin}", version=made.version, entries=len(made.items), digest=made.digest,
            reason=cause, **{how: sorted(codes[entry] for entry in chosen if chosen[entry] == how) for how in HOWS},
        )  # fmt: skip
        if cut.state == "closed":
            _tell(store, store.edition(edition_id), found[0], made, cause)
        return made.version


def chain_of_run(cut: StageRun) -> tuple[str, ...]:
    """The links by which ties are broken in a shortlisting stage."""
    return chain_of(cut.declared) if isinstance(cut.declared, ShortlistingStage) else ()


def may_change(store: Store, edition: Edition) -> bool:
    """Whether a new version can be made now."""
    cut = edition.last_of("shortlisting")
    try:
        return cut is not None and store.shortlist(edition.id) is not None and bool(_under_way(store, edition, cut))
    except NotAllowed:
        return False


def _refuse_frozen(store: Store, edition: Edition, cut: StageRun) -> StageRun:
    """The stage that is under way, if the list may still be changed; nobody else moves it until this transaction ends."""
    store.lock_stage(edition.id, _under_way(store, edition, cut).position, to_change=True)
    return _under_way(store, store.edition(edition.id), cut)


def _under_way(store: Store, edition: Edition, cut: StageRun) -> StageRun:
    current = edition.current
    if current is None or store.notice(edition.id) is not None or current.declared.kind in ("notice", "publication"):
        what = "the list is frozen from the public notice on; what must change then goes by the rules of objections"
        raise NotAllowed(f"{edition.id}: {what}")
    if current.position < cut.position:
        raise NotAllowed(f"{edition.id}: the list is not made yet")
    if current.state in ("opening", "closing"):
        raise NotAllowed(f"{edition.id}: {current.name} is {current.state}; wait until it is done, or extend it if it is blocked")
    return current


def _may_move_up(edition: Edition, run: StageRun) -> bool:
    """Whether others may still come on the list: nobody has voted on it as a whole, or signed it."""
    cut = edition.last_of("shortlisting")
    assert cut is not None  # noqa: S101 - the caller has it
    between = edition.stages[cut.position + 1 : run.position]
    return not between and not (isinstance(run.declared, SignoffStage) and run.state == "open")


def _checked(listed: Shortlist, leaving: Mapping[str, str], reason: str) -> tuple[dict[str, How], str]:
    faults, cause = [], ""
    on_list = {item.entry for item in listed.items}
    chosen = {entry: how for entry, said in leaving.items() for how in HOWS if said == how}
    if not chosen or len(chosen) < len(leaving):
        faults.append(Fault("no entry is chosen", "say of at least one why it leaves the list", field="entries", column="missing"))
    if set(chosen) - on_list:
        faults.append(Fault("an entry is not on the list", "look at the list again", field="entries", column="unknown"))
    try:
        cause = clean(reason, max_length=REASON_MAX).strip()
    except TextRefused as refused:
        faults.append(Fault(str(refused), "correct the reason", field="reason", column="text"))
    else:
        if not cause:
            faults.append(Fault("a new version needs a reason", "write one", field="reason", column="missing"))
    if faults:
        raise InputError(faults)
    return chosen, cause


def _cut_again(store: Store, edition: Edition, cut: StageRun, grounds: Grounds) -> Shortlist:
    made, _ = shortlisting.make(store, edition, cut, grounds, among=(*shortlisting.RUNNING, "not_shortlisted"))
    return made


def _without(store: Store, found: tuple[Shortlist, dict[str, int]], leaving: Mapping[str, How], grounds: Grounds) -> Shortlist:
    before, seats = found
    items = tuple(item for item in before.items if item.entry not in leaving)
    code = digest([[item.entry, item.group, item.place, str(item.mark)] for item in items])
    made = Shortlist(before.edition, before.version + 1, store.edition_now(before.edition), code, items)
    store.add_shortlist(made, seats)
    store.add_grounds(made.edition, made.version, grounds)
    return made


def _move_states(store: Store, before: Shortlist, made: Shortlist, leaving: Collection[str]) -> None:
    """Who moves up is shortlisted, who no longer fits is not; who stays keeps what the committee said."""
    earlier, now = ({item.entry for item in one.items} for one in (before, made))
    states: dict[str, EntryState] = dict.fromkeys(now - earlier, "shortlisted")
    store.set_entry_states(states | dict.fromkeys(earlier - now - set(leaving), "not_shortlisted"))


def _tell(store: Store, edition: Edition, before: Shortlist, made: Shortlist, reason: str) -> None:
    """Send the new version to everybody who has the one before, and say what it means for an answer that was given."""
    differences = shortlist.changes(before.items, made.items)
    entries = store.entries_by_id(item.entry for item in (*differences.added, *differences.removed))
    added, removed = (
        [f"{entries[item.entry].code} {entries[item.entry].title}" for item in some] for some in (differences.added, differences.removed)
    )
    gone = {item.entry for item in differences.removed}
    mails = []
    for run in edition.stages:
        if not isinstance(run.declared, VotingStage | SignoffStage) or run.state == "closed":
            continue
        given = {one.member: one for one in store.answers(edition.id, run.position)}
        later = ballots.unseen(store, edition, run.position)
        for member in _asked(store, edition, run):
            answer = given.get(member.id)
            means = "none" if answer is None else "added" if member.id in later else "struck" if gone & set(answer.struck) else "kept"
            mails.append(
                messages.shortlist_changed(edition, run, member, made.version, len(made.items), reason, added, removed, means=means)
            )  # fmt: skip
    store.queue_mails(edition.id, mails)


def _asked(store: Store, edition: Edition, run: StageRun) -> tuple[Member, ...]:
    """Who has the list already: the committee that votes next, and bodies that have been asked to sign."""
    if isinstance(run.declared, VotingStage):
        first = next(one for one in edition.stages if one.declared.kind == "voting" and one.state != "closed")
        people = store.members(edition.id, "committee") if first.position == run.position else ()
    else:
        people = store.members(edition.id, "party") if run.state != "planned" else ()
    return tuple(one for one in people if answering.may_answer(run, one))
