"""Sheets without a signature: named to their reviewers while there is time, and closed kindly when there is none (rule S4).

A sheet that is not signed is absent, never zero. What was written stays on file. Where entries lack scores and the review goes on for them,
only their sheets stay open: the first reviewers may still sign until the further round ends.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from models.edition import Assignment, Edition, Lease, StageRun
from models.stages import ScoringStage
from models.store import Store
from notifications import messages
from tasks import recusing, reviewing, stages
from tasks.action import action
from tasks.panel_sizes import Sizes


def complete(store: Store, edition: Edition, run: StageRun) -> dict[str, tuple[str, ...]]:
    """Reviewer id -> codes of the sheets that lack nothing but the signature, by code."""
    stage = run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - narrows the type; callers have a scoring stage
    drafts = store.sheets(edition.id, run.position, signed=False)
    entries = {one.id: one for one in store.entries_by_id(sheet.entry for sheet in drafts).values()}
    found: dict[str, list[str]] = defaultdict(list)
    for sheet in drafts:
        entry = entries[sheet.entry]
        if reviewing.is_complete(stage.sheet_of(entry.class_name), sheet):
            found[sheet.reviewer].append(entry.code)
    return {who: tuple(sorted(codes)) for who, codes in found.items()}


@action
def close_sheets(lease: Lease, position: int) -> None:
    """Once the marks stand, tell everybody whose sheets were not signed that they do not count; once."""
    with stages.step(lease, position, "close_sheets") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        expire(store, edition, run, _left(store, edition, run))


def close_settled(store: Store, edition: Edition, run: StageRun, lacking: Collection[str], until: datetime) -> Counter[str]:
    """When a further round opens: close what is unsigned of entries that need no more scores, and tell its reviewers once.

    Who still has unsigned sheets of entries that lack scores may sign them until the round ends, and is told so. Yields how many those are,
    by reviewer, for reviewers who lost nothing and so have had no mail yet.

    Args:
        store: The transaction in which the further round opens.
        edition: The edition.
        run: Its scoring stage, in the round that ends.
        lacking: Ids of the entries that lack scores.
        until: When the further round ends.
    """
    left = _left(store, edition, run)
    stays = Counter(pair.reviewer for pair in left if pair.entry in lacking)
    over = [pair for pair in left if pair.entry not in lacking]
    expire(store, edition, run, over, stays=stays, until=until)
    for pair in over:
        recusing.take_back(store, pair, reason="expired", now=store.edition_now(edition.id), actor="engine")
    told = {pair.reviewer for pair in over}
    return Counter({who: count for who, count in stays.items() if who not in told})


def closed_entries(store: Store, run: StageRun, sizes: Sizes) -> frozenset[str]:
    """Ids of the entries whose unsigned sheets were closed while the review went on for others: their empty seats need nobody.

    An entry that has fewer reviewers left than it needs scores, because somebody left it since, is not among them, and neither is one
    for which the office has set a size since.
    """
    least = sizes.stage.aggregate.min_valid
    events = (one for one in store.events(run.edition, "SheetsExpired") if one.payload["position"] == run.position)
    closed = {entry: one.seq for one in events for entry, _ in one.payload["pairs"]}
    left = Counter(pair.entry for pair in store.panels_of(run.position, closed) if not pair.recused)
    wanted = {entry for entry, own in sizes.own.items() if own.at is None or own.seq > closed.get(entry, 0)}
    return frozenset(entry for entry in closed if left[entry] >= least and entry not in wanted)


def _left(store: Store, edition: Edition, run: StageRun) -> list[Assignment]:
    """What is in hand and not signed."""
    signed = {assignment for assignment, _ in store.signatures(edition.id, run.position)}
    return [pair for pair in store.assignments(edition.id, run.position) if not pair.recused and pair.id not in signed]


def expire(
    store: Store, edition: Edition, run: StageRun, left: Iterable[Assignment], *, stays: Mapping[str, int] | None = None,
    until: datetime | None = None,
) -> None:  # fmt: skip
    """Note which sheets were closed without a signature, and tell their reviewers.

    Args:
        store: The transaction in which the sheets are closed.
        edition: The edition.
        run: Its scoring stage, in the round that ends.
        left: What is unsigned; still in hand, or taken back in the same transaction.
        stays: Reviewer -> unsigned sheets that stay open because their entries lack scores.
        until: Until when those may be signed; None if the review is over.
    """
    ended = sorted(left, key=lambda one: (one.entry, one.reviewer))
    if not ended:
        return
    codes = {one.id: one.code for one in store.entries_by_id(pair.entry for pair in ended).values()}
    whole = complete(store, edition, run)
    lost: dict[str, list[str]] = defaultdict(list)
    for pair in ended:
        lost[pair.reviewer].append(codes[pair.entry])
    only_unsigned = {who: [code for code in sorted(some) if code in whole.get(who, ())] for who, some in lost.items()}
    store.append(
        edition.id, "SheetsExpired", actor="engine", stage=run.name, position=run.position, round=run.round,
        pairs=[[pair.entry, pair.reviewer] for pair in ended], complete={who: some for who, some in sorted(only_unsigned.items()) if some},
    )  # fmt: skip
    people = {one.id: one for one in store.reviewers(edition.id)}
    store.queue_mails(
        edition.id,
        [
            messages.review_closed(edition, run, people[who], sorted(some), only_unsigned[who], left=(stays or {}).get(who, 0), until=until)
            for who, some in sorted(lost.items())
        ],
    )
