"""Every draw of an edition solved again from what was kept, every sheet held against what was recorded of it, every mark computed again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.draws import KeptDraw
from models.edition import Edition, StageRun
from models.errors import JinbangError, NotFound
from models.stages import ScoringStage
from models.store import Store
from rules import draw_records, frozen_rule, reserves
from rules.digests import digest
from tasks import scoring, sheet_records, size_records
from tasks.installation import database

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that was computed again."""

    stage: str
    what: str
    """Such as `first draw 0`, `marks`."""
    differences: tuple[str, ...]
    """Empty if it is the same."""
    shown: int = _SHOWN
    """So many differences stand on the line."""
    unrecorded: str = ""
    """What could not be compared, since nobody had recorded it; empty if everything was."""

    @property
    def same(self) -> bool:
        """Whether it came out as it was kept."""
        return not self.differences

    def line(self) -> str:
        """For the command line."""
        if self.same:
            return f"{self.stage}: {self.what}: same" + (f" as far as it was recorded; {self.unrecorded}" if self.unrecorded else "")
        rest = len(self.differences) - self.shown
        more = f"; and {rest} more" if rest > 0 else ""
        return f"{self.stage}: {self.what}: DIFFERS: {'; '.join(self.differences[: self.shown])}{more}" + (
            f"; {self.unrecorded}" if self.unrecorded else ""
        )


def recompute(edition_id: str, stage: str | None = None) -> tuple[Compared, ...]:
    """Compute everything again that decided who reviewed what and which mark came of it, and compare it. Writes nothing.

    Args:
        edition_id: The edition's id.
        stage: Name of a scoring stage; all if left out.

    Raises:
        NotFound: no such edition or scoring stage.
    """
    with database().read() as store:
        edition = store.edition(edition_id)
        runs = [one for one in edition.stages if isinstance(one.declared, ScoringStage) and stage in (None, one.name)]
        if not runs:
            raise NotFound(f"{edition_id} has no scoring stage {stage or ''}".rstrip())
        found: list[Compared] = []
        for run in runs:
            found += [_draw(run, one) for one in store.draws(edition_id, run.position)]
            found += _drawn_rounds(store, edition, run)
            found += _sizes(store, edition, run)
            found += _rule(store, edition, run)
            sheets = [*_sheets(store, edition, run)]
            found += sheets
            found += _marks(store, edition, run, damaged=not all(one.same for one in sheets))
    return tuple(found)


def _draw(run: StageRun, kept: KeptDraw) -> Compared:
    made = kept.made
    differences = []
    if digest(dict(made.question)) != kept.question_digest:
        differences.append("what was asked is no longer what was recorded (its digest differs)")
    if digest(dict(made.result)) != kept.result_digest:
        differences.append("the recorded seats are no longer those that were recorded (their digest differs)")
    was = _seats(kept)
    try:
        plan = reserves.drawn(made.question) if made.kind == "reserve" else draw_records.solved(made.question)
    except Exception as failure:
        # A record that somebody has changed can hold anything; what was recorded whole must be solved.
        if not differences:
            raise
        differences.append(f"it cannot be solved any more ({type(failure).__name__})")
    else:
        now = set(plan.pairs)
        differences += [f"{entry} went to {who}, and would not now" for entry, who in sorted(was - now)]
        differences += [f"{entry} would go to {who} now, and did not" for entry, who in sorted(now - was)]
        if made.kind == "reserve" and was == now and [list(one) for one in plan.pairs] != list(made.result["pairs"]):
            differences.append("reserves would step in in another order now")
    if differences and made.question.get("version") != draw_records.VERSION:
        differences.append(f"it was drawn by {made.solver}; this version draws as {draw_records.VERSION}")
    return Compared(run.name, f"draw {kept.id} ({made.kind}, round {made.round}, {len(was)} seats, {made.solver})", tuple(differences))


def _seats(kept: KeptDraw) -> set[tuple[str, str]]:
    """The seats of a draw as they are recorded; none where the record is damaged."""
    pairs = kept.made.result.get("pairs", ())
    return {(str(one[0]), str(one[1])) for one in pairs if isinstance(one, list) and len(one) == 2} if isinstance(pairs, list) else set()


