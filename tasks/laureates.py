"""Lists of earlier winners are brought in; whoever stands on one may not stand again where the process says so (rule N5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from models.declared import Words
from models.edition import Edition
from models.errors import Fault, InputError
from models.process import Process
from models.store import Store
from models.submitting import Laureate
from rules import laureate_lists, tabular
from tasks import opening, spreadsheets
from tasks.installation import database

LABEL_MAX = 20
"""Characters of an edition's label."""


@dataclass(frozen=True, slots=True)
class Winner:
    """An earlier winner as people see it; a paper that is known by two keys is one."""

    label: str
    class_name: str
    title: str
    unit: str
    source: str
    """The list it came on; empty for an edition that ran here."""


def take(process_name: str, label: str, path: Path, *, actor: str, dry_run: bool = False) -> str:
    """Read a list of winners and keep those that are new. Yields a sentence that says what was, or would be, kept.

    Args:
        process_name: Name of the declared process.
        label: Of the edition in which they won, such as 2022.
        path: The spreadsheet.
        actor: Who brings it.
        dry_run: Check everything and keep nothing.

    Raises:
        NotFound: there is no such process.
        InputError: the list or the label has faults; all are named, and nothing is kept.
    """
    found, aside = _read(opening.declared(process_name), label, path)
    said, more = f"{path.name}: {len(winners_in(found))} winners of {process_name} {label}", f"; {aside.en}" if aside else ""
    if dry_run:
        return f"{said}{more} (dry run, nothing was kept)"
    with database().write() as store:
        kept = keep(store, process_name, found, actor=actor, file=path.name, aside=aside)
    return f"{said}, {kept} new{more}"


def take_for(edition: Edition, label: str, path: Path, *, name: str, actor: str) -> int:
    """The same for the process of an edition, by the declaration it was opened with. Yields how many winners are new; see `left_out_last`.

    Args:
        edition: The edition.
        label: As for `take`.
        path: Where the list lies now.
        name: What its sender calls it.
        actor: Who brings it.

    Raises:
        InputError: as for `take`.
    """
    read, rows = _read(edition.process, label, path)
    found = tuple(replace(one, source=name) for one in read)
    with database().write() as store:
        return keep(store, edition.process.name, found, actor=actor, file=name, aside=rows, own=edition.id)


def _read(process: Process, label: str, path: Path) -> tuple[tuple[Laureate, ...], Words | None]:
    """The winners, and which rows were taken for totals or notes."""
    label = label.strip()
    if not 0 < len(label) <= LABEL_MAX or not label.isprintable():
        raise InputError([Fault(f"{label[:40]!r} is no label of an edition", "write such as 2022", field="label", column="label")])
    table = spreadsheets.read_table(path)
    return laureate_lists.read_laureates(table, process, label), tabular.left_out(table)


def keep(
    store: Store, process_name: str, found: tuple[Laureate, ...], *, actor: str, file: str, aside: Words | None = None, own: str = ""
) -> int:  # fmt: skip
    """Keep winners in the caller's transaction; the running editions of the process, and the one named as `own`, note it.

    Yields how many are new.
    """
    known = {(one.label, one.class_name, one.title, one.unit) for one in store.laureates(process_name)}
    new = sum((one.label, one.class_name, one.title, one.unit) not in known for one in winners_in(found))
    store.put_laureates(found)
    said = {"left_out": {"zh": aside.zh, "en": aside.en}} if aside else {}
    noting = [one.id for one in store.editions("running") if one.process.name == process_name]
    for edition in dict.fromkeys((*noting, own) if own else noting):
        store.append(edition, "LaureatesImported", actor=actor, file=file, count=len(winners_in(found)), new=new, **said)
    return new


def left_out_last(store: Store, edition_id: str) -> Words | None:
    """Which rows of the list that came last were taken for totals or notes; None if none were."""
    last = store.events(edition_id, "LaureatesImported")[-1:]
    said = last[0].payload.get("left_out") if last else None
    return Words(**said) if said else None


def winners_in(found: tuple[Laureate, ...]) -> tuple[Winner, ...]:
    """Each winner once."""
    return tuple(dict.fromkeys(Winner(one.label, one.class_name, one.title, one.unit, one.source) for one in found))


def known(store: Store, edition: Edition) -> tuple[Winner, ...]:
    """All earlier winners of the process of an edition: from lists, and from its editions that ran here; the latest first."""
    listed = list(winners_in(store.laureates(edition.process.name)))
    for other in store.editions("published"):
        if other.process.name == edition.process.name and other.id != edition.id and other.rehearsal == edition.rehearsal:
            listed += [Winner(other.label, one.class_name, one.title, one.unit, "") for one in store.entries(other.id, "awarded")]
    return tuple(sorted(listed, key=lambda one: (one.label, one.class_name, one.title), reverse=True))


def by_label(winners: tuple[Winner, ...]) -> dict[str, int]:
    """Number of winners by edition, the latest first."""
    return dict(sorted(Counter(one.label for one in winners).items(), reverse=True))
