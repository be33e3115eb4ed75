"""What a change of panels would do, looked at before it is made (rules R1, R2 and R4; decision 0021).

What is looked at has a digest of everything that it depends on. Empty seats are filled by reserves first, where there are any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from models.declared import Words
from models.errors import Fault, InputError
from rules import assignment
from rules.digests import digest
from rules.reserves import Unfit
from tasks import drawing, panel_checks, reserves, shortages
from tasks.drawing import Drawn
from tasks.panel_checks import Doubt
from tasks.panel_state import Fits, Pair, State

Mode = Literal["fill", "top_up", "repair", "resolve", "balanced"]
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the office asks for: a draw of some kind, pairs by hand, or another size of some panels."""

    mode: Mode | Literal["manual", "size"]
    put: tuple[Pair, ...] = ()
    """Only `manual`: reviewers to be put on entries."""
    off: tuple[Pair, ...] = ()
    """Only `manual`: reviewers to be taken off entries."""
    entries: tuple[str, ...] = ()
    """Only `size`: codes."""
    size: int | None = None
    """Only `size`: how many reviewers each of them should have; None = as declared."""


@dataclass(frozen=True, slots=True)
class Load:
    """A reviewer whose load changes."""

    code: str
    before: int
    after: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Resized:
    """An entry whose panel gets another size."""

    entry: str
    """Code."""
    before: int
    after: int
    own: bool
    """Whether the office sets it; else it is the declared one again."""
    there: int
    """Reviewers who sit there now."""
    will: int
    """Reviewers who will sit there."""


@dataclass(frozen=True)
class Preview:
    """What a change would do. Nothing of it has been kept."""

    wish: Wish
    digest: str
    """Of everything that this depends on."""
    put: tuple[Pair, ...]
    off: tuple[Pair, ...]
    begun: frozenset[Pair]
    """Those taken off although a draft exists; it is kept as an earlier version."""
    loads: tuple[Load, ...]
    before: Fits
    after: Fits
    empty_before: int
    """Seats that are empty, of all panels."""
    empty: int
    """Those that stay empty."""
    gaps: tuple[Words, ...]
    """Why, and what would help; only for draws."""
    doubts: tuple[Doubt, ...]
    """What costs something; such a change needs a reason."""
    faults: tuple[Fault, ...]
    """What forbids it."""
    resized: tuple[Resized, ...] = ()
    """By code."""
    reserves: frozenset[Pair] = frozenset()
    """Those of `put` who were drawn beforehand, as reserves of the entry."""
    passed: tuple[tuple[str, str, Unfit], ...] = ()
    """Entry, reserve who was passed over, and why."""
    drawn: bool = True
    """Whether panels have been drawn; if not, another size is for the first draw."""

    @property
    def changes(self) -> bool:
        """Whether anything would change."""
        return bool(self.put or self.off or self.resized)

    @property
    def needs_reason(self) -> bool:
        """Whether it is made only with a reason."""
        return bool(self.doubts or self.wish.mode == "size")


@dataclass(frozen=True)
class Asked:
    """What a change is drawn or checked from."""

    state: State
    """With the sizes that are wished for."""
    seats: Mapping[str, int]
    """Code of an entry -> seats that are drawn."""
    movable: set[Pair]
    """Pairs whose seats are among them."""
    question: drawing.Question
    document: Mapping[str, Any]
    code: str
    """Digest of all that, and of the panels as they are."""


def looked(state: State, wish: Wish) -> tuple[Preview, Drawn | None]:
    """What a change would do, and the draw from which that comes; None if nothing is drawn."""
    state.refuse_if_over(ahead=wish.mode == "size")
    asked = basis(state, wish)
    now, drawn = asked.state, _drawn(asked, wish)
    put, off = set(wish.put), set(wish.off)
    if drawn is not None:
        chosen = set(_by_code(state, drawn.pairs))
        put, off = chosen - asked.movable, asked.movable - chosen
    faults = panel_checks.faults(state, put, off) if wish.mode == "manual" else panel_checks.size_faults(state, wish.entries, wish.size)
    after = (state.held - off) | state.known(put)
    counts = Counter(entry for entry, _ in after)
    doubts = panel_checks.doubts(state, put, off) if wish.mode == "manual" and not faults else ()
    return Preview(
        wish, asked.code, tuple(sorted(put)), tuple(sorted(off)), frozenset(off & state.begun), _loads(state, after),
        state.fits(state.held), now.fits(after), sum(state.open_seats().values()), sum(now.open_seats(counts).values()),
        _gaps(asked, drawn), doubts, faults, () if faults else _resized(state, now, counts),
        frozenset(_by_code(state, drawn.reserves)) if drawn is not None else frozenset(),
        tuple((state.code_of[entry], state.code_of[who], why) for entry, who, why in drawn.passed) if drawn is not None else (),
        state.is_drawn,
    ), drawn  # fmt: skip


def _by_code(state: State, pairs: Iterable[Pair]) -> Iterable[Pair]:
    return ((state.code_of[entry], state.code_of[who]) for entry, who in pairs)


