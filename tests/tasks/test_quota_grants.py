"""Further quotas and facts about units (rules N1 and N2)."""

from __future__ import annotations

from typing import Any

import pytest

from models.edition import Edition
from models.errors import InputError, NotAllowed, NotFound
from models.process import Process
from tasks import quota_grants
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

OPEN = builders.NOW.replace(month=5, day=10)
ADMIN = "admin:admin@example.org"
SOCIETY: dict[str, Any] = {
    "society": {"title": {"zh": "省级学会", "en": "Societies"}, "max": {"paper": 2}, "max_if": {"has_association": {"paper": 3}}}
}


def a_process() -> Process:
    return builders.a_process(nominators=SOCIETY)


@pytest.fixture
def edition(installed: Installation, clock: Clock) -> Edition:
    """Two units; N01 has handed in two papers, and withdrawn a third."""
    clock.now = OPEN
    kept = builders.keep(installed.database, builders.an_edition(a_process()), at="submission")
    entries = [builders.an_entry(code) for code in ("A01", "A02", "A03")]
    builders.put(installed.database, kept.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")], entries=entries)
    with installed.database.write() as store:
        store.set_entry_states({f"{kept.id}/e/A01": "submitted", f"{kept.id}/e/A02": "submitted", f"{kept.id}/e/A03": "withdrawn"})
    return kept


def lines(installed: Installation, edition: Edition) -> list[tuple[str, str, int, int, int, int]]:
    with installed.database.read() as store:
        return [(one.unit.code, one.class_name, one.by_rule, one.granted, one.used, one.left) for one in quota_grants.lines(store, edition)]


def events(installed: Installation, edition: Edition, *kinds: Any) -> list[tuple[str, str, dict[str, Any]]]:
    with installed.database.read() as store:
        return [(one.type, one.actor, dict(one.payload)) for one in store.events(edition.id, *kinds)]


def test_the_table_counts_rule_grants_and_use(installed: Installation, edition: Edition) -> None:
    assert lines(installed, edition) == [("N01", "paper", 2, 0, 2, 0), ("N02", "paper", 2, 0, 0, 2)]


def test_a_grant_keeps_who_when_and_why_and_tells_the_unit(installed: Installation, edition: Edition) -> None:
    made = quota_grants.grant(edition.id, "N01", "paper", "１", "承办单位", actor=ADMIN)
    assert (made.extra, made.reason, made.by, made.at) == (1, "承办单位", ADMIN, OPEN)
    assert lines(installed, edition)[0] == ("N01", "paper", 2, 1, 2, 1)
    payload = {"nominator": f"{edition.id}/n/N01", "class_name": "paper", "extra": 1, "grant": made.id, "reason": "承办单位"}
    assert events(installed, edition, "QuotaGranted") == [("QuotaGranted", ADMIN, payload)]
    with installed.database.read() as store:
        told = [(one.to_address, one.params["extra"], one.params["allowed"]) for one in store.mails(edition.id)]
    assert told == [("n01@example.org", 1, 3)]


def test_a_class_beyond_the_rule_can_be_granted(installed: Installation, edition: Edition) -> None:
    quota_grants.grant(edition.id, "N02", "artwork", "2", "展览需要", actor=ADMIN)
    assert ("N02", "artwork", 0, 2, 0, 2) in lines(installed, edition)


def test_a_grant_is_taken_back_while_it_is_not_used(installed: Installation, edition: Edition) -> None:
    made = quota_grants.grant(edition.id, "N01", "paper", "1", "承办单位", actor=ADMIN)
    quota_grants.revoke(edition.id, "N01", made.id, actor=ADMIN)
    assert lines(installed, edition)[0] == ("N01", "paper", 2, 0, 2, 0)
    with pytest.raises(NotAllowed):
        quota_grants.revoke(edition.id, "N01", made.id, actor=ADMIN)
    assert [one[0] for one in events(installed, edition, "QuotaGranted", "QuotaRevoked")] == ["QuotaGranted", "QuotaRevoked"]


def test_a_grant_that_is_used_cannot_be_taken_back(installed: Installation, edition: Edition) -> None:
    made = quota_grants.grant(edition.id, "N01", "paper", "1", "承办单位", actor=ADMIN)
    with installed.database.write() as store:
        store.set_entry_states({f"{edition.id}/e/A03": "submitted"})
    with pytest.raises(NotAllowed, match="cannot be taken back"):
        quota_grants.revoke(edition.id, "N01", made.id, actor=ADMIN)
    with pytest.raises(NotFound):
        quota_grants.revoke(edition.id, "N02", made.id, actor=ADMIN)
    assert events(installed, edition, "QuotaRevoked") == []


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        (("paper", "0", "理由"), [("extra", "number")]),
        (("paper", "-1", "理由"), [("extra", "number")]),
        (("paper", "1.5", "理由"), [("extra", "number")]),
        (("paper", "99999", "理由"), [("extra", "number")]),
        (("poem", "1", "理由"), [("class_name", "other")]),
        (("paper", "1", " "), [("reason", "missing")]),
        (("paper", "x", "有\x00"), [("extra", "number"), ("reason", "text")]),
    ],
)
def test_what_cannot_be_granted_names_its_fields(
    installed: Installation, edition: Edition, given: tuple[str, str, str], faults: list[tuple[str, str]]
) -> None:
    with pytest.raises(InputError) as refused:
        quota_grants.grant(edition.id, "N01", *given, actor=ADMIN)
    assert [(one.field, one.column) for one in refused.value.faults] == faults
    with installed.database.read() as store:
        assert store.quota_grants(edition.id) == ()


def test_nothing_is_granted_to_nobody_or_after_the_deadline(installed: Installation, edition: Edition, clock: Clock) -> None:
    with pytest.raises(NotFound):
        quota_grants.grant(edition.id, "N99", "paper", "1", "理由", actor=ADMIN)
    assert edition.stages[0].cutoff is not None
    clock.now = edition.stages[0].cutoff
    with pytest.raises(NotAllowed):
        quota_grants.grant(edition.id, "N01", "paper", "1", "理由", actor=ADMIN)


def test_a_fact_changes_the_quota_and_is_kept_as_an_event_once(installed: Installation, edition: Edition) -> None:
    for _twice in range(2):
        quota_grants.state_facts(edition.id, "N01", ["has_association", "unknown"], actor=ADMIN)
    assert lines(installed, edition)[0] == ("N01", "paper", 3, 0, 2, 1)
    quota_grants.state_facts(edition.id, "N01", [], actor=ADMIN)
    assert lines(installed, edition)[0] == ("N01", "paper", 2, 0, 2, 0)
    assert [one[2]["value"] for one in events(installed, edition, "FactStated")] == [True, False]
