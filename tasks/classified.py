"""Classified entries: a unit announces them by their number only. No form, no file, no review online; the committee deals with them."""

from __future__ import annotations

import hashlib

from models.edition import Edition, Entry
from models.errors import Fault, InputError, NotAllowed
from models.intake import NewEntry
from models.store import Store
from rules.text import TextRefused, clean, clean_unit
from tasks import handing_in, own_forms, unit_papers
from tasks.admission import Admission
from tasks.installation import database

NUMBER_MAX = 40
"""Characters of a number."""
UNIT_MAX = 100
"""Characters of the unit behind it."""
TITLE = "涉密项目 No. {number}"
"""What stands in place of a title, everywhere."""


def announce(edition_id: str, nominator: str, class_name: str, number: str, unit_name: str) -> Entry:
    """Announce one classified entry; it uses up the unit's quota, and can be withdrawn like any other.

    Raises:
        NotAllowed: nominations have not begun, or no classified entries are taken.
        TooLate: they are over.
        InputError: `class_name`, `number` or `unit` cannot be taken, the number is announced already, or the quota is used up.
    """
    with database().write() as store:
        edition = store.edition(edition_id)
        own_forms.may_change(store, edition, to_change=True)
        if not unit_papers.stage_of(edition).classified:
            raise NotAllowed(f"{edition_id} takes no classified entries")
        unit = own_forms.unit_of(store, edition, nominator)
        faults: list[Fault] = []
        known, of = _words(number, "number", NUMBER_MAX, faults), clean_unit(_words(unit_name, "unit", UNIT_MAX, faults))
        if class_name not in own_forms.classes_of(edition, unit):
            faults.append(Fault("the unit puts forward no entries of this class", "choose another", field="class_name", column="other"))
        if faults:
            raise InputError(faults)
        new = NewEntry(_key(nominator, class_name, known), class_name, TITLE.format(number=known), of, unit.email, unit.code, None)
        new = _as_classified(new)
        if any(one.key == new.key for one in store.entries(edition_id)):
            fault = Fault("that number is announced already", "withdraw or restore that entry instead", field="number", column="twice")
            raise InputError([fault])
        if refused := Admission(store, edition, unit).refusals(new):
            raise InputError(refused)
        return handing_in.keep_entry(store, edition, unit, new, None)


def listed(store: Store, edition: Edition) -> tuple[Entry, ...]:
    """Classified entries that passed the form check, by code: the committee deals with them, without a mark."""
    return tuple(one for one in store.entries(edition.id, "eligible") if one.classified)


def _as_classified(new: NewEntry) -> NewEntry:
    return NewEntry(new.key, new.class_name, new.title, new.unit, new.email, new.nominator, new.rank, {}, classified=True)


def _key(nominator: str, class_name: str, number: str) -> str:
    return "classified:" + hashlib.sha256("\x1f".join((nominator, class_name, number)).encode()).hexdigest()[:32]


def _words(text: str, field: str, longest: int, faults: list[Fault]) -> str:
    try:
        words = clean(text, max_length=longest)
    except TextRefused as refused:
        faults.append(Fault(str(refused), "correct it", field=field, column="text"))
        return ""
    if not words:
        faults.append(Fault(f"the {field} is missing", "fill it in", field=field, column="missing"))
    return words
