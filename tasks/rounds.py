"""Which sheets of a scoring stage were written in its re-review, and which ones the marks are computed from."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from models.edition import StageRun
from models.errors import NotAllowed
from models.store import Store


def re_review_of(store: Store, run: StageRun) -> int | None:
    """Number of the round in which tied entries were reviewed again; None if there was none."""
    opened = [one.payload for one in store.events(run.edition, "ReReviewOpened") if one.payload["stage"] == run.name]
    return int(opened[0]["round"]) if opened else None


def reviewed_again(store: Store, run: StageRun, *, among: Collection[str] | None = None) -> frozenset[str]:
    """Ids of the assignments of the re-review. Their sheets part the tied; the marks stay those of the sheets before.

    Args:
        store: An open transaction.
        run: The scoring stage.
        among: Only those of these entries, by id; of all if left out.
    """
    number = re_review_of(store, run)
    if number is None:
        return frozenset()
    pairs = store.assignments(run.edition, run.position) if among is None else store.panels_of(run.position, among)
    return frozenset(pair.id for pair in pairs if pair.round >= number)


def refuse_locked(store: Store, run: StageRun, assignments: Iterable[str]) -> None:
    """Refuse to open sheets of the first round while the tied are reviewed again.

    Raises:
        NotAllowed: one of them is of an earlier round: it decided who is tied.
    """
    number = re_review_of(store, run)
    if number is not None and set(assignments) - reviewed_again(store, run):
        raise NotAllowed(
            f"{run.name}: entries on the cut line are reviewed again, so the sheets that decided who is tied stay locked; "
            f"only sheets of round {number} can be opened",
            zh="入围线上并列的申报项正在复评，决定并列的评分表保持锁定，只能重新开放复评的评分表",
        )
