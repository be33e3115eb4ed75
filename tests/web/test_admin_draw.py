"""The draw as the office reads it: loads, empty seats and why, conflicts, reserves; the page says what the report says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from models.edition import Entry, Reviewer
from models.stages import ScoringStage
from rules import assignment
from rules.conflicts import barred
from rules.digests import digest
from rules.panel_flow import ANY_TOPIC, EXACT, FIRST_LEVEL, NO_MATCH
from tasks import draw_report, drawing, inviting, recusing, reserves
from tasks.draw_report import Report, Round
from tasks.installation import Installation
from tasks.joined_later import Joined
from tests import builders
from tests.builders import NOW
from tests.web.conftest import Browser, World
from tests.web.test_admin_checks import sign_in
from web import plots

HERE = "/admin/editions/sample-2026/draw"
ENTRIES = ("A01", "A02", "A03", "A04")
POOL: dict[str, dict[str, Any]] = {
    "R01": {"unit": "A01大学", "disciplines": ("440.20",)},
    "R02": {"name": "甲一", "disciplines": ("440.20",)},
    "R03": {"disciplines": ("440.10",), "max_load": 3},
    "R04": {"disciplines": ("570.10",), "max_load": 2},
    "R05": {"unit": "R04大学", "disciplines": ("440.20",)},
    "R06": {"unit": "示例省N01学会", "disciplines": ("440.20",)},
}
"""R01 is of the unit of A01, R02 an author of every paper, R04 and R05 are colleagues, R06 is of the nominator's."""


def a_world(installed: Installation, *, drawn: bool = True, **stage: Any) -> World:
    """Four papers and six reviewers; panels of two."""
    changes = {"panel": 2, "match": "discipline", "aggregate": {"min_valid": 1}} | stage
    process = builders.a_process(**builders.a_stage_change("scoring", **changes))
    edition = builders.keep(installed.database, builders.an_edition(process), at="scoring")
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator()], entries=[builders.an_entry(code) for code in ENTRIES],
        reviewers=[builders.a_reviewer(code, **more) for code, more in POOL.items()],
    )  # fmt: skip
    run = edition.run_of("scoring")
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
        entries = store.entries(edition.id)
        if drawn:
            assert isinstance(run.declared, ScoringStage)
            seats = {one.id: run.declared.panel for one in entries}
            drawing.keep(store, edition, run, drawing.draw(store, edition, run, seats, entries, seed=edition.seed), number=0)
            store.set_entry_states({one.id: "assigned" for one in entries})
    return World(installed, edition)


def report(world: World) -> Report:
    with world.installation.database.read() as store:
        return draw_report.report(store, store.edition(world.edition.id))


def people(world: World) -> tuple[dict[str, Entry], dict[str, Reviewer]]:
    with world.installation.database.read() as store:
        return {one.code: one for one in store.entries(world.edition.id)}, {one.code: one for one in store.reviewers(world.edition.id)}


def panels(world: World) -> set[tuple[str, str]]:
    with world.installation.database.read() as store:
        return {(one.entry[-3:], one.reviewer[-3:]) for one in store.assignments(world.edition.id, 1) if not one.recused}


@pytest.fixture
def world(installed: Installation, request: pytest.FixtureRequest) -> World:
    """Panels of two; a test may declare otherwise."""
    return a_world(installed, **getattr(request, "param", {}))


def declared(**stage: Any) -> pytest.MarkDecorator:
    """`world` with other fields of the stage."""
    return pytest.mark.parametrize("world", [stage], indirect=True, ids=["other"])


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    return await sign_in(browser)


# -- the report -----------------------------------------------------------------------------------------------------


def test_seed_digest_loads_and_coverage_are_those_of_the_draw(world: World) -> None:
    found, pairs = report(world), sorted(panels(world))
    whole = [[f"{world.edition.id}/e/{entry}", f"{world.edition.id}/r/{who}"] for entry, who in pairs]
    assert found.rounds == (Round(0, NOW, 7, 8, 0, digest(whole)),)
    held = {code: sum(who == code for _, who in pairs) for code in POOL}
    assert {one.person.code: (one.held, one.capacity) for one in found.loads} == {
        code: (held[code], more.get("max_load", 40)) for code, more in POOL.items()
    }
    assert (found.covered, found.short, found.gaps, found.joined) == ({2: 4}, (), (), ())
    assert {one.person.code for one in found.reserves} == {code for code in POOL if not held[code]}


