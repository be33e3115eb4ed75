"""Personal links: a token derived from a key and a grant, so that it can be rebuilt and need not be stored.

256 bits of HMAC-SHA256; the store holds only the token's SHA-256. A new version of the grant kills the old token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from models.edition import Edition, Grant, Role, StageRun
from models.stages import ScoringStage

_PREFIX = "k1_"
"""Names the key, so that a second one can follow it."""
_TOKEN = re.compile(r"k1_[A-Za-z0-9_-]{43}")
_CHANGING = re.compile(r"\(0x[0-9a-fA-F]+\)|\b(?:NetType|Process|Language|MMWEBID|XWEB|ABI)/\S*")
"""What WeChat's browser adds and changes from one hour to the next: the network, its own process, its build."""
_NUMBERS = re.compile(r"[\d._]+")
_ASKED: Mapping[Role, str] = {
    "nominator": "submission", "reviewer": "scoring", "committee": "voting", "party": "signoff", "witness": "submission",
}  # fmt: skip
"""The kind of stage that asks each role."""


def derive_token(key: bytes, grant: Grant) -> str:
    """The token of a grant: the prefix and 43 URL-safe characters."""
    text = f"link|{grant.id}|{grant.version}|{grant.nonce}".encode()
    digest = hmac.new(key, text, hashlib.sha256).digest()
    return _PREFIX + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def looks_like_token(text: str) -> bool:
    """Whether a text has the shape of a token."""
    return _TOKEN.fullmatch(text) is not None


def fingerprint(secret: str) -> str:
    """What is stored of a token or a cookie: its SHA-256, in hexadecimal. The secret has 256 bits, so a plain hash suffices."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def keyed(key: bytes, purpose: str, *texts: str) -> str:
    """Digest of short texts that could be guessed from a plain hash: a mailed code, an address. Hexadecimal, 64 characters."""
    return hmac.new(key, "|".join((purpose, *texts)).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def device_of(user_agent: str) -> str:
    """Digest of what a browser calls itself; empty if it says nothing.

    Numbers do not count, nor what changes with the network: neither an update nor leaving the house makes a new device.
    """
    family = " ".join(_NUMBERS.sub("", _CHANGING.sub("", user_agent)).split())
    return fingerprint(family) if family else ""


def needs_code(edition: Edition, role: Role) -> bool:
    """Whether a browser that entered by a link of this role must also type a mailed code."""
    return role == "reviewer" and any(isinstance(run.declared, ScoringStage) and run.declared.link_code for run in edition.stages)


def open_stage(edition: Edition, role: Role, now: datetime) -> StageRun | None:
    """The stage that asks a role now, by the edition's own clock; None if there is none, or its deadline is past."""
    asked = (run for run in edition.stages if run.declared.kind == _ASKED[role] and run.state == "open")
    return next((run for run in asked if run.cutoff is None or now < run.cutoff), None)


def holds(grant: Grant, now: datetime) -> bool:
    """Whether a grant opens anything now, by the edition's own clock."""
    return grant.revoked_at is None and grant.not_before <= now < grant.expires_at
