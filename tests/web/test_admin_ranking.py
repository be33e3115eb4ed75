"""The ranking as the office reads it: the page says what the rules say, no more before a signature, and to nobody else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from models.edition import Edition
from models.stages import Method
from rules import assignment, compared, methods, panel_checks, scoring, side_by_side, uncertainty
from rules.calibration import calibrate
from rules.list_places import Pool, Question
from rules.score_table import Score, ScoreTable
from rules.side_by_side import Leniency, Line, SideBySide
from tasks import ranking_report, reviewing
from tasks import scoring as freezing
from tasks.installation import Installation
from tests import builders
from tests.tasks.driving import spread
from tests.web.conftest import Browser, World
from tests.web.test_admin_checks import sign_in

HERE = "/admin/editions/sample-2026/ranking"
TOTALS = {
    "A01": {"R01": 92, "R02": 76},
    "A02": {"R01": 88, "R03": 88},
    "A03": {"R02": 82, "R03": 85},
    "A04": {"R01": 83, "R02": 58},
    "A05": {"R02": 71, "R03": 75},
    "W01": {"R01": 90, "R02": 70},
}
"""R02 is strict. Papers: three places; works of art: two."""
WAITING = "W02"


def a_world(installed: Installation, **stage: Any) -> World:
    """Five papers and two works of art, each in the hands of two; all but one work are signed."""
    changes = {"panel": 2, "aggregate": {"method": "trimmed_mean", "min_valid": 2}} | stage
    process = builders.a_process(**builders.a_stage_change("scoring", **changes))
    edition = builders.keep(installed.database, builders.an_edition(process), at="scoring")
    works = {"W01": "海洋之光", WAITING: "=星空"}
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer(code) for code in ("R01", "R02", "R03")],
        entries=[builders.an_entry(code) for code in TOTALS if code[0] == "A"]
        + [builders.an_entry(code, class_name="artwork", title=title) for code, title in works.items()],
        pairs=[(entry, reviewer) for entry, given in TOTALS.items() for reviewer in given] + [(WAITING, "R01")],
    )  # fmt: skip
    with installed.database.write() as store:
        store.set_entry_states({one.id: "assigned" for one in store.entries(edition.id)})
        store.put_admin("admin@example.org", "管理员", "admin")
    return World(installed, edition)


def _marks(total: int) -> dict[str, str]:
    return dict(zip(("originality", "rigour", "value"), map(str, spread(total)), strict=True))


def score(world: World, given: Mapping[str, Mapping[str, int]] = TOTALS, *, sign: bool = True) -> None:
    for reviewer in ("R01", "R02", "R03"):
        totals = {entry: some[reviewer] for entry, some in given.items() if reviewer in some}
        work = {f"{world.edition.id}/e/{entry}": (_marks(total), "", 0) for entry, total in totals.items()}
        reviewing.save_sheets(world.edition.id, 1, f"{world.edition.id}/r/{reviewer}", work)
        if sign:
            with world.installation.database.write() as store:
                ids = [one.assignment for one in store.sheets(world.edition.id, 1, reviewer=f"{world.edition.id}/r/{reviewer}")]
                store.sign_sheets(ids, name="专家", at=store.real_now)


@pytest.fixture
def world(request: pytest.FixtureRequest, installed: Installation) -> World:
    """As `a_world`, its scoring stage changed by the parameter if there is one."""
    return a_world(installed, **getattr(request, "param", {}))


def declared(**stage: Any) -> pytest.MarkDecorator:
    """The test's world has a scoring stage that is declared otherwise."""
    return pytest.mark.parametrize("world", [stage], indirect=True)


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    return await sign_in(browser)


def report(world: World) -> ranking_report.Report:
    with world.installation.database.read() as store:
        return ranking_report.report(store, store.edition(world.edition.id))


def bare(page: str) -> str:
    """The page without what its table bears for narrow screens and for who listens to it."""
    return re.sub(r' (?:role|data-label)="[^"]*"', "", page)


def codes(page: str) -> list[str]:
    return re.findall(r'<th scope="row">([AW]\d+)</th>', bare(page))


