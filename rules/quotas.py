"""How many entries a unit may put forward: absolute, by facts about it, by shares of its own first round (rules N1 and N2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from models.asking import ShareOfRound
from models.declared import Words
from models.edition import Nominator
from models.errors import JinbangError
from models.process import NominatorType, Process
from models.subjects import fields_of
from models.submitting import Fact, QuotaGrant

FIRST_ROUND = "first_round"
"""Name of the fact that tells how many entries took part in a unit's own first round: `first_round:<class>`."""


@dataclass(frozen=True, slots=True)
class OverShare:
    """More entries of one value than the unit's first round allows."""

    value: str
    """The choice that is overdrawn, such as 一等奖."""
    used: int
    limit: int
    """The share of the first round, rounded down."""


def quota(process: Process, nominator: Nominator, class_name: str, *, facts: Mapping[str, Any], grants: Iterable[QuotaGrant]) -> int:
    """How many entries of a class a unit may put forward in all (rules N1 and N2).

    Where facts named in `max_if` hold, the greatest of their numbers stands in place of `max`; grants come on top.

    Args:
        process: The declaration.
        nominator: The unit.
        class_name: The class.
        facts: What is known of the unit, by name: plain values or `Fact`s.
        grants: Further quotas, of any unit and class; those that were revoked do not count.

    Raises:
        JinbangError: the process knows no such type of nominator.
    """
    declared = _type_of(process, nominator)
    by_fact = [most[class_name] for name, most in declared.max_if.items() if class_name in most and _value(facts.get(name)) is True]
    return (max(by_fact) if by_fact else declared.max.get(class_name, 0)) + granted(nominator.id, class_name, grants)


def left(
    process: Process, nominator: Nominator, class_name: str, *, facts: Mapping[str, Any], grants: Iterable[QuotaGrant], used: int
) -> int:
    """How many more entries of a class a unit may put forward; never below 0 (rule N1).

    Args:
        process: The declaration.
        nominator: The unit.
        class_name: The class.
        facts: As for `quota`.
        grants: As for `quota`.
        used: Entries of the class that the unit has handed in and not withdrawn.

    Raises:
        JinbangError: the process knows no such type of nominator.
    """
    return max(0, quota(process, nominator, class_name, facts=facts, grants=grants) - used)


def granted(nominator_id: str, class_name: str, grants: Iterable[QuotaGrant]) -> int:
    """The further entries of a class that a unit was granted and that were not taken back (rule N2)."""
    return sum(one.extra for one in grants if (one.nominator, one.class_name) == (nominator_id, class_name) and one.revoked_at is None)


def share_limits(share: ShareOfRound, first_round: int) -> dict[str, int]:
    """How many entries of each value a unit may put forward: its share of the first round, rounded down (rule N1).

    A first round of 43 papers with 5 %, 20 % and 50 % gives 2, 8 and 21.
    """
    return {value: _floor(part * first_round) for value, part in share.of.items()}


def first_round(class_name: str, facts: Mapping[str, Any]) -> int | None:
    """The entries of a class in a unit's own first round; None as long as the unit has not stated it."""
    stated = _value(facts.get(f"{FIRST_ROUND}:{class_name}"))
    return stated if isinstance(stated, int) and not isinstance(stated, bool) else None


def over_share(share: ShareOfRound, first_round: int, values: Iterable[str], *, extra: int = 0) -> tuple[OverShare, ...]:
    """The values of which a unit puts forward more than its share, in declared order (rule N1).

    A granted entry may be of any value: as long as all surplus together is within `extra`, nothing is over (rule N2).

    Args:
        share: The declared shares.
        first_round: Entries of the unit's own first round.
        values: The value of every entry of the unit, the new one included.
        extra: Further entries that were granted.
    """
    counts, limits = Counter(values), share_limits(share, first_round)
    over = tuple(OverShare(value, counts[value], limit) for value, limit in limits.items() if counts[value] > limit)
    return over if sum(one.used - one.limit for one in over) > extra else ()


