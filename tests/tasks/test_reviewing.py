"""A reviewer's acts as transactions: all or nothing, one event, no mark in the clear."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from models.edition import Edition
from models.errors import InputError, JinbangError, NotAllowed, NotFound, Stale, TooLate
from tasks import recusing, reviewing, signing
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

FULL: Mapping[str, str | Decimal] = {"originality": "35", "rigour": Decimal("25.5"), "value": "２０"}
MARKS = {"originality": Decimal(35), "rigour": Decimal("25.5"), "value": Decimal(20)}


@pytest.fixture
def edition(installed: Installation) -> Edition:
    kept = builders.keep(installed.database, builders.an_edition(), at="scoring")
    builders.put(
        installed.database,
        kept.id,
        nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer("R01", name="欧阳 一"), builders.a_reviewer("R02")],
        entries=[builders.an_entry(code) for code in ("A01", "A02", "A03")],
        pairs=[("A01", "R01"), ("A02", "R01"), ("A03", "R02")],
    )
    return kept


def entry(code: str) -> str:
    return f"sample-2026/e/{code}"


REVIEWER = "sample-2026/r/R01"


def save(edition: Edition, **work: tuple[Mapping[str, str | Decimal], str, int]) -> dict[str, int]:
    return reviewing.save_sheets(edition.id, 1, REVIEWER, {entry(code): one for code, one in work.items()})


def stored(installed: Installation, edition: Edition) -> dict[str, tuple[Mapping[str, Decimal], int]]:
    with installed.database.read() as store:
        return {sheet.entry: (sheet.marks, sheet.revision) for sheet in store.sheets(edition.id, 1)}


def test_many_sheets_are_one_event_that_tells_no_mark(installed: Installation, edition: Edition) -> None:
    assert save(edition, A01=(FULL, "好", 0), A02=({"value": "30"}, "", 0)) == {entry("A01"): 1, entry("A02"): 1}
    assert stored(installed, edition) == {entry("A01"): (MARKS, 1), entry("A02"): ({"value": Decimal(30)}, 1)}
    with installed.database.read() as store:
        (event,) = store.events(edition.id)
    assert (event.type, event.actor) == ("SheetSaved", f"reviewer:{REVIEWER}")
    rest = hashlib.sha256('["好","",[],""]'.encode()).hexdigest()
    assert event.payload == {
        "position": 1,
        "sheets": {
            entry("A01"): {"revision": 1, "marks": reviewing.marks_digest(MARKS), "rest": rest},
            entry("A02"): {"revision": 1, "marks": reviewing.marks_digest({"value": Decimal(30)}), "rest": ""},
        },
    }
    assert "25.5" not in json.dumps(event.payload)


def test_equal_marks_have_one_digest_however_they_are_written() -> None:
    assert reviewing.marks_digest({"a": Decimal("30"), "b": Decimal("1.50")}) == reviewing.marks_digest(
        {"b": Decimal("1.5"), "a": Decimal("3E+1")}
    )


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (({"value": "31"}, "", 0), InputError),
        (({"bribe": "1"}, "", 0), InputError),
        (({}, "\x00", 0), InputError),
        ((FULL, "", 3), Stale),
    ],
)
def test_one_bad_sheet_keeps_all_from_being_saved(
    installed: Installation, edition: Edition, second: tuple[Mapping[str, str], str, int], error: type[JinbangError]
) -> None:
    with pytest.raises(error):
        save(edition, A01=(FULL, "", 0), A02=second)
    assert stored(installed, edition) == {}
    with installed.database.read() as store:
        assert store.events(edition.id) == ()


def test_every_fault_names_its_entry_criterion_and_code(edition: Edition) -> None:
    with pytest.raises(InputError) as caught:
        save(edition, A01=({"originality": "41", "rigour": "x"}, "", 0), A02=({"value": "1.5"}, "\u202e", 0))
    assert [(fault.field, fault.column) for fault in caught.value.faults] == [
        (f"{entry('A01')}.originality", "out_of_range"),
        (f"{entry('A01')}.rigour", "not_a_number"),
        (f"{entry('A02')}.value", "off_step"),
        (f"{entry('A02')}.comment", "text"),
    ]


def test_a_foreign_entry_keeps_all_from_being_saved(installed: Installation, edition: Edition) -> None:
    with pytest.raises(NotFound):
        save(edition, A01=(FULL, "", 0), A03=(FULL, "", 0))
    assert stored(installed, edition) == {}


def test_an_assignment_of_another_edition_is_not_reached_through_this_one(installed: Installation, edition: Edition) -> None:
    other = builders.keep(installed.database, builders.an_edition(builders.a_process(name="other")), at="scoring")
    with pytest.raises(NotFound):
        reviewing.save_sheets(other.id, 1, REVIEWER, {entry("A01"): (FULL, "", 0)})
    with pytest.raises(NotFound):
        recusing.recuse(other.id, 1, REVIEWER, entry("A01"), reason="self")


def test_at_the_cutoff_it_is_too_late_and_a_moment_before_it_is_not(edition: Edition, clock: Clock) -> None:
    cutoff = edition.stages[1].cutoff
    assert cutoff is not None
    clock.now = cutoff - timedelta(microseconds=1)
    assert save(edition, A01=(FULL, "", 0)) == {entry("A01"): 1}
    clock.now = cutoff
    with pytest.raises(TooLate):
        save(edition, A01=(FULL, "", 1))
    with pytest.raises(TooLate):
        signing.sign(edition.id, 1, REVIEWER, "欧阳一")
    with pytest.raises(TooLate):
        recusing.recuse(edition.id, 1, REVIEWER, entry("A02"), reason="self")


def test_a_stage_that_is_closing_takes_nothing(installed: Installation, edition: Edition) -> None:
    builders.go_to(installed.database, edition.id, "voting")
    with pytest.raises(NotAllowed):
        save(edition, A01=(FULL, "", 0))


def test_the_same_form_twice_is_saved_once(installed: Installation, edition: Edition) -> None:
    assert [save(edition, A01=(FULL, "", 0)) for _ in range(3)] == [{entry("A01"): 1}] * 3
    with installed.database.read() as store:
        assert len(store.events(edition.id)) == 1
    with pytest.raises(Stale):
        save(edition, A01=({"value": "1"}, "", 0))


def test_of_writers_at_once_exactly_one_wins(installed: Installation, edition: Edition) -> None:
    def write(mark: int) -> str:
        try:
            save(edition, A01=({"value": str(mark)}, "", 0))
        except Stale:
            return "stale"
        return "saved"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(write, range(8)))
    assert outcomes == ["saved"] + ["stale"] * 7
    assert stored(installed, edition)[entry("A01")][1] == 1


def test_the_signature_locks_tells_and_thanks_once(installed: Installation, edition: Edition) -> None:
    save(edition, A01=(FULL, "", 0), A02=(FULL, "", 0))
    assert signing.sign(edition.id, 1, REVIEWER, "欧 阳　一") == 2
    assert signing.sign(edition.id, 1, REVIEWER, "欧阳一") == 0
    with pytest.raises(Stale):
        save(edition, A01=({"value": "1"}, "", 1))
    with pytest.raises(NotAllowed):
        recusing.recuse(edition.id, 1, REVIEWER, entry("A01"), reason="self")
    with installed.database.read() as store:
        assert [event.type for event in store.events(edition.id)] == ["SheetSaved", "SheetsSigned"]
        assert [(mail.template, mail.params["count"]) for mail in store.mails(edition.id)] == [("review_thanks", 2)]
        assert {sheet.signed_at for sheet in store.sheets(edition.id, 1)} == {builders.NOW}


def test_the_signature_names_every_entry_that_lacks_marks(edition: Edition) -> None:
    save(edition, A01=({"value": "1"}, "", 0))
    with pytest.raises(InputError) as caught:
        signing.sign(edition.id, 1, REVIEWER, "欧阳一")
    assert [fault.field for fault in caught.value.faults] == [entry("A01"), entry("A02")]


@pytest.mark.parametrize("name", ["", "欧阳", "欧阳一一", "专家R02"])
def test_another_name_is_no_signature(installed: Installation, edition: Edition, name: str) -> None:
    save(edition, A01=(FULL, "", 0), A02=(FULL, "", 0))
    with pytest.raises(InputError) as caught:
        signing.sign(edition.id, 1, REVIEWER, name)
    assert [fault.field for fault in caught.value.faults] == ["name"]
    with installed.database.read() as store:
        assert store.sheets(edition.id, 1, signed=True) == ()