def _drawn_rounds(store: Store, edition: Edition, run: StageRun) -> Iterator[Compared]:
    """Draws must be the panels that were given out: whoever changed the table of assignments later is found."""
    codes = {one.id: one.code for one in store.entries(edition.id)} | {one.id: one.code for one in store.reviewers(edition.id)}
    have = {(codes.get(one.entry, one.entry), codes.get(one.reviewer, one.reviewer)) for one in store.assignments(edition.id, run.position)}
    draws = store.draws(edition.id, run.position)
    drawn = {pair for kept in draws if kept.made.kind != "reserve" for pair in _seats(kept)}
    spare = {pair for kept in draws if kept.made.kind == "reserve" for pair in _seats(kept)}
    events = store.events(edition.id, "PanelsChanged")
    called = {
        (codes.get(entry, entry), codes.get(who, who))
        for one in store.events(edition.id, "SubstitutesDrawn", "PanelsDrawn", "PanelsChanged")
        if one.payload["stage"] == run.name
        for entry, who in one.payload.get("reserves", ())
    }
    by_hand = {
        (codes.get(entry, entry), codes.get(who, who))
        for one in events
        if one.payload["position"] == run.position
        for entry, who in one.payload["put"]
    }
    if not drawn:
        return
    drawn |= called & spare
    differences = [f"{entry} was drawn for {who}, who does not have it" for entry, who in sorted(drawn - have)]
    differences += [f"{who} stepped in at {entry} as a reserve, and was not drawn as one" for entry, who in sorted(called - spare)]
    differences += [f"{who} has {entry}, which nobody drew or put there" for entry, who in sorted(have - drawn - called - by_hand)]
    yield Compared(run.name, f"panels ({len(have)} seats given)", tuple(differences))


def _sizes(store: Store, edition: Edition, run: StageRun) -> Iterator[Compared]:
    """The sizes of panels that the office set against what was drawn; no line where it has set none and nothing differs."""
    count, differences = size_records.differences(store, edition, run)
    if count or differences:
        yield Compared(run.name, f"sizes of single panels ({count} records)", differences)


def _rule(store: Store, edition: Edition, run: StageRun) -> Iterator[Compared]:
    """The frozen rule against what was recorded when it was frozen, and against what is declared now."""
    kept = store.frozen_rule(edition.id, run.position)
    said = [one.payload["digest"] for one in store.events(edition.id, "RuleFrozen") if one.payload["stage"] == run.name]
    if kept is None:
        if said:
            yield Compared(run.name, "frozen rule", (f"it was frozen (SHA-256 {said[-1]}), and is gone",))
        return
    differences = [] if digest(dict(kept.rule)) == kept.digest else ["it is no longer what was frozen (its digest differs)"]
    if said[-1:] != [kept.digest]:
        differences.append(f"recorded was the digest {said[-1] if said else 'of none'}, kept is {kept.digest}")
    differences += frozen_rule.differences(kept.rule, edition, run.position)
    yield Compared(run.name, "frozen rule", tuple(differences))


def _sheets(store: Store, edition: Edition, run: StageRun) -> Iterator[Compared]:
    """The sheets against what was recorded when they were saved and signed; every difference is named."""
    found = sheet_records.compare(store, edition, run)
    if found.count or found.differences:
        yield Compared(run.name, f"sheets ({found.count} kept)", found.differences, len(found.differences), _unrecorded(found.bare))


def _unrecorded(bare: Sequence[str]) -> str:
    """That of some sheets nothing but the marks can be held against a record."""
    if not bare:
        return ""
    more = f" and {len(bare) - _SHOWN} more" if len(bare) > _SHOWN else ""
    return (
        f"of {len(bare)} only the marks, since the version that saved them recorded no comments, criteria left out or fatal flaw: "
        f"{', '.join(bare[:_SHOWN])}{more}"
    )


def _marks(store: Store, edition: Edition, run: StageRun, *, damaged: bool) -> Iterator[Compared]:
    """Marks and places from the sheets as they are, against those that were kept."""
    kept = [one.payload for one in store.events(edition.id, "MarksComputed") if one.payload["stage"] == run.name]
    if not kept:
        return
    try:
        before = {one.entry: one for one in store.standings(edition.id, run.position)}
    except sheet_records.UNREADABLE as failure:
        yield Compared(run.name, "marks and places", (f"the stored marks cannot be read any more ({type(failure).__name__})",))
        return
    entries = tuple(store.entries_by_id(before).values())
    codes = {one.id: one.code for one in entries}
    # In the order in which marks are computed and recorded.
    stored = sorted(before.values(), key=lambda one: (one.group, one.place, codes[one.entry]))
    differences = []
    if scoring.standings_digest(stored) != kept[-1]["digest"]:
        differences.append("the stored marks are no longer those that were recorded (their digest differs)")
    try:
        again = {one.entry: one for one in scoring.computed(store, edition, run, entries)}
    except JinbangError as refused:
        yield Compared(run.name, "marks and places", (*differences, str(refused)))
        return
    except Exception as failure:
        # A sheet that somebody has changed can hold anything; sheets that are as they were recorded must be computed.
        if not damaged:
            raise
        yield Compared(run.name, "marks and places", (*differences, f"they cannot be computed any more ({type(failure).__name__})"))
        return
    for entry, old in sorted(before.items(), key=lambda item: codes[item[0]]):
        new = again.get(entry)
        if new is None:
            differences.append(f"{codes[entry]} has no mark now")
        elif (old.mark, old.place, old.group) != (new.mark, new.place, new.group):
            differences.append(f"{codes[entry]} had {old.mark} (place {old.place}), now {new.mark} (place {new.place})")
    yield Compared(run.name, f"marks and places ({len(stored)} entries)", tuple(differences))
