"""What happens in the stages that wait for answers: voting by the committee, sign-off by several bodies."""

from __future__ import annotations

from collections.abc import Iterable

from models.edition import Edition, Lease, Member, StageRun
from models.errors import NoQuorum, NotFound, StageNotReady
from models.stages import SignoffStage, VotingStage
from models.store import Store
from notifications import messages
from rules import ballot
from tasks import ballots, shortlisting, stages
from tasks.action import action


def expected(store: Store, edition: Edition, run: StageRun) -> tuple[Member, ...]:
    """Who must answer in this stage: the committee, or one signatory of each declared body."""
    if isinstance(run.declared, VotingStage):
        return store.members(edition.id, "committee")
    assert isinstance(run.declared, SignoffStage)  # noqa: S101 - narrows the type; the flows call by kind
    parties = {party.name for party in run.declared.parties}
    return tuple(one for one in store.members(edition.id, "party") if one.party in parties)


def silent(store: Store, edition: Edition, run: StageRun) -> tuple[Member, ...]:
    """Who has not answered yet."""
    heard = {answer.member for answer in store.answers(edition.id, run.position)}
    return tuple(one for one in expected(store, edition, run) if one.id not in heard)


@action
def ask(lease: Lease, position: int) -> None:
    """Make sure that everyone has a link, and mail those to whom the packet has not gone.

    Raises:
        StageNotReady: members or signatories are missing.
    """
    with stages.step(lease, position, "ask") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        people = expected(store, edition, run)
        _complain_if_missing(edition, run, people)
        shortlisting.issue_links(store, edition, "committee" if isinstance(run.declared, VotingStage) else "party", people)
        queue_requests(store, edition, run, people)


def _complain_if_missing(edition: Edition, run: StageRun, people: tuple[Member, ...]) -> None:
    if isinstance(run.declared, VotingStage):
        if len(people) != run.declared.committee:
            raise StageNotReady(
                f"{edition.id}: {run.name} declares a committee of {run.declared.committee}, {len(people)} members are known; "
                f"import the committee and retry",
                zh=f"评委会规定为 {run.declared.committee} 人，现有 {len(people)} 人；请导入评委会名单后重试",
            )
        return
    assert isinstance(run.declared, SignoffStage)  # noqa: S101 - narrows the type; the flows call by kind
    have = {one.party for one in people}
    if missing := [party.title.zh for party in run.declared.parties if party.name not in have]:
        raise StageNotReady(
            f"{edition.id}: {run.name} has no signatory for {'、'.join(missing)}; import them with the committee and retry",
            zh=f"没有{'、'.join(missing)}的签署人；请随评委会名单导入后重试",
        )


def queue_requests(store: Store, edition: Edition, run: StageRun, people: Iterable[Member]) -> None:
    """Mail signatories the request of this round; committee members have theirs with the packet, and again when asked anew."""
    if isinstance(run.declared, SignoffStage):
        titles = {party.name: party.title for party in run.declared.parties}
        store.queue_mails(edition.id, [messages.signoff_request(edition, run, one, titles[one.party], run.round) for one in people])
        return
    found = store.shortlist(edition.id)
    if found is None:
        raise NotFound(f"{edition.id}: there is no shortlist to vote on", zh="没有可供表决的入围名单")
    count, version = len(found[0].items), found[0].version + run.round
    store.queue_mails(edition.id, [messages.shortlist_packet(edition, run, one, count, version) for one in people])


@action
def remind(lease: Lease, position: int, days: int, name: str) -> None:
    """Remind those who have not answered."""
    with stages.step(lease, position, name) as store:
        if store is not None:
            edition = store.edition(lease.edition)
            queue_reminders(store, edition, edition.stages[position], days, actor="engine")


def queue_reminders(store: Store, edition: Edition, run: StageRun, days: int, *, actor: str) -> int:
    """Queue a reminder for each member or signatory who is silent. Yields how many."""
    people = silent(store, edition, run)
    if isinstance(run.declared, SignoffStage):
        titles = {party.name: party.title for party in run.declared.parties}
        mails = [messages.signoff_reminder(edition, run, one, titles[one.party], days) for one in people]
    else:
        mails = [messages.ballot_reminder(edition, run, one, days) for one in people]
    count = store.queue_mails(edition.id, mails)
    store.append(edition.id, "RemindersQueued", actor=actor, stage=run.name, count=count)
    return count


def all_answered(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whether nobody is awaited any more; a body's return ends the waiting too, since the list cannot pass."""
    if isinstance(run.declared, SignoffStage) and any(answer.verdict == "return" for answer in store.answers(edition.id, run.position)):
        return True
    return not silent(store, edition, run)


@action
def count_votes(lease: Lease, position: int) -> None:
    """Count the committee's answers and strike what did not pass.

    Raises:
        NoQuorum: too few members took part (rule V1).
        StageNotReady: the committee returned the list.
    """
    with stages.step(lease, position, "count") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        assert isinstance(run.declared, VotingStage)  # noqa: S101 - narrows the type; the flows call by kind
        given = store.answers(edition.id, position)
        least = ballot.quorum(run.declared.committee, run.declared.quorum)
        if len(given) < least:
            raise NoQuorum(
                f"{edition.id}: {len(given)} of {run.declared.committee} members answered, the quorum is {least}; "
                f"remind them and extend {run.name}",
                zh=f"{run.declared.committee} 位评委中 {len(given)} 位已答复，法定人数为 {least} 位；请提醒评委并延长期限",
            )
        entries = [entry.id for entry in store.entries(edition.id, "shortlisted")]
        outcome = ballot.tally(entries, ballots.as_counted(store, edition, position, given), run.declared.passing)
        if not outcome.accepted:
            said = "; ".join(answer.comment for answer in given if answer.verdict == "return")
            raise StageNotReady(
                f"{edition.id}: the committee returned the list ({outcome.returned} of {outcome.present}): {said}. Retry asks anew",
                zh=f"评委会退回了名单（{outcome.present} 位中 {outcome.returned} 位）：{said}。重试即重新征求意见",
            )
        passed = set(outcome.passed)
        store.set_entry_states({entry: "voted_out" for entry in entries if entry not in passed})


@action
def count_signatures(lease: Lease, position: int) -> None:
    """See whether every body agrees.

    Raises:
        StageNotReady: a body returned the list, or has not answered where silence does not mean consent (rules J1, J2).
    """
    with stages.step(lease, position, "count") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        assert isinstance(run.declared, SignoffStage)  # noqa: S101 - narrows the type; the flows call by kind
        who = {one.id: one for one in expected(store, edition, run)}
        returned = [answer for answer in store.answers(edition.id, position) if answer.verdict == "return"]
        if returned:
            said = "; ".join(f"{who[answer.member].unit}: {answer.comment}" for answer in returned)
            raise StageNotReady(
                f"{edition.id}: returned by {said}. Settle it and retry: those who returned the list are asked anew",
                zh=f"名单被退回（{said}）。请处理后重试：退回名单的单位会重新收到请求",
            )
        if run.declared.overdue == "wait" and (missing := silent(store, edition, run)):
            names = "、".join(one.unit for one in missing)
            raise StageNotReady(
                f"{edition.id}: no answer from {names}; remind them and extend {run.name}", zh=f"{names}还没有答复；请提醒并延长期限"
            )
