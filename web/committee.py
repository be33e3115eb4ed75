"""The list as the committee and the signing bodies see it, and their answer to it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from models.declared import Words
from models.edition import Answer, Edition, Member, StageRun
from models.errors import InputError, NotFound
from models.store import Store
from rules import eligibility
from tasks import answering, ballots, packet, packet_facts
from tasks.packet_facts import Packet
from web import language, packet_files, pages, visitors, words
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

_FAULTS = {
    ("comment", "missing"): _("退回名单时，请说明理由和建议"),
    ("comment", "text"): _("含有无法保存的字符，或内容过长"),
    ("verdict", "missing"): _("请选择“同意”或“退回”"),
    ("struck", "misplaced"): _("退回整个名单时，不能再逐项划去；请取消勾选，或改选“同意”"),
    ("struck", "unknown"): _("名单已更新，请刷新页面后重新选择"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry on the list."""

    entry: str
    place: int
    code: str
    title: str
    unit: str
    mark: Decimal
    mean: Decimal | None
    """Plain mean of its sheets, beside the mark that decides."""
    struck: bool


@dataclass(frozen=True, slots=True)
class Table:
    """What is put before a member."""

    run: StageRun
    version: int
    groups: tuple[tuple[str, int, tuple[Line, ...]], ...]
    """(title, seats, lines)."""
    answer: Answer | None
    late: bool
    by: Words | None
    """What the marks are."""
    packet: Packet
    """What is said about this version: changes, merged groups, ties."""
    unseen: tuple[str, ...]
    """Codes of entries that came on the list after the member had answered."""

    @property
    def open(self) -> bool:
        """Whether an answer is taken now."""
        return self.run.state == "open" and not self.late

    @property
    def count(self) -> int:
        """Entries on the list."""
        return sum(len(lines) for _title, _seats, lines in self.groups)


def _run_for(edition: Edition, member: Member) -> StageRun:
    """The stage that asks this member: the one that is open, else the latest that was, else the first to come."""
    asked = [run for run in edition.stages if answering.may_answer(run, member)]
    begun = [run for run in asked if run.state not in ("planned", "opening")]
    if not asked or not any(run.declared.kind == "shortlisting" and run.state == "closed" for run in edition.stages):
        raise NotFound("nothing is put before this person yet")
    return next((run for run in begun if run.state == "open"), (begun or asked[:1])[-1])


def _table(store: Store, edition: Edition, member: Member) -> Table:
    run = _run_for(edition, member)
    listed = store.shortlist(edition.id)
    if listed is None:
        raise NotFound("there is no list yet")
    shortlist, seats = listed
    answer = {one.member: one for one in store.answers(edition.id, run.position)}.get(member.id)
    # A body signs what the committee left standing; the committee keeps seeing what it was asked about.
    gone = {entry.id for entry in store.entries(edition.id, "voted_out")} if member.role == "party" else set()
    items = [item for item in shortlist.items if item.entry not in gone]
    entries = store.entries_by_id(item.entry for item in items)
    struck = set(answer.struck) if answer else set()
    groups, means = [], packet.means_of(store, edition)
    for group in dict.fromkeys(item.group for item in items):
        lines = tuple(
            Line(
                item.entry,
                item.place,
                entries[item.entry].code,
                entries[item.entry].title,
                entries[item.entry].unit,
                item.mark,
                means.get(item.entry),
                item.entry in struck,
            )
            for item in items
            if item.group == group
        )
        groups.append((words.both(eligibility.group_title(group, edition.process)), seats.get(group, 0), lines))
    now = edition.now(store.real_now)
    late = run.cutoff is not None and now >= run.cutoff
    later = ballots.unseen(store, edition, run.position).get(member.id, frozenset()) if answer else frozenset()
    unseen = tuple(sorted(entries[one].code for one in later if one in entries))
    about = packet_facts.of(store, edition.id)
    return Table(run, shortlist.version, tuple(groups), answer, late, packet.decided_by(edition), about, unseen)


def _sit(request: Request, visit: MaybeVisit, role: Literal["committee", "party"]) -> tuple[Seat, Member, Table]:
    seat = visitors.seat_of(request, visit, role)
    assert isinstance(seat.person, Member)  # noqa: S101 - the role of the seat
    with visitors.database(request).read() as store:
        return seat, seat.person, _table(store, seat.edition, seat.person)


def _page(
    request: Request,
    seat: Seat,
    table: Table,
    role: str,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    form: Form | None = None,
) -> Response:
    struck = set(form.texts("struck")) if form else {line.entry for _t, _s, lines in table.groups for line in lines if line.struck}
    answer = table.answer
    return pages.render(
        request, "ballot.html", status=status, seat=seat, table=table, edition=seat.edition, run=table.run, role=role, faults=faults or {},
        verdict=form.text("verdict") if form else (answer.verdict if answer else ""), struck=struck,
        comment=form.text("comment") if form else (answer.comment if answer else ""), zone=seat.edition.process.time_zone,
        comment_max=answering.COMMENT_MAX,
    )  # fmt: skip


def _answer(request: Request, visit: MaybeVisit, form: Form, role: Literal["committee", "party"], back: str) -> Response:
    visitors.check_form(visit, form)
    seat, member, table = _sit(request, visit, role)
    if form.text("list") != str(table.version):
        faults = {"struck": language.gettext(_FAULTS["struck", "unknown"])}
        return _page(request, seat, table, role, status=409, faults=faults)
    if form.unreadable:
        return _page(request, seat, table, role, status=422, form=form, faults={"comment": language.gettext(_FAULTS["comment", "text"])})
    try:
        verdict: Literal["agree", "return"] = form.text("verdict")  # type: ignore[assignment]  # the task refuses anything else
        answering.answer(seat.edition.id, table.run.position, member.id, verdict, form.texts("struck"), form.text("comment"))
    except InputError as refused:
        said = _FAULTS["comment", "text"]
        faults = {fault.field: language.gettext(_FAULTS.get((fault.field, fault.column), said)) for fault in refused.faults}
        return _page(request, seat, table, role, status=422, form=form, faults=faults)
    return pages.go(f"{back}?done=1")


@router.show("/ballot")
def show_ballot(request: Request, visit: MaybeVisit) -> Response:
    """The list, for a committee member."""
    seat, _member, table = _sit(request, visit, "committee")
    return _page(request, seat, table, "committee")


@router.take("/ballot")
def vote(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Keep the member's answer."""
    return _answer(request, visit, form, "committee", "/ballot")


@router.show("/ballot/packet.xlsx", slow=True)
def show_packet(request: Request, visit: MaybeVisit) -> Response:
    """A version of the list as a workbook; the latest if none is asked for."""
    seat, _member, _shown = _sit(request, visit, "committee")
    return packet_files.answer(request, seat.edition.id, "xlsx")


@router.show("/ballot/packet.pdf", slow=True)
def show_packet_pdf(request: Request, visit: MaybeVisit) -> Response:
    """A version of the list as a PDF."""
    seat, _member, _shown = _sit(request, visit, "committee")
    return packet_files.answer(request, seat.edition.id, "pdf")


@router.show("/signoff")
def show_signoff(request: Request, visit: MaybeVisit) -> Response:
    """The list, for a signing body."""
    seat, _member, table = _sit(request, visit, "party")
    return _page(request, seat, table, "party")


@router.take("/signoff")
def sign_off(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Keep the body's answer."""
    return _answer(request, visit, form, "party", "/signoff")
