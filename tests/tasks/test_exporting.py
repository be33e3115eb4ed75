"""Tables that are handed out: a text stays a text, whatever it begins with, and nobody writes one in another way (R-46)."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from tasks import exporting

ROOT = Path(__file__).parents[2]
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", '=HYPERLINK("http://example.org")']


@pytest.mark.parametrize("cell", DANGEROUS)
def test_what_could_run_as_a_formula_is_text_in_csv(cell: str) -> None:
    content = exporting.csv_table([["题目", 1], [cell, -1]])
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) == [["题目", "1"], [f"'{cell}", "-1"]]


@pytest.mark.parametrize("cell", [*DANGEROUS, "http://example.org", "007", "1e5"])
def test_a_text_in_a_workbook_is_neither_a_formula_nor_a_link_nor_a_number(cell: str) -> None:
    target = io.BytesIO()
    book = exporting.workbook(target, title="表", created=datetime(2026, 1, 1, tzinfo=UTC))
    sheet = book.add_worksheet()
    sheet.write(0, 0, cell)
    sheet.write(1, 0, -1)
    book.close()
    page = openpyxl.load_workbook(io.BytesIO(target.getvalue())).worksheets[0]
    read = str(page["A1"].value).replace("_x000D_", "\r")  # as the format writes it, and openpyxl leaves it
    assert (page["A1"].data_type, read, page["A1"].hyperlink) == ("s", cell, None)
    assert (page["A2"].data_type, page["A2"].value) == ("n", -1)


def test_a_table_as_a_workbook_is_the_same_each_time_and_its_texts_stay_texts() -> None:
    def made() -> bytes:
        return exporting.xlsx_table(
            [["编号", "数"], ["=1+1", 7], ["007", 8]], title="表", created=datetime(2026, 1, 1, tzinfo=UTC), widths=(9, 4)
        )

    page = openpyxl.load_workbook(io.BytesIO(made())).worksheets[0]
    assert [[(cell.data_type, cell.value) for cell in row] for row in page.iter_rows()] == [
        [("s", "编号"), ("s", "数")], [("s", "=1+1"), ("n", 7)], [("s", "007"), ("n", 8)],
    ]  # fmt: skip
    assert (page.freeze_panes, made()) == ("A2", made())


def test_every_table_that_is_handed_out_is_written_here() -> None:
    made_up = {"tasks/exporting.py", "tasks/samples_files.py"}  # the samples are made up, and read by us
    writes = re.compile(r"xlsxwriter\.Workbook\(|csv\.(Dict)?[Ww]riter\(")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("config", "flows", "models", "notifications", "rules", "tasks", "web")
        for path in (ROOT / folder).rglob("*.py")
        if writes.search(path.read_text("utf-8"))
    }
    assert found == made_up
