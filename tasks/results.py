"""Who gets what: the notice of it, its publication, and the mails about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from config.calendar import load_calendar
from models import subjects
from models.declared import Words
from models.edition import Award, Edition, Entry, EntryState, Lease, Notice, Publication
from models.errors import NotFound
from models.shortlists import tie_row
from models.stages import NoticeStage, PublicationStage, ShortlistingStage
from models.store import Store
from models.tie_breaks import chain_of
from notifications import messages
from rules import calendar, eligibility, shortlist
from rules.digests import digest
from rules.parting import Evidence
from tasks import packet, scoring, stages, tie_evidence
from tasks.action import action
from tasks.installation import settings


def allot(store: Store, edition: Edition) -> shortlist.Allotment:
    """Awards for those on the shortlist whom the committee did not strike.

    Raises:
        NotFound: there is no shortlist.
        RuleChanged: the rule is not the one that was frozen when the invitations went out.
    """
    if scored := edition.last_of("scoring"):
        scoring.refuse_changed_rule(store, edition, scored, marked=True)
    found = store.shortlist(edition.id)
    if found is None:
        raise NotFound(f"{edition.id}: there is no shortlist, so nothing can be awarded", zh="没有入围名单，不能评定奖项")
    listed, seats = found
    struck = {entry.id for entry in store.entries(edition.id, "voted_out")}
    chain, evidence = _chain(store, edition)
    items = [item for item in listed.items if item.entry not in struck]
    return shortlist.allot(items, seats, edition.process, chain=chain, evidence=evidence)


def _chain(store: Store, edition: Edition) -> tuple[tuple[str, ...], Evidence | None]:
    """The chain of the latest shortlisting, and what it compares; the award goes by it as the list did."""
    cut, scored = edition.last_of("shortlisting"), edition.last_of("scoring")
    if cut is None or scored is None or not isinstance(cut.declared, ShortlistingStage):
        return (), None
    return chain_of(cut.declared), tie_evidence.gather(store, edition, scored, cut.declared)


def _told(allotted: shortlist.Allotment) -> dict[str, Any]:
    """Ties on the lines of the award, for the event; nothing where there were none."""
    return {"ties": [tie_row(one) for one in allotted.ties]} if allotted.ties else {}


@action
def post_notice(lease: Lease, position: int) -> None:
    """Freeze the public list and its period, and tell the nominators.

    Raises:
        CalendarNotCovered: the period reaches a year whose working days are not known.
    """
    with stages.step(lease, position, "post_notice") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        stage = run.declared
        assert isinstance(stage, NoticeStage)  # noqa: S101 - narrows the type; the flows call by kind
        period = calendar.notice_period(
            store.edition_now(edition.id), days=stage.days, unit=stage.unit, first_day=stage.first_day,
            zone=edition.process.time_zone, calendar=load_calendar(settings().data_dir / "calendar" / "cn"),
        )  # fmt: skip
        allotted = allot(store, edition)
        store.add_notice(Notice(edition.id, position, period.first_day.isoformat(), period.ends, allotted.awards), allotted.vacant)
        store.extend_stage(edition.id, position, period.ends)
        store.set_entry_states({award.entry: "publicised" for award in allotted.awards})
        first, last = period.first_day.isoformat(), period.last_day.isoformat()
        count = len(allotted.awards)
        store.append(
            edition.id, "NoticePosted", actor="engine", first_day=first, last_day=last, entries=count, vacant=allotted.vacant,
            **_told(allotted),
        )  # fmt: skip
        people = store.nominators(edition.id)
        store.queue_mails(edition.id, [messages.notice_opened(edition, run, one, first, last, count) for one in people])


@action
def publish(lease: Lease, position: int) -> None:
    """Publish the result, whole or not at all: document, entry states, edition state and mails are one transaction."""
    with stages.step(lease, position, "publish") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        noticed = store.notice(edition.id)
        if noticed is None:
            allotted = allot(store, edition)
            awards, vacant, ties = allotted.awards, allotted.vacant, _told(allotted)
        else:
            awards, vacant, ties = noticed[0].awards, noticed[1], {}
        entries = store.entries_by_id(award.entry for award in awards)
        now = store.edition_now(edition.id)
        document = _document(store, edition, awards, entries, vacant)
        code = digest(document)
        store.add_publication(Publication(edition.id, 1, now, code, document | {"published_at": now.isoformat(), "digest": code}))
        _close_entries(store, edition, awards)
        _tell_result(store, edition, awards, entries)
        store.append(edition.id, "ResultPublished", actor="engine", version=1, awards=len(awards), vacant=vacant, digest=code, **ties)
        store.append(edition.id, "EditionPublished", actor="engine")
        store.set_edition_state(lease, "published")


def _close_entries(store: Store, edition: Edition, awards: tuple[Award, ...]) -> None:
    awarded: dict[str, EntryState] = {award.entry: "awarded" for award in awards}
    others: dict[str, EntryState] = {
        entry.id: "not_awarded" for entry in store.entries(edition.id, "shortlisted", "publicised") if entry.id not in awarded
    }
    store.set_entry_states(awarded | others)


def _document(store: Store, edition: Edition, awards: tuple[Award, ...], entries: Mapping[str, Entry], vacant: int) -> dict[str, Any]:
    """What everybody may see: whitelisted fields only (rule G4)."""
    process = edition.process
    nominators = {one.id: one.name for one in store.nominators(edition.id)}
    tiers = {tier.name: tier.title for tier in process.tiers}
    files = store.files_of_edition(edition.id) if _exhibits(edition) else {}
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for award in awards:
        entry = entries[award.entry]
        shown = [field for field in subjects.published_fields(process, entry.class_name) if entry.fields.get(field.name)]
        groups[award.group].append(
            {
                "place": award.place,
                "tier": _both(tiers.get(award.tier)),
                "code": entry.code,
                "title": entry.title,
                "unit": entry.unit,
                "nominator": nominators[entry.nominator],
                "fields": [{"title": _both(field.title), "value": entry.fields[field.name]} for field in shown],
                "pictures": [one.name for one in files.get(entry.id, ()) if subjects.may_be_shown(entry.fields, one.media_type)],
            }
        )
    return {
        "title": _both(process.title),
        "edition": edition.label,
        "groups": [
            {"group": name, "title": _both(eligibility.group_title(name, process)), "awards": groups[name]}
            for name in eligibility.groups_of(process)
            if name in groups
        ],
        "vacant": vacant,
        "ranked_by": _both(packet.decided_by(edition)),
    }


def _exhibits(edition: Edition) -> bool:
    return any(isinstance(run.declared, PublicationStage) and run.declared.exhibition for run in edition.stages)


def _both(words: Words | None) -> dict[str, str] | None:
    return None if words is None else {"zh": words.zh, "en": words.en}


def _tell_result(store: Store, edition: Edition, awards: tuple[Award, ...], entries: Mapping[str, Entry]) -> None:
    tiers = {tier.name: tier.title for tier in edition.process.tiers}
    mails, won = [], defaultdict(list)
    for award in awards:
        entry = entries[award.entry]
        title = edition.process.class_named(entry.class_name).title
        if entry.email:
            mails.append(messages.result_winner(edition, entry, tiers.get(award.tier), title))
        won[entry.nominator].append((entry.title, tiers.get(award.tier), title))
    mails += [messages.result_nominator(edition, one, won[one.id]) for one in store.nominators(edition.id)]
    store.queue_mails(edition.id, mails)
