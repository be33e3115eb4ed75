"""Make the workbooks of this folder anew: `PYTHONPATH=. .venv/bin/python tests/data/workbooks/make.py`, with LibreOffice on the machine.

They hold the same three papers, written by three programs in the ways in which clerks' tables differ. All people are made up.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, Literal

import openpyxl
import xlsxwriter
from openpyxl.styles import Alignment

HERE = Path(__file__).parent
HEADS = [
    "序号",
    "论文题目*",
    "第一\n作者单位",
    "电子邮箱（必填）",
    "推荐排序",
    "学科代码",
    "全部作者",
    "发表期刊",
    "发表日期",
    "论文摘要",
    "备注",
]
CSV = "csv:Text - txt - csv (StarCalc):44,34,{},1"
UTF_8, UTF_16, GB_18030 = 76, 65535, 85


def clerk(path: Path, *, formulas: Literal["all", "numbers", "none"], hidden: bool = True) -> None:
    """As XlsxWriter writes it: a merged title, real dates, full-width digits, apostrophes, formulas, hidden sheets, totals, notes."""
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"created": date(2026, 1, 1)})
    if hidden:
        old = book.add_worksheet("去年")
        old.write_row(0, 0, ["论文题目", "作者"])
        old.write_row(1, 0, ["不该读到的论文", "某人"])
    page = book.add_worksheet("汇总表")
    page.merge_range("A1:K1", "示例省优秀论文推荐汇总表", book.add_format({"bold": True, "align": "center"}))
    page.write("A2", "推荐单位：示例省N01学会（盖章）")
    page.write_row("A4", HEADS, book.add_format({"text_wrap": True, "bold": True}))
    day = book.add_format({"num_format": "yyyy/m/d"})
    quoted = book.add_format({"quote_prefix": True, "num_format": "@"})
    page.write_row("A5", [1, "深部煤层冲击地压的微震前兆", " 甲\u3000大学 ", "ｊｉａ＠example.org", 1, 440])
    page.write_row("G5", ["甲一（甲大学）、乙二（乙大学）", "示例学报"])
    page.write_datetime("I5", date(2024, 5, 3), day)
    page.write_row("J5", ["提出一种识别方法，\n并在三个矿区得到验证。", "重点"])
    page.write_row("A6", [2, "", "乙大学", "yi@example.org", "", "４４０２０", "丙 三，丁四", "示例学报", "2024年5月", "比较三种方案。"])
    if formulas == "all":
        page.write_formula("B6", '="矿井粉尘"&"防治的三种方案"', value="矿井粉尘防治的三种方案")
    else:
        page.write("B6", "矿井粉尘防治的三种方案")
    if formulas != "none":
        page.write_formula("E6", "=E5+1", value=2)
    else:
        page.write("E6", 2)
    page.write("A7", 3)
    page.write("B7", "区域水资源承载力评价", quoted)
    page.write_row(
        "C7", ["丙研究院", "bing@example.org", "３", "440.20 采矿工程", "戊五(丙研究院);己六", "'示例通报", "2024.05.03", "给出评价指标。"]
    )
    page.write_row("A9", ["合计", "", "", "", "", "", "", "", "", "", 3])
    page.write_row("A10", ["注：以上论文均已公示。"])
    page.activate()
    page.set_first_sheet()
    for sheet in book.worksheets():
        if sheet is not page:
            sheet.hide()
    book.close()


def typed(path: Path) -> None:
    """As openpyxl writes it: everything typed as text, the merged title only."""
    book = openpyxl.Workbook()
    page: Any = book.active
    page.title = "汇总表"
    page["A1"] = "示例省优秀论文推荐汇总表"
    page.merge_cells("A1:K1")
    page["A1"].alignment = Alignment(horizontal="center")
    rows = [
        HEADS,
        ["1", "深部煤层冲击地压的微震前兆", "甲大学", "jia@example.org", "１", "４４０", "甲一（甲大学）、乙二（乙大学）", "示例学报",
         "'2024-5-3",
         "提出一种识别方法，\n并在三个矿区得到验证。", ""],
        ["2", "矿井粉尘防治的三种方案", "乙大学", "yi@example.org", "2", "'44020", "丙三,丁四", "示例学报",
         "２０２４．０５", "比较三种方案。", ""],
        ["3", "'区域水资源承载力评价", "丙研究院", "bing@example.org", "3", "44020", "戊五（丙研究院）\n己六", "示例通报",
         "20240503", "给出评价指标。", ""],
    ]  # fmt: skip
    for number, row in enumerate(rows, start=3):
        for column, text in enumerate(row, start=1):
            page.cell(number, column, text).data_type = "s"
    hidden: Any = book.create_sheet("字典", 0)
    hidden["A1"] = "论文题目"
    hidden.sheet_state = "hidden"
    book.active = 1
    book.save(path)


def merged(path: Path) -> None:
    """Cells that are merged among the rows."""
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("表")
    page.write_row("A1", ["论文题目", "第一作者单位", "电子邮箱", "学科代码", "作者", "发表期刊", "发表日期", "摘要"])
    for row, title in enumerate(("甲", "乙", "丙"), start=1):
        page.write_row(row, 0, [title, "", "a@example.org", "440", "甲一", "示例学报", "2024-05", "摘要。"])
    page.merge_range("B2:B4", "甲大学")
    book.close()


def convert(source: Path, to: str, target: Path) -> None:
    """Let LibreOffice read a file and write it as another type."""
    with tempfile.TemporaryDirectory() as folder:
        order = [
            "soffice",
            "--headless",
            f"-env:UserInstallation=file://{folder}/profile",
            "--convert-to",
            to,
            "--outdir",
            folder,
            str(source),
        ]
        subprocess.run(order, check=True, capture_output=True)
        shutil.move(Path(folder) / f"{source.stem}{target.suffix}", target)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.xlsx"
        clerk(source, formulas="all")
        shutil.copyfile(source, HERE / "xlsxwriter.xlsx")
        for suffix in ("xlsx", "ods"):
            convert(source, suffix, HERE / f"libreoffice.{suffix}")
        # Without a screen LibreOffice writes 0 as the result of a formula that yields a text: numbers only.
        clerk(source, formulas="numbers")
        convert(source, "xls", HERE / "libreoffice.xls")
        clerk(source, formulas="none", hidden=False)  # as CSV only the first sheet is written
        for name, charset in (("utf-8", UTF_8), ("utf-16", UTF_16), ("gb18030", GB_18030)):
            convert(source, CSV.format(charset), HERE / f"libreoffice-{name}.csv")
    typed(HERE / "openpyxl.xlsx")
    merged(HERE / "merged.xlsx")


if __name__ == "__main__":
    main()