def test_forbidden_pairs_are_counted_by_the_first_conflict_that_holds(world: World) -> None:
    recusing.recuse(world.edition.id, 1, *_accepted(world), reason="relative")
    entries, reviewers = people(world)
    with world.installation.database.read() as store:
        (nominator,) = store.nominators(world.edition.id)
    relations = ("self", "same_unit", "nominator")
    by_rule = [barred(who, entry, nominator, relations) for entry in entries.values() for who in reviewers.values()]
    found = report(world)
    assert found.pairs == len(by_rule) == 24
    assert found.forbidden == {"signer": 0} | {one: by_rule.count(one) for one in relations} | {"declared": 1}
    assert found.forbidden["self"] == found.forbidden["nominator"] == 4


def _accepted(world: World) -> tuple[str, str]:
    """A reviewer who has accepted, and an entry in the reviewer's hands for which others are free, as ids."""
    entry, who = min(pair for pair in panels(world) if pair[0] == "A02")
    reviewer = f"{world.edition.id}/r/{who}"
    builders.accept(world.installation.database, world.edition.id, reviewer)
    return reviewer, f"{world.edition.id}/e/{entry}"


def test_fit_is_counted_by_seats(world: World) -> None:
    levels = {"R01": EXACT, "R03": FIRST_LEVEL, "R04": NO_MATCH, "R05": EXACT}
    counts: dict[int, int] = {}
    for _, who in panels(world):
        counts[levels[who]] = counts.get(levels[who], 0) + 1
    assert report(world).fits == counts
    assert assignment.fit(None, ("440.20",)) == ANY_TOPIC


def test_who_stepped_in_stands_there_with_time_and_reason(world: World) -> None:
    left, entry = _accepted(world)
    before = panels(world)
    recusing.recuse(world.edition.id, 1, left, entry, reason="relative")
    ((_, came),) = panels(world) - before
    inviting.decline(world.edition.id, 1, f"{world.edition.id}/r/{came}", reason="出差")
    found = report(world).joined
    assert found[0] == Joined(NOW, entry[-3:], came, "conflict", left[-3:], "relative", still=False)
    assert {(one.cause, one.leaver, one.still) for one in found[1:]} <= {("declined", came, True)}
    assert {(one.entry, one.reviewer) for one in found[1:]} == panels(world) - before


def test_further_reviewers_of_a_later_round_are_named_with_the_round(world: World) -> None:
    with world.installation.database.write() as store:
        run, entries = world.edition.run_of("scoring"), store.entries(world.edition.id)
        drawn = drawing.draw(store, world.edition, run, {entries[1].id: 1}, entries, seed=8)
        drawing.keep(store, world.edition, run, drawn, number=1)
    found = report(world)
    ((entry, reviewer),) = drawn.pairs
    assert found.joined == (Joined(NOW, entry[-3:], reviewer[-3:], "scores"),)
    assert [one.number for one in found.rounds] == [0, 1]


# -- shortage -------------------------------------------------------------------------------------------------------


@declared(panel=3)
def test_a_shortage_is_told_as_the_rules_explain_the_engines_own_question(world: World) -> None:
    # R01 may not judge A01; of R04 and R05 one may sit on a panel
    found = report(world)
    assert [(one.entry.code, one.held) for one in found.short] == [("A01", 2), *((code, 2) for code in _short(world) if code != "A01")]
    a01 = found.short[0]
    assert dict(a01.steps) == {
        "declined": 6, "signer": 6, "self": 5, "same_unit": 4, "nominator": 3, "declared": 3, "had": 1, "panel_unit": 0, "full": 0,
    }  # fmt: skip
    assert found.covered == {2: len(found.short)} | ({3: 4 - len(found.short)} if len(found.short) < 4 else {})
    assert re.match(rf"{len(found.short)} 个评审席位无法安排", found.gaps[0].zh)


def _short(world: World) -> list[str]:
    pairs = panels(world)
    return [code for code in ENTRIES if sum(entry == code for entry, _ in pairs) < 3]


@declared(drawn=False, panel=3)
def test_before_the_draw_the_page_names_whom_no_draw_can_serve(world: World) -> None:
    found = report(world)
    with world.installation.database.read() as store:
        entries = store.entries(world.edition.id)
        asked = drawing.question(store, world.edition, world.edition.run_of("scoring"), {one.id: 3 for one in entries}, entries)
    drawn = assignment.plan(asked.needs, asked.panelists, seed=7, unit_matters=True)
    assert "A01" in drawn.short
    assert (found.drawn, found.rounds, "A01" in {one.entry.code for one in found.short}) == (False, (), True)
    assert found.gaps[0].en.startswith(f"{sum(drawn.short.values())} seat")


