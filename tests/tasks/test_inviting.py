"""The invitation: a promise of a known text, conflicts first, nothing seen before, the same answer twice is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from models.declared import Words
from models.edition import Edition
from models.errors import InputError, JinbangError, NotAllowed, NotFound, Stale, TooLate
from models.reviewing import Invitation
from tasks import inviting, recusing, reviewing, signing
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

FULL = {"originality": "35", "rigour": "25", "value": "20"}
USUAL = inviting.pledge_digest(inviting.USUAL_PLEDGE.zh)
R01 = "sample-2026/r/R01"


def entry(code: str) -> str:
    return f"sample-2026/e/{code}"


def seed(installed: Installation, **stage: Any) -> Edition:
    """R01 has A01 to A03, R02 has A01 to A04; R03 and R04 have nothing yet. Panels are of two."""
    changes = builders.a_stage_change("scoring", panel=2, aggregate={"min_valid": 1}, **stage)
    kept = builders.keep(installed.database, builders.an_edition(builders.a_process(**changes)), at="scoring")
    builders.put(
        installed.database,
        kept.id,
        nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer(code) for code in ("R01", "R02", "R03", "R04")],
        entries=[builders.an_entry(code) for code in ("A01", "A02", "A03", "A04")],
        pairs=[(f"A0{n}", "R01") for n in (1, 2, 3)] + [(f"A0{n}", "R02") for n in (1, 2, 3, 4)],
        accepted=False,
    )
    return kept


@pytest.fixture
def edition(installed: Installation) -> Edition:
    return seed(installed)


def accept(edition: Edition, reviewer: str = R01, **more: Any) -> int:
    return inviting.accept(edition.id, 1, reviewer, **{"pledge": USUAL, **more})


def in_hand(installed: Installation, edition: Edition, code: str) -> dict[str, bool]:
    """Entry code -> whether it has been opened, of what is in a reviewer's hands."""
    with installed.database.read() as store:
        pairs = store.assignments(edition.id, 1, reviewer=f"{edition.id}/r/{code}")
    return {pair.entry[-3:]: pair.cleared_at is not None for pair in pairs if not pair.recused}


def invitation(installed: Installation, edition: Edition, reviewer: str = R01) -> Invitation:
    with installed.database.read() as store:
        return store.invitation(edition.id, 1, reviewer)


def events(installed: Installation, edition: Edition) -> list[tuple[str, Mapping[str, Any]]]:
    with installed.database.read() as store:
        return [(one.type, one.payload) for one in store.events(edition.id)]


def test_before_the_answer_nothing_is_saved_signed_or_given_back(installed: Installation, edition: Edition) -> None:
    with pytest.raises(NotAllowed, match="invitation"):
        reviewing.save_sheets(edition.id, 1, R01, {entry("A01"): (FULL, "", 0)})
    with pytest.raises(NotAllowed, match="invitation"):
        recusing.recuse(edition.id, 1, R01, entry("A01"), reason="self")
    with pytest.raises(NotAllowed, match="invitation"):
        signing.sign(edition.id, 1, R01, "专家R01")
    assert events(installed, edition) == []


def test_the_promise_is_kept_with_its_digest_and_opens_everything(installed: Installation, edition: Edition) -> None:
    assert accept(edition, suggestion=" 示例大学 白教授 ") == 3
    assert invitation(installed, edition) == Invitation(edition.id, 1, R01, "accepted", None, "", "示例大学 白教授", USUAL, builders.NOW)
    assert in_hand(installed, edition, "R01") == {"A01": True, "A02": True, "A03": True}
    assert in_hand(installed, edition, "R02") == dict.fromkeys(("A01", "A02", "A03", "A04"), False)
    assert reviewing.save_sheets(edition.id, 1, R01, {entry("A01"): (FULL, "", 0)}) == {entry("A01"): 1}
    ((kind, payload), _) = events(installed, edition)
    assert (kind, payload["state"], payload["pledge"], len(payload["entries"])) == ("InvitationAnswered", "accepted", USUAL, 3)


