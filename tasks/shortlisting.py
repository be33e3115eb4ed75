"""What happens in a shortlisting stage: the cut, and the packet for the committee."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from models.edition import Edition, EntryState, Lease, Member, Role, Shortlist, StageRun
from models.errors import NotFound
from models.stages import ShortlistingStage
from models.store import Store
from notifications import messages
from rules import shortlist
from rules.digests import digest
from tasks import links, stages
from tasks.action import action
from tasks.installation import settings


@action
def cut_list(lease: Lease, position: int) -> None:
    """Cut the ranking by the declared rule; the list is never changed afterwards."""
    with stages.step(lease, position, "cut_list") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        assert isinstance(run.declared, ShortlistingStage)  # noqa: S101 - narrows the type; the flows call by kind
        scored = edition.last_of("scoring")
        if scored is None:
            raise NotFound(f"{edition.id}: no stage has been scored yet")
        standings = store.standings(edition.id, scored.position)
        before = store.shortlist(edition.id)
        seats = shortlist.seats(edition.process, Counter(one.group for one in standings)) if before is None else before[1]
        # A later list is cut from what an earlier one and its committee have left.
        running = {entry.id for entry in store.entries(edition.id, "scored", "shortlisted")}
        standings = tuple(one for one in standings if one.entry in running)
        items = shortlist.cut(standings, seats, run.declared, edition.process)
        code = digest([[item.entry, item.group, item.place, str(item.mark)] for item in items])
        made = Shortlist(edition.id, 1 if before is None else before[0].version + 1, store.edition_now(edition.id), code, items)
        store.add_shortlist(made, seats)
        kept = {item.entry for item in items}
        states: dict[str, EntryState] = {one.entry: "shortlisted" if one.entry in kept else "not_shortlisted" for one in standings}
        store.set_entry_states(states)
        store.append(edition.id, "ShortlistMade", actor="engine", version=made.version, entries=len(items), digest=made.digest)


@action
def release_list(lease: Lease, position: int) -> None:
    """Send the packet to the committee of the next stage that votes: the list as a workbook, and each member's link."""
    with stages.step(lease, position, "release_list") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        made = store.shortlist(edition.id)
        if made is None:
            raise NotFound(f"{edition.id}: there is no shortlist to release")
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
