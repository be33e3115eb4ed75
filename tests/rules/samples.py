"""Small declarations and values for the tests of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from models.declared import Words
from models.edition import Answer, Entry, Nominator, Reviewer
from models.process import Process
from models.sheets import Criterion
from models.stages import Aggregate, Flags, ShortlistingStage

FLAGS = Flags(spread="25", distance="20")
DISCIPLINES = [
    {"name": "science", "title": {"zh": "理学", "en": "Science"}, "values": ["110-190"]},
    {"name": "agriculture", "title": {"zh": "农学", "en": "Agriculture"}, "values": ["210", "220", "230", "240"]},
    {"name": "medicine", "title": {"zh": "医学", "en": "Medicine"}, "values": ["310-360"]},
    {"name": "engineering", "title": {"zh": "工学", "en": "Engineering"}, "values": ["410-620"]},
    {"name": "cross", "title": {"zh": "交叉", "en": "Interdisciplinary"}, "values": ["630"]},
]
AGES = [
    {"name": "adult", "title": {"zh": "成人组", "en": "Adults"}, "values": ["成人"]},
    {"name": "youth", "title": {"zh": "青少年组", "en": "Young people"}, "values": ["青少年"]},
]
TIERS = [
    {"name": "first", "title": {"zh": "一等奖", "en": "First prize"}, "quota": 10},
    {"name": "second", "title": {"zh": "二等奖", "en": "Second prize"}, "quota": 50},
    {"name": "third", "title": {"zh": "三等奖", "en": "Third prize"}, "quota": 100},
]


def a_class(name: str, subject: str = "paper", zh: str = "论文", **more: Any) -> dict[str, Any]:
    return {"name": name, "title": {"zh": zh, "en": name.capitalize()}, "subject": subject, "counter": "篇", "fields": [], **more}


def a_process(classes: list[dict[str, Any]], **more: Any) -> Process:
    names = [one["name"] for one in classes]
    declared: dict[str, Any] = {
        "name": "sample",
        "title": {"zh": "示例省优秀成果评选", "en": "Sample award"},
        "edition": "2026",
        "basis": {"document": "示例办法", "approved_by": "示例省科学技术协会"},
        "hosts": [{"name": {"zh": "示例省科学技术协会", "en": "Sample association"}}],
        "source": "示例办法第三条",
        "classes": classes,
        "nominators": {"municipal": {"title": {"zh": "市科协", "en": "Municipal association"}, "max": dict.fromkeys(names, 2)}},
        "stages": [{"kind": "submission", "closes": "2026-03-31"}, {"kind": "publication"}],
    }
    return Process.model_validate(declared | more)


def papers(**more: Any) -> Process:
    """One class, five groups of disciplines, 160 seats in three tiers."""
    groups = {"by": "discipline", "sets": DISCIPLINES}
    return a_process([a_class("paper")], **({"awards": 160, "groups": groups, "tiers": TIERS} | more))


def volunteers() -> Process:
    """Two classes with seats of their own, no groups."""
    return a_process([a_class("person", "person", "志愿者", awards=10), a_class("team", "team", "志愿服务队", awards=4)])


def artworks(*classes: dict[str, Any], **more: Any) -> Process:
    """Two classes, two age groups."""
    both = [a_class("painting", "artwork", "绘画"), a_class("film", "artwork", "微视频")]
    return a_process(list(classes) or both, **({"awards": 20, "groups": {"by": "age", "sets": AGES}} | more))


def an_entry(code: str, group: str = "paper", **more: Any) -> Entry:
    values: dict[str, Any] = {
        "id": f"id-{code}",
        "edition": "sample-2026",
        "code": code,
        "key": code,
        "class_name": group.partition("/")[0],
        "group": group,
        "title": f"作品{code}",
        "unit": "渭北理工大学",
        "email": f"{code}@example.org",
        "nominator": "n1",
        "rank": None,
    }
    return Entry(**(values | more))


def a_reviewer(code: str, **more: Any) -> Reviewer:
    values: dict[str, Any] = {
        "id": f"r-{code}",
        "edition": "sample-2026",
        "code": code,
        "name": f"评审{code}",
        "unit": f"单位{code}",
        "email": f"reviewer-{code}@example.org",
    }
    return Reviewer(**(values | more))


def a_nominator(**more: Any) -> Nominator:
    values: dict[str, Any] = {
        "id": "n1",
        "edition": "sample-2026",
        "code": "N1",
        "name": "泾渭市科协",
        "type": "municipal",
        "email": "n1@example.org",
    }
    return Nominator(**(values | more))


def an_answer(member: str, *struck: str, verdict: str = "agree", round: int = 1) -> Answer:  # noqa: A002 - the field's name
    at = datetime(2026, 6, 1, tzinfo=UTC)
    return Answer("sample-2026", 4, member, round, verdict, struck, "", at)  # type: ignore[arg-type]


def a_criterion(maximum: str = "40", step: str = "1") -> Criterion:
    return Criterion(name="novelty", title=Words(zh="创新性", en="Novelty"), max=maximum, step=step)  # type: ignore[arg-type]


def rule(method: str = "trimmed_mean", **more: Any) -> Aggregate:
    return Aggregate(method=method, **more)


def marks(*values: int | str) -> list[Decimal]:
    return [Decimal(value) for value in values]


def by_id(totals: Mapping[str, list[Decimal]]) -> dict[str, list[Decimal]]:
    return {f"id-{code}": values for code, values in totals.items()}


def a_cut(**how: Any) -> ShortlistingStage:
    return ShortlistingStage(kind="shortlisting", **how)
