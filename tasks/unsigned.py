"""Sheets without a signature: named to their reviewers while there is time, and closed kindly when there is none (rule S4).

A sheet that is not signed is absent, never zero. What was written stays on file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from models.edition import Assignment, Edition, Lease, StageRun
from models.stages import ScoringStage
from models.store import Store
from notifications import messages
from tasks import reviewing, stages
from tasks.action import action


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
        signed = {one.assignment for one in store.sheets(edition.id, position, signed=True)}
        left = [pair for pair in store.assignments(edition.id, position) if not pair.recused and pair.id not in signed]
        expire(store, edition, run, left)


def expire(store: Store, edition: Edition, run: StageRun, left: Iterable[Assignment]) -> None:
    """Note which sheets were closed without a signature, and tell their reviewers.

    Args:
        store: The transaction in which the sheets are closed.
        edition: The edition.
        run: Its scoring stage, in the round that ends.
        left: What is unsigned; still in hand, or taken back in the same transaction.
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
        [messages.review_closed(edition, run, people[who], sorted(some), only_unsigned[who]) for who, some in sorted(lost.items())],
    )
