"""The shortlist as a workbook, as the committee receives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from models.edition import Edition, Entry
from models.errors import NotFound
from models.store import Store
from rules import calendar, eligibility
from tasks import classified, exporting

_COLUMNS = (
    ("序号 No.", 8),
    ("组别 Group", 22),
    ("名次 Place", 10),
    ("编号 Code", 12),
    ("名称 Title", 48),
    ("单位 Unit", 30),
    ("平均分 Mark", 12),
)
_CLASSIFIED = (("序号 No.", 8), ("类别 Class", 22), ("编号 Code", 12), ("名称 Title", 48), ("单位 Unit", 30))


def workbook(store: Store, edition_id: str) -> bytes:
    """The latest shortlist as .xlsx: one row per entry; texts stay texts, so that no cell is ever read as a formula.

    Raises:
        NotFound: there is no shortlist.
    """
    edition = store.edition(edition_id)
    found = store.shortlist(edition_id)
    if found is None:
        raise NotFound(f"{edition_id}: there is no shortlist yet")
    listed, seats = found
    entries = store.entries_by_id(item.entry for item in listed.items)
    target = BytesIO()
    book = exporting.workbook(target, title=f"{edition.process.title.zh} {edition.label}", created=listed.created_at)
    sheet = book.add_worksheet("入围名单")
    bold = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#EEF2F7", "valign": "vcenter"})
    cell = book.add_format({"text_wrap": True, "border": 1, "valign": "vcenter"})
    head = book.add_format({"bold": True, "font_size": 14})
    sheet.write_string(0, 0, f"{edition.process.title.zh}（{edition.label}）入围名单 第{listed.version}版", head)
    made = calendar.to_local(listed.created_at, edition.process.time_zone)
    sheet.write_string(1, 0, f"{made:%Y-%m-%d %H:%M} · SHA-256 {listed.digest}")
    for column, (title, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(3, column, title, bold)
    for number, item in enumerate(listed.items, start=1):
        entry, row = entries[item.entry], number + 3
        title = eligibility.group_title(item.group, edition.process).zh
        sheet.write_number(row, 0, number, cell)
        sheet.write_string(row, 1, f"{title}（{seats.get(item.group, 0)}）", cell)
        sheet.write_number(row, 2, item.place, cell)
        sheet.write_string(row, 3, entry.code, cell)
        sheet.write_string(row, 4, entry.title, cell)
        sheet.write_string(row, 5, entry.unit, cell)
        sheet.write_number(row, 6, float(item.mark), cell)
    _finish(sheet)
    if apart := classified.listed(store, edition):
        _list_classified(book, edition, apart, {"head": head, "bold": bold, "cell": cell})
    book.close()
    return target.getvalue()


def _list_classified(book: Any, edition: Edition, entries: Sequence[Entry], formats: Mapping[str, Any]) -> None:
    """Classified entries on a sheet of their own: they were not scored, and the committee deals with them at its meeting."""
    sheet = book.add_worksheet("涉密项目")
    sheet.write_string(0, 0, f"{edition.process.title.zh}（{edition.label}）涉密项目（未经网上评审，无评分）", formats["head"])
    for column, (title, width) in enumerate(_CLASSIFIED):
        sheet.set_column(column, column, width)
        sheet.write_string(3, column, title, formats["bold"])
    for number, entry in enumerate(entries, start=1):
        sheet.write_number(number + 3, 0, number, formats["cell"])
        shown = (edition.process.class_named(entry.class_name).title.zh, entry.code, entry.title, entry.unit)
        for column, text in enumerate(shown, start=1):
            sheet.write_string(number + 3, column, text, formats["cell"])
    _finish(sheet)


def _finish(sheet: Any) -> None:
    sheet.freeze_panes(4, 0)
    sheet.repeat_rows(3)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
