"""Bodies that no form sends, to every route that takes one: refused, in little memory (R-54)."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from tests.web.conftest import SAME_SITE, Browser, World
from tests.web.test_access import OWN, guard, routes_of

MEGABYTE = 1024 * 1024
MOST_GROWTH = 50 * MEGABYTE
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=x"}


def takers(app: Starlette, world: World) -> list[str]:
    """Addresses of a nominator, a witness and form checkers that take a form."""
    own = {**OWN, "edition_id": world.edition.id, "class_name": "paper", "upload_id": "0" * 32, "pair": "A01~A02"}
    paths = sorted(
        path for path, methods in routes_of(app) if "POST" in methods and path.startswith(("/submit", "/confirm", "/admin/editions"))
    )
    return [path.format(**own) for path in paths]


async def field(megabytes: int, *, parts: bool) -> AsyncIterator[bytes]:
    """One field of a form, in pieces."""
    yield b'--x\r\nContent-Disposition: form-data; name="v.title"\r\n\r\n' if parts else b"v.title="
    for _ in range(megabytes * 16):
        yield b"x" * (MEGABYTE // 16)


@pytest.mark.parametrize("role", ["nominator", "witness"])
async def test_no_route_takes_ten_thousand_fields(app: Starlette, browser: Browser, world: World, role: str) -> None:
    await browser.enter(world.link(role, {"nominator": "N01", "witness": "A01/w/1"}[role]))  # type: ignore[arg-type]
    fields = guard(browser) | {f"f{number}": "x" for number in range(10_000)}
    for address in takers(app, world):
        answer = await browser.client.post(address, data=fields, headers=SAME_SITE)
        assert (address, answer.status_code // 100) == (address, 4)


async def test_no_route_takes_a_field_of_100_megabytes(app: Starlette, browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    for address in takers(app, world):
        for headers in (FORM, PARTS):
            tracemalloc.start()
            answer = await browser.client.post(address, content=field(100, parts=headers is PARTS), headers=SAME_SITE | headers)
            _now, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert (address, answer.status_code // 100, most < MOST_GROWTH) == (address, 4, True)
