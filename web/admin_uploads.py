"""For admins: files in quarantine, and what the virus scanner said of all files that came in."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from models.submitting import Upload
from rules import checked_forms
from tasks import uploads
from web import pages, visitors, words
from web import uploads as upload_pages
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

SCANS = {"clean": _("未发现病毒"), "infected": _("发现病毒"), "not_scanned": _("未扫描病毒")}
"""What the virus scanner said, in words; every page of the office that shows a file shows it."""
STATES = {"arriving": _("上传中"), "kept": _("已收到"), "refused": _("已退回"), "quarantined": _("已隔离")}


@router.show("/admin/editions/{edition_id}/uploads")
def show(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """All files that nominators sent, those in quarantine first."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        units = {one.id: one.name for one in store.nominators(edition_id)}
        found = store.uploads_of_edition(edition_id)
        sealed = checked_forms.is_sealed(edition.stages[0], store.edition_now(edition_id))
    if sealed:  # nobody but its nominator sees what comes in, as long as nothing is wrong with it
        found = tuple(replace(one, name="—") for one in found if one.state == "quarantined")
    ordered = sorted(found, key=lambda one: one.state != "quarantined")
    return pages.render(
        request, "admin/uploads.html", edition=edition, title=words.edition_title(edition), units=units, uploads=ordered,
        scans=SCANS, states=STATES, unscanned=uploads.unscanned(found), sizes={one.id: upload_pages.size_of(one.size) for one in found},
        scanner=bool(visitors.installed(request).settings.clamav), said=_scanner_said,
    )  # fmt: skip


def _scanner_said(upload: Upload) -> str:
    return str(upload.notes.get("scanner", "")) or upload_pages.said(upload)


@router.take("/admin/editions/{edition_id}/uploads/{upload_id}/scan", slow=True)
def scan_again(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, upload_id: str) -> Response:
    """Let the scanner look once more at a quarantined file."""
    visitors.admin_of(visit)
    visitors.check_form(visit, form)
    uploads.scan_again(edition_id, upload_id)
    return pages.go(f"/admin/editions/{edition_id}/uploads")
