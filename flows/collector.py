"""How often Python looks for garbage. Nearly all that an engine loads and reads stays, so looking seldom saves a tenth of its work."""

from __future__ import annotations

import gc

_YOUNG = 20_000
"""New objects after which the youngest are looked through; Python's own number is made for programs that keep little."""


def look_seldom() -> None:
    """To be called at the start of a process, before the large imports."""
    gc.set_threshold(_YOUNG)


def keep_what_is_loaded() -> None:
    """To be called when all is imported: that is never looked through again."""
    gc.freeze()
