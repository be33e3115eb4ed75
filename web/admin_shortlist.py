"""The office's page of the shortlist: every version, what changed, which groups were merged, how ties were broken; a new version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, ShortlistItem
from models.errors import InputError, NotAllowed, Stale
from models.shortlists import tie_of
from models.store import Store
from rules import eligibility, tie_words
from tasks import packet, packet_facts, shortlist_versions
from tasks.packet_facts import Packet
from web import language, not_yet, packet_files, pages, visitors, words
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

_HOWS = {"withdrawn": _("推荐单位撤回"), "ineligible": _("不符合条件")}
_LONGEST_NUMBER = 9
_FAULTS = {
    ("entries", "missing"): _("请至少勾选一项，每项只选一种原因"),
    ("entries", "unknown"): _("名单已更新，请核对后重新选择"),
    ("reason", "missing"): _("请写明变更原因，收到名单的人都会看到"),
    ("reason", "text"): _("含有无法保存的字符，或内容过长"),
}
_STALE, _FROZEN = _("名单已有新的版本，请核对后重新选择。"), _("名单现在不能变更：表决结果正在汇总，或者已经公示。")


@router.show("/admin/editions/{edition_id}/shortlist")
def show_shortlist(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """A version of the list; the latest if none is asked for."""
    request.state.holder = visitors.admin_of(visit)
    return _page(request, edition_id, packet_files.version_asked(request))


def _page(
    request: Request, edition_id: str, version: int | None, *, status: int = 200, faults: Mapping[str, str] | None = None,
    form: Form | None = None,
) -> Response:  # fmt: skip
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        found = packet_facts.of(store, edition_id, version) if store.shortlist(edition_id) else None
        numbers = [one.version for one in store.shortlist_versions(edition_id)]
        may = shortlist_versions.may_change(store, edition)
        seed, awarded = _seed(store, edition), _award_ties(store, edition)
        by, means = packet.decided_by(edition), packet.means_of(store, edition)
    latest = found is not None and found.listed.version == numbers[-1]
    changes = packet_facts.changes_told(found) if found and found.before else ()
    ticked = {how: set(form.texts(how)) if form else set() for how in _HOWS}
    return pages.render(
        request, "admin/shortlist.html", status=status, edition=edition, found=found, numbers=numbers, latest=latest, may=may and latest,
        groups=_groups(found) if found else (), changes=changes, seed=seed, by=by, means=means, chain=_chain(edition), awarded=awarded,
        faults=faults or {},
        ticked=ticked, hows=_HOWS, reason=form.text("reason") if form else "", reason_max=shortlist_versions.REASON_MAX,
        zone=edition.process.time_zone, title=words.edition_title(edition), done="done" in request.query_params,
        base=f"/admin/editions/{edition_id}/shortlist", coming=None if found else not_yet.coming(request, edition, "shortlist"),
    )  # fmt: skip


def _groups(found: Packet) -> tuple[tuple[str, int, tuple[ShortlistItem, ...]], ...]:
    """(title, seats, items) in the order of the list."""
    groups: dict[str, list[ShortlistItem]] = defaultdict(list)
    for item in found.listed.items:
        groups[item.group].append(item)
    process, seats = found.edition.process, found.seats
    return tuple(
        (words.both(eligibility.group_title(group, process)), seats.get(group, 0), tuple(items)) for group, items in groups.items()
    )


def _chain(edition: Edition) -> tuple[str, ...]:
    """The declared chain in words."""
    cut = edition.last_of("shortlisting")
    links = shortlist_versions.chain_of_run(cut) if cut else ()
    return tuple(words.both(tie_words.link_title(link, edition.process)) for link in links)


def _award_ties(store: Store, edition: Edition) -> tuple[tie_words.Told, ...]:
    """Ties on the lines of the award, as they were told when it was posted."""
    found = [one.payload for one in store.events(edition.id, "NoticePosted", "ResultPublished") if "ties" in one.payload]
    return tuple(tie_words.told(tie_of(row), edition.process) for row in found[-1]["ties"]) if found else ()


def _seed(store: Store, edition: Edition) -> Mapping[str, Any] | None:
    """What was published before the review about lots."""
    found = store.events(edition.id, "LotSeedPublished")
    return {**found[-1].payload, "at": found[-1].at} if found else None


@router.take("/admin/editions/{edition_id}/shortlist")
def change_shortlist(request: Request, visit: MaybeVisit, form: Posted, edition_id: str) -> Response:
    """Make the next version."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        store.edition(edition_id)
    leaving = {entry: how for how in _HOWS for entry in form.texts(how)}
    seen = form.text("version")
    version = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) <= _LONGEST_NUMBER else 0
    refusal = ""
    if set(form.texts("withdrawn")) & set(form.texts("ineligible")):
        refusal = "entries"
    elif form.unreadable:
        refusal = "reason"
    if refusal:
        said = _FAULTS[refusal, "missing" if refusal == "entries" else "text"]
        return _page(request, edition_id, None, status=422, faults={refusal: language.gettext(said)}, form=form)
    try:
        shortlist_versions.change(edition_id, leaving, form.text("reason"), version=version, admin=str(admin))
    except InputError as refused:
        faults = {one.field: language.gettext(_FAULTS.get((one.field, one.column), _FAULTS["reason", "text"])) for one in refused.faults}
        return _page(request, edition_id, None, status=422, faults=faults, form=form)
    except (Stale, NotAllowed) as refused:
        said = _STALE if isinstance(refused, Stale) else _FROZEN
        return _page(request, edition_id, None, status=409, faults={"entries": language.gettext(said)}, form=form)
    return pages.go(f"/admin/editions/{edition_id}/shortlist?done=1")


@router.show("/admin/editions/{edition_id}/shortlist/packet.xlsx", slow=True)
def shortlist_workbook(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """A version as a workbook."""
    request.state.holder = visitors.admin_of(visit)
    return packet_files.answer(request, edition_id, "xlsx")


@router.show("/admin/editions/{edition_id}/shortlist/packet.pdf", slow=True)
def shortlist_pdf(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """A version as a PDF."""
    request.state.holder = visitors.admin_of(visit)
    return packet_files.answer(request, edition_id, "pdf")
