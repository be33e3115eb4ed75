"""Changes of panels: looked at first, then made all or nothing, once, and never over what was begun or signed."""

from __future__ import annotations

from typing import Any

import pytest

from models.edition import Edition
from models.errors import InputError, NotAllowed
from tasks import inviting, panel_changes, recusing, reviewing, scoring
from tasks.installation import Installation
from tasks.panel_changes import Outdated, Preview, Wish
from tasks.panel_checks import Doubt
from tests import builders
from tests.tasks.driving import Season
from tests.tasks.test_inviting import FULL

ID = "sample-2026"
ENTRIES = ("A01", "A02", "A03", "A04")
POOL: dict[str, dict[str, Any]] = {
    "R01": {"disciplines": ("440.20",)},
    "R02": {"disciplines": ("440.20",)},
    "R03": {"disciplines": ("440.10",)},
    "R04": {"disciplines": ("570.10",), "max_load": 3},
    "R05": {"disciplines": ("440.20",), "unit": "R01大学"},
    "R06": {"disciplines": ("440.20",), "unit": "A01大学"},
}
"""R05 is of the unit of R01, R06 of that of A01; R04 has another discipline."""
PANELS = [(entry, who) for entry in ENTRIES for who in ("R01", "R02")]


def an_edition(installed: Installation, *, pairs: list[tuple[str, str]] = PANELS, at: str | None = "scoring", **stage: Any) -> Edition:
    """Four papers and six reviewers; panels of two."""
    changes = {"panel": 2, "match": "discipline", "aggregate": {"min_valid": 1}} | stage
    process = builders.a_process(**builders.a_stage_change("scoring", **changes))
    kept = builders.keep(installed.database, builders.an_edition(process), at=at)
    builders.put(
        installed.database, kept.id, nominators=[builders.a_nominator()], entries=[builders.an_entry(code) for code in ENTRIES],
        reviewers=[builders.a_reviewer(code, **more) for code, more in POOL.items()], pairs=pairs,
    )  # fmt: skip
    return kept


@pytest.fixture
def edition(installed: Installation) -> Edition:
    return an_edition(installed)


def panels(installed: Installation) -> set[tuple[str, str]]:
    with installed.database.read() as store:
        return {(one.entry[-3:], one.reviewer[-3:]) for one in store.assignments(ID, 1) if not one.recused}


def events(installed: Installation) -> list[dict[str, Any]]:
    with installed.database.read() as store:
        return [dict(one.payload) for one in store.events(ID, "PanelsChanged")]


def mails(installed: Installation) -> list[tuple[str, str]]:
    with installed.database.read() as store:
        return sorted((one.template, (one.person or "")[-3:]) for one in store.mails(ID))


def make(wish: Wish, *, reason: str = "") -> Preview:
    return panel_changes.apply(ID, wish, panel_changes.preview(ID, wish).digest, actor="admin:a@example.org", reason=reason)


def manual(*, put: tuple[tuple[str, str], ...] = (), off: tuple[tuple[str, str], ...] = ()) -> Wish:
    return Wish("manual", put, off)


def begin(installed: Installation, who: str, *entries: str, sign: bool = False) -> None:
    reviewing.save_sheets(ID, 1, f"{ID}/r/{who}", {f"{ID}/e/{entry}": (FULL, "", 0) for entry in entries})
    if sign:
        with installed.database.write() as store:
            store.sign_sheets([f"{ID}/e/{entry}:1:{who}" for entry in entries], name=f"专家{who}", at=builders.NOW)


# -- draws ----------------------------------------------------------------------------------------------------------


def test_a_preview_keeps_nothing_and_is_what_is_made(installed: Installation) -> None:
    an_edition(installed, pairs=[("A01", "R01")])
    before = panels(installed)
    seen = panel_changes.preview(ID, Wish("top_up"))
    assert (panels(installed), events(installed), mails(installed)) == (before, [], [])
    assert (len(seen.put), seen.off, seen.empty, seen.gaps) == (7, (), 0, ())
    assert {one.code: (one.before, one.after) for one in seen.loads}["R01"][0] == 1
    panel_changes.apply(ID, Wish("top_up"), seen.digest, actor="admin:a@example.org")
    assert panels(installed) == before | set(seen.put)
    (event,) = events(installed)
    assert (event["mode"], event["empty"], event["off"], len(event["put"])) == ("top_up", 0, [], 7)
    assert {who for _, who in mails(installed)} == {who for _, who in seen.put}
    with installed.database.read() as store:
        assert [one.made.kind for one in store.draws(ID, 1)] == ["top_up"]


