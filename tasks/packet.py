"""The shortlist as a workbook, as the committee receives it."""

from __future__ import annotations

from io import BytesIO

from models.errors import NotFound
from models.store import Store
from rules import calendar, eligibility
from tasks import exporting

_COLUMNS = (
    ("序号 No.", 8),
    ("组别 Group", 22),
    ("名次 Place", 10),
    ("编号 Code", 12),
    ("名称 Title", 48),
    ("单位 Unit", 30),
    ("平均分 Mark", 12),
)


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
    sheet.freeze_panes(4, 0)
    sheet.repeat_rows(3)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    book.close()
    return target.getvalue()
