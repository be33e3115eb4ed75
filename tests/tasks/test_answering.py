"""Answers of committee members and signing bodies as transactions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from models.edition import Answer, Edition, Shortlist, ShortlistItem
from models.errors import InputError, JinbangError, NotAllowed, NotFound, TooLate
from tasks import answering
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

MEMBER, BODY = "sample-2026/m/M01", "sample-2026/m/P01"
A01, A02 = "sample-2026/e/A01", "sample-2026/e/A02"


@pytest.fixture
def edition(installed: Installation) -> Edition:
    kept = builders.keep(installed.database, builders.an_edition(), at="voting")
    builders.put(
        installed.database,
        kept.id,
        nominators=[builders.a_nominator()],
        members=[
            builders.a_member("M01"),
            builders.a_member("P01", role="party", party="personnel"),
            builders.a_member("P09", role="party", party="none"),
        ],
        entries=[builders.an_entry("A01"), builders.an_entry("A02")],
    )
    items = (ShortlistItem(A01, "paper", 1, Decimal(90)),)
    with installed.database.write() as store:
        store.add_shortlist(Shortlist(kept.id, 1, builders.NOW, "d" * 64, items), {"paper": 1})
    return kept


def kept(installed: Installation, edition: Edition, position: int = 3) -> tuple[Answer, ...]:
    with installed.database.read() as store:
        return store.answers(edition.id, position)


def test_an_answer_is_kept_and_wakes_the_engine(installed: Installation, edition: Edition) -> None:
    answering.answer(edition.id, 3, MEMBER, "agree", [A01, A01], " 条件不符 ")
    assert kept(installed, edition) == (Answer(edition.id, 3, MEMBER, 0, "agree", (A01,), "条件不符", builders.NOW),)
    with installed.database.read() as store:
        (event,) = store.events(edition.id)
        assert store.waiting_wakes() == 1
    assert (event.type, event.payload) == ("AnswerGiven", {"position": 3, "round": 0, "shortlist": 1})


def test_the_event_does_not_tell_the_vote(installed: Installation, edition: Edition) -> None:
    answering.answer(edition.id, 3, MEMBER, "return", [], "重做")
    with installed.database.read() as store:
        (event,) = store.events(edition.id)
    assert "return" not in str(event.payload)


@pytest.mark.parametrize(
    ("member", "verdict", "struck", "comment", "error"),
    [
        (MEMBER, "return", [], " ", InputError),
        (MEMBER, "maybe", [], "", InputError),
        (MEMBER, "agree", [A02], "", InputError),
        (MEMBER, "return", [A01], "x", InputError),
        (MEMBER, "agree", [], "\x00", InputError),
        (BODY, "agree", [], "", NotAllowed),
        ("sample-2026/m/M99", "agree", [], "", NotFound),
    ],
)
def test_a_wrong_answer_keeps_nothing(
    installed: Installation, edition: Edition, member: str, verdict: Any, struck: list[str], comment: str, error: type[JinbangError]
) -> None:
    with pytest.raises(error):
        answering.answer(edition.id, 3, member, verdict, struck, comment)
    assert kept(installed, edition) == ()


def test_a_body_is_asked_only_where_it_is_declared(installed: Installation, edition: Edition) -> None:
    builders.go_to(installed.database, edition.id, "signoff")
    for stranger in (MEMBER, "sample-2026/m/P09"):
        with pytest.raises(NotAllowed):
            answering.answer(edition.id, 4, stranger, "agree", [], "")
    with pytest.raises(InputError):
        answering.answer(edition.id, 4, BODY, "agree", [A01], "")
    answering.answer(edition.id, 4, BODY, "agree", [], "")
    assert [one.member for one in kept(installed, edition, 4)] == [BODY]


def test_a_member_of_another_edition_is_unknown_here(installed: Installation, edition: Edition) -> None:
    other = builders.keep(installed.database, builders.an_edition(builders.a_process(name="other")), at="voting")
    with pytest.raises(NotFound):
        answering.answer(other.id, 3, MEMBER, "agree", [], "")


def test_before_and_after_its_stage_nothing_is_taken(installed: Installation, edition: Edition, clock: Clock) -> None:
    with pytest.raises(NotAllowed):
        answering.answer(edition.id, 4, BODY, "agree", [], "")
    cutoff = edition.stages[3].cutoff
    assert cutoff is not None
    clock.now = cutoff
    with pytest.raises(TooLate):
        answering.answer(edition.id, 3, MEMBER, "agree", [], "")
    assert kept(installed, edition) == ()