def test_made_twice_is_made_once(installed: Installation) -> None:
    an_edition(installed, pairs=[])
    seen = panel_changes.preview(ID, Wish("fill"))
    panel_changes.apply(ID, Wish("fill"), seen.digest, actor="admin:a@example.org")
    state = (panels(installed), events(installed), mails(installed))
    again = panel_changes.apply(ID, Wish("fill"), seen.digest, actor="admin:a@example.org")
    assert (again.changes, (panels(installed), events(installed), mails(installed))) == (False, state)


def test_after_a_change_nothing_is_made_and_the_new_preview_is_shown(installed: Installation) -> None:
    an_edition(installed, pairs=[("A01", "R01")])
    seen = panel_changes.preview(ID, Wish("top_up"))
    builders.put(installed.database, ID, pairs=[("A02", "R02")])
    before = panels(installed)
    with pytest.raises(Outdated) as refused:
        panel_changes.apply(ID, Wish("top_up"), seen.digest, actor="admin:a@example.org")
    assert (panels(installed), events(installed)) == (before, [])
    assert refused.value.now == panel_changes.preview(ID, Wish("top_up"))
    assert len(refused.value.now.put) == 6


def test_a_reviewer_who_came_or_a_limit_that_changed_makes_a_preview_old(installed: Installation) -> None:
    an_edition(installed, pairs=[("A01", "R01")])
    seen = panel_changes.preview(ID, Wish("top_up"))
    builders.put(installed.database, ID, reviewers=[builders.a_reviewer("R07")])
    with pytest.raises(Outdated):
        panel_changes.apply(ID, Wish("top_up"), seen.digest, actor="admin:a@example.org")


def test_repair_fills_what_was_left_and_moves_nobody(installed: Installation) -> None:
    """A02 was left, A03 was never full: only the hole in A02 is filled."""
    an_edition(installed, pairs=[pair for pair in PANELS if pair != ("A03", "R02")])
    with installed.database.write() as store:
        store.recuse(store.assignment(1, f"{ID}/e/A02", f"{ID}/r/R01").id)
    before = panels(installed)
    found = make(Wish("repair"))
    ((entry, who),) = found.put
    assert (entry, who in ("R03", "R05", "R06"), found.off, found.empty) == ("A02", True, (), 1)
    assert panels(installed) == before | {(entry, who)}


def test_to_solve_again_moves_only_what_was_not_begun(installed: Installation, edition: Edition) -> None:
    """Everything lies with two people; new ones have come."""
    begin(installed, "R01", "A01", "A02", sign=True)
    begin(installed, "R02", "A03")
    fixed = {("A01", "R01"), ("A02", "R01"), ("A03", "R02")}
    with installed.database.write() as store:
        store.put_reviewers(ID, [builders.a_reviewer("R02", max_load=2, **POOL["R02"])])
    found = make(Wish("resolve"))
    assert fixed <= panels(installed)
    assert not fixed & set(found.off)
    assert sum(who == "R02" for _, who in panels(installed)) <= 2
    assert found.empty == 0
    assert sorted(one for one in mails(installed) if one[0] == "review_less") == [("review_less", "R02")]


def test_to_solve_again_what_is_well_changes_nothing(edition: Edition) -> None:
    found = panel_changes.preview(ID, Wish("resolve"))
    assert (found.changes, found.before == found.after) == (False, True)