def a_question(edition: Edition, entries: Any, **changes: Any) -> Question:
    stage, cut = edition.stages[1].declared, edition.stages[2].declared
    values: dict[str, Any] = {
        "process": edition.process, "rule": stage.aggregate, "flags": stage.flags, "cut": cut, "seats": {"paper": 2, "artwork": 1},  # type: ignore[union-attr]
        "entries": entries, "seed": assignment.seed_for(edition.seed, "chances", "scoring"), "draws": 1000, "clear": Decimal("0.9"),
    }  # fmt: skip
    return Question(**values | changes)


# -- the numbers ----------------------------------------------------------------------------------------------------


def test_the_report_ranks_exactly_the_signed_sheets_by_the_declared_rules(world: World) -> None:
    score(world)
    with world.installation.database.read() as store:
        entries = tuple(one for one in store.entries(world.edition.id))
    found = report(world)
    pairs = [(entry, who, total) for entry, some in TOTALS.items() for who, total in some.items()]
    sheets = [(f"{world.edition.id}/e/{entry}", who, Decimal(total)) for entry, who, total in pairs]
    question = a_question(world.edition, entries)
    assert (found.sheets, found.signed, found.provisional) == (13, 12, True)
    assert found.ranking.question == question
    assert found.ranking.lines == side_by_side.rank(sheets, question).lines
    assert [one.code for one in found.ranking.waiting] == [WAITING]


def test_marks_ranks_chances_and_leniency_are_those_of_the_rules(world: World) -> None:
    score(world)
    ranking = report(world).ranking
    table = ScoreTable(Score(entry, who, Decimal(total)) for entry, some in TOTALS.items() for who, total in some.items())
    calibration = calibrate(table)
    marks = methods.calibrated_marks(calibration, 2)
    papers = {entry: mark for entry, mark in marks.items() if entry[0] == "A"}
    groups = ["paper" if entry[0] == "A" else "artwork" for entry in table.entries]
    rule = uncertainty.best_of_groups(groups, {"paper": 3, "artwork": 2})
    chances = uncertainty.chances(calibration, rule, draws=1000, seed=ranking.question.seed, alike=table.alike)
    lines = {line.entry.code: line for line in ranking.lines}
    assert {code: line.calibrated for code, line in lines.items()} == marks
    assert {code: line.ranks["calibrated"] for code, line in lines.items() if code[0] == "A"} == methods.ranks(papers)
    assert {code: line.selected for code, line in lines.items()} == {code: one.selected for code, one in chances.items()}
    assert [(code, line.mean, line.mark, line.ranks["trimmed_mean"], line.flagged) for code, line in lines.items()] == [
        ("A02", Decimal("88.00"), Decimal("88.00"), 1, False),
        ("A01", Decimal("84.00"), Decimal("84.00"), 2, False),
        ("A03", Decimal("83.50"), Decimal("83.50"), 3, False),
        ("A05", Decimal("73.00"), Decimal("73.00"), 4, False),
        ("A04", Decimal("70.50"), Decimal("70.50"), 5, True),
        ("W01", Decimal("80.00"), Decimal("80.00"), 1, False),
    ]
    assert ranking.lenient == tuple(
        Leniency(who, len([1 for some in TOTALS.values() if who in some]), scoring.half_up(_fraction(calibration.leniencies[who]), 2))
        for who in sorted(calibration.leniencies, key=lambda who: -calibration.leniencies[who])
    )
    assert ranking.notes[0] == compared.explained(calibration.components)


def _fraction(value: float) -> Fraction:
    return Fraction(f"{value:.9f}")


def test_lines_of_the_list_bands_and_intervals_belong_together(world: World) -> None:
    score(world)
    ranking = report(world).ranking
    lines = {line.entry.code: line for line in ranking.lines}
    assert {name: (pool.places, pool.line) for name, pool in ranking.pools.items()} == {
        "paper": (3, Decimal("83.50")),
        "artwork": (2, Decimal("80.00")),
    }
    for name, pool in ranking.pools.items():
        assert pool.bands is not None
        assert {line.entry.id: line.zone for line in ranking.lines if line.entry.group == name} == pool.bands.zones
    assert lines["W01"].selected == 1  # fewer works than places
    assert all(line.interval[0] < line.calibrated < line.interval[1] for line in lines.values())


