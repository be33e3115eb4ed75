"""What stands between a reviewer and an entry: before the draw, while it is scored, and once it is signed (rule R3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from models.edition import Edition
from models.errors import InputError, NotAllowed, NotFound, TooLate
from models.relations import RELATIONS, TOLD, Relation, ToldRelation, UnitName
from models.reviewing import DeclaredConflict
from models.store import Store
from models.submitting import Confirmation
from tasks import conflicts, drawing, reviewing, signing
from tasks.conflicts import Pair
from tasks.installation import Installation
from tests import builders
from tests.builders import NOW, Clock
from tests.tasks.test_inviting import FULL, accept

ADMIN = "admin@example.org"
R01, A01, A02 = "sample-2026/r/R01", "sample-2026/e/A01", "sample-2026/e/A02"
AUTHORS = {"authors": [{"name": "甲一", "unit": "甲方大学"}]}


def a_world(installed: Installation, **stage: Any) -> Edition:
    """R01 has A01, which is open, and A02, which is signed; R02 to R05 have nothing yet. Panels are of one."""
    declared = {"panel": 1, "aggregate": {"min_valid": 1}, "conflicts": [], **stage}
    process = builders.a_process(**builders.a_stage_change("scoring", **declared))
    edition = builders.keep(installed.database, builders.an_edition(process), at="scoring")
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 6)],
        entries=[builders.an_entry(code, unit="甲方大学", fields=AUTHORS) for code in ("A01", "A02", "A03")],
        pairs=[("A01", "R01"), ("A02", "R01")],
    )  # fmt: skip
    reviewing.save_sheets(edition.id, 1, R01, {A02: (FULL, "", 0)})
    return edition


def sign(installed: Installation, edition: Edition) -> None:
    """Sign A02; A01, which has no marks yet, is put aside for it."""
    with installed.database.write() as store:
        held = store.assignment(1, A01, R01)
        store.recuse(held.id)
    signing.sign(edition.id, 1, R01, "专家R01")
    with installed.database.write() as store:
        store.connection.exec_driver_sql(f"UPDATE assignments SET recused = false WHERE id = '{held.id}'")


def told(store: Store, relation: Relation, **more: Any) -> None:
    """A list says that the relation holds between R01 and the unit of all entries."""
    values: dict[str, Any] = {"entry": "", "person": "", "unit": "甲方大学", "year": 2025, "note": "来函", "file": "关系.xlsx", **more}
    store.put_told_relations([ToldRelation(f"{relation}-1", "sample-2026", R01, relation, **values, at=NOW)])


def reviewer_is(**changes: Any) -> Callable[[Store, Relation], None]:
    return lambda store, _relation: store.put_reviewers("sample-2026", [builders.a_reviewer("R01", **changes)])


def steps_back(store: Store, _relation: Relation) -> None:
    store.add_conflicts(DeclaredConflict("sample-2026", entry, R01, "dispute", "", NOW) for entry in (A01, A02, "sample-2026/e/A03"))


COMES_UP: dict[Relation, Callable[..., None]] = {
    "self": reviewer_is(name="甲 一", unit="别的大学"),
    "coauthor": reviewer_is(name="甲一", unit="甲方大学"),
    "same_unit": reviewer_is(unit="甲方 大学"),
    "nominator": reviewer_is(unit="示例省N01学会"),
    "supervisor": told,
    "relative": told,
    "dispute": told,
    "recent_coauthor": told,
    "project": told,
    "office": told,
    "declared": steps_back,
}
"""How each relation becomes known."""
FREE, ASK, BLOCKED = ("free", "stays", "stays"), ("ask", "decide", "allow only"), ("blocked", "take back", "signed")
"""Before the draw, drawn and unsigned, signed."""
USUAL = {"hard": BLOCKED, "soft": ASK, "off": FREE}
EXPECTED: dict[Relation, dict[str, tuple[str, str, str]]] = {
    "self": USUAL,
    "coauthor": USUAL,
    "same_unit": USUAL,
    "nominator": USUAL,
    "supervisor": USUAL,
    "relative": USUAL,
    "dispute": USUAL,
    "recent_coauthor": USUAL,
    "project": USUAL,
    "office": USUAL,
    # Whoever stepped back stays out whatever the stage declares; there is nothing to decide.
    "declared": {"hard": BLOCKED, "off": BLOCKED},
}


def test_every_relation_has_an_expectation_and_a_way_to_come_up() -> None:
    assert (tuple(EXPECTED), tuple(COMES_UP)) == (RELATIONS, RELATIONS)
    assert {relation for relation, how in COMES_UP.items() if how is told} == set(TOLD) - {"same_unit"}


@pytest.mark.parametrize(("relation", "mode"), [(relation, mode) for relation in RELATIONS for mode in EXPECTED[relation]])
def test_each_relation_at_each_stage_of_life_is_blocked_asked_or_allowed(installed: Installation, relation: Relation, mode: str) -> None:
    named = {"hard": {"conflicts": [relation]}, "soft": {"soft_conflicts": [relation]}, "off": {}}[mode]
    years = {"coauthor_within_years": 3} if relation == "recent_coauthor" and mode != "off" else {}
    edition = a_world(installed, **named, **years)
    sign(installed, edition)
    with installed.database.write() as store:
        COMES_UP[relation](store, relation)
    assert (before_the_draw(installed, edition), while_unsigned(installed, edition), once_signed(installed, edition)) == (
        EXPECTED[relation][mode]
    )


def before_the_draw(installed: Installation, edition: Edition) -> str:
    """What the draw does with R01 for A03, which nobody has yet."""
    with installed.database.read() as store:
        entry = store.entry("sample-2026/e/A03")
        asked = drawing.question(store, edition, edition.stages[1], {entry.id: 1}, [entry])
        waits = [one for one in conflicts.found(store, edition) if one.waits and one.entry.code == "A03"]
    (need,) = asked.needs
    if "R01" not in need.barred:
        return "free"
    return "ask" if [one.reviewer.code for one in waits] == ["R01"] else "blocked"


def while_unsigned(installed: Installation, edition: Edition) -> str:
    """What can be done about A01."""
    pair = pair_of(installed, edition, "A01")
    if pair is None:
        with pytest.raises(NotFound):
            conflicts.take_back(edition.id, A01, R01, reason="查实", admin=ADMIN)
        return "stays"
    assert (pair.seat, pair.asks) == ("drawn", True)
    if pair.waits:
        assert conflicts.decide(edition.id, A01, R01, verdict="allow", reason="查实无碍", admin=ADMIN) == 0
        assert holders(installed, edition, "A01") == ["R01"]
        assert conflicts.decide(edition.id, A01, R01, verdict="bar", reason="再查有碍", admin=ADMIN) == 1
        outcome = "decide"
    else:
        with pytest.raises(NotAllowed, match="forbids without asking"):
            conflicts.decide(edition.id, A01, R01, verdict="allow", reason="查实", admin=ADMIN)
        assert conflicts.take_back(edition.id, A01, R01, reason="查实", admin=ADMIN) == 1
        outcome = "take back"
    (instead,) = holders(installed, edition, "A01")
    assert instead in ("R02", "R03", "R04", "R05")
    return outcome


def once_signed(installed: Installation, edition: Edition) -> str:
    """What can be done about A02."""
    pair = pair_of(installed, edition, "A02")
    if pair is None:
        return "stays"
    assert (pair.seat, pair.asks) == ("signed", True)
    if pair.waits:
        with pytest.raises(NotAllowed, match="has signed the sheet of A02; open the sheet again first"):
            conflicts.decide(edition.id, A02, R01, verdict="bar", reason="查实", admin=ADMIN)
        conflicts.decide(edition.id, A02, R01, verdict="allow", reason="查实无碍", admin=ADMIN)
        outcome = "allow only"
    else:
        with pytest.raises(NotAllowed, match="has signed the sheet of A02; open the sheet again first"):
            conflicts.take_back(edition.id, A02, R01, reason="查实", admin=ADMIN)
        outcome = "signed"
    assert holders(installed, edition, "A02") == ["R01"]
    return outcome


def pair_of(installed: Installation, edition: Edition, code: str) -> Pair | None:
    with installed.database.read() as store:
        found = [one for one in conflicts.found(store, edition) if (one.entry.code, one.reviewer.code) == (code, "R01")]
    return found[0] if found else None


def holders(installed: Installation, edition: Edition, code: str) -> list[str]:
    with installed.database.read() as store:
        return [one.reviewer[-3:] for one in store.panels_of(1, [f"{edition.id}/e/{code}"]) if not one.recused]


def events(installed: Installation, edition: Edition) -> list[tuple[str, str]]:
    with installed.database.read() as store:
        found = store.events(edition.id, "ConflictDecided", "EntryTakenBack", "SubstitutesDrawn")
    return [(one.type, one.payload.get("verdict") or one.payload["reason"]) for one in found]


# -- decisions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def soft(installed: Installation) -> Edition:
    """Joint projects and offices are asked about; R01 has a joint project with everybody."""
    edition = a_world(installed, soft_conflicts=["project", "office"])
    with installed.database.write() as store:
        told(store, "project")
    return edition


def test_a_later_decision_replaces_the_earlier_one_which_stays_in_the_events(installed: Installation, soft: Edition) -> None:
    for verdict, reason in (("bar", "有碍"), ("allow", "已结题"), ("bar", "新项目")):
        conflicts.decide(soft.id, "sample-2026/e/A03", R01, verdict=verdict, reason=reason, admin=ADMIN)
    pair = pair_of(installed, soft, "A03")
    assert pair is not None
    assert pair.decision is not None
    assert (pair.decision.verdict, pair.decision.reason, pair.decision.by, pair.waits, pair.barred) == ("bar", "新项目", ADMIN, False, True)
    assert events(installed, soft) == [("ConflictDecided", "bar"), ("ConflictDecided", "allow"), ("ConflictDecided", "bar")]


def test_barring_who_sits_takes_the_entry_back_with_its_draft_and_draws_a_substitute_at_once(
    installed: Installation, soft: Edition
) -> None:
    reviewing.save_sheets(soft.id, 1, R01, {A01: (FULL, "", 0)})
    with installed.database.read() as store:
        held = store.assignment(1, A01, R01)
    assert conflicts.decide(soft.id, A01, R01, verdict="bar", reason="有碍", admin=ADMIN) == 1
    (instead,) = holders(installed, soft, "A01")
    assert events(installed, soft) == [
        ("ConflictDecided", "bar"),
        ("EntryTakenBack", "有碍"),
        (
            "SubstitutesDrawn",
            f"A01 left R01 (taken back by the office: conflict of interest); {instead} takes A01: drawn by the seed among those "
            "without a conflict and with room, the least loaded first",
        ),
    ]
    with installed.database.read() as store:
        (kept,) = store.sheet_versions(held.id)
        sent = {(one.template, one.to_address, str(one.params.get("codes", ""))) for one in store.mails(soft.id)}
    # Who loses an entry is told that much, and not why.
    gone = ("review_less", "r01@example.org", "['A01']")
    assert sent == {gone, ("review_invitation", f"{instead.lower()}@example.org", "")}
    assert (kept.actor, kept.reason, kept.content["marks"]["originality"]) == (f"admin:{ADMIN}", "conflict", "35")


def test_what_was_allowed_is_drawn_and_a_new_relation_asks_again(installed: Installation, soft: Edition) -> None:
    conflicts.decide(soft.id, "sample-2026/e/A03", R01, verdict="allow", reason="无碍", admin=ADMIN)
    assert before_the_draw(installed, soft) == "free"
    with installed.database.write() as store:
        told(store, "office")
    assert before_the_draw(installed, soft) == "ask"


def test_a_hard_relation_makes_a_question_needless(installed: Installation) -> None:
    edition = a_world(installed, soft_conflicts=["project"], conflicts=["relative"])
    with installed.database.write() as store:
        told(store, "project")
        told(store, "relative")
    pair = pair_of(installed, edition, "A03")
    assert pair is not None
    assert (pair.relations, pair.soft, pair.waits, pair.barred) == (("relative", "project"), ("project",), False, True)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"verdict": "allow", "reason": " "}, [("reason", "missing")]),
        ({"verdict": "allow", "reason": "有\x01"}, [("reason", "text")]),
        ({"verdict": "", "reason": "理由"}, [("verdict", "missing")]),
        ({"verdict": "perhaps", "reason": ""}, [("verdict", "missing"), ("reason", "missing")]),
    ],
)
def test_a_decision_that_is_not_whole_changes_nothing(
    installed: Installation, soft: Edition, given: dict[str, str], fields: list[tuple[str, str]]
) -> None:
    with pytest.raises(InputError) as refused:
        conflicts.decide(soft.id, A01, R01, **given, admin=ADMIN)
    assert [(one.field, one.column) for one in refused.value.faults] == fields
    assert events(installed, soft) == []


def test_a_bar_that_is_refused_leaves_no_decision(installed: Installation, soft: Edition) -> None:
    sign(installed, soft)
    with pytest.raises(NotAllowed):
        conflicts.decide(soft.id, A02, R01, verdict="bar", reason="有碍", admin=ADMIN)
    pair = pair_of(installed, soft, "A02")
    assert pair is not None
    assert (pair.decision, pair.waits) == (None, True)


def test_after_the_deadline_nothing_is_taken_back_and_after_the_review_nothing_decided(
    installed: Installation, clock: Clock, soft: Edition
) -> None:
    clock.now += timedelta(days=30)
    with pytest.raises(TooLate):
        conflicts.decide(soft.id, A01, R01, verdict="bar", reason="有碍", admin=ADMIN)
    builders.go_to(installed.database, soft.id, "shortlisting")
    with pytest.raises(NotAllowed, match="scoring is over"):
        conflicts.decide(soft.id, A01, R01, verdict="allow", reason="无碍", admin=ADMIN)
    assert events(installed, soft) == []


def test_before_the_draw_the_office_decides_ahead(installed: Installation) -> None:
    process = builders.a_process(**builders.a_stage_change("scoring", soft_conflicts=["project"]))
    edition = builders.keep(installed.database, builders.an_edition(process), at="submission")
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer()],
        entries=[builders.an_entry("A03", unit="甲方大学")],
    )  # fmt: skip
    with installed.database.write() as store:
        told(store, "project")
    conflicts.decide(edition.id, "sample-2026/e/A03", R01, verdict="allow", reason="无碍", admin=ADMIN)
    assert before_the_draw(installed, edition) == "free"


def test_a_branch_that_becomes_known_later_shows_who_sits_already(installed: Installation) -> None:
    edition = a_world(installed, conflicts=["same_unit"])
    assert pair_of(installed, edition, "A01") is None
    with installed.database.write() as store:
        store.put_unit_names(edition.id, [UnitName("甲方大学", "甲方大学", "甲方大学"), UnitName("R01大学", "R01大学", "甲方大学")])
    pair = pair_of(installed, edition, "A01")
    assert pair is not None
    assert (pair.relations, pair.seat, pair.asks) == (("same_unit",), "drawn", True)
    assert conflicts.take_back(edition.id, A01, R01, reason="附属单位", admin=ADMIN) == 1


def test_who_declares_a_conflict_with_a_unit_declares_it_with_its_branches(installed: Installation) -> None:
    edition = a_world(installed)
    builders.put(
        installed.database, edition.id, entries=[builders.an_entry("A04", unit="附属医院"), builders.an_entry("A05", unit="别处")],
        pairs=[("A04", "R02"), ("A05", "R02")], accepted=False,
    )  # fmt: skip
    with installed.database.write() as store:
        store.put_unit_names(edition.id, [UnitName("甲方大学", "甲方大学", "甲方大学"), UnitName("附属医院", "附属医院", "甲方大学")])
    assert accept(edition, "sample-2026/r/R02", units=["甲方大学"]) == 1
    assert "R02" not in holders(installed, edition, "A04")
    assert holders(installed, edition, "A05") == ["R02"]


def test_colleagues_of_two_branches_do_not_sit_on_one_panel(installed: Installation) -> None:
    edition = a_world(installed, panel=2)
    with installed.database.write() as store:
        branches = [UnitName(f"R0{number}大学", f"R0{number}大学", "总院") for number in range(1, 5)]
        store.put_unit_names(edition.id, branches)
        entry = store.entry("sample-2026/e/A03")
        drawn = drawing.draw(store, edition, edition.stages[1], {entry.id: 2}, [entry], seed=1)
    assert sorted(one[-3:] for _, one in drawn.pairs)[1] == "R05"


# -- the declaration ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "what"),
    [
        ({"conflicts": ["self"], "soft_conflicts": ["self"]}, "self stands in conflicts too"),
        ({"conflicts": ["self", "self"]}, "self stands twice; name it once"),
        ({"soft_conflicts": ["declared"]}, "there is nothing to decide; drop `declared` here"),
        ({"conflicts": ["recent_coauthor"]}, "add coauthor_within_years"),
        ({"coauthor_within_years": 3}, "add it to conflicts or soft_conflicts, or drop this"),
        ({"avoid_grants": "automatic"}, "add avoid_requests or drop this"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(stage: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        builders.a_process(**builders.a_stage_change("scoring", **stage))


def test_the_same_decision_twice_is_one(installed: Installation) -> None:
    edition = a_world(installed, soft_conflicts=["project"])
    with installed.database.write() as store:
        told(store, "project")
    for reason in ("核实", "核实", "再核实"):
        conflicts.decide(edition.id, A01, R01, verdict="allow", reason=reason, admin=ADMIN)
    with installed.database.read() as store:
        assert [one.payload["reason"] for one in store.events(edition.id, "ConflictDecided")] == ["核实", "再核实"]


# -- the same person under another name ------------------------------------------------------------------------------


def relations_of(installed: Installation, edition: Edition) -> dict[tuple[str, str], tuple[str, ...]]:
    with installed.database.read() as store:
        return {(one.entry.code, one.reviewer.code): one.relations for one in conflicts.found(store, edition)}


def test_an_address_in_a_form_and_on_a_signed_opinion_tells_who_it_is(installed: Installation) -> None:
    edition = a_world(installed, conflicts=["self"])
    assert relations_of(installed, edition) == {}
    builders.put(installed.database, edition.id, entries=[
        builders.an_entry("A03", unit="甲方大学", fields={"authors": [{"name": "Jia Yi"}], "journal": "编辑部 R02@example.org"}),
    ])  # fmt: skip
    with installed.database.write() as store:
        asked = (f"{A01}/w/1", edition.id, A01, "expert", "Expert Three", "渭北大学", "R03@Example.org")
        store.put_confirmation(Confirmation(*asked, "given", "", "", NOW))
    assert relations_of(installed, edition) == {
        ("A03", "R02"): ("self",), **{(entry, "R03"): ("signer",) for entry in ("A01", "A02", "A03")},
    }  # fmt: skip
