"""How headers are read and folded, remembered: most headers are the same in every mail of a batch.

The standard library parses and folds every header of every message anew, which costs more than all the rest.
Header values never change, so that equal texts may share one.
"""

from __future__ import annotations

from email.headerregistry import BaseHeader
from email.policy import EmailPolicy
from functools import lru_cache
from typing import Any


class RememberingPolicy(EmailPolicy):
    """`email.policy.SMTP`, with a memory."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """The header as it is stored in the message."""
        if type(value) is not str:
            return super().header_store_parse(name, value)
        return name, _parsed(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as it is sent."""
        if not isinstance(value, BaseHeader):
            return super().fold_binary(name, value)
        return _folded(name, value)


_PLAIN = EmailPolicy(linesep="\r\n")
MAIL_POLICY = RememberingPolicy(linesep="\r\n")


@lru_cache(maxsize=256)
def _parsed(name: str, value: str) -> Any:
    return _PLAIN.header_store_parse(name, value)[1]


@lru_cache(maxsize=256)
def _folded(name: str, value: str) -> bytes:
    return _PLAIN.fold_binary(name, value)
