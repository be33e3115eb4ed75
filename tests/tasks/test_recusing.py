"""Stepping back: at once, with a reason, the draft kept but not counted, another reviewer drawn."""

from __future__ import annotations

from decimal import Decimal

import pytest

from models.edition import Edition
from models.errors import InputError, NotAllowed, NotFound
from models.reviewing import DeclaredConflict
from tasks import recusing, reviewing, signing
from tasks.installation import Installation
from tests.builders import NOW
from tests.tasks.test_inviting import FULL, R01, accept, entry, in_hand, seed


@pytest.fixture
def edition(installed: Installation) -> Edition:
    kept = seed(installed)
    accept(kept)
    return kept


def test_the_entry_leaves_the_conflict_is_kept_and_the_draft_no_longer_counts(installed: Installation, edition: Edition) -> None:
    reviewing.save_sheets(edition.id, 1, R01, {entry("A02"): ({"value": "12"}, "初稿", 0)})
    recusing.recuse(edition.id, 1, R01, entry("A02"), reason="cooperation", more=" 同一课题组 ")
    assert set(in_hand(installed, edition, "R01")) == {"A01", "A03"}
    with installed.database.read() as store:
        assert store.sheets(edition.id, 1) == ()
        assert store.conflicts(edition.id) == (DeclaredConflict(edition.id, entry("A02"), R01, "cooperation", "同一课题组", NOW),)
        (kept,) = store.sheet_versions(f"{entry('A02')}:1:R01")
        kinds = [(event.type, event.actor) for event in store.events(edition.id)]
        told = [event.payload for event in store.events(edition.id) if event.type == "ReviewerRecused"]
    assert (kept.actor, kept.reason) == (f"reviewer:{R01}", "cooperation")
    assert (kept.content["marks"], kept.content["comment"]) == ({"value": "12"}, "初稿")
    assert kinds[-2:] == [("ReviewerRecused", f"reviewer:{R01}"), ("SubstitutesDrawn", "engine")]
    assert told == [{"position": 1, "entry": entry("A02"), "reason": "cooperation"}]


def test_what_is_left_can_be_signed_and_what_left_does_not_come_back(installed: Installation, edition: Edition) -> None:
    recusing.recuse(edition.id, 1, R01, entry("A02"), reason="self")
    reviewing.save_sheets(edition.id, 1, R01, {entry(code): (FULL, "", 0) for code in ("A01", "A03")})
    assert signing.sign(edition.id, 1, R01, "专家R01") == 2
    with pytest.raises(NotFound):
        recusing.recuse(edition.id, 1, R01, entry("A02"), reason="self")
    with pytest.raises(NotFound):
        reviewing.save_sheets(edition.id, 1, R01, {entry("A02"): (FULL, "", 0)})
    with installed.database.read() as store:
        assert {sheet.entry: sheet.marks["value"] for sheet in store.sheets(edition.id, 1)} == dict.fromkeys(
            (entry("A01"), entry("A03")), Decimal(20)
        )


def test_a_signed_sheet_stays(installed: Installation, edition: Edition) -> None:
    reviewing.save_sheets(edition.id, 1, R01, {entry(code): (FULL, "", 0) for code in ("A01", "A02", "A03")})
    signing.sign(edition.id, 1, R01, "专家R01")
    with pytest.raises(NotAllowed, match="signed"):
        recusing.recuse(edition.id, 1, R01, entry("A02"), reason="self")
    with installed.database.read() as store:
        assert store.conflicts(edition.id) == ()


@pytest.mark.parametrize("reason", recusing.REASONS)
def test_every_reason_is_taken(installed: Installation, edition: Edition, reason: str) -> None:
    recusing.recuse(edition.id, 1, R01, entry("A01"), reason=reason, more="说明")
    with installed.database.read() as store:
        assert [one.reason for one in store.conflicts(edition.id)] == [reason]


@pytest.mark.parametrize(
    ("reason", "more", "fault"),
    [
        ("", "", ("reason", "missing")),
        ("与申报人同单位", "", ("reason", "missing")),
        ("other", "  ", ("more", "missing")),
        ("self", "\ud800", ("more", "text")),
        ("self", "x" * 501, ("more", "text")),
    ],
)
def test_a_recusal_needs_a_known_reason_and_readable_words(
    installed: Installation, edition: Edition, reason: str, more: str, fault: tuple[str, str]
) -> None:
    with pytest.raises(InputError) as caught:
        recusing.recuse(edition.id, 1, R01, entry("A01"), reason=reason, more=more)
    assert [(one.field, one.column) for one in caught.value.faults] == [fault]
    assert in_hand(installed, edition, "R01")["A01"]
