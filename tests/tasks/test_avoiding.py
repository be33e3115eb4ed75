"""Nominators ask to keep people away from their entries: in time, within the limit, and the office decides (rule R3)."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from models.edition import Edition
from models.errors import InputError, NotAllowed, NotFound, TooLate
from notifications import render
from tasks import avoiding, conflicts, drawing, reviewing, signing
from tasks.avoiding import Answer
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.test_inviting import FULL

N01, N02, R01 = "sample-2026/n/N01", "sample-2026/n/N02", "sample-2026/r/R01"
ADMIN = "admin@example.org"
WHO = {"name": "专家 R01", "unit": "R01 大学", "reason": "有学术争议"}


def a_world(installed: Installation, clock: Clock, **stage: Any) -> Edition:
    """Nominations are open; N01 has A01 and A02, N02 has B01."""
    clock.now = builders.NOW - timedelta(days=20)
    declared = {"panel": 1, "aggregate": {"min_valid": 1}, "avoid_requests": 2, **stage}
    process = builders.a_process(**builders.a_stage_change("scoring", **declared))
    edition = builders.keep(installed.database, builders.an_edition(process), at="submission")
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")],
        reviewers=[builders.a_reviewer(code) for code in ("R01", "R02", "R03")],
        entries=[builders.an_entry("A01"), builders.an_entry("A02"), builders.an_entry("B01", nominator="N02")],
    )  # fmt: skip
    return edition


@pytest.fixture
def edition(installed: Installation, clock: Clock) -> Edition:
    return a_world(installed, clock)


def ask(edition: Edition, nominator: str = N01, **changes: str) -> str:
    return avoiding.ask(edition.id, nominator, **{**WHO, **changes}).id


def decide(edition: Edition, request: str, *, grant: bool, reason: str) -> int:
    return avoiding.decide(edition.id, {request: Answer(grant, reason)}, admin=ADMIN)


def told(installed: Installation, edition: Edition) -> list[tuple[str, list[tuple[str, bool, str]]]]:
    """Address and lines of each mail about decisions."""
    with installed.database.read() as store:
        mails = [one for one in store.mails(edition.id) if one.template == "avoidances_decided"]
    return [(one.to_address, [(line["name"], line["granted"], line["reason"]) for line in one.params["lines"]]) for one in mails]


def to_review(installed: Installation, clock: Clock, edition: Edition) -> None:
    """The review is open, and R01 has A01, A02 and B01."""
    clock.now = builders.NOW
    builders.go_to(installed.database, edition.id, "scoring")
    builders.put(installed.database, edition.id, pairs=[(code, "R01") for code in ("A01", "A02", "B01")])


def barred(installed: Installation, edition: Edition) -> set[str]:
    """Codes of the entries for which R01 cannot be drawn."""
    with installed.database.read() as store:
        entries = store.entries(edition.id)
        asked = drawing.question(store, edition, edition.stages[1], {one.id: 1 for one in entries}, entries)
    return {one.entry for one in asked.needs if "R01" in one.barred}


def held(installed: Installation, edition: Edition) -> set[str]:
    with installed.database.read() as store:
        return {one.entry[-3:] for one in store.assignments(edition.id, 1, reviewer=R01) if not one.recused}


def test_a_request_bars_only_once_it_was_granted_and_only_the_units_own_entries(installed: Installation, edition: Edition) -> None:
    request = ask(edition)
    with installed.database.read() as store:
        (kept,) = store.avoidances(edition.id)
    assert (kept.name, kept.unit, kept.reason, kept.state, kept.by) == ("专家 R01", "R01 大学", "有学术争议", "asked", "")
    assert barred(installed, edition) == set()
    assert decide(edition, request, grant=True, reason="理由成立") == 0
    assert barred(installed, edition) == {"A01", "A02"}
    decide(edition, request, grant=False, reason="重新核实")
    assert barred(installed, edition) == set()
    with installed.database.read() as store:
        said = [(one.type, one.payload.get("state"), one.actor) for one in store.events(edition.id)]
    assert said[-3:] == [
        ("AvoidanceAsked", "asked", f"nominator:{N01}"),
        ("AvoidanceDecided", "granted", f"admin:{ADMIN}"),
        ("AvoidanceDecided", "refused", f"admin:{ADMIN}"),
    ]


def test_where_it_is_declared_a_request_is_granted_at_once(installed: Installation, clock: Clock) -> None:
    edition = a_world(installed, clock, avoid_grants="automatic")
    ask(edition)
    assert barred(installed, edition) == {"A01", "A02"}


def test_what_the_rule_grants_is_mailed_once_and_anew_only_if_it_is_asked_anew(installed: Installation, clock: Clock) -> None:
    edition = a_world(installed, clock, avoid_grants="automatic")
    request = ask(edition)
    with pytest.raises(InputError):
        ask(edition)
    once = ("n01@example.org", [("专家 R01", True, "")])
    assert told(installed, edition) == [once]
    with installed.database.read() as store:
        (mail,) = store.mails(edition.id)
    sent = render.render(
        mail, link="https://example.org/l/x", base_url="https://example.org", sender="office@example.org", zone="Asia/Shanghai"
    )
    bodies = [str(part.get_content()) for part in sent.walk() if part.get_content_maintype() == "text"]
    assert [("已按评选规则自动同意：" in one, "评审办公室的审核结果" in one) for one in bodies] == [(True, False)] * 2
    clock.advance(minutes=1)
    avoiding.take_back(edition.id, N01, request)
    ask(edition)
    assert told(installed, edition) == [once, once]


def test_a_person_of_another_unit_with_the_same_name_is_not_meant(installed: Installation, edition: Edition) -> None:
    decide(edition, ask(edition, unit="别的大学"), grant=True, reason="理由成立")
    assert barred(installed, edition) == set()


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": " "}, [("name", "missing")]),
        ({"unit": "", "reason": ""}, [("unit", "missing"), ("reason", "missing")]),
        ({"reason": "有\x01"}, [("reason", "text")]),
        ({"name": "长" * 101}, [("name", "text")]),
        ({"name": "专家R09", "unit": "Ｒ09大学"}, [("name", "twice")]),
    ],
)
def test_a_request_that_is_not_whole_is_told_at_its_field(
    installed: Installation, edition: Edition, changes: dict[str, str], fields: list[tuple[str, str]]
) -> None:
    ask(edition, name="专家 R09", unit="R09大学")
    with pytest.raises(InputError) as refused:
        ask(edition, **changes)
    assert [(one.field, one.column) for one in refused.value.faults] == fields
    with installed.database.read() as store:
        assert len(store.avoidances(edition.id)) == 1


def test_the_limit_is_the_units_and_who_takes_one_back_may_name_another(installed: Installation, edition: Edition) -> None:
    first = ask(edition)
    ask(edition, name="专家R02", unit="R02大学")
    with pytest.raises(InputError, match="2 people are named already, and 2 may be -> take one back before naming another") as refused:
        ask(edition, name="专家R03", unit="R03大学")
    assert [(one.field, one.column) for one in refused.value.faults] == [("name", "limit")]
    ask(edition, N02)
    avoiding.take_back(edition.id, N01, first)
    ask(edition, name="专家R03", unit="R03大学")
    with installed.database.read() as store:
        assert {one.name for one in store.avoidances(edition.id, nominator=N01)} == {"专家R02", "专家R03"}


def test_nobody_takes_back_anothers_request(edition: Edition) -> None:
    request = ask(edition)
    with pytest.raises(NotFound):
        avoiding.take_back(edition.id, N02, request)


def test_after_the_deadline_nothing_is_asked_or_taken_back(clock: Clock, edition: Edition) -> None:
    request = ask(edition)
    clock.now = builders.NOW
    with pytest.raises(TooLate):
        ask(edition, name="专家R02")
    with pytest.raises(TooLate):
        avoiding.take_back(edition.id, N01, request)


def test_where_nobody_may_ask_nothing_is_kept(installed: Installation, clock: Clock) -> None:
    edition = a_world(installed, clock, avoid_requests=0)
    with pytest.raises(NotAllowed, match="takes no requests"):
        ask(edition)


def test_granting_later_takes_the_units_entries_back_and_draws_substitutes(installed: Installation, clock: Clock, edition: Edition) -> None:
    request = ask(edition)
    to_review(installed, clock, edition)
    with pytest.raises(InputError):
        decide(edition, request, grant=True, reason="")
    assert decide(edition, request, grant=True, reason="理由成立") == 2
    assert held(installed, edition) == {"B01"}
    with installed.database.read() as store:
        assert [one.asks for one in conflicts.found(store, edition)] == [False, False]
        (less,) = [one for one in store.mails(edition.id) if one.template == "review_less"]
    assert (less.to_address, less.params["codes"]) == ("r01@example.org", ["A01", "A02"])


def test_a_signed_sheet_keeps_a_request_from_being_granted(installed: Installation, clock: Clock, edition: Edition) -> None:
    request = ask(edition)
    to_review(installed, clock, edition)
    reviewing.save_sheets(edition.id, 1, R01, {f"{edition.id}/e/{code}": (FULL, "", 0) for code in ("A01", "A02", "B01")})
    signing.sign(edition.id, 1, R01, "专家R01")
    with pytest.raises(InputError, match="the sheets of A01, A02 are signed") as refused:
        decide(edition, request, grant=True, reason="理由成立")
    assert [(one.field, one.column) for one in refused.value.faults] == [(request, "signed")]
    with installed.database.read() as store:
        assert [one.state for one in store.avoidances(edition.id)] == ["asked"]
    assert held(installed, edition) == {"A01", "A02", "B01"}


def test_a_request_that_its_unit_takes_back_meanwhile_does_not_come_back_decided(installed: Installation, edition: Edition) -> None:
    request, refused = ask(edition), list[Exception]()

    def grant() -> None:
        try:
            decide(edition, request, grant=True, reason="同意")
        except NotFound as gone:
            refused.append(gone)

    office = threading.Thread(target=grant)
    with installed.database.write() as store:
        store.lock_stage(edition.id, 0, to_change=True)
        store.remove_avoidance(request)
        office.start()
        time.sleep(0.2)
    office.join()
    with installed.database.read() as store:
        assert (len(refused), store.avoidances(edition.id), store.events(edition.id, "AvoidanceDecided")) == (1, (), ())


def test_the_same_answer_twice_is_one(installed: Installation, edition: Edition) -> None:
    request = ask(edition)
    for reason in ("无依据", "无依据", "重新研究后不同意"):
        decide(edition, request, grant=False, reason=reason)
    with installed.database.read() as store:
        assert [one.payload["reason"] for one in store.events(edition.id, "AvoidanceDecided")] == ["无依据", "重新研究后不同意"]


def test_an_answer_to_what_is_no_longer_so_keeps_nothing_unless_it_is_the_same_answer(installed: Installation, edition: Edition) -> None:
    """Two admins answer from pages that both showed the requests as undecided (rule R3)."""
    first, second = ask(edition), ask(edition, name="专家R02", unit="R02大学")
    with installed.database.read() as store:
        seen = {one.id: avoiding.version(one) for one in store.avoidances(edition.id)}
    for _ in range(2):
        avoiding.decide(edition.id, {first: Answer(True, "理由成立", seen[first])}, admin=ADMIN)
    with installed.database.read() as store:
        before = store.avoidances(edition.id)
    for grant in (True, False):
        both = {first: Answer(grant, "理由成立", seen[first]), second: Answer(False, "无依据", seen[second])}
        with pytest.raises(avoiding.Outdated) as refused:
            avoiding.decide(edition.id, both, admin="other@example.org")
        assert [(one.id, one.state, one.by) for one in refused.value.now] == [(first, "granted", ADMIN)]
    with installed.database.read() as store:
        assert store.avoidances(edition.id) == before
        now = {one.id: avoiding.version(one) for one in before}
    avoiding.decide(edition.id, {one: Answer(False, "无依据", now[one]) for one in (first, second)}, admin="other@example.org")
    with installed.database.read() as store:
        assert [one.state for one in store.avoidances(edition.id)] == ["refused", "refused"]


def test_what_was_asked_anew_is_not_what_was_shown(installed: Installation, clock: Clock, edition: Edition) -> None:
    request = ask(edition)
    with installed.database.read() as store:
        seen = avoiding.version(store.avoidance(edition.id, request))
    avoiding.take_back(edition.id, N01, request)
    clock.advance(minutes=1)
    assert ask(edition, reason="另一个理由") == request
    with pytest.raises(avoiding.Outdated):
        avoiding.decide(edition.id, {request: Answer(True, "理由成立", seen)}, admin=ADMIN)


# -- mails to the unit ----------------------------------------------------------------------------------------------


def test_what_is_decided_together_is_one_mail_to_each_unit(installed: Installation, edition: Edition) -> None:
    first, second, other = ask(edition), ask(edition, name="专家R02", unit="R02大学"), ask(edition, N02)
    answers = {first: Answer(True, "理由成立"), second: Answer(False, "无依据"), other: Answer(False, "不属于应当回避的情形")}
    avoiding.decide(edition.id, answers, admin=ADMIN)
    assert sorted(told(installed, edition)) == [
        ("n01@example.org", [("专家 R01", True, ""), ("专家R02", False, "无依据")]),
        ("n02@example.org", [("专家 R01", False, "不属于应当回避的情形")]),
    ]
    avoiding.decide(edition.id, answers, admin=ADMIN)
    assert len(told(installed, edition)) == 2


def test_a_decision_is_told_once_and_another_one_anew(installed: Installation, clock: Clock, edition: Edition) -> None:
    request = ask(edition)
    for grant, reason in ((False, "无依据"), (False, "无依据"), (True, "补充了材料"), (True, "换一种说法"), (False, "无依据")):
        clock.advance(minutes=1)
        decide(edition, request, grant=grant, reason=reason)
    lines = [line for _, some in told(installed, edition) for line in some]
    assert sorted(lines) == [("专家 R01", False, "无依据"), ("专家 R01", False, "无依据"), ("专家 R01", True, "")]


def test_the_mail_tells_nothing_of_panels_or_of_the_pool(installed: Installation, clock: Clock, edition: Edition) -> None:
    known, unknown = ask(edition), ask(edition, name="查无此人", unit="某大学")
    to_review(installed, clock, edition)
    avoiding.decide(edition.id, {known: Answer(True, "理由成立"), unknown: Answer(True, "理由成立")}, admin=ADMIN)
    assert held(installed, edition) == {"B01"}
    with installed.database.read() as store:
        (mail,) = [one for one in store.mails(edition.id) if one.template == "avoidances_decided"]
    (one, other) = mail.params["lines"]
    assert one == {"name": "专家 R01", "unit": "R01 大学", "granted": True, "reason": ""}
    assert other == {"name": "查无此人", "unit": "某大学", "granted": True, "reason": ""}
    assert [text for text in ("A01", "A02", "R02", "R03", "理由成立") if text in str(mail.params)] == []


def test_if_one_cannot_be_granted_none_is_decided_and_nothing_is_mailed(installed: Installation, clock: Clock, edition: Edition) -> None:
    first, second = ask(edition), ask(edition, name="专家R02", unit="R02大学")
    to_review(installed, clock, edition)
    reviewing.save_sheets(edition.id, 1, R01, {f"{edition.id}/e/{code}": (FULL, "", 0) for code in ("A01", "A02", "B01")})
    signing.sign(edition.id, 1, R01, "专家R01")
    with pytest.raises(InputError):
        avoiding.decide(edition.id, {second: Answer(True, "理由成立"), first: Answer(True, "理由成立")}, admin=ADMIN)
    with pytest.raises(InputError) as refused:
        avoiding.decide(edition.id, {second: Answer(False, " "), first: Answer(False, "无依据\x01")}, admin=ADMIN)
    assert [(one.field, one.column) for one in refused.value.faults] == [(second, "missing"), (first, "text")]
    with installed.database.read() as store:
        assert [one.state for one in store.avoidances(edition.id)] == ["asked", "asked"]
    assert told(installed, edition) == []


def test_who_steps_in_for_one_is_nobody_whom_another_request_keeps_away(installed: Installation, clock: Clock, edition: Edition) -> None:
    first, second = ask(edition), ask(edition, name="专家R02", unit="R02大学")
    to_review(installed, clock, edition)
    avoiding.decide(edition.id, {first: Answer(True, "理由成立"), second: Answer(True, "理由成立")}, admin=ADMIN)
    with installed.database.read() as store:
        pairs = {(one.entry[-3:], one.reviewer[-3:], one.recused) for one in store.assignments(edition.id, 1)}
    assert pairs == {("A01", "R01", True), ("A02", "R01", True), ("B01", "R01", False), ("A01", "R03", False), ("A02", "R03", False)}
