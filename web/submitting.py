"""The nominator's first page: what the quota is and how much of it is used, what is left to do, every form and every entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from models.edition import SET_ASIDE, Edition, Entry, EntryState, Nominator
from models.errors import NotFound
from models.store import Store
from models.submitting import FormDraft
from rules import quotas
from tasks import avoiding, confirming, correcting, own_forms, unit_papers
from tasks.admission import Admission
from web import form_view, forms_pages, pages, visitors, words
from web.language import gettext
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

_TOLD: tuple[EntryState, ...] = (
    "submitted", "withdrawn", "duplicate", "correction", "not_accepted", "eligible", "ineligible", "publicised", "awarded", "not_awarded",
)  # fmt: skip
"""States that a nominator may know; everything between is "in review" until the list is public."""
_SOON = timedelta(days=2)
"""A deadline this near is told in hours."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of the quota of one class is used."""

    class_name: str
    title: str
    counter: str
    most: int
    handed_in: int
    drafts: int
    shares: tuple[tuple[str, int, int], ...] = ()
    """Value, entries handed in, and the most: where the quota is a share of the unit's own first round."""

    @property
    def left(self) -> int:
        """How many more may be handed in."""
        return max(0, self.most - self.handed_in)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, as its nominator sees it."""

    entry: Entry
    state: str
    """In words."""
    changed: bool
    """Changes were typed and not handed in."""
    lacking: str
    """Confirmations that it lacks, in words."""
    editable: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """A form that was not handed in yet."""

    draft: FormDraft
    title: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that a unit has to do with one edition."""

    open: bool
    """Whether forms can be changed now."""
    over: bool
    quotas: tuple[Quota, ...]
    begun: tuple[Begun, ...]
    lines: tuple[Line, ...]
    hindrances: tuple[str, ...]
    """Why nothing can be handed in yet, and limits that the list does not keep, in words."""
    has_earlier: bool
    wants_people: bool
    """Whether somebody outside the unit must confirm each entry."""
    due: str
    """When the first of the entries that were sent back must have been corrected, in words."""
    remaining: timedelta | None

    @property
    def corrections(self) -> tuple[Line, ...]:
        """Entries that were sent back."""
        return tuple(one for one in self.lines if one.entry.state == "correction")

    @property
    def changed(self) -> int:
        """Entries with changes that were not handed in."""
        return sum(one.changed for one in self.lines)

    @property
    def lacking(self) -> int:
        """Entries that lack a confirmation."""
        return sum(bool(one.lacking) for one in self.lines)

    @property
    def left(self) -> int:
        """Entries that may still be handed in, of all classes."""
        return sum(one.left for one in self.quotas)

    @property
    def next_step(self) -> tuple[str, str, str]:
        """What is to be done next, in a sentence, with the page for it and the words of its button; both may be empty."""
        if self.corrections and self.due:
            first = self.corrections[0].entry.code
            said = gettext(_("有 %(n)s 项需要补正，最早的须在 %(at)s 前提交。")) % {"n": len(self.corrections), "at": self.due}
            return said, f"/submit/corrections/{first}", gettext(_("去补正"))
        if self.over:
            return gettext(_("推荐申报已经截止，请等候结果。")), "", ""
        if not self.open:
            return gettext(_("推荐申报尚未开始。")), "", ""
        if self.hindrances:
            return gettext(_("提交前请先处理以下事项：")), "/submit/unit", gettext(_("本单位材料"))
        if self.changed:
            return gettext(_("有 %(n)s 项修改后尚未重新提交。")) % {"n": self.changed}, "#entries", gettext(_("查看"))
        if self.begun:
            said = gettext(_("还有 %(n)s 份草稿没有提交。")) % {"n": len(self.begun)}
            return said, f"/submit/forms/{self.begun[0].draft.id}", gettext(_("继续填写"))
        if self.lacking:
            return gettext(_("有 %(n)s 项还缺他人确认。")) % {"n": self.lacking}, "#entries", gettext(_("查看"))
        if not self.left:
            return gettext(_("名额已全部用完。截止前仍可修改已提交的内容。")), "", ""
        if any(one.handed_in for one in self.quotas):
            return gettext(_("还可以提交 %(n)s 项。截止前仍可修改已提交的内容。")) % {"n": self.left}, "", ""
        return gettext(_("请选择一种方式填报：在线逐项填写，或用表格一次上传多项。")), "", ""

    @property
    def remaining_words(self) -> str:
        """How long it is until the deadline, in words; empty without one, and after it."""
        if self.remaining is None or self.over:
            return ""
        if self.remaining < _SOON:
            hours = int(self.remaining / timedelta(hours=1))
            return gettext(_("还有 %(n)s 小时")) % {"n": hours} if hours else gettext(_("不到 1 小时"))
        return gettext(_("还有 %(n)s 天")) % {"n": self.remaining.days}


