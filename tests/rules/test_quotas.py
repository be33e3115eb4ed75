"""Rules N1 and N2."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.asking import ShareOfRound
from models.edition import Nominator
from models.errors import JinbangError
from models.process import Process
from models.submitting import Fact, QuotaGrant
from rules import quotas
from rules.quotas import OverShare
from tests.rules.samples import a_class, a_process

AT = datetime(2026, 2, 1, tzinfo=UTC)
TIERS = ("一等奖", "二等奖", "三等奖")
SHARE = {"by": "tier_applied", "of": {"一等奖": "1/20", "二等奖": "1/5", "三等奖": "1/2"}}
UNIT = Nominator("e/n/N01", "e", "N01", "示例省水利学会", "university", "n01@example.org")
SHARES = ShareOfRound.model_validate(SHARE)


def a_quota(**nominator: Any) -> Process:
    tier = {"name": "tier_applied", "title": {"zh": "申报等级", "en": "Tier"}, "kind": "choice", "choices": list(TIERS)}
    declared = {"title": {"zh": "高校", "en": "University"}, "max": {"paper": 30}, **nominator}
    return a_process([a_class("paper", fields=[tier])], awards=3, nominators={"university": declared})


def a_grant(number: int = 1, extra: int = 1, **changes: Any) -> QuotaGrant:
    values = {
        "id": f"g{number}",
        "edition": "e",
        "nominator": UNIT.id,
        "class_name": "paper",
        "extra": extra,
        "reason": "事迹突出",
        "by": "办公室",
        "at": AT,
    }
    return QuotaGrant(**{**values, **changes})


def papers(**counts: int) -> list[dict[str, str]]:
    return [{"tier_applied": tier} for tier, count in counts.items() for _ in range(count)]


def refused(process: Process, tier: str, *grants: QuotaGrant, facts: dict[str, Any] | None = None, **counts: int) -> tuple[str, str] | None:
    said = quotas.refusal(process, UNIT, "paper", facts=facts or {}, grants=grants, entries=papers(**counts), new={"tier_applied": tier})
    return said and (said.zh, said.en)


def test_an_absolute_quota_counts_down_to_nothing() -> None:
    process = a_quota(max={"paper": 2})
    assert [quotas.left(process, UNIT, "paper", facts={}, grants=[], used=used) for used in range(4)] == [2, 1, 0, 0]
    assert quotas.quota(process, UNIT, "team", facts={}, grants=[]) == 0


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, 1),
        ({"has_association": True}, 2),
        ({"has_association": Fact(UNIT.id, "has_association", True)}, 2),
        ({"has_association": False}, 1),
        ({"has_association": Fact(UNIT.id, "has_association", False)}, 1),
        ({"has_association": "yes"}, 1),
        ({"has_association": True, "is_large": True}, 5),
        ({"is_small": True}, 0),
        ({"says_nothing": True}, 1),
    ],
)
def test_a_fact_about_the_unit_changes_its_quota(facts: dict[str, Any], expected: int) -> None:
    more = {"has_association": {"paper": 2}, "is_large": {"paper": 5}, "is_small": {"paper": 0}, "says_nothing": {}}
    assert quotas.quota(a_quota(max={"paper": 1}, max_if=more), UNIT, "paper", facts=facts, grants=[]) == expected


def test_a_first_round_of_43_papers_gives_2_8_and_21() -> None:
    assert quotas.share_limits(SHARES, 43) == {"一等奖": 2, "二等奖": 8, "三等奖": 21}


def test_a_third_tier_1_paper_is_refused_with_the_remaining_quota() -> None:
    process, facts = a_quota(share=SHARE), {"first_round:paper": 43}
    assert refused(process, "一等奖", facts=facts, 一等奖=1, 二等奖=3) is None
    assert refused(process, "一等奖", facts=facts, 一等奖=2, 二等奖=3) == (
        "本单位初评43项，“一等奖”最多推荐2项，已用2项；各等级剩余名额：一等奖0、二等奖5、三等奖21",
        "Of the 43 in your first round at most 2 may be put forward for 一等奖; 2 are used. Left: 一等奖 0, 二等奖 5, 三等奖 21",
    )
    assert refused(process, "二等奖", facts=facts, 一等奖=2, 二等奖=3) is None


def test_shares_say_nothing_before_the_unit_has_stated_its_first_round() -> None:
    said = refused(a_quota(share=SHARE), "三等奖")
    assert said is not None
    assert "请先填报初评总数" in said[0]
    assert quotas.first_round("paper", {"first_round:paper": Fact(UNIT.id, "first_round:paper", 43)}) == 43
    assert [quotas.first_round("paper", {"first_round:paper": wrong}) for wrong in ("43", True, None)] == [None, None, None]


def test_a_used_up_quota_is_told_with_its_numbers() -> None:
    assert refused(a_quota(max={"paper": 2}), "一等奖", 一等奖=2) == (
        "“论文”的推荐名额为2，已用2，剩余0，不能再提交；请撤回一项，或向评审办公室申请增加名额",
        "The quota of Paper is 2; 2 are used, 0 are left. Withdraw one, or ask the office for more",
    )


def test_a_grant_adds_to_the_quota_and_lifts_a_share() -> None:
    process, facts = a_quota(max={"paper": 2}, share=SHARE), {"first_round:paper": 43}
    assert refused(process, "一等奖", facts=facts, 一等奖=2) is not None
    assert refused(process, "一等奖", a_grant(), facts=facts, 一等奖=2) is None
    assert refused(process, "一等奖", a_grant(), facts=facts, 一等奖=3) is not None
    others = [a_grant(2, nominator="e/n/N02"), a_grant(3, class_name="team"), a_grant(4, revoked_at=AT)]
    assert quotas.quota(process, UNIT, "paper", facts={}, grants=[a_grant(extra=3), *others]) == 5
    assert refused(process, "一等奖", *others, facts=facts, 一等奖=2) is not None


def may_be_revoked(process: Process, grant: QuotaGrant, *others: QuotaGrant, facts: dict[str, Any] | None = None, **counts: int) -> bool:
    return quotas.revocable(process, UNIT, grant, facts=facts or {}, grants=[grant, *others], entries=papers(**counts))


def test_a_grant_can_be_taken_back_until_it_is_used() -> None:
    process = a_quota(max={"paper": 2})
    assert may_be_revoked(process, a_grant(), 一等奖=2)
    assert not may_be_revoked(process, a_grant(), 一等奖=3)
    assert may_be_revoked(process, a_grant(), a_grant(2), 一等奖=3)
    assert not may_be_revoked(process, a_grant(revoked_at=AT))


def test_a_grant_that_lifted_a_share_is_used_though_the_quota_would_hold() -> None:
    process, facts = a_quota(share=SHARE), {"first_round:paper": 43}
    assert may_be_revoked(process, a_grant(), facts=facts, 一等奖=2)
    assert not may_be_revoked(process, a_grant(), facts=facts, 一等奖=3)
    assert may_be_revoked(process, a_grant(), a_grant(2), facts=facts, 一等奖=3)


def test_a_type_that_is_not_declared_is_refused() -> None:
    stranger = Nominator("e/n/N09", "e", "N09", "示例", "county", "n09@example.org")
    with pytest.raises(JinbangError, match="'county' is no type of nominator; choose one of university"):
        quotas.quota(a_quota(), stranger, "paper", facts={}, grants=[])


@given(st.integers(0, 5_000), st.lists(st.sampled_from(TIERS), max_size=60), st.integers(0, 5))
def test_what_is_over_is_more_than_the_share_and_the_grants_hold(first_round: int, values: list[str], extra: int) -> None:
    over = quotas.over_share(SHARES, first_round, values, extra=extra)
    counts = Counter(values)
    surplus = {tier: counts[tier] - int(first_round * Fraction(part)) for tier, part in SHARES.of.items()}
    assert sum(max(0, one) for one in surplus.values()) > extra if over else sum(max(0, one) for one in surplus.values()) <= extra
    assert all(one == OverShare(one.value, counts[one.value], int(first_round * SHARES.of[one.value])) for one in over)
    assert all(limit <= first_round * SHARES.of[tier] < limit + 1 for tier, limit in quotas.share_limits(SHARES, first_round).items())


@given(st.lists(st.sampled_from(TIERS), max_size=40), st.integers(0, 60), st.integers(0, 4))
def test_handing_in_one_by_one_never_ends_over_the_limits(wishes: list[str], first_round: int, extra: int) -> None:
    process, facts = a_quota(max={"paper": 12}, share=SHARE), {"first_round:paper": first_round}
    grants = [a_grant(extra=extra)] if extra else []
    taken: list[dict[str, Any]] = []
    for tier in wishes:
        new = {"tier_applied": tier}
        if quotas.refusal(process, UNIT, "paper", facts=facts, grants=grants, entries=taken, new=new) is None:
            taken.append(new)
    assert len(taken) <= 12 + extra
    assert quotas.over_share(SHARES, first_round, [one["tier_applied"] for one in taken], extra=extra) == ()
