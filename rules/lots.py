"""Lots: what decides among equals. A hash of seed and ids takes the place of dice, so anybody can repeat a draw (rule R1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

BITS = 40
"""Of a lot: enough that equal sums of lots are as good as impossible."""


def hashes(seed: int, kind: str, ids: Sequence[str]) -> npt.NDArray[np.uint64]:
    """64 bits for each id: the first 8 bytes, least first, of BLAKE2b over `seed|kind|id` in UTF-8."""
    digests = b"".join(hashlib.blake2b(f"{seed}|{kind}|{one}".encode(), digest_size=8).digest() for one in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def mixed(value: npt.NDArray[np.uint64], *, bits: int) -> npt.NDArray[np.int64]:
    """The upper bits of a well-mixed value (the finaliser of splitmix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    value ^= value >> np.uint64(31)
    return (value >> np.uint64(64 - bits)).astype(np.int64)
