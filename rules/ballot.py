"""How a committee decides: quorum, thresholds, and the count (rules V1 and V2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from models.edition import Answer


@dataclass(frozen=True)
class Outcome:
    """What a committee, or a body, decided about a list."""

    present: int
    """Members who answered."""
    returned: int
    """Members who sent the whole list back."""
    passed: tuple[str, ...]
    """Entries that enough members agree to, in the order of the list."""
    struck: Mapping[str, int]
    """Entry -> members who agree to the list but not to this entry; only entries struck by somebody."""
    accepted: bool
    """Enough members agree to the list as such."""


def quorum(members: int, share: Fraction) -> int:
    """How many members must take part: the share of all members, inclusive, rounded up exactly (rule V1)."""
    return ceil(members * share)


def needed(present: int, passing: str) -> int:
    """How many of those present must agree (rule V2).

    The base is everybody present, those who agree to nothing included. It takes one person at least.

    Args:
        present: Members who took part.
        passing: `two_thirds_of_present` and `half_or_more` include the number, `more_than_half` exceeds it.
    """
    match passing:
        case "two_thirds_of_present":
            votes = ceil(Fraction(2 * present, 3))
        case "half_or_more":
            votes = ceil(Fraction(present, 2))
        case "more_than_half":
            votes = present // 2 + 1
        case _:
            raise ValueError(f"no such threshold: {passing}")
    return max(votes, 1)


def tally(entries: Sequence[str], answers: Sequence[Answer], passing: str) -> Outcome:
    """Count the answers to one list (rule V2).

    Who returns the list is present and agrees to nothing. A member counts once, by the latest answer.
    Strikes of entries that are not on the list mean nothing.

    Args:
        entries: Entry ids of the list, in its order.
        answers: Answers to that list.
        passing: The threshold, as for `needed`.
    """
    latest: dict[str, Answer] = {}
    for answer in sorted(answers, key=lambda one: (one.round, one.at)):
        latest[answer.member] = answer
    agreeing = [answer for answer in latest.values() if answer.verdict == "agree"]
    threshold = needed(len(latest), passing)
    strikes = Counter(entry for answer in agreeing for entry in set(answer.struck))
    return Outcome(
        present=len(latest),
        returned=len(latest) - len(agreeing),
        passed=tuple(entry for entry in entries if len(agreeing) - strikes[entry] >= threshold),
        struck={entry: strikes[entry] for entry in entries if strikes[entry]},
        accepted=len(agreeing) >= threshold,
    )
