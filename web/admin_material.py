"""For admins: anonymous files in which the authors may be recognised."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Entry
from models.store import Store
from rules import checked_forms
from rules.blindness import Finding
from tasks import material
from web import errors, pages, visitors, words
from web import material as pages_of
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

KINDS = {"name": _("姓名"), "unit": _("单位"), "email": _("电子邮箱"), "nominator": _("推荐单位"), "other": _("其他身份信息")}
"""What was found, in words."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """An entry whose anonymous files may tell who its authors are."""

    entry: Entry
    findings: tuple[Finding, ...]


def flagged(store: Store, edition: Edition) -> list[Flagged]:
    """All such entries, by code; none while what is handed in is sealed."""
    if checked_forms.is_sealed(edition.stages[0], store.edition_now(edition.id)):
        return []
    found = material.flagged(store, edition.id)
    entries = store.entries_by_id(found)
    listed = [Flagged(entries[entry], findings) for entry, findings in found.items()]
    return sorted(listed, key=lambda one: one.entry.code)


@router.show("/admin/editions/{edition_id}/material")
def show_flagged(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """What the blind scan found, with links to the pages."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        found = flagged(store, edition)
    return pages.render(request, "admin/material.html", edition=edition, title=words.edition_title(edition), flagged=found, kinds=KINDS)


@router.show("/admin/editions/{edition_id}/material/{code}/{name}/{number}", slow=True)
def show_page(request: Request, visit: MaybeVisit, edition_id: str, code: str, name: str, number: str) -> Response:
    """A page as the reviewers see it, without a watermark."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        if checked_forms.is_sealed(edition.stages[0], store.edition_now(edition_id)):
            raise errors.Refused(403, errors.SEALED)
        _entry, found = pages_of.document_of(store, edition, code, name)
    return pages_of.send_page(request, found, number, mark="")
