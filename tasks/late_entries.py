"""An entry that is admitted after the draw, such as on an accepted objection to the form check, gets a panel by the same rules.

Groups stay as they were fixed when the review began: where a small group was merged, a late entry goes where the group went. Seats of
groups follow from the entries that have a mark, so a late one counts as any other.
"""

from __future__ import annotations

from dataclasses import replace

from models.edition import Edition, Entry, EntryState, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound, TooLate
from models.store import Store
from rules import assignment, eligibility
from rules.text import TextRefused, clean
from tasks import drawing, grouping, panel_sizes, reply_dates, reserves, rounds, substitutes
from tasks.installation import database

ADMISSIBLE: tuple[EntryState, ...] = ("ineligible", "not_accepted")
"""States of entries that were refused and may be admitted after all."""
REASON_MAX = 500
"""Characters of a reason."""


def admit(edition_id: str, code: str, reason: str, *, actor: str) -> int:
    """Admit an entry while the review is open. Yields how many reviewers were drawn; none for one that was admitted before.

    Raises:
        NotFound: there is no such entry, or no review has been opened.
        NotAllowed: the entry was not refused, or the review is not open.
        TooLate: the deadline has passed.
        InputError: the reason is missing or cannot be kept (`reason`), or the entry has no code that is known (`code`).
    """
    words = _read(reason)
    with database().write() as store:
        edition, run = _open_review(store, edition_id)
        entry = next((one for one in store.entries(edition_id) if one.code == code.strip()), None)
        if entry is None:
            raise InputError([Fault(f"there is no entry {code[:40]}", "correct the code", field="code", column="unknown")])
        if any(one.payload["entry"] == entry.id for one in store.events(edition_id, "EntryAdmitted")):
            return 0  # the same form once more
        if entry.state not in ADMISSIBLE:
            what = f"{entry.code} is {entry.state}; only an entry that the form check refused can be admitted"
            raise InputError([Fault(what, "choose a refused entry", field="code", column="state")])
        return _seat(store, edition, run, entry, words, actor=actor)


def _read(reason: str) -> str:
    try:
        words = clean(reason, max_length=REASON_MAX)
    except TextRefused as refused:
        raise InputError([Fault(str(refused), "correct the words", field="reason", column="text", zh=refused.zh)]) from None
    if not words:
        fault = Fault("admitting an entry needs a reason", "write what was decided, and by whom", field="reason", column="missing")
        raise InputError([fault])
    return words


def _open_review(store: Store, edition_id: str) -> tuple[Edition, StageRun]:
    edition = store.edition(edition_id)
    run = edition.last_of("scoring")
    if run is None:
        raise NotFound(f"{edition_id}: no review has been opened yet")
    run = store.lock_stage(edition_id, run.position, to_change=True)
    if run.state != "open":
        raise NotAllowed(f"{run.name} is {run.state}; an entry can be admitted while the review is open")
    if run.cutoff is not None and store.edition_now(edition_id) >= run.cutoff:
        raise TooLate(f"the review ended at {run.cutoff.isoformat()}; extend {run.name} before admitting an entry")
    if rounds.re_review_of(store, run) is not None:
        raise NotAllowed(f"{run.name}: entries on the cut line are being reviewed again, so no entry can join any more")
    return edition, run


def group_of(store: Store, edition: Edition, entry: Entry) -> str:
    """Where a late entry competes: its own group, or the one into which that was merged."""
    if entry.classified:
        return ""
    group = eligibility.group_of(entry.fields, entry.class_name, edition.process)
    for small, into, _count in grouping.mergers(store, edition):
        group = into if group == small else group
    return group


def _seat(store: Store, edition: Edition, run: StageRun, entry: Entry, reason: str, *, actor: str) -> int:
    group = group_of(store, edition, entry)
    store.decide_form_check([(entry.id, group, ())])
    store.set_entry_states({entry.id: "eligible" if entry.classified else "assigned"})
    pairs: tuple[tuple[str, str], ...] = ()
    short = 0
    if not entry.classified:  # the committee deals with those
        seed = assignment.seed_for(edition.seed, "late", str(run.round), entry.code)
        seats = panel_sizes.look(store, run).of(replace(entry, group=group))
        drawn = drawing.draw(store, edition, run, {entry.id: seats}, [entry], seed=seed)
        pairs, short = drawn.pairs, sum(drawn.short.values())
        fresh = {who for _, who in pairs if not store.assignments(edition.id, run.position, reviewer=who)}
        store.add_assignments(edition.id, run.position, pairs, number=run.round)
        drawing.record(store, edition, run, drawn, kind="top_up", number=run.round, actor=actor)
        substitutes.tell(store, edition, run, pairs, fresh)
        if reply_dates.declared(run).reserve:
            spare = reserves.draw(store, edition, run, [entry], seed=assignment.seed_for(seed, "reserve"))
            reserves.keep(store, edition, run, spare, actor=actor)
    people = {one.id: one.code for one in store.reviewers(edition.id)}
    named = ", ".join(people[who] for _, who in pairs) or "nobody"
    store.append(
        edition.id, "EntryAdmitted", actor=actor, stage=run.name, position=run.position, entry=entry.id, code=entry.code, group=group,
        reason=reason, pairs=[list(pair) for pair in pairs], empty=short,
        drawn=f"{named} drawn by the seed among those without a conflict and with room, the least loaded first",
    )  # fmt: skip
    store.wake(edition.id)
    return len(pairs)
