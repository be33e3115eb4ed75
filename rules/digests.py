"""Digests of values: the same value gives the same digest on every machine and database."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from models.declared import Words


def digest(value: Any) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of texts, whole numbers, lists and maps. Give decimals as texts."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def words_digest(text: Words) -> str:
    """The digest of a text in all its languages: what is kept when somebody agrees to it."""
    return digest({"zh": text.zh, "en": text.en})
