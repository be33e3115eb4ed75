"""Who may not judge whom (rules R3 and N7): the person itself, its unit, its nominator; and who spoke for an entry judges none."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from models.edition import Entry, Nominator, Reviewer

_DOTS = str.maketrans(dict.fromkeys("•．.・‧∙⋅", "·"))
_BETWEEN_NAMES = re.compile(r"[、,，;；/／\n]")
_UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_LONGEST_LIST_OF_NAMES = 500
_ADDRESS = re.compile(r"[^\s<>()\[\]\"'|:：，、；;,/／（）《》]+@[^\s<>()\[\]\"'|:：，、；;,/／（）《》@]+")


def name_key(name: str) -> str:
    """A person's name as it is compared: one width, no spaces, one kind of middle dot, no case."""
    return _bare(name).translate(_DOTS)


def unit_key(unit: str) -> str:
    """A unit's name, or a code, as it is compared: one width of characters, no spaces, no case."""
    return _bare(unit)


def people_of(entry: Entry) -> frozenset[str]:
    """Everybody whom the entry names, as `name_key`s: its title, if that is a person, and all people in its form.

    People come as lists of `{"name": …}`, lists of texts, or one text with names between 、 , ; or /. Any short
    text is read as a list of names: whoever appears there under the full name is too close to judge.
    """
    names = [entry.title]
    for value in entry.fields.values():
        names += names_in(value)
    return frozenset(key for name in names if (key := name_key(name)))


def addresses_of(entry: Entry) -> frozenset[str]:
    """Every e-mail address that the entry gives, as `unit_key`s: its own, and all in its form, alone or among other words.

    Somebody whose name is written otherwise - in another script, with a title, after a change of name - is found by it.
    """
    return frozenset(_bare(text) for text in _addresses_in([entry.email, *entry.fields.values()]))


def barred(
    reviewer: Reviewer,
    entry: Entry,
    nominator: Nominator | None,
    conflicts: Collection[str],
    signers: Mapping[str, Collection[str]] | None = None,
    unit_of: Callable[[str], str] = unit_key,
) -> str | None:
    """Which relation forbids a reviewer to judge an entry (rules R3 and N7).

    Args:
        reviewer: Who would judge.
        entry: What would be judged.
        nominator: The unit that put it forward, if known.
        conflicts: The relations that the stage forbids.
        signers: Entry id -> names and e-mail addresses of the experts who signed an opinion for it; who signed for one judges none.
        unit_of: How names of units are compared; `rules.units.Units.key` knows aliases and branches.

    Returns:
        `signer`, `self`, `same_unit` or `nominator`, the first that holds; None if the reviewer may judge.
    """
    name, address = name_key(reviewer.name), _bare(reviewer.email)
    if {name, address} & _signed(signers):
        return "signer"
    unit = unit_of(reviewer.unit)
    if "self" in conflicts and (name in people_of(entry) or address in addresses_of(entry)):
        return "self"
    if "same_unit" in conflicts and unit and unit == unit_of(entry.unit):
        return "same_unit"
    if "nominator" in conflicts and nominator is not None:
        same_address = bool(address) and address == _bare(nominator.email)
        if same_address or (unit and unit == unit_of(nominator.name)):
            return "nominator"
    return None


def bars(
    entries: Iterable[Entry],
    reviewers: Iterable[Reviewer],
    nominators: Iterable[Nominator],
    conflicts: Collection[str],
    signers: Mapping[str, Collection[str]] | None = None,
    unit_of: Callable[[str], str] = unit_key,
) -> dict[str, frozenset[str]]:
    """For every entry, the ids of the reviewers whom `barred` would forbid; for large pools (rules R3 and N7)."""
    by_name, by_unit, by_email = _indexed(reviewers, unit_of)
    signed = {one for key in _signed(signers) for index in (by_name, by_email) for one in index.get(key, ())}
    nominating: Mapping[str, frozenset[str]] = {}
    if "nominator" in conflicts:
        nominating = {one.id: frozenset(by_unit[unit_of(one.name)] | by_email[_bare(one.email)]) for one in nominators}
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        ids = signed | nominating.get(entry.nominator, frozenset())
        if "same_unit" in conflicts:
            ids |= by_unit.get(unit_of(entry.unit), set())
        if "self" in conflicts:
            for name in people_of(entry):
                ids |= by_name.get(name, set())
            for address in addresses_of(entry):
                ids |= by_email.get(address, set())
        found[entry.id] = frozenset(ids)
    return found


def _signed(signers: Mapping[str, Collection[str]] | None) -> frozenset[str]:
    """Everybody who signed an opinion for any entry, by name and address as they are compared."""
    told = [one for some in (signers or {}).values() for one in some]
    return frozenset(key for one in told for key in (name_key(one), _bare(one)) if key)


def _indexed(
    reviewers: Iterable[Reviewer], unit_of: Callable[[str], str]
) -> tuple[dict[str, set[str]], dict[str, set[str]], dict[str, set[str]]]:
    """Ids of reviewers by name, unit and address; nothing stands under an empty text."""
    indexes: tuple[dict[str, set[str]], ...] = (defaultdict(set), defaultdict(set), defaultdict(set))
    for one in reviewers:
        for index, key in zip(indexes, (name_key(one.name), unit_of(one.unit), _bare(one.email)), strict=True):
            if key:
                index[key].add(one.id)
    return indexes[0], indexes[1], indexes[2]


def names_in(value: Any) -> Iterator[str]:
    """The names in a value of a form, as they stand there: of people in a list, or of a short text that may hold several."""
    if isinstance(value, str):
        if len(value) <= _LONGEST_LIST_OF_NAMES:
            yield from _BETWEEN_NAMES.split(value)
    elif isinstance(value, Mapping):
        yield str(value.get("name", ""))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from names_in(one)


def _addresses_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "@" in (text := unicodedata.normalize("NFKC", value[:_LONGEST_LIST_OF_NAMES])):
            yield from (one.rstrip(".。") for one in _ADDRESS.findall(text))
    elif isinstance(value, Mapping):
        yield from _addresses_in([*value.values()])
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _addresses_in(one)


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _UNSEEN.sub("", folded)
