"""What happens in a submission stage: the call, reminders, the form check by rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from models.edition import SET_ASIDE, Edition, Entry, Lease, StageRun
from models.errors import StageNotReady
from models.store import Store
from models.submitting import Outcome
from notifications import messages
from rules import checked_forms, eligibility
from tasks import checking, confirming, links, quota_grants, stages, witnesses
from tasks.action import action
from tasks.installation import settings

_REFUSED = "形式审查未通过"
"""Where no other reason is known."""


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
    quotas: dict[str, dict[str, int]] = {one.id: {} for one in people}
    for line in quota_grants.lines(store, edition):
        quotas[line.unit.id][line.class_name] = line.by_rule + line.granted
    store.queue_mails(edition.id, [messages.call_opened(edition, run, one, quotas[one.id]) for one in people])


def tell_extended(store: Store, edition: Edition, run: StageRun) -> int:
    """Tell every nominator who was called the new deadline; once per deadline. Yields how many mails are new."""
    called = store.grants(edition.id, "nominator")
    people = [one for one in store.nominators(edition.id) if one.id in called]
    return store.queue_mails(edition.id, [messages.call_extended(edition, run, one) for one in people])


@action
def remind_nominators(lease: Lease, position: int, days: int, name: str) -> None:
    """Remind nominators who have put nothing forward, or have forms that were not handed in."""
    with stages.step(lease, position, name) as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        queue_reminders(store, edition, edition.stages[position], days, actor="engine")


def queue_reminders(store: Store, edition: Edition, run: StageRun, days: int, *, actor: str) -> int:
    """Queue a reminder for each nominator without an entry that stands, or with forms not handed in. Yields how many."""
    have = {entry.nominator for entry in store.entries(edition.id) if entry.state not in SET_ASIDE}
    drafts = Counter(draft.nominator for draft in store.drafts(edition.id, state="draft"))
    late = [one for one in store.nominators(edition.id) if one.id not in have or drafts[one.id]]
    count = store.queue_mails(edition.id, [messages.call_reminder(edition, run, one, days, drafts[one.id]) for one in late])
    count += witnesses.queue_reminders(store, edition, run, days)
    store.append(edition.id, "RemindersQueued", actor=actor, stage=run.name, count=count)
    return count


@action
def check_forms(lease: Lease, position: int) -> None:
    """Decide by the declared rules, or by what the form checkers said, which entries are eligible and where each competes; tell it.

    Raises:
        StageNotReady: not one entry is eligible, or a form checker has not decided on one.
    """
    with stages.step(lease, position, "check_forms") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        checked = _by_checkers(store, edition, run) if checked_forms.by_checkers(run) else _by_rule(store, edition)
        if not any(one.outcome == "eligible" for one in checked):
            raise StageNotReady(
                f"{edition.id}: {len(checked)} entries were put forward and none is eligible; import entries and extend the deadline",
                zh=f"推荐了 {len(checked)} 项，没有一项形式审查合格；请导入申报项并延长期限",
            )
        store.decide_form_check([(one.entry.id, one.group, one.reasons) for one in checked])
        store.set_entry_states({one.entry.id: "not_accepted" for one in checked if one.outcome == "not_accepted"})
        store.append(edition.id, "EntryChecked", actor="engine", **Counter(str(one.outcome) for one in checked))
        _tell_result(store, edition, checked)


@dataclass(frozen=True, slots=True)
class _Checked:
    """One entry with the result of its form check."""

    entry: Entry
    outcome: Outcome
    group: str
    """Where it competes; empty if it does not."""
    reasons: tuple[str, ...]


def _by_rule(store: Store, edition: Edition) -> list[_Checked]:
    checked = []
    entries = store.entries(edition.id, "submitted")
    missing = confirming.missing_of(store, edition, entries)
    for entry in entries:
        found = () if entry.classified else eligibility.reasons(entry, edition.process)
        reasons = tuple(words.zh for words in (*found, *(one.sentence for one in missing.get(entry.id, ()))))
        checked.append(_result(edition, entry, "ineligible" if reasons else "eligible", reasons))
    return checked


def _by_checkers(store: Store, edition: Edition, run: StageRun) -> list[_Checked]:
    """What the form checkers said; entries that were refused on the way, such as for want of a correction, are told of once more."""
    checked = []
    for one in checking.items(store, run):
        if one.progress.outcome is None or one.progress.outcome == "correction":
            raise StageNotReady(
                f"{edition.id}: no form checker has decided on {one.entry.code}; extend the deadline, then check it",
                zh=f"“{one.entry.code}”还没有形式审查的结论；请延长期限，再完成审查",
            )
        reasons = one.entry.reasons or checking.lines(edition, run, one.entry, one.progress.findings)
        checked.append(_result(edition, one.entry, one.progress.outcome, reasons))
    return checked


def _result(edition: Edition, entry: Entry, outcome: Outcome, reasons: tuple[str, ...]) -> _Checked:
    if outcome != "eligible":
        return _Checked(entry, outcome, "", reasons or (_REFUSED,))
    group = "" if entry.classified else eligibility.group_of(entry.fields, entry.class_name, edition.process)
    return _Checked(entry, outcome, group, ())


def _tell_result(store: Store, edition: Edition, checked: Sequence[_Checked]) -> None:
    accepted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    refused: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for one in checked:
        if one.outcome == "eligible":
            accepted[one.entry.nominator].append((one.entry.code, one.entry.title))
        else:
            refused[one.entry.nominator].append((one.entry.title, one.reasons))
    people = [one for one in store.nominators(edition.id) if one.id in accepted or one.id in refused]
    store.queue_mails(edition.id, [messages.form_result(edition, one, accepted[one.id], refused[one.id]) for one in people])