@router.show("/submit")
def show(request: Request, visit: MaybeVisit) -> Response:
    """The overview."""
    seat, unit = forms_pages.sit(request, visit)
    with visitors.database(request).read() as store:
        desk = desk_of(store, seat.edition, unit)
        said = _just_done(store, request, unit, desk)
    edition, office = seat.edition, visitors.installed(request).settings.mail_from
    return pages.render(
        request, "submit.html", seat=seat, edition=edition, run=edition.stages[0], desk=desk, said=said, zone=edition.process.time_zone,
        office=office, avoid=avoiding.stage_of(edition), documents=_documents(edition, unit),
        classes={one.name: words.both(one.title) for one in edition.process.classes},
    )  # fmt: skip


def _documents(edition: Edition, unit: Nominator) -> str:
    """What the page of the unit's documents is for, in a few words."""
    stage = unit_papers.stage_of(edition)
    held = (
        (_("初评数"), bool(unit_papers.shared_classes(edition, unit))),
        (_("推荐排序"), True),
        (_("公示证明"), stage.publicity_proof is not None),
        (_("涉密登记"), stage.classified),
    )
    return gettext(_("、")).join(gettext(name) for name, asked in held if asked)


def desk_of(store: Store, edition: Edition, unit: Nominator) -> Desk:
    """Gather what the overview shows."""
    run = edition.stages[0]
    over = own_forms.is_over(run, edition, store)
    entries = [one for one in store.entries(edition.id) if one.nominator == unit.id]
    drafts = store.drafts(edition.id, nominator=unit.id, state="draft")
    is_open = run.state == "open" and not over
    hindrances: list[str] = []
    if is_open:
        admission = Admission(store, edition, unit)
        hindrances = [form_view.sentence(one) for one in (*admission.list_refusals(), *admission.unstated())]
        hindrances += [words.both(one.words()) for one in admission.imbalances()]
    waiting = correcting.waiting(store, edition, unit.id)
    lacking = confirming.missing_of(store, edition, [one for one in entries if one.state == "submitted"])
    changed = {one.entry for one in drafts if one.entry is not None}
    order = sorted(entries, key=lambda one: (one.class_name, one.state in SET_ASIDE, one.rank or 10**6, one.code))
    names = [one.name for one in edition.process.classes]
    return Desk(
        open=is_open,
        over=over,
        quotas=_quotas(store, edition, unit, entries, drafts),
        begun=tuple(
            Begun(one, str(one.values.get("title") or "").strip())
            for one in sorted((one for one in drafts if one.entry is None), key=lambda one: names.index(one.class_name))
        ),
        lines=tuple(
            Line(
                one,
                gettext(words.ENTRY_STATES[one.state if one.state in _TOLD else "assigned"]),
                one.id in changed and one.state == "submitted",
                form_view.joined(form_view.capital(words.both(lack.sentence)) for lack in lacking.get(one.id, ())),
                is_open and one.state == "submitted" and not one.classified,
            )
            for one in order
        ),
        hindrances=tuple(hindrances),
        wants_people=bool(confirming.needed(run.declared)),
        due=pages.cutoff(waiting[0][1].due_at, edition.process.time_zone) if waiting else "",
        has_earlier=is_open and bool(own_forms.earlier_entries(store, edition, unit)),
        remaining=None if run.cutoff is None else run.cutoff - edition.now(store.real_now),
    )


def _quotas(store: Store, edition: Edition, unit: Nominator, entries: list[Entry], drafts: tuple[FormDraft, ...]) -> tuple[Quota, ...]:
    facts, grants = store.facts(unit.id), store.quota_grants(edition.id, nominator=unit.id)
    share = edition.process.nominators[unit.type].share
    found = []
    for name in own_forms.classes_of(edition, unit):
        declared = edition.process.class_named(name)
        standing = [one for one in entries if one.class_name == name and one.state not in SET_ASIDE]
        first = quotas.first_round(name, facts)
        limits = quotas.share_limits(share, first) if share is not None and first is not None else {}
        values = [str(one.fields.get(share.by) or "") for one in standing] if share is not None else []
        found.append(
            Quota(
                name,
                words.both(declared.title),
                declared.counter,
                quotas.quota(edition.process, unit, name, facts=facts, grants=grants),
                len(standing),
                sum(one.class_name == name and one.entry is None for one in drafts),
                tuple((value, values.count(value), most) for value, most in limits.items()),
            )
        )
    return tuple(found)


def _just_done(store: Store, request: Request, unit: Nominator, desk: Desk) -> Mapping[str, str]:
    """What the visitor has just done, to be confirmed and perhaps undone: `what`, and the code or form that it concerns."""
    asked, nothing = request.query_params, {"what": ""}
    try:
        if asked.get("submitted"):
            draft = own_forms.own_draft(store, asked["submitted"], unit.id)
            entry = next((one.entry for one in desk.lines if one.entry.id == draft.entry), None)
            return {"what": "submitted", "code": entry.code, "title": entry.title} if entry is not None else nothing
        if asked.get("removed"):
            draft = own_forms.own_draft(store, asked["removed"], unit.id)
            return {"what": "removed", "draft": draft.id} if draft.state == "removed" else nothing
    except NotFound:
        return nothing
    gone = next((one.entry for one in desk.lines if one.entry.code == asked.get("withdrawn") and one.entry.state == "withdrawn"), None)
    return {"what": "withdrawn", "code": gone.code, "title": gone.title} if gone is not None else nothing