def test_an_entry_that_another_method_would_take_is_marked(installed: Installation) -> None:
    world = a_world(installed, aggregate={"method": "median", "min_valid": 2})
    score(world, TOTALS | {"A01": {"R01": 80, "R02": 75}, "A04": {"R01": 90, "R02": 66}, "A03": {"R02": 66, "R03": 88}})
    ranking = report(world).ranking
    taken = {
        method: {line.entry.code for line in ranking.lines if line.ranks[method] <= 3 and line.entry.group == "paper"}
        for method in ranking.question.shown
    }
    assert taken["mean"] == taken["median"] != taken["calibrated"]
    assert {line.entry.code for line in ranking.lines if line.depends} == taken["mean"] ^ taken["calibrated"]


def test_an_entry_with_too_few_sheets_has_neither_mark_nor_rank(world: World) -> None:
    score(world, {**TOTALS, "A01": {"R01": 92}})
    line = next(line for line in report(world).ranking.lines if line.entry.code == "A01")
    assert (line.mean, line.mark, line.ranks, line.depends) == (Decimal("92.00"), None, {}, False)
    assert [one.entry.code for one in report(world).ranking.lines][:5] == ["A02", "A03", "A05", "A04", "A01"]


@pytest.mark.parametrize("method", ["calibrated_robust", "calibrated_scaled"])
def test_chances_and_intervals_are_those_of_the_calibration_that_decides(installed: Installation, method: Method) -> None:
    world = a_world(installed, aggregate={"method": method, "min_valid": 2})
    score(world)
    ranking = report(world).ranking
    scores = [Score(entry, who, Decimal(total)) for entry, some in TOTALS.items() for who, total in some.items()]
    deciding, plain = methods.calibration_by(method, scores), calibrate(ScoreTable(scores))
    groups = ["paper" if entry[0] == "A" else "artwork" for entry in deciding.table.entries]
    rule = uncertainty.best_of_groups(groups, {"paper": 3, "artwork": 2})
    chances = uncertainty.chances(deciding, rule, draws=1000, seed=ranking.question.seed, alike=deciding.table.alike)
    assert {line.entry.code: line.selected for line in ranking.lines} == {code: one.selected for code, one in chances.items()}
    assert {line.entry.code: line.calibrated for line in ranking.lines} == methods.calibrated_marks(plain, 2)
    assert {line.entry.code: line.mark for line in ranking.lines} == methods.calibrated_marks(deciding, 2)
    assert all(line.mark is None or line.interval[0] < line.mark < line.interval[1] for line in ranking.lines)


def test_where_a_mark_decides_there_are_no_places(world: World) -> None:
    score(world)
    ranking = report(world).ranking
    cut = ranking.question.cut
    assert cut is not None
    least = cut.model_copy(update={"counts": {}, "min_score": Decimal("83.9")})
    question = a_question(world.edition, ranking.question.entries, cut=least)
    sheets = [(line.entry.id, str(at), total) for line in ranking.lines for at, total in enumerate(line.totals)]
    found = side_by_side.rank(sheets, question)
    lines = {name: (pool.places, pool.line) for name, pool in found.pools.items()}
    assert lines == {"paper": (None, Decimal("84.00")), "artwork": (None, None)}


def test_before_the_first_signature_there_is_nothing_to_rank(world: World) -> None:
    score(world, sign=False)
    found = report(world)
    pools = {"paper": Pool("paper", 3, None, None), "artwork": Pool("artwork", 2, None, None)}
    nothing = SideBySide(found.ranking.question, waiting=found.ranking.waiting, pools=pools)
    assert (found.signed, found.ranking, len(found.ranking.waiting)) == (0, nothing, 7)


# -- the page -------------------------------------------------------------------------------------------------------


async def test_before_the_first_signature_the_page_says_so_and_shows_no_mark(admin: Browser, world: World) -> None:
    score(world, sign=False)
    page = bare((await admin.get(HERE)).text)
    marks = re.findall(r"(?<![\w-])(?:92|88|76)(?:\.00)?(?![\w-])", page)  # checksums and tokens may hold any digits
    assert ("还没有已签署的评分表" in page, "未定" in page, marks, codes(page)) == (True, True, [], [])


