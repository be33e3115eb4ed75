"""What happens in a submission stage: the call, reminders, the form check by rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

from models.edition import Edition, Entry, Lease, StageRun
from models.errors import StageNotReady
from models.store import Store
from notifications import messages
from rules import eligibility
from tasks import links, stages
from tasks.action import action
from tasks.installation import settings


@action
def call_nominators(lease: Lease, position: int) -> None:
    """Give every nominator a link and mail the call."""
    with stages.step(lease, position, "call") as store:
        if store is not None:
            edition = store.edition(lease.edition)
            invite(store, edition, edition.stages[position])


def invite(store: Store, edition: Edition, run: StageRun) -> None:
    """Links and calls for those nominators who have none; also for those who are imported while the stage is open."""
    now = store.edition_now(edition.id)
    people = store.nominators(edition.id)
    end = (run.cutoff or now) + timedelta(days=settings().nominator_link_days)
    links.issue(store, settings(), edition.id, "nominator", [one.id for one in people], not_before=now, expires_at=end)
    declared = edition.process.nominators
    store.queue_mails(edition.id, [messages.call_opened(edition, run, one, declared[one.type].max) for one in people])


@action
def remind_nominators(lease: Lease, position: int, days: int, name: str) -> None:
    """Remind nominators who have put nothing forward."""
    with stages.step(lease, position, name) as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        have = {entry.nominator for entry in store.entries(edition.id)}
        silent = [one for one in store.nominators(edition.id) if one.id not in have]
        run = edition.stages[position]
        count = store.queue_mails(edition.id, [messages.call_reminder(edition, run, one, days) for one in silent])
        store.append(edition.id, "RemindersQueued", actor="engine", stage=run.name, count=count)


@action
def check_forms(lease: Lease, position: int) -> None:
    """Decide by the declared rules which entries are eligible and where each competes; tell the nominators.

    Raises:
        StageNotReady: not one entry is eligible.
    """
    with stages.step(lease, position, "check_forms") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        checked = [_check(entry, edition) for entry in store.entries(edition.id)]
        if not any(not reasons for _, _, reasons in checked):
            raise StageNotReady(
                f"{edition.id}: {len(checked)} entries were put forward and none is eligible; import entries and extend the deadline"
            )
        store.decide_form_check([(entry.id, group, reasons) for entry, group, reasons in checked])
        counts = Counter("ineligible" if reasons else "eligible" for _, _, reasons in checked)
        store.append(edition.id, "EntryChecked", actor="engine", **counts)
        _tell_result(store, edition, checked)


def _check(entry: Entry, edition: Edition) -> tuple[Entry, str, tuple[str, ...]]:
    reasons = tuple(words.zh for words in eligibility.reasons(entry, edition.process))
    group = "" if reasons else eligibility.group_of(entry.fields, entry.class_name, edition.process)
    return entry, group, reasons


def _tell_result(store: Store, edition: Edition, checked: list[tuple[Entry, str, tuple[str, ...]]]) -> None:
    accepted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    refused: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for entry, _, reasons in checked:
        if reasons:
            refused[entry.nominator].append((entry.title, reasons))
        else:
            accepted[entry.nominator].append((entry.code, entry.title))
    people = [one for one in store.nominators(edition.id) if one.id in accepted or one.id in refused]
    store.queue_mails(edition.id, [messages.form_result(edition, one, accepted[one.id], refused[one.id]) for one in people])
