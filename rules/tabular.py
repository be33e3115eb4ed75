"""Finding the table in a sheet as secretaries send it: below a title, above the notes, with one row of headers."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from models.declared import Words
from models.errors import Fault, InputError
from models.intake import Row, Table

SEARCHED_ROWS = 20
"""Rows with content among which the headers are looked for; titles and notes above a table are shorter than that."""

MOST_MERGES = 50
"""Merged areas that are listed; whoever merges rows does so all over the table."""

Cells = Sequence[tuple[int, Sequence[str]]]
Area = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell of a merged area as (row, column), from 0."""

_FOOTER = re.compile(
    r"(合计|总计|小计|共计)\s*([:：\d].*)?$|(注|备注|说明|填表说明|填报说明)\s*\d*\s*[:：、.]|填(表|报)(人|单位|日期|时间)|(审核|负责)人\s*[:：]|制表"
)
_NAMED, _SHOWN = 5, 20
_FOOTER_START = re.compile(r"注|备注|说明|填表|填报|合计|总计")


def column_letter(index: int) -> str:
    """Give the letter over a column, counted from 0: A, B … Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def header_text(text: str) -> str:
    """Give a header as it is compared: no spaces, line breaks, asterisks, `（必填）`, brackets or case."""
    bare = re.sub(r"[（(\[【]\s*(必填|选填|可选|必须|required|optional)\s*[)）\]】]", "", text, flags=re.IGNORECASE)
    bare = bare.replace("（", "(").replace("）", ")").replace("：", ":")
    return re.sub(r"[\s*＊※:_-]|\ufeff|\u200b", "", bare).casefold()


def find_table(file: str, sheet: str, cells: Cells, *, merged: Sequence[Area], count: int, most_rows: int) -> Table:
    """Take the table out of the rows that hold anything.

    The headers are the first row that fills more than half of the widest row's columns; what stands above is a title.
    Rows of totals and notes are left out, empty rows too; `left_out` says which.

    Args:
        file: Name of the file, for the faults.
        sheet: Name of the sheet, for the faults.
        cells: Row numbers from 1 with their texts; rows without content may be missing.
        merged: Areas of merged cells.
        count: How many rows with content the file has; more than `cells` if it was cut off.
        most_rows: How many rows below the headers are taken.

    Raises:
        InputError: no headers, the same header twice, content without a header, merged cells below, too many rows.

    """
    if not cells:
        zh = "文件是空的，请填写后重新上传"
        raise InputError([Fault("the file is empty", "fill in the table and send it again", file=file, sheet=sheet, zh=zh)])
    top = _header_position(cells)
    number, headers = cells[top]
    filled = sum(map(bool, headers))
    body = [(at, row) for at, row in cells[top + 1 :] if not _is_footer(row, width=filled)]
    footers = tuple(Row(at, tuple(row)) for at, row in cells[top + 1 :] if _is_footer(row, width=filled))
    left = count - len(cells) + len(body)
    if left > most_rows:
        zh = f"文件有 {left:,} 行，最多读取 {most_rows:,} 行，请拆分后分别上传"
        raise InputError([Fault(f"file has {left:,} rows; at most {most_rows:,}; split it", file=file, sheet=sheet, zh=zh)])
    if not body:
        zh = "表头下面没有内容，请填写后重新上传"
        raise InputError([Fault("there is no row below the headers", "fill in the table and send it again", file, sheet, number, zh=zh)])
    width = max(len(headers), *(len(row) for _, row in body))
    names = tuple(headers[i].strip() if i < len(headers) else "" for i in range(width))
    faults = [*_header_faults(file, sheet, number, names, body), *_merge_faults(file, sheet, number, body, merged)]
    if faults:
        raise InputError(faults)
    rows = tuple(Row(at, tuple(row[i] if i < len(row) else "" for i in range(width))) for at, row in body)
    return Table(file, sheet, number, names, rows, footers)


def left_out(table: Table) -> Words | None:
    """Which rows were taken for totals or notes, so that nobody whose name looks like one is lost in silence; None if there are none."""
    if not table.left_out:
        return None
    found = [(row.number, next(text for text in row.cells if text)[:_SHOWN]) for row in table.left_out]
    more = len(found) - _NAMED
    zh = "、".join(f"第 {at} 行（{text}）" for at, text in found[:_NAMED]) + (f"等 {len(found)} 行" if more > 0 else "")
    en = ", ".join(f"row {at} ({text})" for at, text in found[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return Words(
        zh=f"以下各行像是合计或说明，没有采用：{zh}。如果其实是一项内容，请在名称后加几个字再提交",
        en=f"left out as totals or notes: {en}; if one of them is none, add a word to its name and send the file again",
    )


def _header_position(cells: Cells) -> int:
    searched = [len({text for text in row if text}) for _, row in cells[:SEARCHED_ROWS]]
    return next(at for at, filled in enumerate(searched) if 2 * filled > max(searched))


def _is_footer(row: Sequence[str], *, width: int) -> bool:
    texts = [text for text in row if text]
    first = texts[0].lstrip("（(【 ")[:40]
    if _FOOTER.match(first):
        return True
    # A title such as 注浆加固技术研究 begins like a note, but its row is full.
    return bool(_FOOTER_START.match(first)) and 3 * len(texts) <= width


def _header_faults(file: str, sheet: str, number: int, names: Sequence[str], body: Cells) -> list[Fault]:
    faults, seen = [], dict[str, int]()
    for index, name in enumerate(names):
        letter = column_letter(index)
        if not name:
            filled = next((at for at, row in body if index < len(row) and row[index]), None)
            if filled is not None:
                what = f"column {letter} has no header, but row {filled} has content in it"
                zh = f"{letter} 列没有表头，但第 {filled} 行有内容，请补上表头，或清空这一列"
                faults.append(Fault(what, "write a header over the column or clear it", file, sheet, number, letter, zh=zh))
        elif (bare := header_text(name)) in seen:
            what = f"the header {name} stands over columns {column_letter(seen[bare])} and {letter}"
            zh = f"{column_letter(seen[bare])} 列和 {letter} 列的表头都是“{name}”，请改名或删去其中一列"
            faults.append(Fault(what, "rename or delete one of the columns", file, sheet, number, letter, zh=zh))
        else:
            seen[bare] = index
    return faults


def _merge_faults(file: str, sheet: str, number: int, body: Cells, merged: Sequence[Area]) -> list[Fault]:
    lines = [at for at, _ in body]
    faults: list[Fault] = []
    for (top, left), (bottom, right) in sorted(merged):
        next_line = bisect_left(lines, top + 1)
        in_body = next_line < len(lines) and lines[next_line] <= bottom + 1
        if in_body or top + 1 == number < bottom + 1:
            area = f"{column_letter(left)}{top + 1}:{column_letter(right)}{bottom + 1}"
            remedy = "take the merge apart and fill in every row"
            zh = f"单元格 {area} 是合并的，请取消合并，每行分别填写"
            faults.append(Fault(f"the cells {area} are merged", remedy, file, sheet, top + 1, column_letter(left), zh=zh))
        if len(faults) == MOST_MERGES:
            break
    return faults
