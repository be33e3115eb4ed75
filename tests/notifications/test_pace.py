from __future__ import annotations

from datetime import timedelta

from notifications.pace import RateLimiter, backoff


def test_the_wait_grows_and_differs_by_a_fifth_at_most() -> None:
    for attempt, minutes in [(1, 1), (2, 5), (3, 15), (4, 60), (5, 240), (6, 240), (99, 240)]:
        waits = [backoff(attempt, f"mail{number}") / timedelta(minutes=minutes) for number in range(300)]
        assert 0.8 <= min(waits) < 0.83
        assert 1.17 < max(waits) <= 1.2


def test_the_wait_of_one_mail_and_try_is_always_the_same() -> None:
    assert backoff(2, "m1") == backoff(2, "m1")
    assert backoff(2, "m1") != backoff(2, "m2")


class Watch:
    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def _times(limiter: RateLimiter, watch: Watch, addresses: list[str]) -> list[float]:
    times = []
    for address in addresses:
        await limiter.acquire(address)
        times.append(watch.now)
    return times


async def test_no_sixty_seconds_hold_more_than_the_limit() -> None:
    watch = Watch()
    limiter = RateLimiter(30, 10, clock=lambda: watch.now, sleep=watch.sleep)
    addresses = [f"p@d{number % 7}.example.org" for number in range(2000)]
    times = await _times(limiter, watch, addresses)
    for limit, chosen in [(30, times)] + [(10, [t for t, a in zip(times, addresses, strict=True) if f"@d{d}." in a]) for d in range(7)]:
        assert all(later - earlier >= 60 for earlier, later in zip(chosen, chosen[limit:], strict=False))
    assert times[-1] == 1999 // 30 * 60


async def test_a_full_domain_does_not_hold_back_the_others() -> None:
    watch = Watch()
    limiter = RateLimiter(None, 1, clock=lambda: watch.now, sleep=watch.sleep)
    assert limiter.take("a@qq.example.org")
    assert not limiter.take("b@QQ.example.org")
    assert limiter.delay("b@qq.example.org") == 60
    assert limiter.take("c@other.example.org")
    watch.now = 60
    assert limiter.take("b@qq.example.org")


async def test_without_limits_nothing_waits() -> None:
    watch = Watch()
    for limiter in (RateLimiter(clock=lambda: watch.now, sleep=watch.sleep), RateLimiter(0, 0, clock=lambda: watch.now, sleep=watch.sleep)):
        assert await _times(limiter, watch, ["a@example.org"] * 500) == [0.0] * 500