async def test_the_page_shows_each_line_as_the_report_has_it(admin: Browser, world: World) -> None:
    score(world)
    found = report(world)
    page = bare((await admin.get(HERE)).text)
    found_rows = re.findall(r'<tr(?: class="is-discussed")?><th scope="row">[AW].*?</tr>', page, re.S)
    rows = {codes(row)[0]: row for row in found_rows}
    assert list(rows) == [line.entry.code for line in found.ranking.lines]
    for line in found.ranking.lines:
        row = rows[line.entry.code]
        cells = [re.sub(r"<[^>]*>", " ", cell).split() for cell in re.findall(r'<td class="number">(.*?)</td>', row, re.S)]
        ranks = [line.ranks[method] for method in found.ranking.question.shown]
        marks = (line.mean, line.mark, line.calibrated)
        assert cells[:4] == [["2"], *([str(mark), "第", str(rank), "名"] for mark, rank in zip(marks, ranks, strict=True))]
        assert cells[4:] == [[str(line.selected)], [str(line.spread), *(["分歧较大"] if line.flagged else [])]]
        assert _told(line) in row  # the picture says in words what it shows
        assert row.count("<circle") == len(line.totals)
        assert re.findall("<title[^>]*>(.*?)</title>", row) == [f"{line.entry.code} 得分 {line.mark}（去掉最高最低分的平均分）"]
    assert [f'<th scope="row">{one.reviewer}</th><td class="number">{one.sheets}' in page for one in found.ranking.lenient] == [True] * 3
    assert found.ranking.notes[0].zh in page
    assert "style=" not in page
    assert "另有 1 项还没有已签署的评分" in page


def _told(line: Line) -> str:
    low, high = line.interval
    return f"各专家总分 {'、'.join(str(total) for total in line.totals)}；校准分的区间 {low} 至 {high}"


def picture(page: str, code: str) -> tuple[list[int], int | None, tuple[int, int]]:
    """Where dots, diamond and the ends of the interval of an entry stand, from the left."""
    (row,) = re.findall(rf'<tr(?: class="is-discussed")?><th scope="row">{code}</th>.*?</tr>', page, re.S)
    diamond, span = re.search(r'"plot-mark" d="M(\d+) ', row), re.search(r'"plot-span" d="M(\d+) \d+H(\d+)', row)
    assert span is not None
    ends = int(span.group(1)), int(span.group(2))
    return [int(x) for x in re.findall(r'<circle class="plot-dot" cx="(\d+)"', row)], diamond and int(diamond.group(1)), ends


@declared(aggregate={"method": "median", "min_valid": 2})
async def test_the_diamond_is_the_mark_that_decides_and_the_interval_says_that_it_is_another_ones(admin: Browser, world: World) -> None:
    score(world)
    page = bare((await admin.get(HERE)).text)
    dots, diamond, _ends = picture(page, "A02")
    assert dots == [diamond] * 2  # twice 88: the median
    said = ("得分（中位数）", "校准分的区间", "名次按“中位数”排定，这个得分可能落在区间之外。", "A02 得分 88.00（中位数）</title>")
    assert [text for text in said if text not in page] == []
    english = (await admin.get(f"{HERE}?lang=en")).text
    assert [text for text in ("Mark (Median)", "Calibrated mark: interval", "A02 mark 88.00 (Median)</title>") if text not in english] == []
    head = (await admin.get(f"{HERE}.csv")).content.decode("utf-8-sig").splitlines()[0]
    assert ("校准分区间下限" in head, "校准分区间上限" in head) == (True, True)


@pytest.mark.parametrize("world", [{"aggregate": {"method": one, "min_valid": 2}} for one in methods.CALIBRATED], indirect=True)
async def test_where_a_calibrated_mark_decides_diamond_and_interval_are_one(admin: Browser, world: World) -> None:
    score(world)
    page = bare((await admin.get(HERE)).text)
    for code in ("A01", "A02", "A04", "W01"):
        _dots, diamond, (start, end) = picture(page, code)
        assert diamond is not None
        assert start < diamond < end
    assert ("得分的区间" in page, "这个得分可能落在区间之外" in page) == (True, False)
    head = (await admin.get(f"{HERE}.csv")).content.decode("utf-8-sig").splitlines()[0]
    assert ("得分区间下限" in head, "%(mark)s" in head) == (True, False)


