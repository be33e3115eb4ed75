from __future__ import annotations

from datetime import UTC, datetime, timedelta

from notifications.pace import WINDOW, backoff, wait_for


def test_the_wait_grows_and_differs_by_a_fifth_at_most() -> None:
    for attempt, minutes in [(1, 1), (2, 5), (3, 15), (4, 60), (5, 240), (6, 240), (99, 240)]:
        waits = [backoff(attempt, f"mail{number}") / timedelta(minutes=minutes) for number in range(300)]
        assert 0.8 <= min(waits) < 0.83
        assert 1.17 < max(waits) <= 1.2


def test_the_wait_of_one_mail_and_try_is_always_the_same() -> None:
    assert backoff(2, "m1") == backoff(2, "m1")
    assert backoff(2, "m1") != backoff(2, "m2")


START = datetime(2026, 3, 1, tzinfo=UTC)


def _moments(addresses: list[str], *, per_minute: int, per_domain: int) -> list[datetime]:
    now, sent = START, list[tuple[str, datetime]]()
    for address in addresses:
        now += wait_for(
            address, [one for one in sent if one[1] > now - WINDOW], now, per_minute=per_minute, per_minute_and_domain=per_domain
        )
        sent.append((address, now))
    return [moment for _, moment in sent]


def test_no_minute_holds_more_than_the_limit() -> None:
    addresses = [f"p@d{number % 7}.example.org" for number in range(600)]
    times = _moments(addresses, per_minute=30, per_domain=10)
    for limit, chosen in [(30, times)] + [(10, [t for t, a in zip(times, addresses, strict=True) if f"@d{d}." in a]) for d in range(7)]:
        assert all(later - earlier >= WINDOW for earlier, later in zip(chosen, chosen[limit:], strict=False))
    assert times[-1] == START + 599 // 30 * WINDOW


def test_a_full_domain_does_not_hold_back_the_others() -> None:
    sent = [("a@qq.example.org", START)]
    now = START + timedelta(seconds=5)
    assert wait_for("b@QQ.example.org", sent, now, per_minute=0, per_minute_and_domain=1) == timedelta(seconds=55)
    assert wait_for("c@other.example.org", sent, now, per_minute=0, per_minute_and_domain=1) == timedelta()
    assert wait_for("b@qq.example.org", sent, START + WINDOW, per_minute=0, per_minute_and_domain=1) == timedelta()


def test_without_limits_nothing_waits() -> None:
    assert _moments(["a@example.org"] * 200, per_minute=0, per_domain=0) == [START] * 200
