from __future__ import annotations

from models.store import Database
from tests import builders


def test_a_kept_edition_comes_back_as_it_was_declared(database: Database) -> None:
    edition = builders.an_edition()
    stored = builders.keep(database, edition, at="scoring")
    assert stored.process == edition.process
    assert [run.state for run in stored.stages] == ["closed", "open", "planned", "planned", "planned", "planned", "planned"]


def test_a_stored_entry_is_in_the_hands_of_its_reviewer(database: Database) -> None:
    edition = builders.keep(database, builders.an_edition(), at="scoring")
    builders.put(
        database, edition.id, nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer()], entries=[builders.an_entry()],
        pairs=[("A01", "R01")],
    )  # fmt: skip
    with database.read() as store:
        assert [one.entry for one in store.assignments(edition.id, 1, reviewer="sample-2026/r/R01")] == ["sample-2026/e/A01"]
