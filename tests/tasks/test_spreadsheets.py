"""Spreadsheets from strangers: what is read, what is refused, and how fast."""

from __future__ import annotations

import struct
import time
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from models.errors import Fault, InputError
from models.intake import Row, Table
from tasks.spreadsheets import ReadLimits, read_table

pytestmark = pytest.mark.usefixtures("traced")

HEAD = ["序号", "推荐单位编号", "论文题目"]
LINE = [1, "N01", "深部煤层冲击地压的微震前兆"]


def a_workbook(path: Path, *lines: list[Any], sheet: str = "申报表") -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet(sheet)
    for number, line in enumerate(lines):
        page.write_row(number, 0, line)
    book.close()
    return path


def repacked(source: Path, target: Path, **parts: bytes) -> Path:
    """A copy of a workbook with some parts replaced; `sheet` is the first sheet, `strings` the shared texts."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml"}
    new = {names[key]: content for key, content in parts.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in old.namelist():
            packed.writestr(name, new.get(name, old.read(name)))
    return target


def faults_of(path: Path, limits: ReadLimits | None = None) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        read_table(path, limits=limits or ReadLimits())
    return caught.value.faults


def test_a_workbook_as_secretaries_send_it_yields_its_table(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "名单.xlsx"))
    book.add_worksheet("旧").write(0, 0, "hidden")
    page = book.add_worksheet("名单")
    page.merge_range("A1:E1", "示例省优秀论文汇总表")
    page.write_row("A2", ["填报单位：长安示范大学", "", "", "2026年"])
    page.write_row("A4", ["序号", "姓名", "出生\n日期", "评分", "确认"])
    page.write_row("A5", [1, "张\u3000三"])
    page.write_datetime("C5", date(1980, 5, 3), book.add_format({"num_format": "yyyy/m/d"}))
    page.write_row("D5", [88.5, True])
    page.write_row("A7", [2.0, " 李四 ", 2017.5, 0.1 + 0.2])
    page.write_row("A9", ["合计", "", "", 2])
    page.write_row("A10", ["注：出生日期写到月。"])
    book.worksheets()[0].hide()
    page.activate()
    book.close()
    assert read_table(tmp_path / "名单.xlsx") == Table(
        "名单.xlsx",
        "名单",
        4,
        ("序号", "姓名", "出生\n日期", "评分", "确认"),
        (Row(5, ("1", "张\u3000三", "1980-05-03", "88.5", "TRUE")), Row(7, ("2", "李四", "2017.5", "0.3", ""))),
        (Row(9, ("合计", "", "", "2")), Row(10, ("注：出生日期写到月。",))),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_every_encoding_that_spreadsheet_programs_write(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('编号,姓名\r\nE1,"赟䶮,\r\n(注)"\r\n\r\nE2,张三\r\n'.encode(encoding))
    assert read_table(path) == Table("a.csv", "", 1, ("编号", "姓名"), (Row(2, ("E1", "赟䶮,\r\n(注)")), Row(4, ("E2", "张三"))))


@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_csv_may_be_separated_by_commas_tabs_or_semicolons(tmp_path: Path, sign: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"编号{sign}姓名\nE1{sign}张三\n", encoding="utf-8")
    assert read_table(path).rows == (Row(2, ("E1", "张三")),)


def test_a_title_that_begins_like_a_note_is_kept(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", ["论文题目", "单位", "期刊", "作者"], ["注浆加固技术研究", "甲", "乙", "丙"], ["说明：共一篇"])
    assert [row.cells[0] for row in read_table(path).rows] == ["注浆加固技术研究"]


def test_the_same_header_twice_names_both_columns(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", ["名单", "", ""], ["序号", "姓名", "* 姓 名（必填）"], [1, "甲", "乙"])
    assert faults_of(path) == (
        Fault("the header * 姓 名（必填） stands over columns B and C", "rename or delete one of the columns", "a.xlsx", "申报表", 2, "C"),
    )


def test_content_without_a_header_names_the_column(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", ["序号", "", "姓名"], [1, "", "甲"], [2, "x", "乙"])
    assert faults_of(path) == (
        Fault(
            "column B has no header, but row 3 has content in it", "write a header over the column or clear it", "a.xlsx", "申报表", 1, "B"
        ),
    )


def test_merged_cells_in_the_table_are_named(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet("表")
    page.write_row("A1", ["单位", "姓名"])
    page.write_row("A2", ["", "甲"])
    page.write_row("A3", ["", "乙"])
    page.merge_range("A2:A3", "长安示范大学")
    book.close()
    assert faults_of(tmp_path / "a.xlsx") == (
        Fault("the cells A2:A3 are merged", "take the merge apart and fill in every row", "a.xlsx", "表", 2, "A"),
    )


@pytest.mark.slow
def test_twenty_thousand_rows_are_read_and_one_more_is_refused(tmp_path: Path) -> None:
    lines = [[f"E{i}", "甲"] for i in range(20_001)]
    assert len(read_table(a_workbook(tmp_path / "full.xlsx", ["名单"], ["编号", "姓名"], *lines[:-1])).rows) == 20_000
    over = a_workbook(tmp_path / "over.xlsx", ["名单"], ["编号", "姓名"], *lines, ["合计", 20_001])
    assert faults_of(over) == (Fault("file has 20,001 rows; at most 20,000; split it", file="over.xlsx", sheet="申报表"),)
    far_over = tmp_path / "far.csv"
    far_over.write_text("编号,姓名\n" + "E,甲\n" * 50_000, encoding="utf-8")
    assert faults_of(far_over) == (Fault("file has 50,000 rows; at most 20,000; split it", file="far.csv"),)


def test_too_many_columns_are_refused_in_one_message(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", ["h"] * 201, [1] * 201)
    assert faults_of(path) == (
        Fault("row 1 reaches to column 201; at most 200 columns are read", "delete the columns to the right of the table", file="a.xlsx"),
    )


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.xlsx", b"", "the file is empty"),
        ("a.xlsx", b"hello", "the file is named .xlsx but is something else inside"),
        ("a.xls", b"\xef\xbb\xbf <html><table>", "the file is named .xls but is a web page inside"),
        ("a.csv", b"PK\x03\x04rest", "the file is named .csv but is something else inside"),
        ("a.docx", b"PK\x03\x04rest", ".docx is no known type of spreadsheet"),
        ("a", b"x", "a file without an ending is no known type of spreadsheet"),
        ("a.csv", b"\n\n,,\n", "the file is empty"),
        ("a.csv", "编号,姓名\n".encode(), "there is no row below the headers"),
        ("a.csv", b"a,b\n1,\xff\xff\n", "the text is neither UTF-8 nor GB18030 (line 2)"),
        ("a.csv", b'a,b\n1,"x"y\n', "row 2 is not well-formed (',' expected after '\"')"),
        ("a.csv", b'a,b\n1,"' + b"x" * 40_000, "a cell in row 2 holds more than 32,767 characters"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "the file is protected by a password, or damaged"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_its_name(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    (fault,) = faults_of(tmp_path / name)
    assert (fault.what, fault.file, bool(fault.remedy)) == (what, name, True)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "no.xlsx")
    assert (fault.what, fault.file) == ("the file cannot be opened (No such file or directory)", "no.xlsx")


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    whole = a_workbook(tmp_path / "a.xlsx", HEAD, LINE).read_bytes()
    for share in (0.2, 0.5, 0.9):
        (tmp_path / "b.xlsx").write_bytes(whole[: int(len(whole) * share)])
        (fault,) = faults_of(tmp_path / "b.xlsx")
        assert fault.what.startswith("the file is damaged or no spreadsheet (")


def test_a_workbook_with_only_hidden_content_is_empty(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    book.add_worksheet("空")
    hidden = book.add_worksheet("藏")
    hidden.write_row(0, 0, HEAD)
    hidden.hide()
    book.close()
    assert [fault.what for fault in faults_of(tmp_path / "a.xlsx")] == ["no visible sheet holds anything"]


@pytest.mark.slow
def test_an_honest_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    plain = a_workbook(tmp_path / "a.xlsx", HEAD, LINE)
    bomb = repacked(plain, tmp_path / "bomb.xlsx", strings=b"<sst><si><t>" + b"x" * 300_000_000 + b"</t></si></sst>")
    assert bomb.stat().st_size < 500_000
    started = time.monotonic()
    (fault,) = faults_of(bomb)
    assert fault.what == "the file unpacks to 300 MB; at most 50 MB are read"
    assert time.monotonic() - started < 60  # a hang, not a speed: speeds are measured in bench/


@pytest.mark.slow
def test_a_bomb_that_lies_about_its_size_ends_the_reading_process_only(tmp_path: Path) -> None:
    plain = a_workbook(tmp_path / "a.xlsx", HEAD, LINE)
    bomb = repacked(plain, tmp_path / "bomb.xlsx", strings=b'<sst count="1"><si><t>' + b"x" * 300_000_000 + b"</t></si></sst>")
    content = bomb.read_bytes()
    true_size = struct.pack("<I", len(b'<sst count="1"><si><t>') + 300_000_000 + len(b"</t></si></sst>"))
    assert content.count(true_size) == 2
    bomb.write_bytes(content.replace(true_size, struct.pack("<I", 1000)))
    started = time.monotonic()
    assert len(faults_of(bomb)) == 1
    assert time.monotonic() - started < 60  # a hang, not a speed: speeds are measured in bench/


def test_an_entity_bomb_is_refused_or_read_as_text(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    strings = f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a0 "lol">{levels}]><sst><si><t>&a11;</t></si></sst>'
    bomb = repacked(a_workbook(tmp_path / "a.xlsx", HEAD, LINE), tmp_path / "bomb.xlsx", strings=strings.encode())
    started = time.monotonic()
    assert len(faults_of(bomb)) == 1
    assert time.monotonic() - started < 60  # a hang, not a speed: speeds are measured in bench/


@pytest.mark.slow
def test_a_far_cell_ends_the_reading_process_only(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet("表")
    page.write_row(0, 0, HEAD)
    page.write(1_048_575, 16_383, "x")
    book.close()
    started = time.monotonic()
    (fault,) = faults_of(tmp_path / "a.xlsx")
    assert fault.what.startswith("reading it needs more than 512 MB of memory or 10 s")
    assert time.monotonic() - started < 60  # a hang, not a speed: speeds are measured in bench/


def test_one_text_that_many_cells_share_counts_each_time(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", HEAD, *[["x" * 30_000] * 3] * 300)
    (fault,) = faults_of(path)
    assert fault.what == "the sheet holds more than 20,000,000 characters"


def test_limits_are_settings(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", HEAD, LINE, LINE)
    assert [fault.what for fault in faults_of(path, ReadLimits(rows=1))] == ["file has 2 rows; at most 1; split it"]
    assert [fault.what for fault in faults_of(path, ReadLimits(columns=2))] == ["row 1 reaches to column 3; at most 2 columns are read"]
    assert [fault.what for fault in faults_of(path, ReadLimits(bytes=100))] == ["the file has 0.0 MB; at most 0.0 MB are read"]


def test_an_open_document_is_read(tmp_path: Path) -> None:
    spaces = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text")}
    cells = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = [f"<table:table-row>{''.join(map(cells.format, line))}</table:table-row>" for line in (["编号", "姓名"], ["1", "张三"])]
    declared = " ".join(f'xmlns:{name}="{address}"' for name, address in spaces.items())
    body = (
        f'<office:body><office:spreadsheet><table:table table:name="表">{"".join(lines)}</table:table></office:spreadsheet></office:body>'
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
        packed.writestr("content.xml", f"<office:document-content {declared}>{body}</office:document-content>")
    assert read_table(tmp_path / "a.ods") == Table("a.ods", "表", 1, ("编号", "姓名"), (Row(2, ("1", "张三")),))


def test_a_workbook_with_a_password_is_refused_by_its_directory(tmp_path: Path) -> None:
    content = bytearray(a_workbook(tmp_path / "a.xlsx", HEAD, LINE).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of an encrypted part
    (tmp_path / "a.xlsx").write_bytes(content)
    assert [fault.what for fault in faults_of(tmp_path / "a.xlsx")] == ["the file is protected by a password"]


def test_damage_anywhere_is_a_refusal_and_never_a_crash(tmp_path: Path) -> None:
    whole = a_workbook(tmp_path / "a.xlsx", HEAD, LINE).read_bytes()
    for place in range(0, len(whole), len(whole) // 20):
        (tmp_path / "b.xlsx").write_bytes(whole[:place] + b"\xff\x00\x7f" + whole[place + 3 :])
        try:
            assert read_table(tmp_path / "b.xlsx").headers == tuple(HEAD)
        except InputError as refusal:
            assert refusal.faults[0].file == "b.xlsx"  # noqa: PT017  (both outcomes are right)
