"""What makes two entries the same subject, however they are typed (rule N4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rules.text import halfwidth, normalise_title


def entry_keys(subject: str, title: str, unit: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the keys under which an entry counts as the same subject, the strongest first (rule N4).

    Papers go by DOI and by title, persons by name, unit and month of birth, everything else by title and unit.
    """
    name = normalise_title(title)
    if subject == "paper":
        doi = _normal_doi(str(fields.get("doi") or ""))
        return (*([_hash("doi", doi)] if doi else []), _hash("title", name))
    if subject == "person":
        return (_hash("person", name, normalise_title(unit), str(fields.get("birth_month") or "")),)
    return (_hash("work", name, normalise_title(unit)),)


def _normal_doi(text: str) -> str:
    doi = halfwidth(text).strip().casefold()
    for prefix in ("https://", "http://", "dx.", "doi.org/", "doi:"):
        doi = doi.removeprefix(prefix).strip()
    return doi


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
