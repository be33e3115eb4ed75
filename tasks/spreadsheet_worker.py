"""Reads one spreadsheet in a process of its own, which may be killed without harm to anybody else.

Run as a script by `tasks.spreadsheets`: `spreadsheet_worker.py FILE LIMITS`, LIMITS being a JSON object. Prints one JSON
object: `{"sheet", "merged", "count", "rows"}` or `{"fault", "remedy", "zh"}`. Imports nothing of the engine, to start fast.
"""

from __future__ import annotations

import csv
import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

SLACK_ROWS = 60
"""Rows passed on beyond the limit: titles and footers, which do not count, must not hide that a table is too long."""


class Refused(Exception):
    """The file cannot be read; carries what is wrong, what to do, and both in Chinese."""


def main(path: Path, limits: dict[str, int]) -> dict[str, Any]:
    """Read the first visible sheet with content, or the CSV table."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"]))
    try:
        if path.suffix.lower() == ".csv":
            return _collect(_csv_rows(path, limits), limits)
        return _workbook(path, limits)
    except Refused as refusal:
        return dict(zip(("fault", "remedy", "zh"), refusal.args, strict=True))
    except MemoryError:
        megabytes = limits["memory"] // (1024 * 1024)
        return {
            "fault": f"reading it needs more than {megabytes} MB of memory",
            "remedy": "split the file, or copy the table into a new one",
            "zh": "文件内容过大，无法读取；请拆分，或把表格复制到新文件中再上传",
        }
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the reader's own way to say that a file makes no sense
            raise
        return dict(zip(("fault", "remedy", "zh"), _why_unreadable(path, error), strict=True))


def _collect(rows: Iterable[tuple[int, list[Any]]], limits: dict[str, int]) -> dict[str, Any]:
    """Keep the rows that hold anything, up to the limit; count them all."""
    kept: list[tuple[int, list[str]]] = []
    count, characters = 0, 0
    for number, raw in rows:
        if len(kept) >= limits["rows"] + SLACK_ROWS:  # too long in any case: all that matters is how long
            count += any(cell not in ("", None) for cell in raw)
            continue
        cells = [_text(cell) for cell in raw]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        count += 1
        if len(cells) > limits["columns"]:
            raise Refused(
                f"row {number} reaches to column {len(cells):,}; at most {limits['columns']:,} columns are read",
                "delete the columns to the right of the table",
                f"第 {number} 行多达 {len(cells):,} 列，最多读取 {limits['columns']:,} 列，请删去表格右侧多余的列",
            )
        longest = max(map(len, cells))
        if longest > limits["cell"]:
            raise Refused(
                f"a cell in row {number} holds {longest:,} characters; at most {limits['cell']:,} are read",
                "shorten the text, or send it as a file of its own",
                f"第 {number} 行有一个单元格长达 {longest:,} 字，最多 {limits['cell']:,} 字，请删减，或作为附件提交",
            )
        characters += sum(map(len, cells))
        if characters > limits["characters"]:
            zh = f"表格超过 {limits['characters']:,} 字，请拆分后分别上传"
            raise Refused(f"the sheet holds more than {limits['characters']:,} characters", "split the file", zh)
        kept.append((number, cells))
    return {"sheet": "", "merged": [], "count": count, "rows": kept}


def _workbook(path: Path, limits: dict[str, int]) -> dict[str, Any]:
    import python_calamine as calamine  # here, so that a CSV file does not wait for it

    if zipfile.is_zipfile(path):
        _check_inflated_size(path, limits)
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        visible = [sheet for sheet in book.sheets_metadata if sheet.visible == calamine.SheetVisibleEnum.Visible]
        for meta in visible:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            first = 1 if sheet.start is not None else 0
            found = _collect(enumerate(sheet.to_python(skip_empty_area=False), start=first), limits)
            if found["count"]:
                return {**found, "sheet": meta.name, "merged": [list(map(list, area)) for area in sheet.merged_cell_ranges or ()]}
    except calamine.PasswordError:
        raise Refused(*_PROTECTED) from None
    except (calamine.CalamineError, calamine.XmlError, calamine.ZipError, OSError, ValueError) as error:
        raise Refused(*_why_unreadable(path, error)) from None
    zh = "文件里没有内容（隐藏的工作表不读取），请填写第一张工作表后重新上传"
    raise Refused("no visible sheet holds anything", "fill in the first sheet and send the file again", zh)


_PROTECTED = ("the file is protected by a password", "save it without a password and send it again", "文件有密码，请取消密码后重新上传")


def _why_unreadable(path: Path, error: BaseException) -> tuple[str, str, str]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if path.suffix.lower() == ".xlsx" and not zipped:
        what, remedy = "the file is protected by a password, or damaged", "save it without a password as .xlsx and send it again"
        return what, remedy, "文件有密码或已损坏，请取消密码，另存为 .xlsx 后重新上传"
    return (
        f"the file is damaged or no spreadsheet ({str(error)[:120]})",
        "open it in the spreadsheet program, save it as .xlsx and send it again",
        "文件已损坏，或不是表格；请用表格软件打开，另存为 .xlsx 后重新上传",
    )


def _check_inflated_size(path: Path, limits: dict[str, int]) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refused(*_why_unreadable(path, error)) from None
    if any(member.flag_bits & 1 for member in members):
        raise Refused(*_PROTECTED)
    inflated = sum(member.file_size for member in members)
    if inflated > limits["inflated"]:
        raise Refused(
            f"the file unpacks to {inflated // 1_000_000:,} MB; at most {limits['inflated'] // 1_000_000:,} MB are read",
            "remove pictures and unused sheets, or split the file",
            f"文件展开后有 {inflated // 1_000_000:,} MB，最多 {limits['inflated'] // 1_000_000:,} MB，请删去图片，或拆分后上传",
        )


def _text(cell: Any) -> str:
    """Give a cell as people read it: ISO dates, whole numbers without a point, no more digits than a spreadsheet keeps."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float | int):
        return f"{Decimal(f'{cell:.15g}'):f}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat("minutes")
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell).strip()


