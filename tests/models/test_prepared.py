"""Statements that are compiled once: what is remembered, what is not, and what a failed one undoes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import tables as t
from models.edition import Edition
from models.errors import Stale
from models.reviewing import Written
from models.store import Database, Store
from models.stores.hands import Hands
from models.stores.prepared import Prepared, execute
from tests import builders
from tests.builders import Clock


@pytest.fixture
def edition(database: Database) -> Edition:
    kept = builders.keep(database, builders.an_edition(), at="scoring")
    builders.put(
        database, kept.id, nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer("R01")],
        entries=[builders.an_entry(code) for code in ("A02", "A01")], pairs=[("A01", "R01"), ("A02", "R01")],
    )  # fmt: skip
    return kept


def hands(database: Database, edition: Edition) -> Hands:
    with database.read() as store:
        return store.hands(edition.id, 1, f"{edition.id}/r/R01")


def refused(store: Store, edition: Edition) -> None:
    store.append(edition.id, "SheetSaved", actor="nobody")
    raise Stale("refused")


def test_a_row_that_comes_again_unchanged_is_the_same_value_and_a_changed_one_is_read(database: Database, edition: Edition) -> None:
    made: list[str] = []
    statement = sa.select(t.ENTRIES.c.id, t.ENTRIES.c.title, t.ENTRIES.c.fields).order_by(t.ENTRIES.c.id)

    def make(row: Any) -> Any:
        made.append(row.title)
        return row

    titles = Prepared(statement, make=make, kept=8)
    with database.read() as store:
        first = titles.all(store.connection, {})
        assert [one is other for one, other in zip(titles.all(store.connection, {}), first, strict=True)] == [True, True]
    with database.write() as store:
        store.connection.execute(t.ENTRIES.update().where(t.ENTRIES.c.code == "A01").values(title="新题目", fields={"journal": "新刊"}))
        again = titles.all(store.connection, {})
    assert [again[0] is first[0], again[1] is first[1]] == [False, True]
    assert (again[0].title, again[0].fields, len(made)) == ("新题目", {"journal": "新刊"}, 3)


def test_a_save_and_a_changed_entry_are_in_the_hands_at_once(database: Database, edition: Edition, clock: Clock) -> None:
    before = hands(database, edition)
    assert [(one.entry.code, one.sheet) for one in before.held] == [("A01", None), ("A02", None)]
    clock.now += timedelta(minutes=1)
    with database.write() as store:
        store.save_sheet(before.held[0].assignment, Written({}, "好", "", (), ""), revision=0)
        store.connection.execute(t.ENTRIES.update().where(t.ENTRIES.c.code == "A02").values(title="改过的题目"))
    after = hands(database, edition)
    sheet = after.held[0].sheet
    assert sheet is not None
    assert (sheet.comment, sheet.revision, after.held[1].entry.title, after.at) == ("好", 1, "改过的题目", clock.now)


def test_the_answers_of_an_entry_are_read_for_one_entry_only(database: Database, edition: Edition) -> None:
    entry = hands(database, edition).held[0].entry
    with database.read() as store:
        assert store.form_of(entry.id) == store.entry(entry.id).fields
        assert store.form_of("nothing") == {}
    for use in (len, list, lambda fields: fields["journal"]):
        with pytest.raises(RuntimeError, match="form_of"):
            use(entry.fields)


def test_what_fails_by_itself_is_undone_alone(database: Database, edition: Edition) -> None:
    with database.write() as store:
        store.append(edition.id, "SheetSaved", actor="before")
        with pytest.raises(Stale), store.by_itself():
            refused(store, edition)
        with pytest.raises(sa.exc.DBAPIError), store.by_itself():
            execute(store.connection, "SELECT nothing FROM nowhere")
        with store.by_itself():
            store.append(edition.id, "SheetSaved", actor="after")
    with database.read() as store:
        assert [one.actor for one in store.events(edition.id) if one.type == "SheetSaved"] == ["before", "after"]


def test_a_refused_block_leaves_the_database_usable(database: Database, edition: Edition) -> None:
    for _ in range(3):
        with pytest.raises(Stale), database.write() as store:
            refused(store, edition)
        with database.write() as store:
            store.append(edition.id, "SheetSaved", actor="somebody")
    with database.read() as store:
        assert [one.actor for one in store.events(edition.id) if one.type == "SheetSaved"] == ["somebody"] * 3
