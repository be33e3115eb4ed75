"""When the review begins small groups go into their neighbours, and everybody can read it (rule R7)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from python_calamine import CalamineWorkbook

from tasks import grouping, packet
from tests import builders
from tests.tasks.conftest import people
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.test_scoring import all_score, panels

SETS = [
    {"name": name, "title": {"zh": zh, "en": name.capitalize()}, "values": values}
    for name, zh, values in (("science", "理学", ["110-190"]), ("engineering", "工学", ["410-620"]), ("crossing", "交叉", ["630"]))
]
CODES = {"A01": "110", "A02": "120", "A03": "130", "A04": "440.20", "A05": "450", "A06": "630"}


def grouped(season: Season, *, scoring: dict[str, Any] | None = None, **groups: Any) -> Season:
    """Papers in three groups, before the review begins; `scoring` changes that stage."""
    paper = builders.DECLARATION["classes"][0]
    changes: dict[str, Any] = builders.a_stage_change("shortlisting", counts={}, ratio=2)
    changes["stages"] = [{**one, **(scoring or {})} if one["kind"] == "scoring" else one for one in changes["stages"]]
    declared = {"by": "discipline", "sets": SETS, **groups}
    process = builders.a_process(name="grouped", classes=[{**paper, "awards": 3}], groups=declared, nominators=NOMINATORS, **changes)
    made = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    people(made)
    made.local("2026-04-01 08:00").advance()
    fields = builders.an_entry().fields
    made.hand_in([builders.an_entry(key, fields={**fields, "discipline": code}) for key, code in CODES.items()])
    return made


def test_a_panel_has_the_size_of_the_group_in_which_its_entry_competes(season: Season) -> None:
    made = grouped(
        season, min_group=2, merge={"crossing": "engineering"},
        scoring={"panel": 1, "panel_by_group": {"engineering": 3, "crossing": 2}, "aggregate": {"min_valid": 1}},
    )  # fmt: skip
    made.local("2026-06-01 00:00").advance()
    sizes = {key: len(codes) for key, codes in panels(made).items()}
    assert sizes == {"A01": 1, "A02": 1, "A03": 1, "A04": 3, "A05": 3, "A06": 3}


NOMINATORS = {"society": {"title": {"zh": "省级学会", "en": "Societies"}, "max": {"paper": 9}}}


def groups_of(season: Season) -> dict[str, str]:
    return {one.key: one.group for one in season.entries()}


def test_small_groups_are_merged_before_the_panels_are_drawn_and_seats_follow(season: Season) -> None:
    made = grouped(season, min_group=2, merge={"crossing": "engineering", "engineering": "science"})
    made.local("2026-06-01 00:00").advance()
    where = {"A01": "science", "A02": "science", "A03": "science", "A04": "engineering", "A05": "engineering", "A06": "engineering"}
    assert groups_of(made) == where
    told = {"stage": "scoring", "min_group": 2, "sizes": {"science": 3, "engineering": 2, "crossing": 1}}
    assert made.events("GroupsMerged") == [("GroupsMerged", {**told, "mergers": [["crossing", "engineering", 1]], "small": []})]
    all_score(made, {"A01": 90, "A02": 80, "A03": 70, "A04": 95, "A05": 60, "A06": 65})
    made.advance()
    with made.database.read() as store:
        _, seats = store.shortlist(made.id)  # type: ignore[misc]
        sheets = CalamineWorkbook.from_filelike(BytesIO(packet.workbook(store, made.id)))
        assert grouping.mergers(store, made.edition) == (("crossing", "engineering", 1),)
    # Three seats by 3 and 3 entries: the half that is left goes by name.
    assert seats == {"science": 1, "engineering": 2, "crossing": 0}
    rows = sheets.get_sheet_by_name("名单说明").to_python()
    assert rows[:2] == [["并组", "Merged groups"], ["交叉（1项）并入工学", "Crossing (1 entry) was merged into Engineering"]]


@ON_SQLITE
def test_a_merger_goes_on_until_every_group_is_large_enough(season: Season) -> None:
    made = grouped(season, min_group=4, merge={"crossing": "engineering", "engineering": "science"})
    made.local("2026-06-01 00:00").advance()
    assert set(groups_of(made).values()) == {"science"}
    assert made.events("GroupsMerged")[0][1]["mergers"] == [["crossing", "engineering", 1], ["engineering", "science", 3]]


@ON_SQLITE
def test_groups_that_are_large_enough_stay_and_nothing_is_told(season: Season) -> None:
    made = grouped(season, min_group=1, merge={"crossing": "engineering"})
    made.local("2026-06-01 00:00").advance()
    assert sorted(set(groups_of(made).values())) == ["crossing", "engineering", "science"]
    assert made.events("GroupsMerged") == []
    assert made.events("LotSeedPublished") == []


@ON_SQLITE
def test_groups_are_fixed_once_whoever_comes_later(season: Season) -> None:
    made = grouped(season, min_group=2, merge={"crossing": "engineering"})
    made.local("2026-06-01 00:00").advance()
    lease = made.lease()
    before = made.snapshot()
    grouping.fix_groups.fn(lease, 1)
    assert made.snapshot() == before
