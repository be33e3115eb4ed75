"""What the access log may hold: no personal link, no sign-in link."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"(/(?:l|admin/in)/)[^/?#\s\"]+")
_TOKEN = re.compile(r"\b[ak]1_[A-Za-z0-9_-]{20,}")
"""A token wherever it stands, such as in a query that somebody mistyped."""


def hide(text: str) -> str:
    """The text with the secret parts of addresses, and tokens elsewhere, as `***`."""
    return _TOKEN.sub("***", _SECRET.sub(r"\1***", text))


class _Redaction(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record before any handler sees it."""
        if isinstance(record.args, tuple):
            record.args = tuple(hide(one) if isinstance(one, str) else one for one in record.args)
        if isinstance(record.msg, str):
            record.msg = hide(record.msg)
        return True


def redact() -> None:
    """Hide secrets in the logs of the web server; calling it again changes nothing."""
    for name in ("uvicorn.access", "uvicorn.error", "jinbang.web"):
        logger = logging.getLogger(name)
        if not any(isinstance(one, _Redaction) for one in logger.filters):
            logger.addFilter(_Redaction())
