"""Who may open what: every route of the table, by every role, with own, foreign and impossible ids (R-16).

A route without a line in `EXPECTED` fails the first test: say there who may open it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from config.settings import Settings
from models.store import Database
from tasks import visiting
from tasks.installation import Installation
from tests import builders
from tests.web.conftest import Browser, World

HOLDERS = {"nominator": "N01", "reviewer": "R01", "committee": "M01", "party": "P01", "witness": "A01/w/1"}
ROLES = ("nobody", *HOLDERS, "admin")
EVERYBODY, NOMINATOR, REVIEWER, COMMITTEE, PARTY, ADMIN = ROLES, ("nominator",), ("reviewer",), ("committee",), ("party",), ("admin",)
WITNESS = ("witness",)

OWN = {"code": "A01", "name": "作品.png", "token": "k1_" + "A" * 43, "act": "next", "role": "reviewer", "mail_id": "1", "position": "0"}
OWN |= {"draft_id": "0" * 32}
OWN |= {"size": "small", "number": "1", "mark": "0" * 32, "table_id": "0" * 32}
"""Values with which a route leads to something of one's own; the edition is added."""
FOREIGN = {
    "class_name": ("none",),
    "table_id": ("x", "..\\x"),
    "code": ("A03", "B01", "X99"),  # another reviewer's entry, another edition's, nobody's
    "edition_id": ("none",),
    "name": ("nothing.png", "..\\secret"),
    "act": ("fly",),
    "role": ("king",),
    "mail_id": ("x",),
    "position": ("-1",),
    "size": ("huge",),
    "number": ("-1", "x"),
}
"""Values that lead to nothing, for whoever it may be."""
OTHER_UNITS = {"code": ("W01", "B01", "X99")}
"""Codes of another unit's entry, of another edition's, of nobody's."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may open a route, and what they get with their own ids while the scoring stage is open; all others get 403."""

    who: tuple[str, ...]
    get: int = 200
    post: int = 303
    own: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """In place of those of `FOREIGN`."""