def test_balanced_raises_the_worst_panel_and_never_lowers_it(installed: Installation) -> None:
    """A01 and A02 have the two who do not fit."""
    pairs = [("A01", "R04"), ("A01", "R07"), ("A02", "R01"), ("A02", "R02")]
    an_edition(installed, pairs=[])
    builders.put(installed.database, ID, reviewers=[builders.a_reviewer("R07", disciplines=("570.20",))], pairs=pairs)
    found = panel_changes.preview(ID, Wish("balanced"))
    assert (found.before.worst, found.after.worst > 0) == (0, True)
    assert found == panel_changes.preview(ID, Wish("balanced"))


def test_what_cannot_be_filled_is_explained(installed: Installation) -> None:
    an_edition(installed, pairs=[], panel=6)
    found = panel_changes.preview(ID, Wish("fill"))
    assert found.empty == len(ENTRIES) * 6 - len(found.put)
    assert found.gaps[0].en.startswith(f"{found.empty} seats must stay empty")


def test_the_first_draw_is_not_drawn_over(edition: Edition) -> None:
    with pytest.raises(InputError, match="drawn already"):
        panel_changes.preview(ID, Wish("fill"))


def test_before_the_review_and_after_it_panels_stay(installed: Installation) -> None:
    an_edition(installed, at="shortlisting")
    with pytest.raises(NotAllowed, match="closed"):
        panel_changes.preview(ID, Wish("top_up"))


def test_a_blocked_stage_takes_what_the_office_put_there_and_draws_the_rest(season: Season) -> None:
    with season.database.write() as store:
        store.put_reviewers(season.id, [builders.a_reviewer(f"R0{number}", unit="A01大学") for number in range(1, 7)])
    season.local("2026-04-01 08:00").advance()
    season.hand_in([builders.an_entry("A01")])
    season.local("2026-06-01 00:00").advance()
    assert season.states() == {"scoring": "blocked"}
    season.put(reviewers=[builders.a_reviewer(f"R1{number}") for number in range(3)])
    code = season.entries()[0].code
    make(manual(put=((code, "R12"),)), reason="专业对口")
    assert (season.mails("review_invitation"), season.mails("review_more")) == ([], [])
    scoring.draw_panels.fn(season.lease(), 1)
    assert {who for _, who in panels(season.installed)} == {"R10", "R11", "R12"}


# -- by hand --------------------------------------------------------------------------------------------------------


def test_two_are_swapped_with_what_it_costs_and_drafts_are_kept(installed: Installation) -> None:
    an_edition(installed, pairs=[("A01", "R01"), ("A02", "R03"), ("A01", "R02"), ("A02", "R02")])
    begin(installed, "R01", "A01")
    wish = manual(put=(("A01", "R03"), ("A02", "R01")), off=(("A01", "R01"), ("A02", "R03")))
    seen = panel_changes.preview(ID, wish)
    assert seen.doubts == (Doubt("begun", "A01", "R01"), Doubt("worse", "A01", "", 1600, 2000))
    assert (seen.before.total, seen.after.total, seen.begun) == (3600, 3600, frozenset({("A01", "R01")}))
    with pytest.raises(InputError) as refused:
        panel_changes.apply(ID, wish, seen.digest, actor="admin:a@example.org", reason="  ")
    assert [(one.field, one.column) for one in refused.value.faults] == [("reason", "missing")]
    panel_changes.apply(ID, wish, seen.digest, actor="admin:a@example.org", reason="专业更对口")
    assert panels(installed) == {("A01", "R03"), ("A02", "R01"), ("A01", "R02"), ("A02", "R02")}
    assert events(installed)[0]["reason"] == "专业更对口"
    with installed.database.read() as store:
        assert store.sheets(ID, 1) == ()
        assert len(store.sheet_versions(f"{ID}/e/A01:1:R01")) == 1
    assert mails(installed) == [("review_less", "R01"), ("review_less", "R03"), ("review_more", "R01"), ("review_more", "R03")]


def refused(wish: Wish) -> list[tuple[str, str, str]]:
    return [(one.field, one.column, one.file) for one in panel_changes.preview(ID, wish).faults]


