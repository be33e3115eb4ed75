"""Synthetic reviewers keep to the guard of the distribution."""

from __future__ import annotations

from models.store import Database
from tasks import moderating, reviewing, signing
from tasks.installation import Installation
from tests import builders

HIGH = {"originality": "38", "rigour": "28", "value": "28"}


def totals(database: Database, edition: str) -> list[str]:
    with database.read() as store:
        sheets = store.sheets(edition, 1, reviewer=f"{edition}/r/R01")
    return [str(sum(one.marks.values())) for one in sheets]


def test_who_signed_too_many_high_totals_while_free_lowers_only_the_new_ones(installed: Installation, database: Database) -> None:
    guard = {"above": 90, "share": "1/2", "sheets_min": 3}
    edition = builders.keep(
        database, builders.an_edition(builders.a_process(**builders.a_stage_change("scoring", distribution=guard))), at="scoring"
    )
    reviewer = f"{edition.id}/r/R01"

    def hand(*codes: str) -> None:
        entries = [builders.an_entry(code) for code in codes]
        builders.put(database, edition.id, entries=entries, pairs=[(code, "R01") for code in codes])
        reviewing.save_sheets(edition.id, 1, reviewer, {f"{edition.id}/e/{code}": reviewing.Draft(HIGH, "", 0) for code in codes})

    builders.put(database, edition.id, nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer()])
    hand("A01", "A02")
    assert signing.sign(edition.id, 1, reviewer, "专家R01") == 2
    hand("A03")
    with database.read() as store:
        run = store.edition(edition.id).stages[1]
    moderating.moderate(edition, run, reviewer)
    assert totals(database, edition.id) == ["94.0", "94.0", "89.0"]
    assert signing.sign(edition.id, 1, reviewer, "专家R01") == 1


def test_the_least_of_too_many_high_totals_are_lowered(installed: Installation, database: Database) -> None:
    guard = {"above": 90, "share": "1/2", "sheets_min": 2}
    edition = builders.keep(
        database, builders.an_edition(builders.a_process(**builders.a_stage_change("scoring", distribution=guard))), at="scoring"
    )
    codes = [f"A0{number}" for number in range(1, 5)]
    builders.put(
        database, edition.id, nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer()],
        entries=[builders.an_entry(code) for code in codes], pairs=[(code, "R01") for code in codes],
    )  # fmt: skip
    reviewer = f"{edition.id}/r/R01"
    work = {f"{edition.id}/e/{code}": reviewing.Draft(HIGH | {"originality": str(40 - place)}, "", 0) for place, code in enumerate(codes)}
    reviewing.save_sheets(edition.id, 1, reviewer, work)
    assert totals(database, edition.id) == ["96.0", "95.0", "94.0", "93.0"]
    with database.read() as store:
        run = store.edition(edition.id).stages[1]
    moderating.moderate(edition, run, reviewer)
    assert totals(database, edition.id) == ["96.0", "95.0", "89.0", "89.0"]
    with database.read() as store:
        seen = store.last_events(edition.id, 99)
    moderating.moderate(edition, run, reviewer)
    with database.read() as store:
        assert store.last_events(edition.id, 99) == seen