def test_the_same_answer_twice_is_one(installed: Installation, edition: Edition) -> None:
    form: dict[str, Any] = {"conflicts": {entry("A01"): ("relative", "侄女")}, "units": ["A02大学"], "limit": 1}
    assert [accept(edition, **form), accept(edition, **form)] == [1, 0]
    assert [kind for kind, _ in events(installed, edition)].count("InvitationAnswered") == 1
    inviting.decline(edition.id, 1, f"{edition.id}/r/R02", reason="出差")
    before = events(installed, edition)
    inviting.decline(edition.id, 1, f"{edition.id}/r/R02", reason="出差")
    assert events(installed, edition) == before


@pytest.mark.parametrize("text", ["x", ""])
def test_an_outdated_promise_is_refused(installed: Installation, edition: Edition, text: str) -> None:
    with pytest.raises(Stale, match="promise"):
        accept(edition, pledge=inviting.pledge_digest(text))
    assert in_hand(installed, edition, "R01") == dict.fromkeys(("A01", "A02", "A03"), False)


def test_a_stage_may_declare_its_own_promise_in_both_languages(installed: Installation) -> None:
    edition = seed(installed, pledge={"zh": "我保密。", "en": "I keep it."})
    stage = reviewing.scoring_stage(edition, 1)
    assert [inviting.pledge_text(stage, locale) for locale in ("zh_CN", "en")] == ["我保密。", "I keep it."]
    with pytest.raises(Stale):
        accept(edition)
    assert accept(edition, pledge=inviting.pledge_digest("I keep it.")) == 3
    assert isinstance(inviting.USUAL_PLEDGE, Words)


def test_a_conflict_takes_the_entry_away_unseen_and_a_reserve_gets_it(installed: Installation, edition: Edition) -> None:
    assert accept(edition, conflicts={entry("A01"): ("relative", "侄女"), entry("A02"): ("other", "同乡会")}) == 1
    assert in_hand(installed, edition, "R01") == {"A03": True}
    with installed.database.read() as store:
        declared = [(one.entry[-3:], one.reason, one.more) for one in store.conflicts(edition.id)]
    assert declared == [("A01", "relative", "侄女"), ("A02", "other", "同乡会")]
    assert {*in_hand(installed, edition, "R03"), *in_hand(installed, edition, "R04")} == {"A01", "A02"}


def test_a_unit_takes_its_entries_away_and_later_draws_heed_it(installed: Installation, edition: Edition) -> None:
    assert accept(edition, units=["A０1大学", "A04大学"]) == 2
    assert in_hand(installed, edition, "R01") == {"A02": True, "A03": True}
    with installed.database.read() as store:
        assert [(one.entry[-3:], one.reason) for one in store.conflicts(edition.id)] == [("A01", "same_unit"), ("A04", "same_unit")]


def test_a_limit_gives_back_the_rest_by_chance_of_the_seed(installed: Installation, edition: Edition) -> None:
    assert accept(edition, limit=2) == 2
    assert len(in_hand(installed, edition, "R01")) == 2
    (given_back,) = {"A01", "A02", "A03"} - in_hand(installed, edition, "R01").keys()
    assert given_back in {*in_hand(installed, edition, "R03"), *in_hand(installed, edition, "R04")}
    with installed.database.read() as store:
        assert store.conflicts(edition.id) == ()


def test_declining_empties_the_hands_and_keeps_drafts_as_versions(installed: Installation, edition: Edition) -> None:
    accept(edition)
    reviewing.save_sheets(edition.id, 1, R01, {entry("A01"): (FULL, "好", 0)})
    inviting.decline(edition.id, 1, R01, reason="出差", suggestion="白教授")
    assert invitation(installed, edition) == Invitation(edition.id, 1, R01, "declined", None, "出差", "白教授", "", builders.NOW)
    assert in_hand(installed, edition, "R01") == {}
    with installed.database.read() as store:
        assert store.sheets(edition.id, 1) == ()
        (kept,) = store.sheet_versions(f"{entry('A01')}:1:R01")
    assert (kept.reason, kept.content["comment"]) == ("declined", "好")
    with pytest.raises(NotFound):
        reviewing.save_sheets(edition.id, 1, R01, {entry("A01"): (FULL, "", 1)})


