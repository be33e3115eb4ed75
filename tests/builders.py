"""Made-up processes, editions and people for tests: small, complete, and changed where a test needs it.

edition = keep(database, an_edition(), at="scoring")     # stored, its scoring stage open
put(database, entries=[an_entry("A01")], reviewers=[a_reviewer("R1")])
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from models.edition import Edition, RunState, StageRun
from models.intake import NewEntry, NewMember, NewNominator, NewReviewer
from models.process import Process
from models.reviewing import Invitation
from models.store import Database

NOW = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
"""10:00 in Beijing, in the middle of the scoring stage of `a_process`."""

CRITERIA: list[dict[str, Any]] = [
    {"name": "originality", "title": {"zh": "创新性", "en": "Originality"}, "max": 40,
     "help": {"zh": "选题新颖，方法或结论有独创之处。", "en": "New questions, methods or findings."}},
    {"name": "rigour", "title": {"zh": "科学性", "en": "Rigour"}, "max": 30, "step": "0.5"},
    {"name": "value", "title": {"zh": "应用价值", "en": "Value"}, "max": 30},
]  # fmt: skip

DECLARATION: dict[str, Any] = {
    "name": "sample",
    "title": {"zh": "示例省青年科技成果评选", "en": "Example Province Young Science Prize"},
    "edition": "2026",
    "basis": {"document": "示例省表彰项目目录", "approved_by": "示例省科协党组"},
    "hosts": [{"name": {"zh": "示例省科学技术协会", "en": "Example Province Association for Science and Technology"}, "lead": True}],
    "source": "评选办法第三条",
    "classes": [
        {
            "name": "paper", "title": {"zh": "学术论文", "en": "Papers"}, "subject": "paper", "counter": "篇", "awards": 2,
            "fields": [{"name": "grant_no", "title": {"zh": "项目编号", "en": "Grant number"}, "private": True}],
        },
        {"name": "artwork", "title": {"zh": "科普美术", "en": "Science art"}, "subject": "artwork", "counter": "件", "awards": 1},
    ],
    "nominators": {"society": {"title": {"zh": "省级学会", "en": "Societies"}, "max": {"paper": 5, "artwork": 3}}},
    "stages": [
        {"kind": "submission", "opens": "2026-04-01", "closes": "2026-05-31"},
        {"kind": "scoring", "closes": "2026-06-20", "grace_minutes": 10, "panel": 3, "blind": "double", "criteria": CRITERIA},
        {"kind": "shortlisting", "counts": {"paper": 3, "artwork": 2}},
        {"kind": "voting", "closes": "2026-07-10", "committee": 5},
        {"kind": "signoff", "closes": "2026-07-20", "parties": [
            {"name": "personnel", "title": {"zh": "人事部门", "en": "Personnel office"}},
            {"name": "science", "title": {"zh": "科技部门", "en": "Science office"}},
        ]},
        {"kind": "notice", "days": 5, "objections_to": {
            "zh": "示例省科协评审办公室，电话 000-00000000，邮箱 review-office@example.org",
            "en": "Review office, Example Province Association, phone 000-00000000, review-office@example.org",
        }},
        {"kind": "publication", "exhibition": True},
    ],
}  # fmt: skip
"""Everything that the first version runs, in one small file."""


class Clock:
    """A clock that stands still until it is moved; hand it to a `Database`."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Move on by so many `minutes=`, `hours=`, `days=`."""
        self.now += timedelta(**by)


def a_declaration(**changes: Any) -> dict[str, Any]:
    """What a process file would say; top-level keys can be changed, `None` leaves one out."""
    return {key: value for key, value in (DECLARATION | changes).items() if value is not None}


def a_process(**changes: Any) -> Process:
    """A process with all seven stage kinds and two classes."""
    return Process.model_validate(a_declaration(**changes))


def a_stage_change(kind: str, **changes: Any) -> dict[str, Any]:
    """`stages` of `a_process` with one stage changed: `a_process(**a_stage_change("scoring", panel=5))`."""
    return {"stages": [{**stage, **changes} if stage["kind"] == kind else stage for stage in DECLARATION["stages"]]}


def an_edition(process: Process | None = None, **changes: Any) -> Edition:
    """A planned edition of a process, its times read in the process's zone."""
    process = process or a_process()
    edition_id = f"{process.name}-{process.edition}"
    zone = ZoneInfo(process.time_zone)

    def moment(local: datetime | None) -> datetime | None:
        return None if local is None else local.replace(tzinfo=zone).astimezone(UTC)

    runs = tuple(
        StageRun(
            changes.get("id", edition_id),
            position,
            stage,
            "planned",
            moment(stage.opens),
            moment(stage.closes),
            None,
            None,
            False,
            0,
            0,
            None,
        )
        for position, stage in enumerate(process.stages)
    )
    values: dict[str, Any] = {
        "id": edition_id, "label": process.edition, "process": process, "declaration_hash": _hash(process), "state": "running",
        "version": 0, "rehearsal": False, "seed": 7, "clock_offset": timedelta(), "created_at": NOW - timedelta(days=60), "stages": runs,
    }  # fmt: skip
    return Edition(**{**values, **changes})


