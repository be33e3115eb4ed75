"""Who sits where, as the office sees it."""

from __future__ import annotations

from tasks import panels_seen
from tasks.installation import Installation
from tasks.panels_seen import Panel
from tests import builders
from tests.tasks.test_panel_changes import ENTRIES, ID, an_edition, begin


def panels(installed: Installation) -> dict[str, Panel]:
    with installed.database.read() as store:
        return {one.entry.code: one for one in panels_seen.seen(store, store.edition(ID)).panels}


def told(panel: Panel) -> list[tuple[str, int, int, str]]:
    return [(one.reviewer.code, one.fit, one.shared, one.state) for one in panel.seats]


def test_each_seat_has_its_fit_and_the_state_of_its_sheet(installed: Installation) -> None:
    an_edition(installed, pairs=[(entry, who) for entry in ENTRIES for who in ("R01", "R03")], draw={"keywords": "title_en"})
    begin(installed, "R01", "A01", sign=True)
    begin(installed, "R03", "A01")
    with installed.database.write() as store:
        store.recuse(store.assignment(1, f"{ID}/e/A02", f"{ID}/r/R01").id)
    found = panels(installed)
    assert told(found["A01"]) == [("R01", 1000, 0, "signed"), ("R03", 600, 0, "complete")]
    assert told(found["A02"]) == [("R03", 600, 0, "new"), ("R01", 1000, 0, "left")]
    assert [(one.empty, one.lacks_exact) for one in found.values()] == [(0, False), (1, True), (0, False), (0, False)]


def test_an_entry_without_reviewers_is_listed_and_what_no_draw_serves_is_not(installed: Installation) -> None:
    an_edition(installed, pairs=[("A01", "R01")])
    with installed.database.write() as store:
        store.set_entry_states({f"{ID}/e/A02": "withdrawn"})
        store.put_reviewers(ID, [builders.a_reviewer("R01", disciplines=("440.20",), keywords=("x",))])
    found = panels(installed)
    assert {code: told(one) for code, one in found.items()} == {"A01": [("R01", 1000, 0, "new")], "A03": [], "A04": []}
    assert [one.empty for one in found.values()] == [1, 2, 2]
