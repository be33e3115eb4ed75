"""Pairs that come as a file: what is new of it counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from models.errors import InputError
from tasks import panel_files
from tasks.installation import Installation
from tasks.panel_changes import Wish
from tests import builders
from tests.tasks.test_panel_changes import ID, PANELS, an_edition


def a_file(tmp_path: Path, *pairs: tuple[str, str]) -> Path:
    path = tmp_path / "名单.csv"
    path.write_text("\n".join(["申报项编号,专家编号,备注", *(f"{entry},{who},旧" for entry, who in pairs)]), encoding="utf-8")
    return path


def test_pairs_in_hand_are_passed_over_and_count_for_no_limit(
    installed: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_edition(installed)
    monkeypatch.setattr(panel_files, "MOST", 2)
    assert panel_files.wish_of(ID, a_file(tmp_path, *PANELS)) == (Wish("manual"), None)
    new = [("A01", "R03"), ("A02", "R03")]
    assert panel_files.wish_of(ID, a_file(tmp_path, *PANELS, *new, *new)) == (Wish("manual", put=tuple(new)), None)
    with pytest.raises(InputError, match="it names 3 new pairs, and 2 can be given at once") as refused:
        panel_files.wish_of(ID, a_file(tmp_path, *PANELS, *new, ("A03", "R03")))
    assert refused.value.faults[0].zh == "名单中有 3 个新的配对，一次至多 2 个，请分几次提交"


def test_a_code_that_a_spreadsheet_would_run_is_read_as_it_was_before_it_was_defused(installed: Installation, tmp_path: Path) -> None:
    an_edition(installed)
    builders.put(installed.database, ID, reviewers=[builders.a_reviewer(code) for code in ("=R9", "-R9")])
    assert panel_files.wish_of(ID, a_file(tmp_path, ("A01", "'=R9"), ("A02", "'-R9")))[0].put == (("A01", "=R9"), ("A02", "-R9"))


def a_workbook(tmp_path: Path, *pairs: tuple[str, str]) -> Path:
    """The same list below a title, in the second column on."""
    book = xlsxwriter.Workbook(str(tmp_path / "名单.xlsx"))
    page = book.add_worksheet("配对")
    page.write(0, 1, "示例奖配对")
    for row, cells in enumerate([("申报项编号", "专家编号"), *pairs], start=1):
        page.write_row(row, 1, cells)
    book.close()
    return tmp_path / "名单.xlsx"


@pytest.mark.parametrize(("made", "place"), [
    (a_file, ("名单.csv", "", {2: 2, 3: 3, 4: 4, 5: 5}, {"entry": "A", "reviewer": "B"})),
    (a_workbook, ("名单.xlsx", "配对", {2: 3, 3: 4, 4: 5, 5: 6}, {"entry": "B", "reviewer": "C"})),
])  # fmt: skip
def test_codes_that_nobody_knows_are_all_named_with_their_cells(
    installed: Installation, tmp_path: Path, made: Callable[..., Path], place: tuple[str, str, dict[int, int], dict[str, str]]
) -> None:
    an_edition(installed)
    file, sheet, rows, letters = place
    with pytest.raises(InputError) as refused:
        panel_files.wish_of(ID, made(tmp_path, ("A01", "R99"), ("A01", "R03"), ("X9", "R98"), ("X9", "")))
    assert [(one.file, one.sheet, one.row, one.column, one.zh) for one in refused.value.faults] == [
        (file, sheet, rows[2], letters["reviewer"], "没有编号为“R99”的专家，请核对编号"),
        (file, sheet, rows[4], letters["entry"], "本阶段没有编号为“X9”的申报项，请核对编号"),
        (file, sheet, rows[4], letters["reviewer"], "没有编号为“R98”的专家，请核对编号"),
        (file, sheet, rows[5], letters["entry"], "本阶段没有编号为“X9”的申报项，请核对编号"),
        (file, sheet, rows[5], letters["reviewer"], "“专家编号”为空，请填写"),
    ]
