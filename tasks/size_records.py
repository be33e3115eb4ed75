"""The sizes that the office set for single entries, held against what was drawn by them (rule R2; decision 0026)."""

from __future__ import annotations

from collections.abc import Iterator

from models.edition import Edition, StageRun
from models.store import Store
from rules.digests import digest
from tasks import panel_sizes


def differences(store: Store, edition: Edition, run: StageRun) -> tuple[int, tuple[str, ...]]:
    """How many times the office has set or taken back sizes in a stage, and what does not agree with that; nothing if all does."""
    codes = {one.id: one.code for one in store.entries(edition.id)}
    return len(panel_sizes.changes(store, run)), (*_broken(store, run, codes), *_first_draw(store, edition, run))


def _broken(store: Store, run: StageRun, codes: dict[str, str]) -> Iterator[str]:
    """Each record names the size before it: one that was changed or removed later leaves a gap."""
    sizes: dict[str, int] = {}
    for one in panel_sizes.changes(store, run):
        for entry, before in one.payload["before"].items():
            if sizes.get(entry, before) != before:
                yield f"{codes.get(entry, entry)} had {before} reviewers to get when that was changed, and {sizes[entry]} by the records"
            if one.payload["size"] is None:
                sizes.pop(entry, None)
            else:
                sizes[entry] = one.payload["size"]


def _first_draw(store: Store, edition: Edition, run: StageRun) -> Iterator[str]:
    """The first draw must have asked for the seats that the sizes at its time left open."""
    drawn = next((one for one in store.events(edition.id, "PanelsDrawn") if one.payload["stage"] == run.name), None)
    kept = next((one for one in store.draws(edition.id, run.position) if one.made.kind == "first"), None)
    if drawn is None or kept is None or digest(dict(kept.made.question)) != kept.question_digest:
        return  # a damaged record of a draw is told where draws are solved again
    sizes = panel_sizes.look(store, run, before=drawn.seq)
    by_hand = {
        entry
        for one in store.events(edition.id, "PanelsChanged")
        if one.seq < drawn.seq and one.payload["position"] == run.position
        for entry, _ in (*one.payload["put"], *one.payload["off"])
    }
    asked = {need[0]: need[1] for need in kept.made.question.get("needs", ())}
    for entry in sorted(store.entries(edition.id), key=lambda one: one.code):
        seats = asked.get(entry.code, sizes.of(entry))  # an entry that was not drawn had been refused then
        if entry.id not in by_hand and seats != sizes.of(entry):
            yield f"{entry.code} should have got {sizes.of(entry)} reviewers by the first draw, and {seats} were asked for"