@declared(aggregate={"method": "borda", "min_valid": 2})
async def test_a_mark_on_another_scale_is_not_drawn_beside_totals(admin: Browser, world: World) -> None:
    score(world)
    page = bare((await admin.get(HERE)).text)
    assert picture(page, "A02")[1] is None
    assert ("plot-mark" in page, "校准分的区间" in page) == (False, True)


async def test_the_page_is_sorted_and_filtered_by_its_address(admin: Browser, world: World) -> None:
    score(world)
    lines = report(world).ranking.lines
    by_chance = sorted((one for one in lines if one.entry.group == "paper"), key=lambda one: -(one.selected or 0))
    assert codes((await admin.get(f"{HERE}?sort=code&group=paper")).text) == ["A01", "A02", "A03", "A04", "A05"]
    assert codes((await admin.get(f"{HERE}?sort=chance&group=paper")).text) == [one.entry.code for one in by_chance]
    assert codes((await admin.get(f"{HERE}?sort=spread&group=paper")).text) == ["A04", "A01", "A05", "A03", "A02"]
    assert codes((await admin.get(f"{HERE}?sort=nonsense&group=nobody")).text) == [one.entry.code for one in lines]
    assert codes((await admin.get(f"{HERE}?group=artwork&lang=en")).text) == ["W01"]


async def test_the_table_can_be_taken_along_as_csv(admin: Browser, world: World) -> None:
    score(world, {**TOTALS, WAITING: {"R01": 60}})
    found = report(world)
    answer = await admin.get(f"{HERE}.csv?lang=en&group=artwork")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    first, second = (line for line in found.ranking.lines if line.entry.group == "artwork")
    assert head[:6] == ["Group", "Code", "Title", "Unit", "Scores", "Totals of the reviewers"]
    assert rows == [
        ["Science art", "W01", "海洋之光", "W01大学", "2", "70 90", "80.00", "80.00", str(first.calibrated), "1", "1", "1", "", "20.00", "",
         *map(str, first.interval), str(first.selected), "Clear", "provisional", "Trimmed mean", "", ""],
        ["Science art", WAITING, "'=星空", "W02大学", "1", "60", "60.00", "", str(second.calibrated), "", "", "", "", "0.00", "",
         *map(str, second.interval), str(second.selected), "Clear", "provisional", "Trimmed mean", "", ""],
    ]  # fmt: skip


async def test_after_the_stage_the_page_shows_the_marks_that_were_computed(admin: Browser, world: World) -> None:
    score(world, {**TOTALS, WAITING: {"R01": 60}})
    builders.go_to(world.installation.database, world.edition.id, "shortlisting")
    page = bare((await admin.get(HERE)).text)
    assert (report(world).provisional, "未定" in page) == (False, False)


@declared(aggregate={"method": "calibrated", "min_valid": 2})
async def test_the_page_and_the_table_say_which_method_decides(admin: Browser, world: World) -> None:
    score(world)
    page = bare((await admin.get(HERE)).text)
    assert "名次按“校准分”排定" in page
    assert page.count('<th scope="col" class="number" aria-sort="ascending">') == 2  # one table for each group
    for line in report(world).ranking.lines:
        assert line.mark == line.calibrated
        assert f'<td class="number">{line.mean}' in page  # the plain mean stands beside it
    head, *rows = csv.reader(io.StringIO((await admin.get(f"{HERE}.csv?lang=en")).content.decode("utf-8-sig")))
    assert {row[head.index("Mark computed by")] for row in rows} == {"Calibrated mark"}


@declared(aggregate={"method": "mean", "min_valid": 2}, normalise="zscore_by_reviewer")
async def test_raw_and_normalised_totals_are_both_shown(admin: Browser, world: World) -> None:
    score(world)
    page = bare((await admin.get(HERE)).text)
    lines = report(world).ranking.lines
    assert "名次按“平均分（按专家标准化）”排定" in page
    for line in lines:
        normalised = "、".join(str(scoring.half_up(total, 2)).rstrip("0").rstrip(".") for total in line.normalised)
        assert f"标准化后 {normalised}" in page
        assert f'<td class="number">{line.mean}' in page
    head, *rows = csv.reader(io.StringIO((await admin.get(f"{HERE}.csv?lang=en")).content.decode("utf-8-sig")))
    assert all(row[head.index("Normalised totals")] for row in rows)


