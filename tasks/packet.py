"""A version of the shortlist as the committee receives it: a workbook, and a PDF of the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

from models.declared import Words
from models.edition import Edition, Entry, ShortlistItem
from models.stages import ScoringStage
from models.store import Store
from rules import calendar, eligibility, method_words
from tasks import classified, exporting, packet_facts, typesetting
from tasks.packet_facts import Packet

_COLUMNS = (
    ("序号 No.", 8),
    ("组别 Group", 22),
    ("名次 Place", 10),
    ("编号 Code", 12),
    ("名称 Title", 48),
    ("单位 Unit", 30),
    ("得分 Mark", 12),
    ("平均分 Mean", 12),
)
_CLASSIFIED = (("序号 No.", 8), ("类别 Class", 22), ("编号 Code", 12), ("名称 Title", 48), ("单位 Unit", 30))


def workbook(store: Store, edition_id: str, version: int | None = None) -> bytes:
    """A version of the shortlist as .xlsx: one row per entry; texts stay texts, so that no cell is ever read as a formula.

    Args:
        store: An open transaction.
        edition_id: The edition's id.
        version: Of the list; the latest if left out.

    Raises:
        NotFound: there is no shortlist, or no such version.
    """
    packet = packet_facts.of(store, edition_id, version)
    edition, listed, entries, seats = packet.edition, packet.listed, packet.entries, packet.seats
    target = BytesIO()
    book = exporting.workbook(target, title=f"{edition.process.title.zh} {edition.label}", created=listed.created_at)
    sheet = book.add_worksheet("入围名单")
    bold = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#EEF2F7", "valign": "vcenter"})
    cell = book.add_format({"text_wrap": True, "border": 1, "valign": "vcenter"})
    figure = book.add_format({"border": 1, "valign": "vcenter", "num_format": _decimals(item.mark for item in listed.items)})
    head = book.add_format({"bold": True, "font_size": 14})
    sheet.write_string(0, 0, f"{edition.process.title.zh}（{edition.label}）入围名单 第{listed.version}版", head)
    made = calendar.to_local(listed.created_at, edition.process.time_zone)
    sheet.write_string(1, 0, f"{made:%Y-%m-%d %H:%M} · SHA-256 {listed.digest}")
    by, means = decided_by(edition), means_of(store, edition)
    if by is not None:
        sheet.write_string(2, 0, f"得分为{by.zh}，名次以得分为准；平均分仅供对照。 Mark: {by.en}. It decides; the mean is for comparison.")
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
        sheet.write_number(row, 6, float(item.mark), figure)
        if (mean := means.get(item.entry)) is None:
            sheet.write_string(row, 7, "", cell)
        else:
            sheet.write_number(row, 7, float(mean), figure)
    _finish(sheet)
    _say(book, packet, {"head": head, "bold": bold, "cell": cell})
    if apart := classified.listed(store, edition):
        _list_classified(book, edition, apart, {"head": head, "bold": bold, "cell": cell})
    book.close()
    return target.getvalue()


def decided_by(edition: Edition) -> Words | None:
    """What the marks on a shortlist are, by the latest scoring stage; None before the first."""
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        return None
    return method_words.said(run.declared.aggregate.method, run.declared.normalise)


def means_of(store: Store, edition: Edition) -> dict[str, Decimal]:
    """Entry id -> plain mean of its sheets in the latest scoring stage, which stands beside its mark."""
    run = edition.last_of("scoring")
    return {} if run is None else {one.entry: one.mean for one in store.standings(edition.id, run.position)}


def _decimals(marks: Iterable[Decimal]) -> str:
    """How marks are shown: with the places with which they were printed, since what is printed decides (rule S8)."""
    places = max((-int(mark.as_tuple().exponent) for mark in marks), default=0)
    return "0." + "0" * places if places > 0 else "0"


def _say(book: Any, packet: Packet, formats: Mapping[str, Any]) -> None:
    """What is said about the list, on a sheet of its own, in both languages."""
    if not packet.notes:
        return
    sheet = book.add_worksheet("名单说明")
    sheet.set_column(0, 1, 70)
    row = 0
    for head, lines in packet.notes:
        for column, text in enumerate((head.zh, head.en)):
            sheet.write_string(row, column, text, formats["bold"])
        for line in lines:
            row += 1
            for column, text in enumerate((line.zh, line.en)):
                sheet.write_string(row, column, text, formats["cell"])
        row += 2
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def pdf(store: Store, edition_id: str, version: int | None = None) -> bytes:
    """The same version as a PDF.

    Raises:
        NotFound: there is no shortlist, or no such version.
        NoFont: this machine has no font with Chinese characters.
    """
    packet = packet_facts.of(store, edition_id, version)
    process, listed = packet.edition.process, packet.listed
    made = calendar.to_local(listed.created_at, process.time_zone)
    groups = list(dict.fromkeys(item.group for item in listed.items))
    apart = classified.listed(store, packet.edition)
    by, means = decided_by(packet.edition), means_of(store, packet.edition)
    values = {
        "title": f"{process.title.zh}（{packet.edition.label}）入围名单 第{listed.version}版",
        "rehearsal": "【预演】" if packet.edition.rehearsal else "",
        "facts": f"{made:%Y-%m-%d %H:%M} · 共 {len(listed.items)} 项 · SHA-256 {listed.digest}",
        "by": "" if by is None else f"得分为{by.zh}，名次以得分为准；平均分仅供对照。",
        "heads": ["名次", "编号", "名称", "单位", "得分", "平均分"],
        "groups": [
            {
                "title": f"{eligibility.group_title(group, process).zh}（拟评 {packet.seats.get(group, 0)} 项）",
                "rows": [_row(packet, item, means) for item in listed.items if item.group == group],
            }
            for group in groups
        ],
        "notes": [{"head": head.zh, "lines": [line.zh for line in lines]} for head, lines in packet.notes],
        "apart": [f"{one.code} {one.title} {one.unit}" for one in apart],
    }
    return typesetting.pdf("shortlist", values, at=listed.created_at)


def _row(packet: Packet, item: ShortlistItem, means: Mapping[str, Decimal]) -> list[str]:
    entry = packet.entries[item.entry]
    return [str(item.place), entry.code, entry.title, entry.unit, str(item.mark), str(means.get(item.entry, ""))]


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
