"""Changes of panels by the office: looked at first, then made, all or nothing (rules R1, R2 and R4; decision 0021).

They are made only while everything is still as it was looked at; the same change twice is one.
"""

from __future__ import annotations

from collections import defaultdict

from models.draws import DrawKind
from models.errors import Fault, InputError, Stale
from models.store import Store
from notifications import messages
from rules.digests import digest
from rules.text import TextRefused, clean
from tasks import drawing, panel_previews, recusing, substitutes
from tasks.drawing import Drawn
from tasks.installation import database
from tasks.panel_previews import MODES, Mode, Preview, Wish
from tasks.panel_state import State

__all__ = ["MODES", "REASON_MAX", "Mode", "Outdated", "Preview", "Wish", "apply", "preview"]

REASON_MAX = 500
"""Characters of a reason."""
_KINDS: dict[str, DrawKind] = {**{mode: mode for mode in MODES}, "size": "top_up"}


class Outdated(Stale):
    """Something changed since the preview; it carries the preview as it is now."""

    def __init__(self, now: Preview) -> None:
        super().__init__("the panels, the reviewers or the limits have changed since this was looked at; look at it again, then decide")
        self.now = now


def preview(edition_id: str, wish: Wish) -> Preview:
    """Look at what a change would do.

    Raises:
        NotFound: no such edition, or no review has been opened; sizes may be set before that.
        NotAllowed: the stage is not being reviewed.
        InputError: panels exist, and the first draw is asked for.
        TooLate: the deadline has passed.
    """
    with database().read() as store:
        return panel_previews.looked(_state(store, edition_id, wish), wish)[0]


def apply(edition_id: str, wish: Wish, seen: str, *, actor: str, reason: str = "") -> Preview:
    """Make a change that was looked at. Once made, the same again changes nothing.

    Args:
        edition_id: The edition's id.
        wish: What was asked for.
        seen: Digest of the preview.
        actor: `admin:<address>` or `cli`.
        reason: In words; needed where the preview says so.

    Raises:
        Outdated: something has changed since; nothing was kept.
        InputError: the change is forbidden, or the reason is missing or cannot be kept (`reason`).
        NotFound: as for `preview`.
        NotAllowed: as for `preview`.
        TooLate: as for `preview`.
    """
    with database().read() as store:
        state = _state(store, edition_id, wish)
        made = _made(store, edition_id, seen)
        found, drawn = (None, None) if made else panel_previews.looked(state, wish)
    if found is None:
        return _already(edition_id, wish, seen)
    if found.digest != seen:
        raise Outdated(found)
    words = _reason(found, reason)
    with database().write() as store:
        store.lock_stage(edition_id, state.run.position, to_change=True)
        if not _made(store, edition_id, seen):
            now = _state(store, edition_id, wish)
            if panel_previews.basis(now, wish).code != seen:
                raise Outdated(panel_previews.looked(now, wish)[0])
            _carry_out(now, found, drawn, actor=actor, reason=words)
    return found


def _state(store: Store, edition_id: str, wish: Wish) -> State:
    """The panels that a wish is about: a size may be set before the review is opened."""
    return State(store, edition_id, ahead=wish.mode == "size")


def _made(store: Store, edition_id: str, seen: str) -> bool:
    return any(one.payload["preview"] == seen for one in store.events(edition_id, "PanelsChanged", "PanelSizeSet"))


def _already(edition_id: str, wish: Wish, seen: str) -> Preview:
    """What is said of a change that was made before."""
    with database().read() as store:
        state = _state(store, edition_id, wish)
    fits = state.fits(state.held)
    empty = sum(state.open_seats().values())
    return Preview(wish, seen, (), (), frozenset(), (), fits, fits, empty, empty, (), (), ())


def _reason(found: Preview, reason: str) -> str:
    if found.faults:
        raise InputError(found.faults)
    try:
        words = clean(reason, max_length=REASON_MAX)
    except TextRefused as refused:
        raise InputError([Fault(str(refused), "correct the words", field="reason", column="text", zh=refused.zh)]) from None
    if found.needs_reason and not words:
        what, code = ("this change costs something", "missing") if found.doubts else ("a single entry is treated apart", "needed")
        raise InputError([Fault(f"{what}, so it needs a reason", "write it", field="reason", column=code)])
    return words


def _carry_out(state: State, found: Preview, drawn: Drawn | None, *, actor: str, reason: str) -> None:
    if found.resized:
        _set_sizes(state, found, actor=actor, reason=reason)
    if drawn is not None or found.put or found.off:
        _seat(state, found, drawn, actor=actor, reason=reason)
    state.store.wake(state.edition.id)


def _set_sizes(state: State, found: Preview, *, actor: str, reason: str) -> None:
    ids = {one.entry: state.entries[one.entry].id for one in found.resized}
    state.store.append(
        state.edition.id, "PanelSizeSet", actor=actor, stage=state.run.name, position=state.run.position, entries=list(ids.values()),
        size=found.wish.size, before={ids[one.entry]: one.before for one in found.resized}, reason=reason, preview=found.digest,
    )  # fmt: skip


def _seat(state: State, found: Preview, drawn: Drawn | None, *, actor: str, reason: str) -> None:
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
        drawing.record(store, edition, run, drawn, kind=_KINDS[found.wish.mode], number=run.round, actor=actor)
    solved = {} if drawn is None else {"seed": drawn.question["seed"], "digest": digest(dict(drawn.result)), **drawn.told}
    store.append(
        edition.id, "PanelsChanged", actor=actor, stage=run.name, position=run.position, mode=found.wish.mode, preview=found.digest,
        put=[list(pair) for pair in put], off=[[one.entry, one.reviewer] for one in off], empty=found.empty, reason=reason,
        doubts=sorted({one.kind for one in found.doubts}), **solved,
    )  # fmt: skip
    # A stage that is about to open invites everybody by itself, once.
    if run.state == "open" or store.step_done(edition.id, run.position, "invite"):
        substitutes.tell(store, edition, run, put, {who for _, who in put} - invited, occasion=found.digest)
        _tell_those_who_lost(state, found)


def _tell_those_who_lost(state: State, found: Preview) -> None:
    lost: dict[str, list[str]] = defaultdict(list)
    for entry, who in found.off:
        lost[who].append(entry)
    state.store.queue_mails(
        state.edition.id,
        [messages.review_less(state.edition, state.run, state.people[who], codes, found.digest) for who, codes in sorted(lost.items())],
    )
