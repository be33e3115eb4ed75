"""`jinbang recompute`: one line for each draw, and an exit code that a script can go by."""

from __future__ import annotations

from tasks.installation import Installation
from tasks.panel_changes import Wish
from tests.flows.conftest import Command
from tests.tasks.test_panel_changes import ID, an_edition, make


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
