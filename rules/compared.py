"""Raw and corrected side by side: which entries owe their place to the method, and where the differences between scores come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from models.declared import Words
from rules.calibration import Components
from rules.methods import Method, ranks
from rules.shortlist import largest_remainder

_FINE = 1_000_000


@dataclass(frozen=True, slots=True)
class Beside:
    """The ranks of one entry by several methods."""

    entry: str
    ranks: Mapping[Method, int]
    depends: bool
    """Selected by one method and not by another."""

    @property
    def span(self) -> int:
        """How many ranks lie between the best and the worst of them."""
        return max(self.ranks.values()) - min(self.ranks.values())


def compare(marks: Mapping[Method, Mapping[str, Decimal]], *, by: Method, seats: int | None) -> tuple[Beside, ...]:
    """Rank all entries by every method.

    Args:
        marks: Method -> entry -> mark as printed; every method has the same entries.
        by: The method of the award; the result comes in its order, equal ranks by id.
        seats: Who has a rank up to this number is selected, ties on the line included; None = nobody is.
    """
    found = {method: ranks(some) for method, some in marks.items()}

    def depends(entry: str) -> bool:
        return seats is not None and len({some[entry] <= seats for some in found.values()}) > 1

    order = sorted(found[by], key=lambda entry: (found[by][entry], entry))
    return tuple(Beside(entry, {method: some[entry] for method, some in found.items()}, depends(entry)) for entry in order)


def explained(components: Components) -> Words:
    """One sentence on where the differences between scores come from."""
    if not any(components):
        return Words(zh="所有评分都相同，无从排序", en="All scores are the same; there is nothing to rank by.")
    # Shared out, so that the printed numbers add up to a hundred.
    hundred = largest_remainder(100, {str(at): round(share * _FINE) for at, share in enumerate(components.shares)})
    quality, leniency, noise = (f"{share}%" for share in hundred.values())
    if not components.leniency:
        return Words(
            zh=f"评分的差异{quality}来自参评项本身，{noise}来自同一项上各评审看法不一，评审宽严没有差别",
            en=f"Of the differences between scores {quality} come from the entries and {noise} from reviewers who disagree on an entry; "
            "none from lenient or strict reviewers.",
        )
    return Words(
        zh=f"评分的差异{quality}来自参评项本身，{leniency}来自评审宽严不一，{noise}来自同一项上各评审看法不一",
        en=f"Of the differences between scores {quality} come from the entries, {leniency} from lenient or strict reviewers, "
        f"{noise} from reviewers who disagree on an entry.",
    )