def keep(database: Database, edition: Edition, *, at: str | None = None) -> Edition:
    """Store an edition; with `at`, all stages before that one are closed and it is open. Yields it as stored."""
    with database.write() as store:
        store.add_edition(edition, edition.process.model_dump(mode="json", exclude_unset=True))
    if at is not None:
        go_to(database, edition.id, at)
    with database.read() as store:
        return store.edition(edition.id)


def go_to(database: Database, edition_id: str, name: str | None) -> None:
    """Close all stages before the named one and open it; None closes all and publishes the edition."""
    with database.write() as store:
        lease = store.take_lease(edition_id, "test", store.real_now)
        assert lease is not None
        for run in store.edition(edition_id).stages:
            last = run.name == name
            states: Sequence[RunState] = ("opening", "open") if last else ("opening", "open", "closing", "closed")
            ranks = ("planned", "opening", "open", "closing", "closed")
            for state in states:
                current = store.edition(edition_id)
                if ranks.index(current.stages[run.position].state) < ranks.index(state):
                    store.move_stage(lease, current.stages[run.position], state, version=current.version)
            if last:
                break
        else:
            store.set_edition_state(lease, "published")
        store.give_back(lease)


def a_nominator(code: str = "N01", **changes: Any) -> NewNominator:
    """A nominating society."""
    values: dict[str, Any] = {"name": f"示例省{code}学会", "type": "society", "email": f"{code.lower()}@example.org", "contact": "白秘书"}
    return NewNominator(**{"code": code, **values, **changes})


def a_reviewer(code: str = "R01", **changes: Any) -> NewReviewer:
    """A reviewer who can judge everything."""
    values: dict[str, Any] = {"name": f"专家{code}", "unit": f"{code}大学", "email": f"{code.lower()}@example.org", "title": "教授"}
    return NewReviewer(**{"code": code, **values, **changes})


def a_member(code: str = "M01", **changes: Any) -> NewMember:
    """A committee member; `role="party", party="personnel"` makes a signatory."""
    values: dict[str, Any] = {"name": f"委员{code}", "unit": f"{code}研究院", "email": f"{code.lower()}@example.org"}
    return NewMember(**{"code": code, **values, **changes})


def an_entry(key: str = "A01", **changes: Any) -> NewEntry:
    """A paper; `class_name="artwork"` makes a work of art."""
    paper = {
        "discipline": "440.20", "authors": [{"name": "甲一", "unit": "甲大学"}, {"name": "乙二", "unit": "乙大学"}],
        "journal": "示例学报", "published_on": "2024-05-01", "doi": "10.0000/example.1",
        "abstract": "针对深部开采中微震信号弱、噪声强的问题，提出一种自适应识别方法，并在三个矿区得到验证。", "grant_no": "SECRET-77",
    }  # fmt: skip
    artwork = {
        "authors": [{"name": "丙三", "unit": "丙小学"}],
        "advisor": "丁老师",
        "statement": "以水彩描绘海洋里的发光生物。",
        "licence": "同意",
    }
    values: dict[str, Any] = {
        "class_name": "paper", "title": f"深部煤层微震前兆识别 {key}", "unit": f"{key}大学", "email": f"{key.lower()}@example.org",
        "nominator": "N01", "rank": None, "fields": artwork if changes.get("class_name") == "artwork" else paper,
    }  # fmt: skip
    return NewEntry(**{"key": key, **values, **changes})


def put(
    database: Database,
    edition_id: str,
    *,
    nominators: Iterable[NewNominator] = (),
    reviewers: Iterable[NewReviewer] = (),
    members: Iterable[NewMember] = (),
    entries: Iterable[NewEntry] = (),
    pairs: Iterable[tuple[str, str]] = (),
    position: int = 1,
    accepted: bool = True,
) -> None:
    """Store people, entries (their key is their code, their class is their group) and drawn pairs (entry code, reviewer code).

    Reviewers have accepted what `pairs` gives them; with `accepted=False` nobody has answered yet.
    """
    new = list(entries)
    drawn = [(f"{edition_id}/e/{entry}", f"{edition_id}/r/{reviewer}") for entry, reviewer in pairs]
    with database.write() as store:
        store.put_nominators(edition_id, nominators)
        store.put_reviewers(edition_id, reviewers)
        store.put_members(edition_id, members)
        store.put_entries(edition_id, new, {one.key: one.key for one in new})
        store.decide_form_check([(f"{edition_id}/e/{one.key}", one.class_name, ()) for one in new])
        store.add_assignments(edition_id, position, drawn, number=0)
    if accepted:
        for reviewer in sorted({reviewer for _, reviewer in drawn}):
            accept(database, edition_id, reviewer, position=position)


def accept(database: Database, edition_id: str, reviewer: str, *, position: int = 1) -> None:
    """Let a reviewer (id) have accepted everything that is in her hands, without an event."""
    with database.write() as store:
        at = store.edition_now(edition_id)
        if store.invitation(edition_id, position, reviewer).state != "accepted":
            store.put_invitation(Invitation(edition_id, position, reviewer, "accepted", pledge="0" * 64, answered_at=at))
        store.clear_assignments([pair.id for pair in store.assignments(edition_id, position, reviewer=reviewer)], at)


def _hash(process: Process) -> str:
    return hashlib.sha256(json.dumps(process.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
