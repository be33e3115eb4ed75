"""How a reader wants the pages: large type, high contrast. Remembered in a cookie, so that it works without JavaScript."""

from __future__ import annotations

SWITCHES = ("large", "contrast")
"""Also the classes of the page: 22 px instead of 18; black on white with strong lines."""
COOKIE = "jinbang_reading"
KEPT_SECONDS = 365 * 86400


def of(cookie: str | None) -> tuple[str, ...]:
    """The switches that are on."""
    chosen = (cookie or "")[:100].split("-")
    return tuple(one for one in SWITCHES if one in chosen)


def turned(on: tuple[str, ...], switch: str) -> str:
    """The cookie after a switch was pressed: on becomes off, off becomes on.

    Raises:
        ValueError: there is no such switch.
    """
    if switch not in SWITCHES:
        raise ValueError(f"no switch {switch!r}; choose one of {', '.join(SWITCHES)}")
    return "-".join(one for one in SWITCHES if (one in on) != (one == switch))
