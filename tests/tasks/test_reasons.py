"""A divergent reviewer is asked for a written reason (rule S5): once, about the own marks, and no mark is touched."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from models.edition import Grant
from models.errors import InputError, NotAllowed, NotFound
from rules import links
from rules import scoring as rules
from tasks import editions, ranking_report, reasons, visiting
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season

ADMIN = "admin@example.org"


@pytest.fixture
def divergent(season: Season) -> Season:
    """Three reviewers signed A01 with 90, 88 and 50, and agree on A02."""
    season.local("2026-04-01 08:00").advance()
    season.hand_in([builders.an_entry(key) for key in ("A01", "A02")])
    season.local("2026-06-01 00:00").advance()
    for code, total in zip(held(season, "A01"), (90, 88, 50), strict=True):
        season.give(code, {"A01": total})
    for code in held(season, "A02"):
        season.give(code, {"A02": 70})
    return season


def held(season: Season, key: str) -> list[str]:
    with season.database.read() as store:
        return [one.reviewer.rpartition("/")[2] for one in store.assignments(season.id, 1) if one.entry == entry(season, key)]


def entry(season: Season, key: str) -> str:
    return next(one.id for one in season.entries() if one.key == key)


def code_of(season: Season, key: str) -> str:
    return next(one.code for one in season.entries() if one.key == key)


def ask(season: Season, key: str = "A01") -> int:
    return reasons.ask(season.id, 1, entry(season, key), admin=ADMIN)


def give(season: Season, text: str, *, reviewer: int = 2) -> None:
    who = f"{season.id}/r/{held(season, 'A01')[reviewer]}"
    reasons.give(season.id, 1, who, code_of(season, "A01"), text)


def test_who_is_far_from_the_median_is_asked_once_and_gets_one_mail(divergent: Season) -> None:
    far = held(divergent, "A01")[2]
    assert [ask(divergent), ask(divergent)] == [1, 0]
    assert divergent.addressees("reason_asked") == [far.lower()]
    (mail,) = divergent.mails("reason_asked")
    assert (mail.params["code"], mail.role, mail.person) == (code_of(divergent, "A01"), "reviewer", f"{divergent.id}/r/{far}")
    ((_, told),) = divergent.events("ReasonAsked")
    assert (told["entry"], told["reviewers"]) == (entry(divergent, "A01"), [f"{divergent.id}/r/{far}"])


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ({"a": 90, "b": 88, "c": 50}, ("c",)),
        ({"a": 95, "b": 80, "c": 70}, ("a", "c")),  # a span of 25, nobody 20 from the median
        ({"a": 95, "b": 95, "c": 80, "d": 70}, ("a", "b", "d")),
        ({"a": 90, "b": 60}, ("a", "b")),
        ({"a": 90, "b": 80, "c": 70}, ()),
        ({"a": 90}, ()),
        ({}, ()),
    ],
)
def test_asked_are_those_far_from_the_median_else_the_ends(totals: dict[str, int], expected: tuple[str, ...]) -> None:
    flags = builders.a_process().stages[1].flags  # type: ignore[union-attr]
    assert rules.divergent({name: Decimal(one) for name, one in totals.items()}, flags) == expected


def test_the_reason_is_kept_and_may_be_written_anew_and_no_mark_changes(divergent: Season) -> None:
    ask(divergent)
    before = [(one.assignment, one.marks, one.revision, one.signed_at) for one in sheets(divergent)]
    give(divergent, "  样本量不足，\n结论不能支持。 ")
    give(divergent, "样本量不足，\n结论不能支持。")  # the same once more
    give(divergent, "对照组设置有误。")
    with divergent.database.read() as store:
        (kept,) = store.reasons(divergent.id, 1)
        found = ranking_report.report(store, store.edition(divergent.id)).divergent
    assert (kept.text, kept.asked_by, kept.answered_at) == ("对照组设置有误。", ADMIN, divergent.clock.now)
    assert [(one.entry.key, [reason.text for _, reason in one.reasons], one.unasked) for one in found] == [("A01", [kept.text], 0)]
    assert [(one.assignment, one.marks, one.revision, one.signed_at) for one in sheets(divergent)] == before
    given = divergent.events("ReasonGiven")
    assert len(given) == 2
    assert "对照组" not in str(given)


def sheets(season: Season) -> list:  # type: ignore[type-arg]
    with season.database.read() as store:
        return list(store.sheets(season.id, 1))


@ON_SQLITE
def test_the_link_lives_as_long_as_the_reviewer_has_time(divergent: Season) -> None:
    ended = divergent.run("scoring").cutoff
    assert ended is not None
    divergent.clock.now = ended + timedelta(days=1)
    ask(divergent)
    far = f"{divergent.id}/r/{held(divergent, 'A01')[2]}"
    with divergent.database.read() as store:
        ends = {person: one.expires_at for person, one in store.grants(divergent.id, "reviewer").items()}
    assert ends.pop(far) == divergent.clock.now + timedelta(days=5)  # three to write, and the two that a link outlives its end
    assert set(ends.values()) == {ended + timedelta(days=2)}


def link_of(season: Season, reviewer: str) -> Grant:
    with season.database.read() as store:
        return store.grants(season.id, "reviewer")[reviewer]


@ON_SQLITE
def test_the_link_lives_until_the_list_is_planned_to_go_to_the_committee(divergent: Season) -> None:
    far = f"{divergent.id}/r/{held(divergent, 'A01')[2]}"
    with divergent.database.write() as store:
        planned = divergent.clock.now + timedelta(days=60)
        store.extend_stage(divergent.id, divergent.run("shortlisting").position, planned)
    ask(divergent)
    assert link_of(divergent, far).expires_at >= planned + timedelta(days=2)


@ON_SQLITE
def test_who_was_asked_gets_an_expired_link_again_while_the_reason_can_be_given(divergent: Season) -> None:
    """The committee waits for the list longer than was planned."""
    ask(divergent)
    asked, other = (f"{divergent.id}/r/{held(divergent, 'A01')[at]}" for at in (2, 0))
    divergent.advance()
    divergent.clock.advance(days=200)
    secret = divergent.installed.settings.secret_key
    for who, mails in ((other, 0), (asked, 1)):
        expired = link_of(divergent, who)
        assert not links.holds(expired, divergent.clock.now)
        visiting.ask_again(links.derive_token(secret, expired))
        assert len(divergent.mails("link_again")) == mails
    assert link_of(divergent, asked).expires_at == divergent.clock.now + timedelta(days=5)
    give(divergent, "方法有误。")


@ON_SQLITE
def test_it_can_be_asked_and_given_until_the_list_goes_to_the_committee(divergent: Season) -> None:
    divergent.advance()
    assert divergent.states() == {"shortlisting": "open"}
    assert ask(divergent) == 1
    give(divergent, "方法有误。")
    with divergent.database.write() as store:
        editions.request_next(store, divergent.id, actor="admin:admin@example.org")
    divergent.clock.advance(minutes=5)
    divergent.advance()
    assert divergent.states() == {"voting": "open"}
    for act in (lambda: ask(divergent), lambda: give(divergent, "另有理由。")):
        with pytest.raises(NotAllowed, match="the list of sample-2026 has gone to the committee"):
            act()
    with divergent.database.read() as store:
        assert [one.text for one in store.reasons(divergent.id, 1)] == ["方法有误。"]


@ON_SQLITE
def test_nobody_is_asked_about_marks_that_agree(divergent: Season) -> None:
    with pytest.raises(NotAllowed, match="are not divergent now; there is nobody to ask"):
        ask(divergent, "A02")
    with pytest.raises(NotFound):
        reasons.ask(divergent.id, 1, "sample-2026/e/none", admin=ADMIN)
    assert (divergent.mails("reason_asked"), divergent.events("ReasonAsked")) == ([], [])


@ON_SQLITE
def test_who_was_not_asked_has_nothing_to_give(divergent: Season) -> None:
    ask(divergent)
    with pytest.raises(NotFound):
        give(divergent, "我也有话说。", reviewer=0)


@ON_SQLITE
def test_what_no_reason_can_be_is_refused(divergent: Season) -> None:
    ask(divergent)
    for text, code in (("", "missing"), ("  \n ", "missing"), ("字" * 1001, "text"), ("a\x00b", "text")):
        with pytest.raises(InputError) as refused:
            give(divergent, text)
        assert [(one.field, one.column) for one in refused.value.faults] == [("text", code)]
    assert divergent.events("ReasonGiven") == []
