"""Shortlisting: seats by group, ties on the line, the packet for the committee."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from models.edition import Standing
from models.errors import NotFound
from rules.digests import digest
from tasks import editions, packet, shortlisting
from tests import builders
from tests.tasks.driving import COMMITTEE, ON_SQLITE, Season


def ranked(season: Season, marks: dict[str, str]) -> Season:
    """Entries with these marks, and the shortlisting about to open."""
    season.put(entries=[builders.an_entry(key) for key in marks])
    season.go("shortlisting")
    order = sorted(marks, key=lambda key: (-Decimal(marks[key]), key))
    places = {key: 1 + sum(Decimal(other) > Decimal(marks[key]) for other in marks.values()) for key in order}
    with season.database.write() as store:
        store.put_standings(
            season.id,
            1,
            [
                Standing(f"{season.id}/e/{key}", "paper", Decimal(marks[key]), 3, Decimal(marks[key]), Decimal(0), False, places[key])
                for key in order
            ],
        )
        store.set_entry_states({f"{season.id}/e/{key}": "scored" for key in marks})
    return season


def listed(season: Season) -> list[tuple[str, int, str]]:
    with season.database.read() as store:
        found = store.shortlist(season.id)
    assert found is not None
    return [(item.entry.rpartition("/")[2], item.place, str(item.mark)) for item in found[0].items]


def with_stage(season: Season, name: str, **changes: Any) -> Season:
    """Another edition, with its shortlisting changed."""
    process = builders.a_process(name=name, **builders.a_stage_change("shortlisting", **changes))
    made = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    made.put(nominators=[builders.a_nominator()], members=[builders.a_member(code) for code in COMMITTEE])
    return made


def test_the_upper_part_is_listed_and_everybody_has_a_state(season: Season) -> None:
    ranked(season, {"A01": "90.00", "A02": "80.00", "A03": "70.00", "A04": "60.00"})
    shortlisting.cut_list.fn(season.lease(), 2)
    assert listed(season) == [("A01", 1, "90.00"), ("A02", 2, "80.00"), ("A03", 3, "70.00")]
    assert season.entry_states() == {"A01": "shortlisted", "A02": "shortlisted", "A03": "shortlisted", "A04": "not_shortlisted"}
    with season.database.read() as store:
        made, seats = store.shortlist(season.id)  # type: ignore[misc]
    assert seats == {"paper": 2, "artwork": 1}
    assert made.digest == digest([[item.entry, item.group, item.place, str(item.mark)] for item in made.items])
    assert season.events("ShortlistMade") == [("ShortlistMade", {"version": 1, "entries": 3, "digest": made.digest})]


@pytest.mark.parametrize(("ties", "kept"), [("include_all", ["A01", "A02", "A03", "A04"]), ("exclude_all", ["A01", "A02"])])
@ON_SQLITE
def test_ties_on_the_line_stay_together(season: Season, ties: str, kept: list[str]) -> None:
    other = with_stage(season, "ties", ties=ties)
    ranked(other, {"A01": "90.00", "A02": "80.00", "A03": "70.00", "A04": "70.00", "A05": "60.00"})
    shortlisting.cut_list.fn(other.lease(), 2)
    assert [key for key, _, _ in listed(other)] == kept
    codes = sorted(one.code for one in other.entries() if one.key in ("A03", "A04"))
    with other.database.read() as store:
        (tie,) = store.grounds(other.id)[1].ties
    assert (list(tie.tied), list(tie.left)) == (codes, codes)  # as everybody knows them, not by their ids


@ON_SQLITE
def test_160_seats_are_shared_as_the_statutes_calculate_them(season: Season) -> None:
    """Science 212, engineering 318, agriculture 96, medicine 174, cross-disciplinary 40 (rule R7)."""
    from config import catalogue

    counts = {"science": 212, "engineering": 318, "agriculture": 96, "medicine": 174, "crossing": 40}
    process = catalogue.load_processes()["papers"]
    edition = builders.keep(season.database, builders.an_edition(process))
    papers = Season(season.installed, season.clock, edition)
    papers.put(nominators=[builders.a_nominator("N01", type="society")])
    papers.go("shortlisting")
    new = [builders.an_entry(f"{group[:2]}{number:03}") for group, size in counts.items() for number in range(size)]
    with papers.database.write() as store:
        store.put_entries(papers.id, new, {one.key: one.key for one in new})
        store.set_entry_states({f"{papers.id}/e/{one.key}": "scored" for one in new})
        store.put_standings(
            papers.id,
            1,
            [
                Standing(
                    f"{papers.id}/e/{group[:2]}{number:03}",
                    group,
                    Decimal(90) - Decimal(number) / 10,
                    5,
                    Decimal(90),
                    Decimal(0),
                    False,
                    number + 1,
                )
                for group, size in counts.items()
                for number in range(size)
            ],
        )
    shortlisting.cut_list.fn(papers.lease(), 2)
    with papers.database.read() as store:
        made, seats = store.shortlist(papers.id)  # type: ignore[misc]
    assert seats == {"science": 40, "engineering": 61, "medicine": 33, "agriculture": 18, "crossing": 8}
    # Places are a fifth more, rounded up: 48, 73.2, 39.6, 21.6, 9.6.
    assert Counter(item.group for item in made.items) == {
        "science": 48,
        "engineering": 74,
        "medicine": 40,
        "agriculture": 22,
        "crossing": 10,
    }


def test_the_list_waits_for_the_admin_and_then_goes_to_every_member(season: Season) -> None:
    ranked(season, {"A01": "90.00", "A02": "80.00"})
    shortlisting.cut_list.fn(season.lease(), 2)
    season.clock.advance(minutes=5)  # the lease runs out
    assert season.advance() == "sample-2026: shortlisting is open, until somebody acts"
    assert season.mails("shortlist_packet") == []
    with season.database.write() as store:
        editions.request_next(store, season.id, actor="admin:admin@example.org")
    season.advance()
    assert season.addressees("shortlist_packet") == [code.lower() for code in COMMITTEE]
    assert {(one.params["count"], one.cause) for one in season.mails("shortlist_packet")} == {(2, "voting:packet")}
    with season.database.read() as store:
        assert len(store.grants(season.id, "committee")) == 5
    assert season.states() == {"voting": "open"}


@ON_SQLITE
def test_a_list_that_needs_no_confirmation_goes_out_by_itself(season: Season) -> None:
    other = with_stage(season, "automatic", confirm="automatic")
    ranked(other, {"A01": "90.00"})
    with other.database.write() as store:
        store.put_members(other.id, [builders.a_member("P01", role="party", party="personnel")])
    shortlisting.cut_list.fn(other.lease(), 2)
    other.clock.advance(minutes=5)
    other.advance()
    assert other.addressees("shortlist_packet") == [code.lower() for code in COMMITTEE]


@ON_SQLITE
def test_steps_done_three_times_change_nothing_after_the_first(season: Season) -> None:
    ranked(season, {"A01": "90.00"})
    lease = season.closing("shortlisting")
    for step in (shortlisting.cut_list, shortlisting.release_list):
        step.fn(lease, 2)
        once = season.snapshot()
        for _ in range(2):
            step.fn(lease, 2)
        assert season.snapshot() == once


@ON_SQLITE
def test_without_marks_there_is_no_list_and_without_a_list_no_packet(season: Season) -> None:
    lease = season.lease()
    with pytest.raises(NotFound, match="no stage has been scored yet"):
        shortlisting.cut_list.fn(lease, 2)
    editions.drop(lease)
    with pytest.raises(NotFound, match="there is no shortlist to release"):
        shortlisting.release_list.fn(season.closing("shortlisting"), 2)
    with pytest.raises(NotFound, match="there is no shortlist yet"), season.database.read() as store:
        packet.workbook(store, season.id)


@ON_SQLITE
def test_a_second_list_is_a_new_version_cut_from_what_the_committee_has_left(season: Season) -> None:
    stages = list(builders.DECLARATION["stages"])
    more = [{"kind": "shortlisting", "name": "final_list", "counts": {"paper": 2, "artwork": 1}}, {**stages[3], "name": "final_vote"}]
    process = builders.a_process(
        name="twice",
        stages=[*stages[:4], *({**one, "closes": "2026-07-15"} if one["kind"] == "voting" else one for one in more), *stages[4:]],
    )
    twice = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    twice.put(nominators=[builders.a_nominator()])
    ranked(twice, {"A01": "90.00", "A02": "80.00", "A03": "70.00", "A04": "60.00"})
    lease = twice.lease()
    shortlisting.cut_list.fn(lease, 2)
    with twice.database.write() as store:
        store.set_entry_states({f"{twice.id}/e/A01": "voted_out"})
    shortlisting.cut_list.fn(lease, 4)
    assert [key for key, _, _ in listed(twice)] == ["A02", "A03"]
    assert twice.entry_states() == {"A01": "voted_out", "A02": "shortlisted", "A03": "shortlisted", "A04": "not_shortlisted"}
    assert [payload["version"] for _, payload in twice.events("ShortlistMade")] == [1, 2]


@ON_SQLITE
def test_the_workbook_holds_texts_as_texts_and_is_the_same_each_time(season: Season) -> None:
    ranked(season, {"A01": "90.00", "A02": "66.67"})
    with season.database.write() as store:
        store.put_entries(
            season.id, [builders.an_entry("A02", title='=HYPERLINK("http://example.org") 𠮷 🏅', unit="https://example.org/x")], {}
        )
    shortlisting.cut_list.fn(season.lease(), 2)
    with season.database.read() as store:
        content = packet.workbook(store, season.id)
        assert packet.workbook(store, season.id) == content
        made, _ = store.shortlist(season.id)  # type: ignore[misc]
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[0][0] == "示例省青年科技成果评选（2026）入围名单 第1版"
    assert made.digest in str(rows[1][0])
    assert [row[1:] for row in rows[4:]] == [
        ["学术论文（2）", 1.0, "A01", "深部煤层微震前兆识别 A01", "A01大学", 90.0, 90.0],
        ["学术论文（2）", 2.0, "A02", '=HYPERLINK("http://example.org") 𠮷 🏅', "https://example.org/x", 66.67, 66.67],
    ]
    assert b"<f>" not in content


@ON_SQLITE
def test_the_pdf_is_printed_whatever_the_titles_hold_and_is_the_same_each_time(season: Season) -> None:
    ranked(season, {"A01": "90.00", "A02": "66.67"})
    with season.database.write() as store:
        strange = '#let x = 1; $a^2$ *b* "quoted" \\ 𠮷 🏅 ' + "很长的题目" * 60
        store.put_entries(season.id, [builders.an_entry("A02", title=strange, unit="@unit <label> // x")], {})
    shortlisting.cut_list.fn(season.lease(), 2)
    with season.database.read() as store:
        content = packet.pdf(store, season.id)
        assert packet.pdf(store, season.id) == content
    assert content.startswith(b"%PDF-")