def _csv_rows(path: Path, limits: dict[str, int]) -> Iterator[tuple[int, list[str]]]:
    text = _decode(path.read_bytes())
    csv.field_size_limit(limits["cell"])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        if "field larger" in str(error):
            raise Refused(
                f"a cell in row {number + 1} holds more than {limits['cell']:,} characters",
                "shorten the text, or close the quotes around it",
                f"第 {number + 1} 行有一个单元格超过 {limits['cell']:,} 字，请删减，或检查引号是否成对",
            ) from None
        zh = f"第 {number + 1} 行格式有误，请另存为 .xlsx 后重新上传"
        raise Refused(f"row {number + 1} is not well-formed ({error})", "save the table as .xlsx and send it again", zh) from None


def _delimiter(text: str) -> str:
    """Find the sign that stands in most of the first lines; in doubt the one that stands there more often."""
    lines = [line for line in text[:8000].split("\n") if line.strip()][:20]
    return max(",\t;", key=lambda sign: (sum(sign in line for line in lines), sum(line.count(sign) for line in lines)))


def _decode(content: bytes) -> str:
    """Byte order mark, then strict UTF-8, then GB18030: what Chinese spreadsheet programs write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        ladder = ["utf-16"]
    elif content.startswith(b"\xef\xbb\xbf"):
        ladder = ["utf-8-sig"]
    else:
        ladder = ["utf-8", "gb18030"]
    for encoding in ladder:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
    zh = f"第 {line} 行的文字编码无法识别，请另存为 .xlsx，或编码为 UTF-8 的 CSV"
    raise Refused(f"the text is neither UTF-8 nor GB18030 (line {line})", "save the table as .xlsx, or as CSV in UTF-8", zh)


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1]), json.loads(sys.argv[2])), sys.stdout)