EXPECTED: dict[str, Access] = {
    "/": Access(EVERYBODY),
    "/healthz": Access(EVERYBODY),
    "/readyz": Access(EVERYBODY),
    "/language": Access(EVERYBODY, post=422),
    "/reading": Access(EVERYBODY, post=422),
    # Links: the same inert page for every token; one that opens nothing is refused.
    "/l/{token}": Access(EVERYBODY, post=403),
    "/l/{token}/device": Access(EVERYBODY, post=403),
    "/l/{token}/corrections/{code}": Access(EVERYBODY, post=403, foreign={"code": ()}),
    "/l/{token}/reasons/{code}": Access(EVERYBODY, post=403, foreign={"code": ()}),
    "/l/{token}/again": Access(EVERYBODY, post=200),
    "/admin/in/{token}": Access(EVERYBODY, post=403),
    "/admin/sign-in": Access(EVERYBODY, post=200),
    # Public pages: nothing is public yet.
    "/notices/{edition_id}": Access(EVERYBODY, get=404),
    "/notices/{edition_id}/accepted": Access(EVERYBODY, get=404),
    "/results/{edition_id}": Access(EVERYBODY, get=404),
    "/results/{edition_id}.json": Access(EVERYBODY, get=404),
    "/results/{edition_id}.csv": Access(EVERYBODY, get=404),
    "/gallery/{edition_id}": Access(EVERYBODY, get=404),
    "/gallery/{edition_id}/{code}/{size}/{name}": Access(EVERYBODY, get=404),
    "/verify/{edition_id}/{code}/{mark}": Access(EVERYBODY, get=404),
    # The caught mails: on this machine, while no mail server is configured.
    "/mailbox": Access(EVERYBODY),
    "/mailbox/{mail_id}": Access(EVERYBODY, get=404),
    "/mailbox/{mail_id}/html": Access(EVERYBODY, get=404),
    "/mailbox/{mail_id}/files/{position}": Access(EVERYBODY, get=404),
    # Whoever has a link.
    "/device": Access(tuple(HOLDERS)),
    "/device/end": Access(tuple(HOLDERS)),
    "/device/replace": Access(tuple(HOLDERS), post=200),
    "/leave": Access(EVERYBODY),
    # One role each.
    "/submit": Access(NOMINATOR),
    "/submit/uploads": Access(NOMINATOR, post=415),  # a form without a file
    "/submit/uploads/new": Access(NOMINATOR, get=404),  # for which question?
    "/submit/uploads/{upload_id}": Access(NOMINATOR, get=404, own={"upload_id": "0" * 32}),  # nothing was sent
    "/submit/uploads/{upload_id}/remove": Access(NOMINATOR, post=404, own={"upload_id": "0" * 32}),
    "/submit/uploads/{upload_id}/file": Access(NOMINATOR, get=404, own={"upload_id": "0" * 32}),
    "/submit/zip": Access(NOMINATOR),
    "/submit/zip/{upload_id}": Access(NOMINATOR, get=404, own={"upload_id": "0" * 32}),
    "/submit/copy": Access(NOMINATOR),
    "/submit/forms/new": Access(NOMINATOR, post=409),  # the deadline has passed
    "/submit/forms/{draft_id}": Access(NOMINATOR, get=404, post=404),  # no form was begun
    "/submit/forms/{draft_id}/remove": Access(NOMINATOR, post=404),
    "/submit/forms/{draft_id}/restore": Access(NOMINATOR, post=404),
    "/submit/entries/{code}/edit": Access(NOMINATOR, post=409, foreign=OTHER_UNITS),
    "/submit/entries/{code}/withdraw": Access(NOMINATOR, post=409, foreign=OTHER_UNITS),
    "/submit/entries/{code}/restore": Access(NOMINATOR, post=409, foreign=OTHER_UNITS),
    "/submit/table": Access(NOMINATOR, post=422),  # no file was chosen
    "/submit/table/{class_name}.xlsx": Access(NOMINATOR, own={"class_name": "paper"}),
    "/submit/table/{table_id}": Access(NOMINATOR, get=404, post=404),  # nothing was uploaded
    "/submit/table/{table_id}/faults.xlsx": Access(NOMINATOR, get=404),
    "/submit/entries/{code}/people": Access(NOMINATOR, get=404, post=404),  # this submission asks for no confirmations
    "/submit/unit": Access(NOMINATOR, post=404),  # no such act
    "/submit/avoid": Access(NOMINATOR, get=404, post=404),  # this edition takes no such requests
    "/confirm": Access(WITNESS, post=409),  # the deadline has passed
    "/ballot": Access(COMMITTEE, get=404, post=404),  # no list yet
    "/ballot/packet.xlsx": Access(COMMITTEE, get=404),
    "/ballot/packet.pdf": Access(COMMITTEE, get=404),
    "/signoff": Access(PARTY, get=404, post=404),
    "/review": Access(REVIEWER),
    "/review/code": Access(REVIEWER, get=303),  # this stage asks for none
    "/review/code/send": Access(REVIEWER),
    "/review/invitation": Access(REVIEWER, get=303, post=409),
    "/review/invitation/decline": Access(REVIEWER, post=422),
    "/review/sign": Access(REVIEWER, post=422),
    "/review/sheet.pdf": Access(REVIEWER, get=404),  # nothing is signed
    "/review/table": Access(REVIEWER),
    "/review/compare": Access(REVIEWER, get=422),
    "/review/{code}": Access(REVIEWER, fields={"revision": "0"}),
    "/review/{code}/reason": Access(REVIEWER, get=404, post=404),  # no reason was asked for
    "/review/{code}/recuse": Access(REVIEWER, post=422),
    "/review/{code}/files/{name}": Access(REVIEWER, own={"code": "W01"}),
    "/review/{code}/files/{name}/text": Access(REVIEWER, get=404, own={"code": "W01"}),  # a picture has no pages
    "/review/{code}/files/{name}/{number}": Access(REVIEWER, get=404, own={"code": "W01"}),
    "/submit/corrections/{code}": Access(NOMINATOR, get=404, post=404),  # no form checker decides here
    # Admins, in every edition.
    "/admin": Access(ADMIN),
    "/admin/editions/{edition_id}": Access(ADMIN),
    "/admin/editions/{edition_id}/{act}": Access(ADMIN, post=409),
    "/admin/editions/{edition_id}/links/{role}": Access(ADMIN, post=200, fields={"person": "{edition}/r/R02"}),
    "/admin/editions/{edition_id}/material": Access(ADMIN),
    "/admin/editions/{edition_id}/uploads": Access(ADMIN),
    "/admin/editions/{edition_id}/uploads/{upload_id}/scan": Access(ADMIN, post=404, own={"upload_id": "0" * 32}),
    "/admin/editions/{edition_id}/reviewers": Access(ADMIN),
    "/admin/editions/{edition_id}/checks": Access(ADMIN, get=404),
    "/admin/editions/{edition_id}/checks/{code}": Access(ADMIN, get=404, post=404),
    "/admin/editions/{edition_id}/checks/{code}/files/{name}": Access(ADMIN, get=404),
    "/admin/editions/{edition_id}/checks/{code}/files/{name}/{number}": Access(ADMIN, get=404),
    "/admin/editions/{edition_id}/draw": Access(ADMIN),
    "/admin/editions/{edition_id}/draw/change": Access(ADMIN, post=422),  # no mode
    "/admin/editions/{edition_id}/draw/panels": Access(ADMIN),
    "/admin/editions/{edition_id}/draw/sizes": Access(ADMIN),
    "/admin/editions/{edition_id}/draw/panels.csv": Access(ADMIN),
    "/admin/editions/{edition_id}/draw/panels.xlsx": Access(ADMIN),
    "/admin/editions/{edition_id}/draw/instead": Access(ADMIN, get=422),  # no entry
    "/admin/editions/{edition_id}/healing": Access(ADMIN),
    "/admin/editions/{edition_id}/healing/{act}": Access(ADMIN, post=422, own={"act": "keep"}),  # nobody named
    "/admin/editions/{edition_id}/draw/pairs": Access(ADMIN, post=422),  # no file
    "/admin/editions/{edition_id}/ranking": Access(ADMIN),
    "/admin/editions/{edition_id}/ranking.csv": Access(ADMIN),
    "/admin/editions/{edition_id}/ranking/{code}/reason": Access(ADMIN, post=409, foreign={"code": ("B01", "X99")}),  # not divergent
    "/admin/editions/{edition_id}/shortlist": Access(ADMIN, post=404),  # no list yet
    "/admin/editions/{edition_id}/shortlist/packet.xlsx": Access(ADMIN, get=404),
    "/admin/editions/{edition_id}/shortlist/packet.pdf": Access(ADMIN, get=404),
    "/admin/editions/{edition_id}/quotas": Access(ADMIN),
    "/admin/editions/{edition_id}/quotas/{code}": Access(ADMIN, post=422, own={"code": "N01"}),
    "/admin/editions/{edition_id}/conflicts": Access(ADMIN),
    "/admin/editions/{edition_id}/conflicts/{pair}": Access(ADMIN, get=404, post=404, own={"pair": "A01~R01"}),  # nothing between them
    "/admin/editions/{edition_id}/avoidances": Access(ADMIN, post=422),  # nothing is decided
    "/admin/editions/{edition_id}/duplicates": Access(ADMIN),
    "/admin/editions/{edition_id}/laureates": Access(ADMIN, post=422),  # no file
    "/admin/editions/{edition_id}/duplicates/{pair}": Access(ADMIN, get=404, post=404, own={"pair": "A01~A02"}),  # no such pair
    "/admin/editions/{edition_id}/reviewers/{code}": Access(ADMIN, own={"code": "R01"}),
    "/admin/editions/{edition_id}/reviewers/{code}/blank.pdf": Access(ADMIN, own={"code": "R01"}),
    "/admin/editions/{edition_id}/reviewers/{code}/sheet.pdf": Access(ADMIN, get=404, own={"code": "R01"}),  # nothing is signed
    "/admin/editions/{edition_id}/reviewers/{code}/key-in": Access(ADMIN, own={"code": "R01"}),
    "/admin/editions/{edition_id}/reviewers/{code}/paper": Access(ADMIN, post=422, own={"code": "R01"}),
    "/admin/editions/{edition_id}/reviewers/{code}/reopen": Access(ADMIN, post=422, own={"code": "R01"}),
    "/admin/editions/{edition_id}/material/{code}/{name}/{number}": Access(ADMIN, get=404),
}
LAST = ("/review/{code}/recuse", "/review/invitation/decline", "/device/replace", "/leave")
"""Acts after which nothing more can be asked."""


