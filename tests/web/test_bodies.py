"""Bodies that no form sends, from everybody to every route that takes one: refused as too large, in little memory (R-54)."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.web import fuzzing
from tests.web.fuzzing import Caller, Everybody
from tests.web.test_access import EXPECTED

pytestmark = pytest.mark.slow

MEGABYTE = 1024 * 1024
MOST_GROWTH = 50 * MEGABYTE
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=x"}


def takers(everybody: Everybody) -> Iterator[tuple[Caller, str]]:
    """Everybody with each address that takes a form of theirs."""
    for method, path in everybody.pages.routes:
        for caller in everybody.callers:
            if method == "POST" and caller.kind in EXPECTED[path].who:
                yield caller, fuzzing.address_of(path, caller.own)


def check(everybody: Everybody, found: dict[tuple[str, str], int]) -> None:
    """Everybody was tried, and every body refused.

    Addresses of links never look at a body: they refuse the link, or say the same to everybody.
    """
    links = ("/l/", "/admin/in/")
    wanted = {True: (200, 403), False: (400, 413, 415)}
    assert [(*asked, status) for asked, status in found.items() if status not in wanted[asked[1].startswith(links)]] == []
    assert {who.split()[0] for who, _ in found} == {one.role for one in everybody.callers}


async def field(megabytes: int, *, parts: bool) -> AsyncIterator[bytes]:
    """One field of a form, in pieces."""
    yield b'--x\r\nContent-Disposition: form-data; name="v.title"\r\n\r\n' if parts else b"v.title="
    for _ in range(megabytes * 16):
        yield b"x" * (MEGABYTE // 16)


def test_no_route_takes_ten_thousand_fields(everybody: Everybody) -> None:
    more = [(f"f{number}", "x") for number in range(10_000)]
    found: dict[tuple[str, str], int] = {}
    for caller, address in takers(everybody):
        answer = everybody.pages.send(caller, "POST", address, headers=FORM, content=fuzzing.encoded([*caller.guard.items(), *more]))
        found[caller.role, address] = answer.status_code
    check(everybody, found)


def test_no_route_takes_a_field_of_100_megabytes(everybody: Everybody) -> None:
    found: dict[tuple[str, str], int] = {}
    for caller, address in takers(everybody):
        for headers in (FORM, PARTS):
            tracemalloc.start()
            answer = everybody.pages.send(caller, "POST", address, headers=headers, content=field(100, parts=headers is PARTS))
            _now, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            found[f"{caller.role} {headers is PARTS}", address] = answer.status_code
            assert most < MOST_GROWTH
    check(everybody, found)
