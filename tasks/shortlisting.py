"""What happens in a shortlisting stage: the cut, and the packet for the committee."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from models.edition import Edition, EntryState, Lease, Member, Role, Shortlist, StageRun
from models.errors import NotFound
from models.shortlists import Grounds, Tie, tie_row
from models.stages import ShortlistingStage
from models.store import Store
from notifications import messages
from rules import cutting, shortlist
from rules.digests import digest
from tasks import links, scoring, stages, tie_evidence
from tasks.action import action
from tasks.installation import settings


@action
def cut_list(lease: Lease, position: int) -> None:
    """Cut the ranking by the declared rule; the list is never changed afterwards, a change makes another version."""
    with stages.step(lease, position, "cut_list") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        made, found = make(store, edition, edition.stages[position], Grounds())
        kept = {item.entry for item in made.items}
        running = {entry.id for entry in store.entries(edition.id, *RUNNING)}
        states: dict[str, EntryState] = {entry: "shortlisted" if entry in kept else "not_shortlisted" for entry in running & found.ranked}
        store.set_entry_states(states)
        store.append(edition.id, "ShortlistMade", actor="engine", **told(made, found))


RUNNING: tuple[EntryState, ...] = ("scored", "shortlisted")
"""States of entries that a list is cut from; a later list is cut from what an earlier one and its committee have left."""


@dataclass(frozen=True, slots=True)
class Made:
    """How a list came about."""

    ties: tuple[Tie, ...]
    ranked: frozenset[str]
    """Ids of all entries that it was cut from."""


def make(
    store: Store, edition: Edition, run: StageRun, grounds: Grounds, *, among: Collection[EntryState] = RUNNING
) -> tuple[Shortlist, Made]:
    """Cut the next version of the list, and keep it with its grounds.

    Args:
        store: The transaction.
        edition: The edition.
        run: Its shortlisting stage.
        grounds: Why and by whom; the ties are added.
        among: States of the entries that it is cut from.

    Raises:
        NotFound: nothing has been scored.
        InputError: seats or places do not fit the bounds of the groups.
        RuleChanged: the rule is not the one that was frozen when the invitations went out.
    """
    assert isinstance(run.declared, ShortlistingStage)  # noqa: S101 - narrows the type; the flows call by kind
    scored = edition.last_of("scoring")
    if scored is None:
        raise NotFound(f"{edition.id}: no stage has been scored yet", zh="还没有评审结果")
    scoring.refuse_changed_rule(store, edition, scored, marked=True)
    standings = store.standings(edition.id, scored.position)
    before = store.shortlist(edition.id)
    # Once there is a list its seats stand, whoever has left since.
    seats = shortlist.seats(edition.process, Counter(one.group for one in standings)) if before is None else before[1]
    running = {entry.id for entry in store.entries(edition.id, *among)}
    standings = tuple(one for one in standings if one.entry in running)
    found = cutting.cut(standings, seats, run.declared, edition.process, tie_evidence.gather(store, edition, scored, run.declared))
    code = digest([[item.entry, item.group, item.place, str(item.mark)] for item in found.items])
    version = 1 if before is None else before[0].version + 1
    made = Shortlist(edition.id, version, store.edition_now(edition.id), code, found.items)
    store.add_shortlist(made, seats)
    store.add_grounds(edition.id, version, replace(grounds, ties=found.ties))
    return made, Made(found.ties, frozenset(one.entry for one in standings))


def told(made: Shortlist, found: Made) -> dict[str, Any]:
    """What an event says of a new version."""
    ties = {"ties": [tie_row(one) for one in found.ties]} if found.ties else {}
    return {"version": made.version, "entries": len(made.items), "digest": made.digest, **ties}


@action
def release_list(lease: Lease, position: int) -> None:
    """Send the packet to the committee of the next stage that votes: the list as a workbook, and each member's link."""
    with stages.step(lease, position, "release_list") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        made = store.shortlist(edition.id)
        if made is None:
            raise NotFound(f"{edition.id}: there is no shortlist to release", zh="没有可以送出的入围名单")
        members = store.members(edition.id, "committee") if edition.process.committee_size() else ()
        issue_links(store, edition, "committee", members)
        run = next((one for one in edition.stages[position:] if one.declared.kind == "voting"), edition.stages[position])
        found, _ = made
        store.queue_mails(edition.id, [messages.shortlist_packet(edition, run, one, len(found.items), found.version) for one in members])
        store.append(edition.id, "ShortlistReleased", actor="engine", version=found.version, digest=found.digest)


def issue_links(store: Store, edition: Edition, role: Role, members: tuple[Member, ...]) -> None:
    """Links for committee members or signatories, until some days after the last deadline that is known."""
    now = store.edition_now(edition.id)
    last = max((run.cutoff for run in edition.stages if run.cutoff and run.declared.kind in ("voting", "signoff")), default=now)
    end = max(last, now) + timedelta(days=settings().committee_link_days)
    links.issue(store, settings(), edition.id, role, [one.id for one in members], not_before=now, expires_at=end)


def released(edition: Edition, run: StageRun) -> bool:
    """Whether the list may go to the committee without an admin's word."""
    return getattr(run.declared, "confirm", "admin") == "automatic" and run.closes_at is None