@declared(panel=3, max_load=3)
def test_panels_that_are_drawn_stay_while_the_shortage_is_explained(world: World) -> None:
    held = Counter(entry for entry, _ in panels(world))
    empty = {code: 3 - held[code] for code in ENTRIES if held[code] < 3}
    found = report(world)
    assert {one.entry.code: 3 - one.held for one in found.short} == empty
    assert found.gaps[0].en.startswith(f"{sum(empty.values())} seats must stay empty")
    assert {dict(one.steps)["full"] for one in found.short} == {0}  # who is left for nobody


# -- the page -------------------------------------------------------------------------------------------------------


@declared(panel=3)
async def test_the_page_shows_what_the_report_says(admin: Browser, world: World) -> None:
    found = report(world)
    page = (await admin.get(HERE)).text
    assert [text for text in (found.rounds[0].digest, "抽取记录", *(line.zh for line in found.gaps)) if text not in page] == []
    bars = plots.histogram((one.held, one.capacity) for one in found.loads)
    four = r'<td class="number">(\d+)</td>' * 4
    rows = re.findall(rf"<tr>{four}</tr>", page)
    assert rows == [(bar.title, str(bar.count), str(bar.full), str(bar.room)) for bar in bars if bar.count]
    assert page.count('class="plot-full"') == len(bars) + 1  # and the key
    assert f"全部 {found.pairs} 个配对" in page
    assert "除去：专家组中已有同单位专家" in page
    assert "除去：已谢绝" not in page  # nobody did
    assert "style=" not in page


async def test_the_page_is_english_where_english_was_asked_for(admin: Browser, world: World) -> None:
    recusing.recuse(world.edition.id, 1, *_accepted(world), reason="relative")
    page = (await admin.get(f"{HERE}?lang=en")).text
    (one,) = report(world).joined
    for text in (f"{one.leaver} stepped back (own words: ", "the reserve was drawn by the edition&#39;s seed", "First draw"):
        assert text in page
    page = re.sub(r"<datalist.*?</datalist>", "", page, flags=re.S)  # names of reviewers are what they are
    assert re.findall(r"[\u3400-\u9fff]+", page.replace("中文", "")) == []


@declared(reserve=1, panel_by_class={"artwork": 3})
async def test_reserves_stand_on_both_pages_and_who_stepped_in_as_one_is_told(admin: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        edition = store.edition(world.edition.id)
        drawn = reserves.draw(store, edition, edition.run_of("scoring"), store.entries(edition.id), seed=1)
        pairs = [["A02", "R06"], *drawn.result["pairs"]]  # R06 is of the nominator's
        told = replace(drawn, result={**drawn.result, "pairs": pairs})
        reserves.keep(store, edition, edition.run_of("scoring"), told, actor="engine")
    first = {entry[-3:]: who[-3:] for entry, who in drawn.pairs}
    page, seats = (await admin.get(HERE)).text, (await admin.get(f"{HERE}/panels")).text
    assert [text for text in ("候补抽取", "候补专家：", f"{len(first)} 项还有 1 位") if text not in page] == []
    assert seats.count("候补（依次递补）：") == len(first)
    assert re.search(rf'候补（依次递补）：<span class="code-tag">R06</span>.*<span class="code-tag">{first["A02"]}</span>', seats)
    recusing.recuse(edition.id, 1, *_accepted(world), reason="relative")
    page = (await admin.get(f"{HERE}?lang=en")).text
    assert "; a reserve drawn beforehand stepped in, and nobody else was moved." in page
    assert "Reserve R06 was passed over: a conflict of interest." in page
    (one,) = report(world).joined
    assert (one.reviewer, one.reserve, one.passed) == (first["A02"], True, (("R06", "conflict"),))


@declared(drawn=False)
async def test_before_the_draw_the_page_says_so(admin: Browser, world: World) -> None:
    page = (await admin.get(HERE)).text
    assert [text for text in ("没有抽取记录", "尚未抽取", "没有人递补") if text not in page] == []
    assert "专家不足" not in page


def test_a_histogram_holds_everybody_in_two_dozen_bars_at_most() -> None:
    loads = [(held, 40) for held in range(60)] + [(12, 12)]
    bars = plots.histogram(loads)
    assert (len(bars) <= 24, sum(bar.count for bar in bars), sum(bar.full for bar in bars)) == (True, 61, 21)
    assert [(bar.title, bar.full, bar.free) for bar in plots.histogram([(2, 5), (2, 2), (4, 9)])] == [("2", 1, 1), ("3", 0, 0), ("4", 0, 1)]
    assert plots.histogram([]) == ()
