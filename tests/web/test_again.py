"""A link that opens nothing can be asked for again: to the registered address only, with one answer for all (R-06)."""

from __future__ import annotations

from typing import Any

import pytest

from models.edition import Mail
from tasks import links
from tests import builders
from tests.web.conftest import Browser, World

UNKNOWN = "/l/k1_" + "A" * 43


def path_of(link: str) -> str:
    return link.removeprefix("http://localhost:8000")


def mails(world: World) -> tuple[Mail, ...]:
    with world.installation.database.read() as store:
        return store.mails(world.edition.id)


def link_now(world: World, code: str = "R01") -> str:
    """The link that a mail would carry now."""
    with world.installation.database.read() as store:
        grant = store.grant_of(world.edition.id, "reviewer", f"{world.edition.id}/r/{code}")
    assert grant is not None
    return links.address(world.installation.settings, grant)


def expire(world: World, code: str = "R01") -> str:
    """A link that is past its end while the stage is still open. Yields its path."""
    link = world.link("reviewer", code)
    with world.installation.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE grants SET expires_at = not_before")
    return path_of(link)


async def test_an_expired_link_shows_nothing_and_offers_a_new_one(browser: Browser, world: World) -> None:
    path = expire(world)
    refused = await browser.enter(path)
    assert refused.status_code == 403
    assert f'action="{path}/again"' in refused.text
    assert [word for word in (world.edition.process.title.zh, "专家R01", "r01@example.org") if word in refused.text] == []


async def test_a_link_that_is_not_valid_yet_offers_the_same_and_sends_nothing(browser: Browser, world: World) -> None:
    path = path_of(world.link("reviewer", "R01"))
    with world.installation.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE grants SET not_before = expires_at")
    refused = await browser.enter(path)
    assert (refused.status_code, f'action="{path}/again"' in refused.text) == (403, True)
    assert (await browser.post(f"{path}/again", hidden=False)).status_code == 200
    assert mails(world) == ()


async def test_the_new_link_goes_to_the_registered_address_and_lives_with_its_stage(browser: Browser, world: World) -> None:
    path = expire(world)
    answer = await browser.post(f"{path}/again", hidden=False)
    assert answer.status_code == 200
    assert "r01@example.org" not in answer.text
    sent = mails(world)
    assert [(mail.template, mail.to_address, mail.person) for mail in sent] == [
        ("link_again", "r01@example.org", f"{world.edition.id}/r/R01")
    ]
    fresh = link_now(world)
    assert path_of(fresh) != path
    assert (await browser.enter(path)).status_code == 403
    assert (await browser.enter(fresh)).headers["location"] == "/review"
    with world.installation.database.read() as store:
        grant = store.grant_of(world.edition.id, "reviewer", f"{world.edition.id}/r/R01")
        run = store.edition(world.edition.id).run_of("scoring")
        events = [(event.type, event.actor) for event in store.events(world.edition.id)]
    assert run.cutoff is not None
    assert grant is not None
    assert (grant.expires_at - run.cutoff).days == 2
    assert ("LinkIssued", f"reviewer:{world.edition.id}/r/R01") in events


async def test_known_unknown_revoked_and_replaced_links_get_one_answer(browser: Browser, world: World) -> None:
    known, revoked, replaced = expire(world), path_of(world.link("reviewer", "R02")), path_of(world.link("reviewer", "R03"))
    with world.installation.database.write() as store:
        links.revoke(store, world.edition.id, "reviewer", f"{world.edition.id}/r/R02", actor="admin:x")
        links.reissue(store, world.installation.settings, world.edition.id, "reviewer", f"{world.edition.id}/r/R03", actor="admin:x")
    paths = (known, UNKNOWN, revoked, replaced, "/l/x")
    answers = [await browser.post(f"{path}/again", hidden=False) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text.replace(path, "") for path, answer in zip(paths, answers, strict=True)}) == 1
    assert [mail.to_address for mail in mails(world)] == ["r01@example.org"]


async def test_nothing_is_sent_when_the_stage_is_over(browser: Browser, world: World) -> None:
    path = path_of(world.link("reviewer", "R01"))
    clock: Any = world.installation.database.clock
    clock.advance(days=90)
    assert (await browser.enter(path)).status_code == 403
    assert (await browser.post(f"{path}/again", hidden=False)).status_code == 200
    builders.go_to(world.installation.database, world.edition.id, "voting")
    assert (await browser.post(f"{path}/again", hidden=False)).status_code == 200
    assert mails(world) == ()


async def test_a_link_that_holds_is_mailed_as_it_is_and_ends_no_session(browser: Browser, world: World) -> None:
    link = world.link("reviewer", "R01")
    await browser.enter(link)
    assert (await browser.post(f"{path_of(link)}/again", hidden=False)).status_code == 200
    assert [mail.template for mail in mails(world)] == ["link_again"]
    assert link_now(world) == link
    assert (await browser.get("/device")).status_code == 200


async def test_three_an_hour_and_no_more_for_each_person(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    link = path_of(world.link("reviewer", "R01"))
    for _ in range(5):
        clock.advance(minutes=2)
        assert (await browser.post(f"{link}/again", hidden=False)).status_code == 200
    assert len(mails(world)) == world.installation.settings.links_again_per_hour == 3
    await browser.post(f"{path_of(world.link('reviewer', 'R02'))}/again", hidden=False)
    assert len(mails(world)) == 4
    clock.advance(minutes=55)
    await browser.post(f"{link}/again", hidden=False)
    assert len(mails(world)) == 5


async def test_asking_counts_as_a_wrong_link_whether_it_is_known_or_not(browser: Browser, world: World) -> None:
    path = expire(world)
    answers = [(await browser.post(f"{path if n % 2 else UNKNOWN}/again", hidden=False)).status_code for n in range(21)]
    assert answers == [200] * 20 + [429]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_sends_nothing(browser: Browser, world: World, method: str) -> None:
    path = expire(world)
    assert (await browser.client.request(method, f"{path}/again")).status_code == 405
    assert mails(world) == ()
