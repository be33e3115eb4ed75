"""An entry that loses a reviewer gets another one at once: its reserve, or whom a draw by the rules of the first one finds (rule R4)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from models.edition import Assignment, Edition, Entry, Reviewer, StageRun
from models.store import Store
from notifications import messages
from rules import assignment
from rules.digests import digest
from rules.reserves import Unfit
from tasks import drawing, panel_sizes, reserves, rounds
from tasks.drawing import Drawn

_PASSED: dict[Unfit, str] = {
    "gone": "struck off, declined, or not answering",
    "conflict": "a conflict of interest is known",
    "unit": "a colleague sits there",
    "group": "the group of units has enough there",
    "full": "has no room for it",
    "seat": "is needed for a seat that would stay empty",
}


def replace(store: Store, edition_id: str, position: int, lost: Sequence[Assignment], *, why: str) -> int:
    """Find a substitute for every entry that has just lost a reviewer; nobody else is moved. Yields how many were found.

    Its first reserve who still fits steps in; where none does, or none was drawn beforehand, somebody is drawn now. An entry that still
    has a full panel gets nobody, and neither do the tied while they are reviewed again: each would else be treated by how many were late
    with it before. If nobody is free the event says so, and the stage's `top_up` decides at the deadline.

    Args:
        store: The transaction in which the entries left.
        edition_id: The edition's id.
        position: Position of the scoring stage.
        lost: What left, all from one reviewer's hands.
        why: The reason, in words, for the record.
    """
    if not lost:
        return 0
    edition = store.edition(edition_id)
    run = edition.stages[position]
    leaver = store.reviewer(lost[0].reviewer)
    entries = sorted(store.entries_by_id(pair.entry for pair in lost).values(), key=lambda one: one.code)
    again = rounds.re_review_of(store, run) is not None
    seats: dict[str, int] = {} if again else _open_seats(store, run, entries)
    seed = assignment.seed_for(edition.seed, "substitute", str(run.round), leaver.code, *(one.code for one in entries))
    drawn = reserves.fill(store, edition, run, seats, entries, seed=seed)
    fresh = _without_work(store, edition, run, {reviewer for _, reviewer in drawn.pairs})
    store.add_assignments(edition.id, position, drawn.pairs, number=run.round)
    drawing.record(store, edition, run, drawn, kind="substitute", number=run.round)
    store.append(
        edition.id, "SubstitutesDrawn", actor="engine", stage=run.name, round=run.round, seed=seed, seats=len(drawn.pairs),
        empty=sum(drawn.short.values()), pairs=[list(pair) for pair in drawn.pairs], digest=digest([list(pair) for pair in drawn.pairs]),
        reason=_in_words(store, entries, leaver, drawn, why, again=again), **drawn.told,
    )  # fmt: skip
    tell(store, edition, run, drawn.pairs, fresh)
    if drawn.short or again:
        store.wake(edition.id)  # perhaps nobody is left to wait for
    return len(drawn.pairs)


def _open_seats(store: Store, run: StageRun, entries: Sequence[Entry]) -> dict[str, int]:
    """One seat for each entry whose panel is no longer full."""
    sizes = panel_sizes.look(store, run)
    left = Counter(pair.entry for pair in store.panels_of(run.position, [one.id for one in entries]) if not pair.recused)
    return {one.id: 1 for one in entries if left[one.id] < sizes.of(one)}


def _without_work(store: Store, edition: Edition, run: StageRun, reviewers: Iterable[str]) -> set[str]:
    """Who has never had an entry in this stage, and so was never invited."""
    return {one for one in reviewers if not store.assignments(edition.id, run.position, reviewer=one)}


def tell(
    store: Store, edition: Edition, run: StageRun, pairs: Sequence[tuple[str, str]], fresh: set[str], *, occasion: str = ""
) -> None:  # fmt: skip
    """Give reviewers of more entries their links, and mail them: an invitation to who had none, a request for more to the others.

    Args:
        store: The transaction in which the entries came.
        edition: The edition.
        run: Its scoring stage.
        pairs: Entry id and reviewer id.
        fresh: Reviewers who have never had an entry in this stage.
        occasion: Tells a mail from an earlier one about the same entries.
    """
    more: dict[str, list[str]] = defaultdict(list)
    for entry, reviewer in pairs:
        more[reviewer].append(entry)
    people = [store.reviewer(one) for one in sorted(more)]
    until = drawing.issue_links(store, edition, run, people)
    store.queue_mails(
        edition.id,
        [
            messages.review_invitation(edition, run, one, len(more[one.id]), reply_by=until)
            if one.id in fresh
            else messages.review_more(
                edition, run, one, len(more[one.id]), run.round, entries=[*more[one.id], *filter(None, [occasion])], reply_by=until
            )
            for one in people
        ],
    )


def _in_words(store: Store, entries: Sequence[Entry], leaver: Reviewer, drawn: Drawn, why: str, *, again: bool) -> str:
    codes = {one.id: one.code for one in entries}
    head = f"{', '.join(codes.values())} left {leaver.code} ({why})"
    people = {who: store.reviewer(who).code for who in {*(one[1] for one in drawn.pairs), *(one[1] for one in drawn.passed)}}
    parts = [f"{people[who]}, a reserve of {codes[entry]}, is passed over: {_PASSED[cause]}" for entry, who, cause in drawn.passed]
    parts += [f"{people[who]} takes {codes[entry]} as its reserve, drawn beforehand" for entry, who in drawn.reserves]
    now = [f"{people[who]} takes {codes[entry]}" for entry, who in drawn.pairs if (entry, who) not in drawn.reserves]
    if now:
        parts += [*now[:-1], f"{now[-1]}: drawn by the seed among those without a conflict and with room, the least loaded first"]
    if drawn.short:
        named = ", ".join(sorted(codes[entry] for entry in drawn.short))
        parts.append(f"nobody is free for {named}, the stage's top_up decides at the deadline")
    nobody = "nobody is replaced while the tied are reviewed again" if again else "their panels are still full"
    return "; ".join([head, *(parts or [nobody])])
