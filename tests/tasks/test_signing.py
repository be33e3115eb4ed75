"""Signing on the page and on paper, the guard of the distribution (S6), and opening again with a reason (S9)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from models.edition import Edition, ScoreSheet
from models.errors import InputError, JinbangError, NotAllowed, NotFound, Stale, TooLate
from rules import signatures
from tasks import reopening, reviewing, signing
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.driving import ON_SQLITE

REVIEWER = "sample-2026/r/R01"
FULL = {"originality": "35", "rigour": "25.5", "value": "20"}
HIGH = {"originality": "40", "rigour": "30", "value": "25"}
DRAWN = "M10,10L200,90C210,95 220,95 230,90M5 5L6 6"
OFFICE = "office@example.org"


def entry(code: str) -> str:
    return f"sample-2026/e/{code}"


def hold(installed: Installation, *codes: str, accepted: bool = True, **stage: Any) -> Edition:
    process = builders.a_process(**builders.a_stage_change("scoring", **stage))
    kept = builders.keep(installed.database, builders.an_edition(process), at="scoring")
    builders.put(
        installed.database,
        kept.id,
        nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer("R01", name="欧阳 一"), builders.a_reviewer("R02")],
        entries=[builders.an_entry(code) for code in (*codes, "A09")],
        pairs=[(code, "R01") for code in codes] + [("A09", "R02")],
        accepted=accepted,
    )
    return kept


def save(marks: dict[str, dict[str, str]], *, revision: int = 0, keyed_by: str = "") -> None:
    work = {entry(code): reviewing.Draft(some, "", revision) for code, some in marks.items()}
    reviewing.save_sheets("sample-2026", 1, REVIEWER, work, keyed_by=keyed_by)


def sign(name: str = "欧阳一", **more: str) -> int:
    return signing.sign("sample-2026", 1, REVIEWER, name, **more)


def reopen(*codes: str, reason: str = "两项分数填反") -> int:
    return reopening.reopen("sample-2026", 1, REVIEWER, map(entry, codes), reason, admin=OFFICE)


def sheets(installed: Installation) -> dict[str, ScoreSheet]:
    with installed.database.read() as store:
        return {one.entry.rpartition("/")[2]: one for one in store.sheets("sample-2026", 1, reviewer=REVIEWER)}


def events(installed: Installation, *types: str) -> list[tuple[str, str, dict[str, Any]]]:
    with installed.database.read() as store:
        found = store.events("sample-2026")
    return [(one.type, one.actor, dict(one.payload)) for one in found if not types or one.type in types]


def causes(installed: Installation, template: str) -> list[str]:
    with installed.database.read() as store:
        return [one.cause for one in store.mails("sample-2026") if one.template == template]


def fields(refused: pytest.ExceptionInfo[InputError]) -> list[str | None]:
    return [fault.field for fault in refused.value.faults]


# -- on the page ----------------------------------------------------------------------------------------------------


def test_a_drawn_signature_is_kept_with_the_typed_name(installed: Installation) -> None:
    hold(installed, "A01", "A02")
    save({"A01": FULL, "A02": FULL})
    assert sign(" 欧阳　一 ", drawn=DRAWN) == 2
    assert {(one.signed_as, one.signature, one.signed_at, one.keyed_by) for one in sheets(installed).values()} == {
        ("欧阳　一", DRAWN, builders.NOW, "")
    }
    ((_, actor, payload),) = events(installed, "SheetsSigned")
    assert (actor, payload["reviewer"], payload["signed"]) == (f"reviewer:{REVIEWER}", REVIEWER, 2)


@pytest.mark.parametrize(
    "drawn",
    [
        "M1,1",
        "L1,1L2,2",
        "M1,1L2,2Z",
        'M1,1L2,2"/><script>alert(1)</script>',
        "M1.5,1L2,2",
        "M-1,1L2,2",
        "m1,1l2,2",
        "M1001,1L2,2",
        "M1,301L2,2",
        "M1,1L2,2\x00",
        "M１,1L2,2",
        "M10000,1L2,2",
        "x" * 1_000_000,
        "M1,1" + "L2,2" * 5000,
    ],
)
@ON_SQLITE
def test_what_is_no_drawing_of_a_signature_is_refused(installed: Installation, drawn: str) -> None:
    hold(installed, "A01")
    save({"A01": FULL})
    with pytest.raises(InputError) as refused:
        sign(drawn=drawn)
    assert fields(refused) == ["signature"]
    assert sheets(installed)["A01"].signed_at is None


def test_signing_five_times_at_once_is_one_signature_with_equal_answers(installed: Installation) -> None:
    """R-21."""
    hold(installed, "A01", "A02")
    save({"A01": FULL, "A02": FULL})
    with ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(lambda _: sign(), range(5)))
    assert answers == [0, 0, 0, 0, 2]
    assert len(events(installed, "SheetsSigned")) == 1
    assert causes(installed, "review_thanks") == ["scoring:thanks:0"]


def test_no_sheet_is_signed_with_marks_that_were_taken_out_meanwhile(installed: Installation) -> None:
    hold(installed, "A01", "A02")
    save({"A01": FULL, "A02": FULL})

    def act(number: int) -> str:
        try:
            if number % 2:
                sign()
            else:
                save({"A01": {"value": str(number)}}, revision=1)
        except (InputError, Stale) as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(act, range(8)))
    assert "done" in outcomes
    assert [one for one in sheets(installed).values() if one.signed_at and len(one.marks) < 3] == []


def test_who_has_not_accepted_signs_nothing(installed: Installation) -> None:
    hold(installed, "A01", accepted=False)
    with pytest.raises(NotAllowed):
        sign()


@pytest.mark.parametrize(("high", "refused"), [(1, False), (2, True)])
def test_too_many_high_totals_are_refused_at_the_signature(installed: Installation, high: int, refused: bool) -> None:
    codes = [f"A0{number}" for number in range(1, 6)]
    hold(installed, *codes, distribution={"above": "90", "share": "1/5", "sheets_min": 5})
    save({code: HIGH if place < high else FULL for place, code in enumerate(codes)})
    if not refused:
        assert sign() == 5
        return
    with pytest.raises(InputError) as caught:
        sign()
    assert fields(caught) == ["distribution"]
    assert all(one.signed_at is None for one in sheets(installed).values())


def test_who_signed_freely_and_got_more_sheets_later_is_not_stuck(installed: Installation) -> None:
    hold(installed, "A01", "A02", "A03", distribution={"above": "90", "share": "1/5", "sheets_min": 5})
    save(dict.fromkeys(("A01", "A02", "A03"), HIGH))
    assert sign() == 3
    new = [builders.an_entry(code) for code in ("A04", "A05")]
    builders.put(installed.database, "sample-2026", entries=new, pairs=[(one.key, "R01") for one in new])
    save({"A04": FULL, "A05": HIGH})
    with pytest.raises(InputError) as refused:
        sign()
    assert fields(refused) == ["distribution"]
    save({"A05": FULL}, revision=1)
    assert sign() == 2


# -- opened again ---------------------------------------------------------------------------------------------------


def test_a_sheet_is_opened_with_its_old_version_kept_and_the_reviewer_told(installed: Installation) -> None:
    hold(installed, "A01", "A02")
    save({"A01": FULL, "A02": FULL})
    sign()
    assert reopen("A02") == 1
    found = sheets(installed)
    assert (found["A01"].signed_at, found["A02"].signed_at) == (builders.NOW, None)
    with installed.database.read() as store:
        (kept,) = store.versions_of_reviewer("sample-2026", 1, REVIEWER)[found["A02"].assignment]
        (mail,) = [one for one in store.mails("sample-2026") if one.template == "sheet_reopened"]
    assert (kept.actor, kept.reason, kept.content["signed_as"], kept.content["marks"]["value"]) == (
        f"admin:{OFFICE}", "两项分数填反", "欧阳一", "20",
    )  # fmt: skip
    assert (mail.to_address, mail.params["codes"], mail.params["reason"]) == ("r01@example.org", ["A02"], "两项分数填反")
    ((_, actor, payload),) = events(installed, "SheetReopened")
    assert (actor, payload["reviewer"], payload["sheets"]) == (f"admin:{OFFICE}", REVIEWER, {entry("A02"): 1})


def test_a_page_of_the_signed_sheet_is_stale_after_it_was_opened(installed: Installation) -> None:
    hold(installed, "A01")
    save({"A01": FULL})
    sign()
    reopen("A01")
    with pytest.raises(Stale):
        save({"A01": FULL | {"value": "1"}}, revision=1)
    save({"A01": FULL | {"value": "19"}}, revision=2)
    assert sign() == 1


def test_each_new_signature_is_thanked_for_with_its_own_mail(installed: Installation) -> None:
    hold(installed, "A01", "A02")
    save({"A01": FULL, "A02": FULL})
    sign()
    for code in ("A01", "A02", "A02"):
        reopen(code)
        assert sign() == 1
    assert causes(installed, "review_thanks") == ["scoring:thanks:0", "scoring:thanks:0:1", "scoring:thanks:0:2", "scoring:thanks:0:3"]
    assert len(set(causes(installed, "sheet_reopened"))) == 3


@pytest.mark.parametrize(
    ("codes", "reason", "error"),
    [
        (("A01",), "", InputError),
        (("A01",), "   ", InputError),
        (("A01",), "x\x00", InputError),
        (("A01",), "长" * 501, InputError),
        ((), "漏项", InputError),
        (("A01", "A02"), "漏项", InputError),
        (("A09",), "漏项", NotFound),
    ],
)
def test_opening_needs_a_reason_and_signed_sheets(
    installed: Installation, codes: tuple[str, ...], reason: str, error: type[JinbangError]
) -> None:
    hold(installed, "A01")
    save({"A01": FULL})
    sign()
    builders.put(installed.database, "sample-2026", nominators=[], entries=[builders.an_entry("A02")])
    builders.put(installed.database, "sample-2026", pairs=[("A02", "R01")])
    with pytest.raises(error):
        reopen(*codes, reason=reason)
    assert sheets(installed)["A01"].signed_at == builders.NOW
    assert events(installed, "SheetReopened") == []


def test_nothing_is_opened_after_the_stage(installed: Installation, clock: Clock) -> None:
    edition = hold(installed, "A01")
    save({"A01": FULL})
    sign()
    cutoff = edition.stages[1].cutoff
    assert cutoff is not None
    clock.now = cutoff
    with pytest.raises(TooLate):
        reopen("A01")
    clock.now = builders.NOW
    builders.go_to(installed.database, edition.id, "voting")
    with pytest.raises(NotAllowed):
        reopen("A01")


# -- on paper -------------------------------------------------------------------------------------------------------


def test_sheets_from_paper_name_who_keyed_them_in(installed: Installation) -> None:
    hold(installed, "A01", accepted=False)
    save({"A01": FULL}, keyed_by=OFFICE)
    assert signing.sign_on_paper("sample-2026", 1, REVIEWER, date(2026, 6, 9), admin=OFFICE) == 1
    one = sheets(installed)["A01"]
    assert (one.keyed_by, one.signed_at, signatures.paper_day(one.signed_as)) == (OFFICE, builders.NOW, "2026-06-09")
    assert [(kind, actor) for kind, actor, _ in events(installed)] == [
        ("SheetSaved", f"admin:{OFFICE}"),
        ("SheetsSigned", f"admin:{OFFICE}"),
    ]
    assert causes(installed, "review_thanks") == ["scoring:thanks:0"]


def test_what_the_reviewer_typed_is_kept_when_paper_replaces_it(installed: Installation) -> None:
    hold(installed, "A01")
    save({"A01": {"value": "7"}})
    save({"A01": FULL}, revision=1, keyed_by=OFFICE)
    with installed.database.read() as store:
        ((kept,),) = store.versions_of_reviewer("sample-2026", 1, REVIEWER).values()
    assert (kept.actor, kept.content["marks"], kept.content["keyed_by"]) == (f"admin:{OFFICE}", {"value": "7"}, "")
    assert sheets(installed)["A01"].keyed_by == OFFICE


def test_what_the_reviewer_typed_is_not_signed_on_paper(installed: Installation) -> None:
    hold(installed, "A01", "A02")
    save({"A01": FULL})
    save({"A02": FULL}, keyed_by=OFFICE)
    with pytest.raises(InputError) as refused:
        signing.sign_on_paper("sample-2026", 1, REVIEWER, date(2026, 6, 9), admin=OFFICE)
    assert fields(refused) == [entry("A01")]


@pytest.mark.parametrize(("day", "allowed"), [(date(2026, 6, 10), True), (date(2026, 6, 11), False)])
def test_paper_is_not_signed_tomorrow(installed: Installation, clock: Clock, day: date, allowed: bool) -> None:
    clock.now = builders.NOW.replace(hour=15)  # 23:00 in Beijing
    hold(installed, "A01")
    save({"A01": FULL}, keyed_by=OFFICE)
    if allowed:
        assert signing.sign_on_paper("sample-2026", 1, REVIEWER, day, admin=OFFICE) == 1
        return
    with pytest.raises(InputError) as refused:
        signing.sign_on_paper("sample-2026", 1, REVIEWER, day, admin=OFFICE)
    assert fields(refused) == ["day"]


def test_no_typed_name_passes_for_a_signature_on_paper() -> None:
    assert signatures.paper_day(signatures.on_paper(date(2026, 6, 9))) == "2026-06-09"
    assert signatures.paper_day("欧阳一") == ""
