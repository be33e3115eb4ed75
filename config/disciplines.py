"""The first-level codes of GB/T 13745 with their names, as they come along; an installation needs no other file."""

from __future__ import annotations

import csv
import functools
import importlib.resources
from collections.abc import Mapping
from types import MappingProxyType

from models.declared import Words


@functools.cache
def load_disciplines() -> Mapping[str, Words]:
    """Read `config/disciplines.csv`: code of three digits -> name, in the order of the codes."""
    text = (importlib.resources.files("config") / "disciplines.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["code"]: Words(zh=row["zh"], en=row["en"]) for row in csv.DictReader(text.splitlines())})
