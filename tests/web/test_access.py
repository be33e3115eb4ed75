"""Who may open what: every route of the table, by every role, with own, foreign and impossible ids."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute

from tasks import visiting
from tests import builders
from tests.web.conftest import Browser, World

OWN: dict[str, set[str]] = {
    "nobody": set(),
    "nominator": {"/submit"},
    "reviewer": {"/review"},
    "committee": {"/ballot"},
    "party": {"/signoff"},
    "admin": {"/admin"},
}
"""First parts of the addresses that a role may open beside the public ones."""
PUBLIC = ("/", "/healthz", "/readyz", "/l/", "/notices/", "/results/", "/gallery/", "/admin/sign-in", "/admin/in/", "/mailbox")
CODES = {"nominator": "N01", "reviewer": "R01", "committee": "M01", "party": "P01"}


def routes_of(app: FastAPI) -> list[tuple[str, set[str]]]:
    found: list[tuple[str, set[str]]] = []

    def walk(routes: list[BaseRoute]) -> None:
        for route in routes:
            inner = getattr(route, "original_router", None)
            if inner is not None:
                walk(inner.routes)
            elif getattr(route, "methods", None):
                found.append((route.path, set(route.methods)))  # type: ignore[attr-defined]

    walk(app.router.routes)
    return found


def addresses(path: str, edition: str) -> list[str]:
    """The route with own, foreign and impossible values."""
    values = {
        "edition_id": [edition, "other-2025", "none"],
        "code": ["A01", "A03", "X99"],
        "name": ["作品.png", "../secret"],
        "token": ["k1_" + "A" * 43],
        "role": ["reviewer", "king"],
        "act": ["next", "retry", "remind", "extend", "mails", "fly"],
        "mail_id": ["1", "x"],
        "position": ["0", "-1"],
        "size": ["small", "huge"],
    }
    names = re.findall(r"{(\w+)}", path)
    return [
        path.format(**dict(zip(names, combination, strict=True))) for combination in itertools.product(*(values[name] for name in names))
    ]


@pytest.mark.parametrize("role", OWN)
@pytest.mark.parametrize("at", ["submission", "scoring", "voting", "signoff"])
async def test_no_role_opens_what_is_not_its_own(app: FastAPI, browser: Browser, world: World, role: Any, at: str) -> None:
    builders.keep(world.installation.database, builders.an_edition(builders.a_process(name="other", edition="2025")), at=at)
    if role == "admin":
        link = visiting.make_sign_in("admin@example.org")
        assert link is not None
        await browser.enter(link)
    elif role != "nobody":
        await browser.enter(world.link(role, CODES[role]))
    wrong = []
    for path, methods in routes_of(app):
        allowed = path == "/" or path.startswith(PUBLIC[1:]) or any(path == own or path.startswith(f"{own}/") for own in OWN[role])
        for address in addresses(path, world.edition.id):
            for method in sorted(methods & {"GET", "HEAD", "POST"}):
                if method == "POST":
                    answer = await browser.post(address, {"as": "x", "csrf": "x"}, hidden=False)
                    refused = answer.status_code in (303, 403, 404, 409, 422, 429)
                else:
                    answer = await browser.client.request(method, address)
                    refused = answer.status_code in (303, 403, 404, 409)
                if answer.status_code >= 500 or not (allowed or refused):
                    wrong.append((method, address, answer.status_code))
    assert wrong == []


def test_the_route_table_is_not_empty(app: FastAPI) -> None:
    assert {"/review/{code}", "/ballot", "/signoff", "/submit", "/admin/editions/{edition_id}"} <= {
        path for path, _methods in routes_of(app)
    }


async def test_a_closed_stage_gives_its_people_nothing_to_change(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    fields = browser.hidden("/review/A01") | {"mark.value": "3"}
    builders.go_to(world.installation.database, world.edition.id, "voting")
    for path in ("/review/A01", "/review/sign", "/review/A01/recuse"):
        answer = await browser.post(path, fields | {"name": "专家R01", "reason": "x"}, hidden=False)
        assert (path, answer.status_code) == (path, 403)
    assert world.sheet_count() == 0
