"""Changes of panels by the office: looked at first, then made, all or nothing (rules R1, R2 and R4; decision 0021).

What is looked at has a digest of everything it depends on. It is made only while that is still so; the same change twice is one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from models.declared import Words
from models.draws import DrawKind
from models.errors import Fault, InputError, Stale
from models.store import Store
from notifications import messages
from rules import assignment
from rules.digests import digest
from rules.text import TextRefused, clean
from tasks import drawing, panel_checks, recusing, shortages, substitutes
from tasks.drawing import Drawn
from tasks.installation import database
from tasks.panel_checks import Doubt
from tasks.panel_state import Fits, Pair, State

Mode = Literal["fill", "top_up", "repair", "resolve", "balanced"]
MODES: tuple[Mode, ...] = get_args(Mode)
REASON_MAX = 500
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the office asks for: a draw of some kind, or pairs by hand."""

    mode: Mode | Literal["manual"]
    put: tuple[Pair, ...] = ()
    """Only `manual`: reviewers to be put on entries."""
    off: tuple[Pair, ...] = ()
    """Only `manual`: reviewers to be taken off entries."""


@dataclass(frozen=True, slots=True)
class Load:
    """A reviewer whose load changes."""

    code: str
    before: int
    after: int
    capacity: int


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

    @property
    def changes(self) -> bool:
        """Whether anything would change."""
        return bool(self.put or self.off)


class Outdated(Stale):
    """Something changed since the preview; it carries the preview as it is now."""

    def __init__(self, now: Preview) -> None:
        super().__init__("the panels, the reviewers or the limits have changed since this was looked at; look at it again, then decide")
        self.now = now


def preview(edition_id: str, wish: Wish) -> Preview:
    """Look at what a change would do.

    Raises:
        NotFound: no such edition, or no review has been opened.
        NotAllowed: the stage is not being reviewed; or panels exist, and the first draw is asked for.
        TooLate: the deadline has passed.
    """
    with database().read() as store:
        return _looked(State(store, edition_id), wish)[0]


def apply(edition_id: str, wish: Wish, seen: str, *, actor: str, reason: str = "") -> Preview:
    """Make a change that was looked at. Once made, the same again changes nothing.

    Args:
        edition_id: The edition's id.
        wish: What was asked for.
        seen: Digest of the preview.
        actor: `admin:<address>` or `cli`.
        reason: In words; needed where the preview has doubts.

    Raises:
        Outdated: something has changed since; nothing was kept.
        InputError: the change is forbidden, or the reason is missing or cannot be kept (`reason`).
        NotFound: as for `preview`.
        NotAllowed: as for `preview`.
        TooLate: as for `preview`.
    """
    with database().read() as store:
        state = State(store, edition_id)
        made = _made(store, edition_id, seen)
        found, drawn = (None, None) if made else _looked(state, wish)
    if found is None:
        return _already(edition_id, wish, seen)
    if found.digest != seen:
        raise Outdated(found)
    words = _reason(found, reason)
    with database().write() as store:
        store.lock_stage(edition_id, state.run.position, to_change=True)
        if not _made(store, edition_id, seen):
            now = State(store, edition_id)
            if _basis(now, wish)[1] != seen:
                raise Outdated(_looked(now, wish)[0])
            _carry_out(now, found, drawn, actor=actor, reason=words)
    return found


def _made(store: Store, edition_id: str, seen: str) -> bool:
    return any(one.payload["preview"] == seen for one in store.events(edition_id, "PanelsChanged"))


def _already(edition_id: str, wish: Wish, seen: str) -> Preview:
    """What is said of a change that was made before."""
    with database().read() as store:
        state = State(store, edition_id)
    fits = state.fits(state.held)
    empty = sum(state.open_seats().values())
    return Preview(wish, seen, (), (), frozenset(), (), fits, fits, empty, empty, (), (), ())


# -- looking --------------------------------------------------------------------------------------------------------


def _looked(state: State, wish: Wish) -> tuple[Preview, Drawn | None]:
    state.refuse_if_over()
    asked, code = _basis(state, wish)
    drawn: Drawn | None = None
    put, off = set(wish.put), set(wish.off)
    if wish.mode != "manual":
        drawn = drawing.solved(state.store, state.edition, tuple(state.entries.values()), asked.document)
        chosen = {(state.code_of[entry], state.code_of[who]) for entry, who in drawn.pairs}
        put, off = chosen - asked.movable, asked.movable - chosen
    faults = panel_checks.faults(state, put, off) if wish.mode == "manual" else ()
    after = (state.held - off) | state.known(put)
    sizes = Counter(entry for entry, _ in after)
    gaps: tuple[Words, ...] = ()
    if drawn is not None and drawn.short:
        stays = [state.assignments[pair] for pair in state.held - asked.movable]
        gaps = shortages.told(
            shortages.explained(state.store, state.edition, state.stage, tuple(state.entries.values()), stays, asked.question)
        )
    return Preview(
        wish, code, tuple(sorted(put)), tuple(sorted(off)), frozenset(off & state.begun), _loads(state, after),
        state.fits(state.held), state.fits(after), sum(state.open_seats().values()),
        sum(state.open_seats(sizes).values()), gaps,
        panel_checks.doubts(state, put, off) if wish.mode == "manual" and not faults else (), faults,
    ), drawn  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    question: drawing.Question
    document: Mapping[str, Any]
    movable: set[Pair]


