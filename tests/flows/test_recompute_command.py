"""`jinbang recompute`: one line for each draw, and an exit code that a script can go by."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from models import tables
from tasks import reviewing
from tasks.installation import Installation
from tasks.panel_changes import Wish
from tests.flows.conftest import Command
from tests.tasks.test_panel_changes import ID, an_edition, begin, make


def test_each_draw_is_told_on_a_line_and_a_difference_ends_with_1(installed: Installation, command: Command) -> None:
    an_edition(installed, pairs=[])
    assert command("recompute", ID) == (0, f"{ID}: nothing has been drawn or computed yet\n", "")
    make(Wish("fill"))
    code, out, err = command("recompute", ID)
    first, second = out.splitlines()
    assert (code, err) == (0, "")
    assert first.startswith("scoring: draw 1 (fill, round 0, 8 seats, panels-2 ortools ")
    assert (first.endswith("): same"), second) == (True, "scoring: panels (8 seats given): same")
    with installed.database.write() as store:
        free = {one.id for one in store.reviewers(ID)} - {one.reviewer for one in store.assignments(ID, 1) if one.entry == f"{ID}/e/A02"}
        store.add_assignments(ID, 1, [(f"{ID}/e/A02", min(free))], number=0)
    code, out, err = command("recompute", ID, "--stage", "scoring")
    assert (code, err, out.splitlines()[0]) == (1, "", first)
    assert out.splitlines()[1] == f"scoring: panels (9 seats given): DIFFERS: {min(free)[-3:]} has A02, which nobody drew or put there"
    assert command("recompute", ID, "--stage", "nothing") == (1, "", f"{ID} has no scoring stage nothing\n")


def test_a_sheet_that_was_changed_behind_the_engine_is_named_and_ends_with_1(installed: Installation, command: Command) -> None:
    an_edition(installed)
    begin(installed, "R01", "A01")
    code, out, err = command("recompute", ID)
    assert (code, out.splitlines()[-1], err) == (0, "scoring: sheets (1 kept): same", "")
    with installed.database.write() as store:
        (sheet,) = store.sheets(ID, 1)
        changed = {**{name: str(mark) for name, mark in sheet.marks.items()}, "value": "1"}
        store.connection.execute(sa.update(tables.SHEETS).where(tables.SHEETS.c.assignment == sheet.assignment).values(marks=changed))
    code, out, err = command("recompute", ID)
    was, now = (reviewing.marks_digest(one) for one in (sheet.marks, {**sheet.marks, "value": Decimal(1)}))
    told = f"{ID} A01, R01: the marks are not those that were saved (their digest is {now}, recorded was {was})"
    assert (code, out.splitlines()[-1], err) == (1, f"scoring: sheets (1 kept): DIFFERS: {told}", "")
