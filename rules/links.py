"""Personal links: a token derived from a key and a grant, so that it can be rebuilt and need not be stored.

256 bits of HMAC-SHA256; the store holds only the token's SHA-256. A new version of the grant kills the old token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime

from models.edition import Grant

_PREFIX = "k1_"
"""Names the key, so that a second one can follow it."""
_TOKEN = re.compile(r"k1_[A-Za-z0-9_-]{43}")


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


def holds(grant: Grant, now: datetime) -> bool:
    """Whether a grant opens anything now, by the edition's own clock."""
    return grant.revoked_at is None and grant.not_before <= now < grant.expires_at