async def test_the_frozen_rule_is_shown_with_its_digest_and_time(admin: Browser, world: World) -> None:
    score(world)
    assert "规则尚未冻结" in (await admin.get(HERE)).text
    with world.installation.database.write() as store:
        edition = store.edition(world.edition.id)
        freezing.freeze_rule(store, edition, edition.stages[1])
    page = bare((await admin.get(HERE)).text)
    frozen = report(world).frozen
    assert frozen is not None
    assert frozen.digest in page
    assert "2026-06-10 10:00" in page
    assert "&#34;trim_min&#34;: 5" in page
    assert "与冻结的规则不一致" not in page


async def test_a_rule_that_is_no_longer_the_frozen_one_is_told(admin: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    score(world)
    with world.installation.database.write() as store:
        edition = store.edition(world.edition.id)
        freezing.freeze_rule(store, edition, edition.stages[1])
    monkeypatch.setattr("rules.methods.VERSION", methods.VERSION + 1)
    page = bare((await admin.get(HERE)).text)
    said = f"methods: was {methods.VERSION - 1}, is {methods.VERSION}"
    assert ("与冻结的规则不一致" in page, said in page, report(world).changed) == (True, True, (said,))


@pytest.mark.parametrize(("world", "drawn"), [({}, True), ({"aggregate": {"method": "borda", "min_valid": 2}}, False)], indirect=["world"])
async def test_a_line_on_another_scale_is_not_drawn_among_totals(admin: Browser, world: World, *, drawn: bool) -> None:
    score(world)
    page = bare((await admin.get(HERE)).text)
    assert ('class="plot-line"' in page, "入围最低得分" in page) == (drawn, True)


TWO_SHEETS = {"paper": builders.CRITERIA, "artwork": [{**one, "step": "1"} for one in builders.CRITERIA]}


@declared(criteria=(), criteria_by_class=TWO_SHEETS, aggregate={"method": "calibrated", "min_valid": 2})
async def test_sheets_that_differ_are_rankings_by_themselves(admin: Browser, world: World) -> None:
    score(world)
    found = report(world).ranking
    papers = [Score(entry, who, Decimal(total)) for entry, some in TOTALS.items() if entry[0] == "A" for who, total in some.items()]
    expected = methods.calibrated_marks(calibrate(ScoreTable(papers)), 2)
    assert {line.entry.code: line.mark for line in found.lines if line.entry.code in expected} == expected
    assert [part.calibration is not None for part in found.parts] == [True, True]
    page = bare((await admin.get(HERE)).text)
    assert [title in page for title in ("<h3>学术论文</h3>", "<h3>科普美术</h3>")] == [True, True]


async def test_favour_for_the_own_unit_is_told_to_the_office(admin: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        store.put_reviewers(world.edition.id, [builders.a_reviewer("R01", unit="A01 大学")])
    score(world)
    (own,) = report(world).own_units
    assert own is not None
    assert own.scores == 1
    page = bare((await admin.get(HERE)).text)
    assert panel_checks.own_unit_said(own).zh in page


async def test_nobody_but_the_office_sees_ranking_or_draw(browser: Browser, world: World) -> None:
    score(world)
    for role, code in (("reviewer", "R01"), ("nominator", "N01")):
        await browser.enter(world.link(role, code))  # type: ignore[arg-type]
        for path in (HERE, f"{HERE}.csv", "/admin/editions/sample-2026/draw"):
            answer = await browser.get(path)
            assert (role, path, answer.status_code) == (role, path, 403)
            assert re.findall(r"(?<![\w-])(?:A0\d|R0[23]|88\.00)(?![\w-])", answer.text) == []  # a token may hold anything
        own = (await browser.get("/review" if role == "reviewer" else "/submit")).text
        assert [text for text in ("/ranking", "/draw", "校准分") if text in own] == []


async def test_before_the_review_no_link_leads_to_the_page(installed: Installation, browser: Browser, world: World) -> None:
    early = builders.keep(installed.database, builders.an_edition(builders.a_process(name="early")), at="submission")
    await sign_in(browser)
    assert "/ranking" not in (await browser.get(f"/admin/editions/{early.id}")).text
    assert f'href="{HERE}"' in (await browser.get(f"/admin/editions/{world.edition.id}")).text
