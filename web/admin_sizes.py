"""The office's page of how many reviewers single entries get, in place of the declared number; also before the review is opened."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tasks import sizes_seen
from web import not_yet, pages, visitors, words
from web.panel_forms import Typed
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

HERE = "/admin/editions/{edition_id}/draw/sizes"
_LONGEST_CODE = 80
_SHOWN = 200
"""So many lines of a list are shown; the rest is counted."""


@router.show(HERE)
def show(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """What is set, the form that sets it, and what was set before."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        if not any(one.declared.kind == "scoring" for one in edition.stages):
            return not_yet.page(request, edition, "draw")
        found = sizes_seen.seen(store, edition)
    code = request.query_params.get("entry", "")[:_LONGEST_CODE]
    return pages.render(
        request, "admin/sizes.html", edition=edition, found=found, title=words.edition_title(edition), zone=edition.process.time_zone,
        sent=Typed(texts={"entries": code}), done=request.query_params.get("done"), shown=_SHOWN,
    )  # fmt: skip
