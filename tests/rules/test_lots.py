from __future__ import annotations

import hashlib

from rules import lots

IDS = ["A01", "申报项", "r-7"]


def by_the_page(seed: int, entry: str, reviewer: str) -> int:
    """The lot of a pair as docs/assigning.md describes it, in plain integers."""
    first, second = (
        int.from_bytes(hashlib.blake2b(f"{seed}|{kind}|{one}".encode(), digest_size=8).digest(), "little")
        for kind, one in (("entry", entry), ("reviewer", reviewer))
    )
    value, wrap = first ^ second, 2**64
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % wrap
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % wrap
    return (value ^ (value >> 31)) >> (64 - 40)


def test_a_lot_is_what_the_page_says() -> None:
    entries, reviewers = lots.hashes(7, "entry", IDS), lots.hashes(7, "reviewer", IDS)
    found = lots.mixed(entries[:, None] ^ reviewers[None, :], bits=40)
    assert found.tolist() == [[by_the_page(7, entry, reviewer) for reviewer in IDS] for entry in IDS]
