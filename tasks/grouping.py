"""When the review begins groups are fixed, small ones merged, and the seed of a possible lot is published (rules R7, S8)."""

from __future__ import annotations

from collections import Counter

from models.edition import Edition, EntryState, Lease, StageRun
from models.stages import ShortlistingStage
from models.store import Store
from models.tie_breaks import chain_of, neighbours
from rules import apportioning, eligibility
from rules.parting import LOT
from tasks import stages
from tasks.action import action

COMPETING: tuple[EntryState, ...] = ("eligible", "assigned")


@action
def fix_groups(lease: Lease, position: int) -> None:
    """Merge small groups, and publish the seed of lots where a chain ends in them; nothing where the process declares neither."""
    with stages.step(lease, position, "fix_groups") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        _merge(store, edition, run)
        later = [one.declared for one in edition.stages[position:] if isinstance(one.declared, ShortlistingStage)]
        if any(LOT in chain_of(one) for one in later):
            store.append(edition.id, "LotSeedPublished", actor="engine", stage=run.name, seed=edition.seed, award=edition.id)


def _merge(store: Store, edition: Edition, run: StageRun) -> None:
    groups = edition.process.groups
    if groups is None or not groups.min_group:
        return
    entries = store.entries(edition.id, *COMPETING)
    names = eligibility.groups_of(edition.process)
    # Classified entries are not scored and take no seat of a group, but they stay with those they belong to.
    counted = Counter(one.group for one in entries if not one.classified)
    merged = apportioning.merge_small({name: counted[name] for name in names}, groups.min_group, neighbours(edition.process, names))
    moved = {group: into for group, into in merged.where.items() if group != into}
    if not moved and not merged.small:
        return
    store.move_entries(edition.id, moved)
    store.append(
        edition.id, "GroupsMerged", actor="engine", stage=run.name, min_group=groups.min_group, sizes=dict(counted),
        mergers=[[one.group, one.into, one.entries] for one in merged.mergers if one.entries], small=list(merged.small),
    )  # fmt: skip


def mergers(store: Store, edition: Edition) -> tuple[tuple[str, str, int], ...]:
    """(group, the one it went into, its entries), in the order in which they were merged."""
    found = store.events(edition.id, "GroupsMerged")
    return tuple((one[0], one[1], one[2]) for event in found[-1:] for one in event.payload["mergers"])
