"""A nominator's spreadsheet: read, its columns assigned, checked row by row, and kept; nothing is kept unseen.

The same rules hold as for forms (`admission`), the same subject again updates its entry, and good rows can go ahead of bad ones.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import BoundedSemaphore
from typing import BinaryIO

from config.disciplines import load_disciplines
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale
from models.store import Store
from models.submitting import Fact
from rules import disciplines
from rules.tabular import header_text
from tasks import kept_tables, marked_workbooks, own_forms, spreadsheets, table_checking, table_keeping, template_workbooks
from tasks.installation import database
from tasks.kept_tables import KeptTable
from tasks.template_words import WORDS

_LONGEST_HEADER = 200
"""Characters of a header up to which its column is remembered."""
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")
_AT_ONCE = BoundedSemaphore(2)
"""Each file is read in a process of its own, which may take half a gigabyte: no more than two at the same time."""


# -- the template ---------------------------------------------------------------------------------------------------


def template(edition_id: str, nominator_id: str, class_name: str, *, language: str) -> bytes:
    """The workbook that a unit fills in for a class.

    Raises:
        NotFound: the unit's type puts forward no such class.
    """
    with database().read() as store:
        edition = store.edition(edition_id)
        unit = own_forms.unit_of(store, edition, nominator_id)
    if class_name not in own_forms.classes_of(edition, unit):
        raise NotFound(f"{unit.name} puts forward no entries of {class_name}")
    return template_workbooks.template(edition, unit, class_name, codes=_codes(language), language=language)


def _codes(language: str) -> list[str]:
    return [one.line(language) for one in disciplines.search(load_disciplines(), "")]


# -- reading --------------------------------------------------------------------------------------------------------


def begin(edition_id: str, nominator_id: str, class_name: str, name: str, content: BinaryIO) -> str:
    """Read a file that was sent, and keep what it holds for the next page. Yields the id of the table.

    Raises:
        InputError: it is no spreadsheet, damaged, protected, empty or too large.
        NotAllowed: nominations have not begun, or the unit's type puts forward no such class.
        TooLate: they are over.
    """
    with database().write() as store:
        _refuse_foreign_class(store, edition_id, nominator_id, class_name)
        now = store.real_now
    kept_tables.forget_old(now)
    kept_tables.forget_most(nominator_id)
    sheet = _read(name, content)
    if sheet.count > table_checking.limits().rows:
        spreadsheets.table_in(sheet, limits=table_checking.limits())  # too long a table is refused at once, and not kept for another look
    kept = KeptTable(kept_tables.new_id(), nominator_id, edition_id, class_name, now, sheet)
    kept_tables.keep(kept)
    return kept.id


def _refuse_foreign_class(store: Store, edition_id: str, nominator_id: str, class_name: str) -> None:
    edition = store.edition(edition_id)
    own_forms.may_change(store, edition)
    unit = own_forms.unit_of(store, edition, nominator_id)
    if class_name not in own_forms.classes_of(edition, unit):
        raise NotAllowed(f"{edition_id}: {unit.name} puts forward no entries of {class_name}")


def _read(name: str, content: BinaryIO) -> spreadsheets.Sheet:
    ending = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="reading-", dir=kept_tables.folder()) as folder, _AT_ONCE:
        path = Path(folder) / f"table{ending if _ENDING.fullmatch(ending) else ''}"
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)
        try:
            return replace(spreadsheets.read_sheet(path, limits=table_checking.limits()), file=name)
        except InputError as refusal:
            raise InputError(replace(fault, file=name) for fault in refusal.faults) from None


# -- assigning columns ----------------------------------------------------------------------------------------------


def assign(table_id: str, nominator_id: str, chosen: Mapping[int, str]) -> None:
    """Keep which column holds what, for this table and for the unit's next ones of the class.

    Args:
        table_id: The table.
        nominator_id: Whose it is.
        chosen: Position of a column -> field, or an empty text for a column that is not to be read.

    Raises:
        NotFound: the unit has no such table.
        InputError: there is no such field, or two columns were given the same one.
        NotAllowed: nominations have not begun.
        TooLate: they are over.
    """
    kept = kept_tables.find(table_id, nominator_id)
    table = spreadsheets.table_in(kept.sheet, limits=table_checking.limits())
    with database().write() as store:
        edition = store.edition(kept.edition)
        own_forms.may_change(store, edition)
        titles = {field.name: field.title for field in table_checking.askable(edition, kept.class_name)}
        taken: dict[str, str] = {}
        columns: dict[str, str] = {}
        for index, name in sorted(chosen.items()):
            header = table.headers[index] if 0 <= index < len(table.headers) else ""
            if not header or (name and name not in titles):
                raise InputError([Fault(f"there is no column {index}, or no field {name!r}", "reload the page", zh="请刷新页面后重试")])
            if name and name in taken:
                zh = f"“{taken[name]}”和“{header}”两列都对应“{titles[name].zh}”，请只保留一列"
                raise InputError([Fault(f"two columns are {titles[name].en}", "keep one of them", field=name, zh=zh)])
            taken[name] = header
            if len(header) <= _LONGEST_HEADER:
                columns[header_text(header)] = name
        fact = store.facts(nominator_id).get(table_checking.COLUMNS.format(kept.class_name))
        remembered = {**(fact.value if fact is not None else {}), **columns}
        actor = f"nominator:{nominator_id}"
        store.put_fact(Fact(nominator_id, table_checking.COLUMNS.format(kept.class_name), remembered, store.edition_now(edition.id), actor))
        store.append(edition.id, "FactStated", actor=actor, fact=table_checking.COLUMNS.format(kept.class_name))
    kept_tables.keep(replace(kept, columns={**kept.columns, **columns}))


# -- keeping --------------------------------------------------------------------------------------------------------


def confirm(table_id: str, nominator_id: str, digest: str) -> KeptTable:
    """Keep the good rows of a table as entries, all in one transaction. Yields the table with its result.

    Args:
        table_id: The table.
        nominator_id: Whose it is.
        digest: Of what the person has seen.

    Raises:
        NotFound: the unit has no such table.
        Stale: what would be kept is no longer what was shown.
        NotAllowed: nominations have not begun.
        TooLate: they are over.
    """
    kept = kept_tables.find(table_id, nominator_id)
    with database().write() as store:
        edition = store.edition(kept.edition)
        own_forms.may_change(store, edition, to_change=True)
        seen = table_checking.look(store, kept)
        if not seen.taken:
            return kept  # pressed twice, or nothing in it can be taken: there is nothing to keep
        if seen.digest != digest:
            raise Stale(f"{kept.sheet.file}: what would be kept has changed since it was shown")
        unit = own_forms.unit_of(store, edition, nominator_id)
        table_keeping.keep_rows(store, edition, unit, [(row.new, row.before) for row in seen.taken], file=kept.sheet.file)
    counts = {"new": seen.count("new"), "update": seen.count("update"), "unchanged": seen.count("unchanged"), "faulty": seen.faulty}
    done = replace(kept, result=counts)
    if not seen.faults:
        done = kept_tables.forget_content(done)
    kept_tables.keep(done)
    return done


def marked(table_id: str, nominator_id: str, *, language: str) -> tuple[str, bytes]:
    """The table with its faults marked, as it stands now: name and content of the workbook.

    Raises:
        NotFound: the unit has no such table, or its content is no longer needed.
    """
    kept = kept_tables.find(table_id, nominator_id)
    if not kept.sheet.rows:
        raise NotFound("this table had no faults and was kept whole")
    with database().read() as store:
        edition = store.edition(kept.edition)
        seen = table_checking.look(store, kept)
    fields = {field.name: field for field in table_checking.askable(edition, kept.class_name)}
    columns = {index: fields[name] for name, index in seen.columns.items()}
    top = 0 if seen.table is None else seen.table.header_row
    name = f"{Path(kept.sheet.file).stem}-{WORDS[language]['faults']}.xlsx"
    return name, marked_workbooks.marked(edition, kept.sheet, seen.faults, columns, top, codes=_codes(language), language=language)