def _basis(state: State, wish: Wish) -> tuple[_Asked, str]:
    """What the change is drawn or checked from, and the digest of that and of the panels as they are."""
    seats, movable = _seats(state, wish)
    question = state.question(seats, movable)
    seed = assignment.seed_for(state.edition.seed, wish.mode, str(state.store.count_draws(state.edition.id)))
    if wish.mode == "fill" or (wish.mode == "balanced" and not state.held):
        seed = state.edition.seed
    mode: drawing.Mode = "balanced" if wish.mode == "balanced" or (wish.mode == "fill" and state.stage.draw.mode == "balanced") else "plain"
    document = drawing.document(question, state.stage, seed=seed, mode=mode)
    panels = [
        [*pair, one.recused, pair in state.begun, pair in state.signed] for pair, one in sorted(state.assignments.items())
    ]  # fmt: skip
    pairs = [sorted(map(list, wish.put)), sorted(map(list, wish.off))]
    # Without their number, a change that was made, undone and wished again would look like the first one sent twice.
    made = sum(one.payload["position"] == state.run.position for one in state.store.events(state.edition.id, "PanelsChanged"))
    stage = [state.run.name, state.run.state, state.run.round, made]
    code = digest({"wish": [wish.mode, *pairs], "stage": stage, "panels": panels, "question": dict(document)})
    return _Asked(question, document, movable), code


def _seats(state: State, wish: Wish) -> tuple[dict[str, int], set[Pair]]:
    """Seats that are drawn, by entry, and the pairs whose seats are among them."""
    if wish.mode == "manual":
        return {entry: 1 for entry, _ in (*wish.put, *wish.off) if entry in state.entries}, set()
    if wish.mode in ("resolve", "balanced") and state.held:
        movable = state.movable()
        moving = Counter(entry for entry, _ in movable)
        # Panels that are larger than declared keep their size.
        empty = state.open_seats()
        return {code: empty.get(code, 0) + moving[code] for code in state.entries}, movable
    if wish.mode == "fill" and state.held:
        raise InputError([Fault("panels have been drawn already", "fill the empty seats instead (top_up)", field="mode", column="drawn")])
    seats = state.open_seats()
    if wish.mode == "repair":
        left = state.left_by_somebody()
        seats = {code: count for code, count in seats.items() if code in left}
    return seats, set()


def _loads(state: State, after: Iterable[Pair]) -> tuple[Load, ...]:
    old, new = Counter(who for _, who in state.held), Counter(who for _, who in after)
    return tuple(Load(code, old[code], new[code], state.capacity(code)) for code in sorted(state.people) if old[code] != new[code])


# -- making ---------------------------------------------------------------------------------------------------------


def _reason(found: Preview, reason: str) -> str:
    if found.faults:
        raise InputError(found.faults)
    try:
        words = clean(reason, max_length=REASON_MAX)
    except TextRefused as refused:
        raise InputError([Fault(str(refused), "correct the words", field="reason", column="text", zh=refused.zh)]) from None
    if found.doubts and not words:
        raise InputError([Fault("this change costs something, so it needs a reason", "write it", field="reason", column="missing")])
    return words


def _carry_out(state: State, found: Preview, drawn: Drawn | None, *, actor: str, reason: str) -> None:
    store, edition, run = state.store, state.edition, state.run
    off = [state.assignments[pair] for pair in found.off]
    put = [(state.entries[entry].id, state.people[who].id) for entry, who in found.put]
    invited = {one.reviewer for one in state.assignments.values()}
    for one in off:
        recusing.take_back(store, one, reason="office", now=store.edition_now(edition.id), actor=actor)
    for pair in found.put:
        if pair in state.assignments:
            store.bring_back(state.assignments[pair].id, number=run.round)
    store.add_assignments(edition.id, run.position, put, number=run.round)
    if drawn is not None:
        kind: DrawKind = found.wish.mode if found.wish.mode != "manual" else "fill"
        drawing.record(store, edition, run, drawn, kind=kind, number=run.round, actor=actor)
    solved = {} if drawn is None else {"seed": drawn.question["seed"], "digest": digest(dict(drawn.result))}
    store.append(
        edition.id, "PanelsChanged", actor=actor, stage=run.name, position=run.position, mode=found.wish.mode, preview=found.digest,
        put=[list(pair) for pair in put], off=[[one.entry, one.reviewer] for one in off], empty=found.empty, reason=reason,
        doubts=sorted({one.kind for one in found.doubts}), **solved,
    )  # fmt: skip
    if run.state == "open":  # a stage that is about to open invites everybody by itself
        substitutes.tell(store, edition, run, put, {who for _, who in put} - invited, occasion=found.digest)
        _tell_those_who_lost(state, found)
    store.wake(edition.id)


def _tell_those_who_lost(state: State, found: Preview) -> None:
    lost: dict[str, list[str]] = defaultdict(list)
    for entry, who in found.off:
        lost[who].append(entry)
    state.store.queue_mails(
        state.edition.id,
        [messages.review_less(state.edition, state.run, state.people[who], codes, found.digest) for who, codes in sorted(lost.items())],
    )