def test_what_a_rule_forbids_is_refused_with_its_reason(installed: Installation, edition: Edition) -> None:
    begin(installed, "R01", "A01", sign=True)
    recusing.recuse(ID, 1, f"{ID}/r/R02", f"{ID}/e/A01", reason="relative")
    inviting.decline(ID, 1, f"{ID}/r/R04", reason="出差")
    assert refused(manual(put=(("A01", "R06"),))) == [("A01,R06", "conflict", "same_unit")]
    assert refused(manual(put=(("A01", "R02"),))) == [("A01,R02", "conflict", "declared")]
    assert refused(manual(put=(("A02", "R04"),))) == [("A02,R04", "declined", "")]
    assert refused(manual(put=(("A02", "R01"),))) == [("A02,R01", "there", "")]
    assert refused(manual(off=(("A01", "R01"),))) == [("A01,R01", "signed", "")]
    assert refused(manual(off=(("A01", "R06"),))) == [("A01,R06", "absent", "")]
    assert refused(manual(put=(("X99", "R03"), ("A01", "R99")))) == [("A01,R99", "reviewer", ""), ("X99,R03", "entry", "")]
    before = panels(installed)
    wish = manual(put=(("A01", "R06"), ("A02", "R03")))
    with pytest.raises(InputError, match="same_unit"):
        make(wish, reason="无论如何")
    assert panels(installed) == before


def test_what_goes_beyond_a_limit_needs_a_reason(edition: Edition) -> None:
    wish = manual(put=(("A01", "R05"), ("A01", "R04")))
    assert panel_changes.preview(ID, wish).doubts == (
        Doubt("unfit", "A01", "R04"),
        Doubt("over", "A01", "", 4, 2),
        Doubt("unit", "A01", "R05", 2, 1),
    )
    four = manual(put=tuple((entry, "R04") for entry in ENTRIES))
    assert Doubt("load", "", "R04", 4, 3) in panel_changes.preview(ID, four).doubts
    assert panel_changes.preview(ID, manual(off=(("A01", "R01"),))).doubts == (Doubt("short", "A01", "", 1, 2),)


def test_a_limit_of_a_group_of_units_is_a_doubt_too(installed: Installation) -> None:
    an_edition(installed, draw={"groups": [{"units": ["R03大学", "R04大学"], "at_most": 1}]})
    with installed.database.read() as store:
        assert {one.unit for one in store.reviewers(ID)} >= {"R03大学", "R04大学"}
    wish = manual(put=(("A01", "R03"), ("A01", "R04")))
    assert [one for one in panel_changes.preview(ID, wish).doubts if one.kind == "group"] == [
        Doubt("group", "A01", "R03", 2, 1),
        Doubt("group", "A01", "R04", 2, 1),
    ]


def test_what_the_office_took_it_may_give_back_and_the_reviewer_is_asked_anew(installed: Installation, edition: Edition) -> None:
    make(manual(off=(("A01", "R01"),)), reason="调整")
    assert ("A01", "R01") not in panels(installed)
    make(manual(put=(("A01", "R01"),)))
    assert ("A01", "R01") in panels(installed)
    with installed.database.read() as store:
        assert store.assignment(1, f"{ID}/e/A01", f"{ID}/r/R01").cleared_at is None
    assert mails(installed) == [("review_less", "R01"), ("review_more", "R01")]


def test_the_same_wish_at_a_later_time_is_another_change(installed: Installation, edition: Edition) -> None:
    """Off, on, off, on: panels are as they were before the first, and the second is none of the first sent twice."""
    seen = []
    for number in range(2):
        made = make(manual(off=(("A01", "R01"),)), reason="调整")
        assert (made.changes, ("A01", "R01") in panels(installed), len(events(installed))) == (True, False, 2 * number + 1)
        seen.append(made.digest)
        make(manual(put=(("A01", "R01"),)))
        assert (("A01", "R01") in panels(installed), len(events(installed))) == (True, 2 * number + 2)
    again = panel_changes.apply(ID, manual(off=(("A01", "R01"),)), seen[0], actor="admin:a@example.org", reason="调整")
    assert (again.changes, len(events(installed)), len(set(seen))) == (False, 4, 2)
    assert mails(installed).count(("review_less", "R01")) == 2