def test_who_has_signed_can_no_longer_decline(installed: Installation, edition: Edition) -> None:
    accept(edition)
    reviewing.save_sheets(edition.id, 1, R01, {entry(code): (FULL, "", 0) for code in ("A01", "A02", "A03")})
    signing.sign(edition.id, 1, R01, "专家R01")
    with pytest.raises(NotAllowed, match="signed"):
        inviting.decline(edition.id, 1, R01, reason="出差")


def test_who_declined_may_accept_after_all_and_waits_for_the_next_draw(installed: Installation, edition: Edition) -> None:
    inviting.decline(edition.id, 1, R01, reason="出差")
    assert accept(edition) == 0
    assert invitation(installed, edition).state == "accepted"
    assert in_hand(installed, edition, "R01") == {}
    r02 = f"{edition.id}/r/R02"
    accept(edition, r02)
    for code in ("R03", "R04"):
        inviting.decline(edition.id, 1, f"{edition.id}/r/{code}", reason="出差")
    recusing.recuse(edition.id, 1, r02, entry("A04"), reason="dispute")
    assert in_hand(installed, edition, "R01") == {"A04": False}


def test_an_entry_that_comes_later_is_asked_about_before_it_is_opened(installed: Installation, edition: Edition) -> None:
    accept(edition)
    builders.put(installed.database, edition.id, pairs=[("A04", "R01")], accepted=False)
    assert in_hand(installed, edition, "R01") == {"A01": True, "A02": True, "A03": True, "A04": False}
    assert reviewing.save_sheets(edition.id, 1, R01, {entry("A01"): (FULL, "", 0)}) == {entry("A01"): 1}
    with pytest.raises(NotAllowed):
        reviewing.save_sheets(edition.id, 1, R01, {entry("A04"): (FULL, "", 0)})
    with pytest.raises(NotFound):  # the others were answered; stepping back from them is another act
        accept(edition, conflicts={entry("A01"): ("self", "")})
    assert accept(edition, conflicts={entry("A04"): ("supervisor", "")}) == 0
    assert in_hand(installed, edition, "R01") == {"A01": True, "A02": True, "A03": True}


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"limit": 0}, ["limit"]),
        ({"units": ["月球大学"]}, ["units"]),
        ({"suggestion": "\u202e"}, ["suggestion"]),
        ({"suggestion": "x" * 501}, ["suggestion"]),
        ({"conflicts": {entry("A01"): ("", "")}}, [f"{entry('A01')}.reason"]),
        ({"conflicts": {entry("A01"): ("bribe", "")}}, [f"{entry('A01')}.reason"]),
        ({"conflicts": {entry("A01"): ("other", " ")}}, [f"{entry('A01')}.more"]),
        ({"conflicts": {entry("A01"): ("self", "\ud800"), entry("A02"): ("", "")}}, [f"{entry('A01')}.more", f"{entry('A02')}.reason"]),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_kept(
    installed: Installation, edition: Edition, form: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        accept(edition, **form)
    assert [fault.field for fault in caught.value.faults] == fields
    assert invitation(installed, edition).state == "invited"
    assert events(installed, edition) == []


@pytest.mark.parametrize(("reason", "suggestion", "field"), [("  ", "", "reason"), ("\x00", "", "reason"), ("出差", "\x00", "suggestion")])
def test_declining_needs_readable_words(installed: Installation, edition: Edition, reason: str, suggestion: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        inviting.decline(edition.id, 1, R01, reason=reason, suggestion=suggestion)
    assert [fault.field for fault in caught.value.faults] == [field]
    assert events(installed, edition) == []


def test_somebody_elses_entry_is_not_there(edition: Edition) -> None:
    with pytest.raises(NotFound):
        accept(edition, conflicts={entry("A04"): ("self", "")})


@pytest.mark.parametrize(("moment", "error"), [("late", TooLate), ("closed", NotAllowed)])
def test_after_the_review_nothing_is_answered(
    installed: Installation, edition: Edition, clock: Clock, moment: str, error: type[JinbangError]
) -> None:
    if moment == "closed":
        builders.go_to(installed.database, edition.id, "voting")
    else:
        clock.now = edition.stages[1].cutoff  # type: ignore[assignment]
    with pytest.raises(error):
        accept(edition)
    with pytest.raises(error):
        inviting.decline(edition.id, 1, R01, reason="出差")
