"""Personal links: the same each time, longer with their stage, dead at once when they are replaced or revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.errors import NotFound
from rules.links import fingerprint, looks_like_token
from tasks import links
from tasks.installation import Installation
from tests import builders
from tests.builders import NOW, Clock

ID = "sample-2026"
PERSON = f"{ID}/r/R01"
DAY = timedelta(days=1)


@pytest.fixture
def issued(installed: Installation) -> Installation:
    builders.keep(installed.database, builders.an_edition())
    assert issue(installed, PERSON, f"{ID}/r/R02") == 2
    return installed


def issue(installed: Installation, *people: str, days: int = 1) -> int:
    with installed.database.write() as store:
        return links.issue(store, installed.settings, ID, "reviewer", people, not_before=NOW, expires_at=NOW + days * DAY)


def address(installed: Installation) -> str:
    with installed.database.read() as store:
        grant = store.grant_of(ID, "reviewer", PERSON)
        assert grant is not None
        return links.address(installed.settings, grant)


def opens(installed: Installation, link: str) -> bool:
    with installed.database.read() as store:
        return store.grant_by_token(fingerprint(link.rpartition("/")[2])) is not None


def test_a_link_is_rebuilt_and_stored_nowhere(issued: Installation) -> None:
    link = address(issued)
    assert link == address(issued)
    assert link.startswith("http://localhost:8000/l/")
    token = link.rpartition("/")[2]
    assert looks_like_token(token)
    with issued.database.read() as store:
        rows = str([tuple(row) for row in store.connection.exec_driver_sql("SELECT * FROM grants")])
    assert token not in rows
    assert opens(issued, link)


def test_issuing_again_keeps_the_link_and_lets_it_live_longer(issued: Installation) -> None:
    before = address(issued)
    assert issue(issued, PERSON, f"{ID}/r/R03", days=9) == 1
    assert issue(issued, PERSON, days=2) == 0  # never shorter
    with issued.database.read() as store:
        assert {one.expires_at for one in store.grants(ID, "reviewer").values()} == {NOW + 9 * DAY}
        assert store.grants_of(ID, (PERSON, f"{ID}/r/R09")) == {PERSON: store.grants(ID)[PERSON]}
    assert address(issued) == before


def test_a_new_link_kills_the_old_one_and_its_browsers(issued: Installation, clock: Clock) -> None:
    from models.edition import Visit

    old = address(issued)
    with issued.database.write() as store:
        grant = store.grant_of(ID, "reviewer", PERSON)
        assert grant is not None
        store.add_visit(Visit("v" * 64, grant, None, "c", NOW + DAY), grant_version=grant.version)
        assert store.visit("v" * 64, idle_since=NOW - DAY) is not None
        new = links.reissue(store, issued.settings, ID, "reviewer", PERSON, actor="admin")
        assert store.visit("v" * 64, idle_since=NOW - DAY) is None
        (event,) = store.events(ID)
    assert (event.type, event.payload["version"]) == ("LinkIssued", 2)
    assert new == address(issued) != old
    assert not opens(issued, old)
    assert opens(issued, new)


def test_a_revoked_link_stays_revoked_when_links_are_issued_again(issued: Installation) -> None:
    with issued.database.write() as store:
        links.revoke(store, ID, "reviewer", PERSON, actor="admin")
    issue(issued, PERSON, days=9)
    with issued.database.read() as store:
        grant = store.grant_of(ID, "reviewer", PERSON)
        assert grant is not None
        assert grant.revoked_at == NOW
        assert [event.type for event in store.events(ID)] == ["LinkRevoked"]


def test_who_has_no_link_is_named(issued: Installation) -> None:
    with issued.database.write() as store:
        with pytest.raises(NotFound, match="sample-2026/r/R09 has no link as reviewer in sample-2026"):
            links.reissue(store, issued.settings, ID, "reviewer", f"{ID}/r/R09", actor="admin")
        with pytest.raises(NotFound, match="has no link as committee"):
            links.revoke(store, ID, "committee", PERSON, actor="admin")