def _drawn(asked: Asked, wish: Wish) -> Drawn | None:
    """The draw, with reserves first where only empty seats are filled; a draw of everything that may move is asked for the best."""
    state = asked.state
    entries = tuple(state.entries.values())
    if wish.mode == "manual" or (wish.mode == "size" and not asked.seats):
        return None
    if wish.mode in ("fill", "resolve", "balanced"):
        return drawing.solved(state.store, state.edition, entries, asked.document)
    seats, seed = {state.entries[code].id: count for code, count in asked.seats.items()}, int(asked.document["seed"])
    return reserves.fill(state.store, state.edition, state.run, seats, entries, seed=seed, asked=asked.question)


def _gaps(asked: Asked, drawn: Drawn | None) -> tuple[Words, ...]:
    if drawn is None or not drawn.short:
        return ()
    state = asked.state
    stays = [state.assignments[pair] for pair in state.held - asked.movable]
    found = shortages.explained(state.store, state.edition, state.stage, tuple(state.entries.values()), stays, asked.question)
    return shortages.told(found)


def _resized(state: State, now: State, counts: Mapping[str, int]) -> tuple[Resized, ...]:
    def own(of: State, code: str) -> int | None:
        set_ = of.sizes.own.get(of.entries[code].id)
        return None if set_ is None else set_.size

    return tuple(
        Resized(code, state.wanted(code), now.wanted(code), own(now, code) is not None, state.counts[code], counts.get(code, 0))
        for code in state.entries
        if own(state, code) != own(now, code) or (state.is_closed(code) and not now.is_closed(code))  # the same size, said once more
    )


def basis(state: State, wish: Wish) -> Asked:
    """What the change is drawn or checked from, and the digest of that and of the panels as they are."""
    known = tuple(code for code in dict.fromkeys(wish.entries) if code in state.entries)
    now = state.resized(wish.size, known) if wish.mode == "size" else state
    seats, movable = _seats(now, wish)
    question = now.question(seats, movable)
    seed = assignment.seed_for(state.edition.seed, wish.mode, str(state.store.count_draws(state.edition.id)))
    if wish.mode == "fill" or (wish.mode == "balanced" and not state.held):
        seed = state.edition.seed
    mode: drawing.Mode = "balanced" if wish.mode == "balanced" or (wish.mode == "fill" and state.stage.draw.mode == "balanced") else "plain"
    document = drawing.document(question, state.stage, seed=seed, mode=mode)
    return Asked(now, seats, movable, question, document, _digest(state, wish, seats, document))


def _digest(state: State, wish: Wish, seats: Mapping[str, int], document: Mapping[str, Any]) -> str:
    panels = [
        [*pair, one.recused, pair in state.begun, pair in state.signed] for pair, one in sorted(state.assignments.items())
    ]  # fmt: skip
    pairs = [sorted(map(list, wish.put)), sorted(map(list, wish.off)), list(wish.entries), wish.size]
    # Without their number, a change that was made, undone and wished again would look like the first one sent twice.
    events = state.store.events(state.edition.id, "PanelsChanged", "PanelSizeSet")
    made = sum(one.payload["position"] == state.run.position for one in events)
    stage = [state.run.name, state.run.state, state.run.round, state.is_drawn, made]
    waiting = reserves.waiting(state.store, state.edition, state.run, [state.entries[code] for code in seats])
    return digest(
        {
            "wish": [wish.mode, *pairs], "stage": stage, "panels": panels, "question": dict(document),
            "sizes": sorted([code, state.wanted(code)] for code in state.entries),
            "reserves": sorted([code, *some] for code, some in waiting.items()),
        }
    )  # fmt: skip


def _seats(state: State, wish: Wish) -> tuple[dict[str, int], set[Pair]]:
    """Seats that are drawn, by entry, and the pairs whose seats are among them."""
    if wish.mode == "manual":
        return {entry: 1 for entry, _ in (*wish.put, *wish.off) if entry in state.entries}, set()
    if wish.mode in ("resolve", "balanced") and state.held:
        movable = state.movable()
        moving = Counter(entry for entry, _ in movable)
        # Panels that are larger than they should be keep their size.
        empty = state.open_seats()
        return {code: empty.get(code, 0) + moving[code] for code in state.entries}, movable
    if wish.mode == "fill" and state.held:
        raise InputError([Fault("panels have been drawn already", "fill the empty seats instead (top_up)", field="mode", column="drawn")])
    seats = state.open_seats()
    if wish.mode == "repair":
        left = state.left_by_somebody()
        seats = {code: count for code, count in seats.items() if code in left}
    if wish.mode == "size":  # before the first draw that is left to it
        fits = state.is_drawn and not panel_checks.size_faults(state, wish.entries, wish.size)
        seats = {code: count for code, count in seats.items() if fits and code in wish.entries}
    return seats, set()


def _loads(state: State, after: Iterable[Pair]) -> tuple[Load, ...]:
    old, new = Counter(who for _, who in state.held), Counter(who for _, who in after)
    return tuple(Load(code, old[code], new[code], state.capacity(code)) for code in sorted(state.people) if old[code] != new[code])
