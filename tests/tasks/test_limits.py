"""How often an address may do something, over all processes (R-10)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tasks import limits
from tasks.installation import Installation
from tests.builders import Clock


def test_of_many_at_the_same_moment_no_more_are_counted_than_may_be(installed: Installation) -> None:
    most = installed.settings.wrong_links_per_minute
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: limits.count("wrong_link", "192.0.2.1"), range(most + 20)))
    assert sum(wait == 0 for wait in waits) == most
    assert limits.wait_for("wrong_link", "192.0.2.1") > 0
    assert limits.wait_for("wrong_link", "192.0.2.2") == 0


def test_after_a_minute_an_address_may_go_on(installed: Installation, clock: Clock) -> None:
    for _ in range(installed.settings.wrong_links_per_minute):
        assert limits.count("wrong_link", "192.0.2.1") == 0
    wait = limits.count("wrong_link", "192.0.2.1")
    assert 0 < wait <= 60
    clock.advance(seconds=wait)
    assert limits.count("wrong_link", "192.0.2.1") == 0
