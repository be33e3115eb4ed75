"""A link for one stage of one edition reaches nothing else: the tasks refuse by themselves, whatever a page offers (R-17)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.errors import NotAllowed, NotFound, TooLate
from tasks import answering, reviewing, signing
from tasks.installation import Installation
from tests import builders

ID = "sample-2026"
R01, M01 = f"{ID}/r/R01", f"{ID}/m/M01"
OTHER = "other-2025"
_CHANGES = ("SheetSaved", "SheetsSigned", "AnswerGiven")


@pytest.fixture
def two_editions(installed: Installation) -> Installation:
    """One edition whose scoring is over, with the committee at work, and another whose scoring is open."""
    made = [
        builders.keep(installed.database, builders.an_edition(), at="scoring"),
        builders.keep(installed.database, builders.an_edition(builders.a_process(name="other", edition="2025")), at="scoring"),
    ]
    for edition in made:
        builders.put(
            installed.database, edition.id, nominators=[builders.a_nominator("N01")], members=[builders.a_member("M01")],
            reviewers=[builders.a_reviewer("R01"), builders.a_reviewer("R02")],
            entries=[builders.an_entry("A01"), builders.an_entry("A02")], pairs=[("A01", "R01"), ("A02", "R02")],
        )  # fmt: skip
    builders.go_to(installed.database, ID, "voting")
    return installed


def _save(edition: str, position: int, entry: str) -> Callable[[], object]:
    return lambda: reviewing.save_sheets(edition, position, R01, {entry: reviewing.Draft({"value": "3"}, "", 0)})


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(_save(ID, 1, f"{ID}/e/A01"), id="a closed round"),
        pytest.param(_save(ID, 3, f"{ID}/e/A01"), id="a stage that scores nothing"),
        pytest.param(_save(OTHER, 1, f"{OTHER}/e/A01"), id="another edition"),
        pytest.param(_save(OTHER, 1, f"{OTHER}/e/A02"), id="another edition's other entry"),
        pytest.param(_save(OTHER, 1, f"{ID}/e/A01"), id="one's own entry through another edition"),
        pytest.param(lambda: signing.sign(ID, 1, R01, "专家R01"), id="signing a closed round"),
        pytest.param(lambda: signing.sign(OTHER, 1, R01, "专家R01"), id="signing in another edition"),
        pytest.param(lambda: answering.answer(ID, 3, R01, "agree", [], ""), id="a reviewer as committee"),
        pytest.param(lambda: answering.answer(OTHER, 3, M01, "agree", [], ""), id="a member in another edition"),
        pytest.param(lambda: answering.answer(ID, 4, M01, "agree", [], ""), id="a member as signatory"),
    ],
)
def test_what_lies_outside_the_scope_is_refused_and_changes_nothing(two_editions: Installation, act: Callable[[], object]) -> None:
    with pytest.raises((NotFound, NotAllowed, TooLate)):
        act()
    with two_editions.database.read() as store:
        assert [len(store.sheets(edition, 1)) for edition in (ID, OTHER)] == [0, 0]
        assert [one.type for edition in (ID, OTHER) for one in store.events(edition) if one.type in _CHANGES] == []
