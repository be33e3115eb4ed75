"""Pairs that come as a file: what is new of it counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import InputError
from tasks import panel_files
from tasks.installation import Installation
from tasks.panel_changes import Wish
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
    assert panel_files.wish_of(ID, a_file(tmp_path, ("A01", "'=R9"), ("A02", "'-R9")))[0].put == (("A01", "=R9"), ("A02", "-R9"))
