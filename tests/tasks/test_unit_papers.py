"""What a unit states of itself, the order of its list, and classified entries by number (rules N1, N3, N6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.edition import Edition, Nominator
from models.errors import InputError, NotAllowed, NotFound, TooLate
from rules import proofs
from tasks import classified, unit_papers
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

OPEN = builders.NOW.replace(month=5, day=12)
SHARED: dict[str, Any] = {
    "society": {
        "title": {"zh": "省级学会", "en": "Societies"}, "max": {"paper": 40, "artwork": 3},
        "share": {"by": "level", "of": {"一等": "1/20", "二等": "1/5", "三等": "1/2"}},
    }
}  # fmt: skip
LEVEL = {"name": "level", "title": {"zh": "申报等级", "en": "Tier"}, "kind": "choice", "choices": ["一等", "二等", "三等"]}


def opened(installed: Installation, clock: Clock, *, shared: bool = False, **stage: Any) -> Edition:
    """A unit with three handed-in papers, and another with one."""
    clock.now = OPEN
    changes: dict[str, Any] = builders.a_stage_change("submission", **stage)
    if shared:
        classes = [
            {**one, "fields": [*one.get("fields", []), LEVEL]} if one["name"] == "paper" else one for one in builders.DECLARATION["classes"]
        ]
        changes |= {"nominators": SHARED, "classes": classes}
    kept = builders.keep(installed.database, builders.an_edition(builders.a_process(**changes)), at="submission")
    entries = [builders.an_entry(code) for code in ("A01", "A02", "A03")] + [builders.an_entry("B01", nominator="N02")]
    builders.put(
        installed.database, kept.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")], entries=entries
    )  # fmt: skip
    with installed.database.write() as store:
        store.set_entry_states({f"{kept.id}/e/{one.key}": "submitted" for one in entries})
    return kept


def unit_of(installed: Installation, edition: Edition, code: str = "N01") -> Nominator:
    with installed.database.read() as store:
        return next(one for one in store.nominators(edition.id) if one.code == code)


def ranks(installed: Installation, edition: Edition) -> dict[str, int | None]:
    with installed.database.read() as store:
        return {one.code: one.rank for one in store.entries(edition.id)}


def fact(installed: Installation, unit: Nominator, name: str) -> Any:
    with installed.database.read() as store:
        found = store.facts(unit.id)
    return found[name].value if name in found else None


def test_the_first_round_is_stated_once_and_never_below_what_is_handed_in(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock, shared=True)
    unit = unit_of(installed, edition)
    assert [one.name for one in unit_papers.shared_classes(edition, unit)] == ["paper"]  # artworks have no tier
    for _twice in range(2):
        unit_papers.state_first_round(edition.id, unit.id, {"paper": "４３", "artwork": "9"})
    assert (fact(installed, unit, "first_round:paper"), fact(installed, unit, "first_round:artwork")) == (43, None)
    for typed, column in (("2", "fewer"), ("many", "number"), ("-1", "number"), ("", "number")):
        with pytest.raises(InputError) as refused:
            unit_papers.state_first_round(edition.id, unit.id, {"paper": typed})
        assert [(one.field, one.column) for one in refused.value.faults] == [("first_round:paper", column)]
    assert fact(installed, unit, "first_round:paper") == 43
    with installed.database.read() as store:
        assert len(store.events(edition.id, "FactStated")) == 1
        label, value = unit_papers.told(edition, unit, store.facts(unit.id))[0]
    assert (label.zh, value) == ("本单位初评：学术论文", "43 篇")


def test_entries_move_up_and_down_and_stay_numbered(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock, ranked=True)
    unit = unit_of(installed, edition)
    unit_papers.move(edition.id, unit.id, "A03", -1)
    assert ranks(installed, edition) == {"A01": 1, "A02": 3, "A03": 2, "B01": None}
    for _further in range(3):
        unit_papers.move(edition.id, unit.id, "A03", -1)
    assert ranks(installed, edition) == {"A01": 2, "A02": 3, "A03": 1, "B01": None}
    unit_papers.move(edition.id, unit.id, "A02", 1)
    assert ranks(installed, edition)["A02"] == 3
    with pytest.raises(NotFound):
        unit_papers.move(edition.id, unit.id, "B01", -1)


def test_places_are_typed_and_gaps_are_refused_in_words(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock, ranked=True)
    unit = unit_of(installed, edition)
    unit_papers.put_in_order(edition.id, unit.id, "paper", {"A01": "３", "A02": "1", "A03": "2"})
    assert ranks(installed, edition) == {"A01": 3, "A02": 1, "A03": 2, "B01": None}
    with pytest.raises(InputError) as refused:
        unit_papers.put_in_order(edition.id, unit.id, "paper", {"A01": "1", "A02": "1", "A03": "4"})
    said = "推荐排序须为1至3，不重不漏：第1位重复，第4位超出范围，缺第2, 3位；请修改后一并提交"
    assert [(one.field, one.zh) for one in refused.value.faults] == [("ranks", said)]
    with pytest.raises(InputError) as refused:
        unit_papers.put_in_order(edition.id, unit.id, "paper", {"A01": "first", "A02": "1"})
    assert [one.field for one in refused.value.faults] == ["rank:A01", "rank:A03"]
    assert ranks(installed, edition) == {"A01": 3, "A02": 1, "A03": 2, "B01": None}


def test_the_list_is_frozen_at_the_deadline(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock, ranked=True)
    unit, cutoff = unit_of(installed, edition), edition.stages[0].cutoff
    assert cutoff is not None
    clock.now = cutoff - timedelta(seconds=1)
    unit_papers.move(edition.id, unit.id, "A03", -1)
    clock.now = cutoff
    with pytest.raises(TooLate):
        unit_papers.move(edition.id, unit.id, "A03", -1)
    with pytest.raises(TooLate):
        unit_papers.put_in_order(edition.id, unit.id, "paper", {"A01": "1", "A02": "2", "A03": "3"})
    assert ranks(installed, edition)["A03"] == 2


def test_a_publicity_that_is_too_short_says_when_it_would_do(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock, publicity_proof={"days": 5})
    unit = unit_of(installed, edition)
    # The first of May week: 6 May is a working day, 9 May (a Saturday) too, 12 May is today.
    said = unit_papers.state_publicity(edition.id, unit.id, first="2026年5月6日", last="2026.5.8", url="https://example.org/1", result="")
    assert said is not None
    assert said.zh == "公示2026-05-06至2026-05-08不足5个工作日；自2026-05-06起，最早到2026-05-11期满；请延长公示，2026-05-11之后再提交"
    given = {"first": "2026-05-06", "last": "2026-05-11", "url": "https://example.org/1", "result": "无异议"}
    assert unit_papers.state_publicity(edition.id, unit.id, **given) is None
    assert fact(installed, unit, proofs.FACT) == {
        "from": "2026-05-06", "until": "2026-05-11", "url": "https://example.org/1", "result": "无异议", "upload": "",
    }  # fmt: skip


def test_dates_and_addresses_that_cannot_be_read_name_their_fields(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock, publicity_proof={"days": 5})
    unit = unit_of(installed, edition)
    with pytest.raises(InputError) as refused:
        unit_papers.state_publicity(edition.id, unit.id, first="五月", last="2026-05", url="javascript:alert(1)", result="有\x00")
    assert [(one.field, one.column) for one in refused.value.faults] == [
        ("from", "date"), ("until", "date"), ("result", "text"), ("url", "url"),
    ]  # fmt: skip
    assert fact(installed, unit, proofs.FACT) is None
    other = opened_without_publicity(installed)
    with pytest.raises(NotAllowed):
        unit_papers.state_publicity(other.id, f"{other.id}/n/N01", first="2026-05-06", last="2026-05-11", url="", result="")


def opened_without_publicity(installed: Installation) -> Edition:
    kept = builders.keep(installed.database, builders.an_edition(builders.a_process(name="other")), at="submission")
    builders.put(installed.database, kept.id, nominators=[builders.a_nominator("N01")])
    return kept


def test_a_classified_entry_is_known_by_its_number_only(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock, classified=True, consent=True)
    unit = unit_of(installed, edition)
    made = classified.announce(edition.id, unit.id, "paper", "秘-2026-7", "甲研究所")
    assert (made.title, made.unit, made.classified, dict(made.fields), made.state) == (
        "涉密项目 No. 秘-2026-7",
        "甲研究所",
        True,
        {},
        "submitted",
    )
    with pytest.raises(InputError) as refused:
        classified.announce(edition.id, unit.id, "paper", "秘-2026-7", "甲研究所")
    assert [(one.field, one.column) for one in refused.value.faults] == [("number", "twice")]
    classified.announce(edition.id, unit.id, "paper", "秘-2026-8", "甲研究所")
    with pytest.raises(InputError):  # five papers are the quota
        classified.announce(edition.id, unit.id, "paper", "秘-2026-9", "甲研究所")
    with installed.database.read() as store:
        assert store.confirmations(edition.id) == ()
        assert store.duplicates(edition.id) == ()


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        (("king", "1", "甲"), [("class_name", "other")]),
        (("paper", " ", "甲"), [("number", "missing")]),
        (("paper", "1", ""), [("unit", "missing")]),
        (("paper", "1\x00", "甲"), [("number", "text")]),
    ],
)
def test_what_cannot_be_announced_names_its_field(
    installed: Installation, clock: Clock, given: tuple[str, str, str], faults: list[tuple[str, str]]
) -> None:
    edition = opened(installed, clock, classified=True)
    with pytest.raises(InputError) as refused:
        classified.announce(edition.id, f"{edition.id}/n/N01", *given)
    assert [(one.field, one.column) for one in refused.value.faults] == faults


def test_no_classified_entry_where_none_is_taken(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock)
    with pytest.raises(NotAllowed):
        classified.announce(edition.id, f"{edition.id}/n/N01", "paper", "1", "甲研究所")