def refusal(
    process: Process,
    nominator: Nominator,
    class_name: str,
    *,
    facts: Mapping[str, Any],
    grants: Iterable[QuotaGrant],
    entries: Iterable[Mapping[str, Any]],
    new: Mapping[str, Any],
) -> Words | None:
    """Why a unit may not put one more entry forward, with what is left to it; None if it may (rules N1 and N2).

    Args:
        process: The declaration.
        nominator: The unit.
        class_name: The class of the new entry.
        facts: As for `quota`.
        grants: As for `quota`.
        entries: The form values of the unit's entries of the class that are handed in and not withdrawn.
        new: The form values of the entry that is to come.

    Raises:
        JinbangError: the process knows no such type of nominator.
    """
    declared, grants, stored = _type_of(process, nominator), tuple(grants), tuple(entries)
    title = process.class_named(class_name).title
    most = quota(process, nominator, class_name, facts=facts, grants=grants)
    if len(stored) >= most:
        return Words(
            zh=f"“{title.zh}”的推荐名额为{most}，已用{len(stored)}，剩余0，不能再提交；请撤回一项，或向评审办公室申请增加名额",
            en=f"The quota of {title.en} is {most}; {len(stored)} are used, 0 are left. Withdraw one, or ask the office for more",
        )
    if declared.share is None or not _shared(process, class_name, declared.share):
        return None
    total = first_round(class_name, facts)
    if total is None:
        return Words(
            zh=f"尚未填报本单位初评的“{title.zh}”总数，无法计算各等级名额；请先填报初评总数",
            en=f"Your unit has not stated how many entries in the class “{title.en}” its own first round had; state the number first",
        )
    value = str(new.get(declared.share.by) or "")
    values = [str(one.get(declared.share.by) or "") for one in stored]
    extra = granted(nominator.id, class_name, grants)
    over = next((one for one in over_share(declared.share, total, [*values, value], extra=extra) if one.value == value), None)
    return None if over is None else _over_words(over, total, share_limits(declared.share, total), values)


def _over_words(over: OverShare, total: int, limits: Mapping[str, int], values: Iterable[str]) -> Words:
    counts = Counter(values)
    remaining = {value: max(0, limit - counts[value]) for value, limit in limits.items()}
    zh, en = ("、".join(f"{value}{count}" for value, count in remaining.items()), ", ".join(f"{v} {n}" for v, n in remaining.items()))
    return Words(
        zh=f"本单位初评{total}项，“{over.value}”最多推荐{over.limit}项，已用{counts[over.value]}项；各等级剩余名额：{zh}",
        en=f"Of the {total} in your first round at most {over.limit} may be put forward for {over.value}; "
        f"{counts[over.value]} are used. Left: {en}",
    )


def revocable(
    process: Process,
    nominator: Nominator,
    grant: QuotaGrant,
    *,
    facts: Mapping[str, Any],
    grants: Iterable[QuotaGrant],
    entries: Iterable[Mapping[str, Any]],
) -> bool:
    """Whether a grant can be taken back: not if it was taken back already, and not once it is used (rule N2).

    Args:
        process: The declaration.
        nominator: The unit that was granted more.
        grant: What would be taken back.
        facts: As for `quota`.
        grants: All grants, this one included.
        entries: The form values of the unit's entries of the class that are handed in and not withdrawn.

    Raises:
        JinbangError: the process knows no such type of nominator.
    """
    if grant.revoked_at is not None:
        return False
    stored, others = tuple(entries), [one for one in grants if one.id != grant.id]
    if len(stored) > quota(process, nominator, grant.class_name, facts=facts, grants=others):
        return False
    share, total = _type_of(process, nominator).share, first_round(grant.class_name, facts)
    if share is None or total is None or not _shared(process, grant.class_name, share):
        return True
    extra = granted(nominator.id, grant.class_name, others)
    return not over_share(share, total, [str(one.get(share.by) or "") for one in stored], extra=extra)


def _shared(process: Process, class_name: str, share: ShareOfRound) -> bool:
    """Whether a class has the field by which shares are told apart."""
    return any(field.name == share.by for field in fields_of(process, class_name))


def _floor(part: Fraction) -> int:
    return part.numerator // part.denominator


def _value(fact: Any) -> Any:
    return fact.value if isinstance(fact, Fact) else fact


def _type_of(process: Process, nominator: Nominator) -> NominatorType:
    declared = process.nominators.get(nominator.type)
    if declared is None:
        known = ", ".join(process.nominators)
        raise JinbangError(
            f"{process.name}: {nominator.type!r} is no type of nominator; choose one of {known}, or declare it under nominators"
        )
    return declared