@pytest.fixture
def installed(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation that keeps every refusal."""
    settings = Settings(data_dir=tmp_path / "data", database_url=database.url, refusals_kept_per_hour=10_000, requests_per_minute=100_000)
    made = Installation(settings, database)
    monkeypatch.setattr("tasks.installation.installation", lambda: made)
    return made


@pytest.fixture
def two_editions(world: World) -> World:
    """Another edition beside the seeded one, with an entry that belongs to nobody here."""
    database = world.installation.database
    other = builders.keep(database, builders.an_edition(builders.a_process(name="other", edition="2025")), at="scoring")
    builders.put(
        database, other.id, nominators=[builders.a_nominator("N01")], reviewers=[builders.a_reviewer("R09")],
        entries=[builders.an_entry("B01")], pairs=[("B01", "R09")],
    )  # fmt: skip
    return world


def routes_of(app: Starlette) -> list[tuple[str, frozenset[str]]]:
    """All routes and their methods; a path with two handlers comes twice."""
    found: list[tuple[str, frozenset[str]]] = []

    def walk(routes: list[BaseRoute]) -> None:
        for route in routes:
            inner = getattr(route, "original_router", None)
            if inner is not None:
                walk(inner.routes)
            elif getattr(route, "methods", None):
                found.append((route.path, frozenset(route.methods)))  # type: ignore[attr-defined]

    walk(app.router.routes)
    return found


def addresses(path: str, access: Access, edition: str) -> Iterator[tuple[str, bool]]:
    """The route with one's own ids, then with one of them foreign each time: (address, own)."""
    names = re.findall(r"{(\w+)}", path)
    own = {**OWN, "edition_id": edition, **access.own}
    yield path.format(**{name: quote(own[name], safe="") for name in names}), True
    for name in names:
        for value in access.foreign.get(name, FOREIGN.get(name, ())):
            yield path.format(**{one: quote(value if one == name else own[one], safe="") for one in names}), False


async def sign_in(browser: Browser, world: World, role: Any) -> None:
    if role == "admin":
        world.link("reviewer", "R02")
        link = visiting.make_sign_in("admin@example.org")
        assert link is not None
        await browser.enter(link)
    elif role != "nobody":
        await browser.enter(world.link(role, HOLDERS[role]))


def guard(browser: Browser) -> dict[str, str]:
    """The hidden fields that a form of this session bears."""
    visit = visiting.visit_of(browser.client.cookies.get("jinbang"))
    return {} if visit is None else {"as": visit.grant.id if visit.grant else visit.admin or "", "csrf": visit.csrf}


def refusals(world: World) -> set[tuple[str, str]]:
    with world.installation.database.read() as store:
        return {(one.payload["method"], one.payload["path"]) for one in store.events(world.edition.id) if one.type == "AccessRefused"}


def expected(access: Access, role: str, method: str, own: bool) -> int:
    if role not in access.who:
        return 403
    status = access.post if method == "POST" else access.get
    return status if own else 404


def test_every_route_says_who_may_open_it(app: Starlette) -> None:
    assert {path for path, _methods in routes_of(app)} - set(EXPECTED) == set()


def test_every_expectation_has_its_route(app: Starlette) -> None:
    assert set(EXPECTED) - {path for path, _methods in routes_of(app)} == set()


@pytest.mark.parametrize("role", [pytest.param(one, marks=pytest.mark.slow) if one in (*PARTY, *WITNESS) else one for one in ROLES])
async def test_each_role_gets_its_own_and_nothing_else(app: Starlette, browser: Browser, two_editions: World, role: str) -> None:
    world = two_editions
    await sign_in(browser, world, role)
    wrong, refused = [], set()
    routes = sorted(routes_of(app), key=lambda one: (one[0] in LAST, LAST.index(one[0]) if one[0] in LAST else 0, "POST" in one[1], one[0]))
    for path, methods in routes:
        access = EXPECTED.get(path, Access(()))
        for address, own in sorted(addresses(path, access, world.edition.id), key=lambda one: one[1]):
            for method in sorted(methods & {"GET", "HEAD", "POST"}):
                fields = {name: value.format(edition=world.edition.id) for name, value in access.fields.items()}
                if method == "POST":
                    answer = await browser.post(address, guard(browser) | fields, hidden=False)
                else:
                    answer = await browser.client.request(method, address)
                wanted = expected(access, role, method, own)
                if (role, path) == ("nobody", "/admin"):
                    wanted = 303  # to the page for signing in
                if answer.status_code != wanted:
                    wrong.append((method, address, answer.status_code, wanted))
                if answer.status_code in (403, 404) and "{token}" not in path and role not in access.who:
                    refused.add((method, address))
    assert wrong == [], "\n".join(map(str, wrong))
    if role in HOLDERS:
        assert {(method, quote(path, safe="/")) for method, path in refusals(world)} >= {
            (method, quote(re.sub(r"%(?:[0-9A-F]{2})", "", address), safe="/")) for method, address in refused if "%" not in address
        }


async def test_foreign_and_impossible_entries_are_not_found_and_leave_an_event(browser: Browser, two_editions: World) -> None:
    await sign_in(browser, two_editions, "reviewer")
    for code in ("A03", "B01", "X99"):
        for method, path in (("GET", f"/review/{code}"), ("GET", f"/review/{code}/recuse"), ("POST", f"/review/{code}/recuse")):
            answer = await (browser.get(path) if method == "GET" else browser.post(path, guard(browser), hidden=False))
            assert (method, path, answer.status_code) == (method, path, 404)
            assert (method, path) in refusals(two_editions)
    assert two_editions.sheet_count() == 0


async def test_a_closed_stage_gives_its_people_nothing_to_change(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    fields = browser.hidden("/review/A01") | guard(browser) | {"mark.value": "3"}
    builders.go_to(world.installation.database, world.edition.id, "voting")
    for path in ("/review/A01", "/review/sign", "/review/A01/recuse", "/review/table", "/review/invitation"):
        answer = await browser.post(path, fields | {"name": "专家R01", "reason": "self"}, hidden=False)
        assert (path, answer.status_code in (303, 403, 404, 409, 422)) == (path, True)
    assert world.sheet_count() == 0
    with world.installation.database.read() as store:
        assert [one.recused for one in store.assignments(world.edition.id, 1, reviewer=f"{world.edition.id}/r/R01")] == [False] * 3
