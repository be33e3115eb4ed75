"""Keep what lists say about units and about relations of reviewers, and tell the office what sits already (rule R3)."""

from __future__ import annotations

from models.edition import Edition
from models.intake import Table
from models.store import Store
from rules import relation_lists, units
from tasks import conflicts


def keep(store: Store, edition: Edition, what: str, table: Table, *, actor: str) -> str:
    """Keep a table of units, in place of an earlier one, or a list of relations, beside earlier ones. Yields a sentence for the office.

    Raises:
        InputError: every fault of the table at once.
    """
    store.lock_stage(edition.id, 0, to_change=True)  # one file after the other: a table of units is replaced as a whole
    said = _units(store, edition, table, actor) if what == "units" else _relations(store, edition, table, actor)
    return said + sitting(store, edition)


def sitting(store: Store, edition: Edition) -> str:
    """A warning to the office, to follow a sentence, if reviewers hold entries that they should not; else empty."""
    if not any(run.declared.kind == "scoring" and run.state in ("opening", "open") for run in edition.stages):
        return ""
    count = sum(bool(one.seat) and one.asks for one in conflicts.found(store, edition))
    return f"; {count} entries are in the hands of reviewers who should not have them, see the page of conflicts" if count else ""


def _units(store: Store, edition: Edition, table: Table, actor: str) -> str:
    names = units.read_units(table)
    before = len(store.unit_names(edition.id))
    store.put_unit_names(edition.id, names)
    heads = len({one.head for one in names})
    store.append(edition.id, "UnitsImported", actor=actor, file=table.file, names=len(names), units=heads, before=before)
    return f"{len(names)} names of {heads} units" + (f", in place of {before} names" if before else "")


def _relations(store: Store, edition: Edition, table: Table, actor: str) -> str:
    read = relation_lists.read_relations(
        table, edition=edition.id, reviewers=store.reviewers(edition.id), entries=store.entries(edition.id),
        now=store.edition_now(edition.id),
    )  # fmt: skip
    gone = store.remove_told_relations(read.taken_back)
    store.put_told_relations(read.told)
    store.append(edition.id, "RelationsImported", actor=actor, file=table.file, count=len(read.told), taken_back=gone)
    return f"{len(read.told)} relations" + (f", {gone} taken back" if gone else "")
