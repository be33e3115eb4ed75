"""The office's page of earlier winners: who is known, and a list to bring in (rule N5)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from models.errors import Fault, InputError
from rules.text import TextRefused, clean
from tasks import laureates
from web import pages, visitors, words
from web.forms import Form
from web.language import mark as _
from web.routes import Pages, Threads
from web.visitors import MaybeVisit

router = Pages()

PATH = "/admin/editions/{edition_id}/laureates"
_MOST_FIELDS = 20
_SHOWN = 200
"""Winners that the page lists; all of them count."""
_MOST_FAULTS = 50
_LONGEST_NAME = 200
_TYPE = re.compile(r"\.(xlsx|xls|ods|csv)$", re.IGNORECASE)
NO_FILE = _("请选择 .xlsx、.xls、.ods 或 .csv 文件")
NO_LABEL = _("请填写届次，例如 2022")


@router.show(PATH)
def show(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Who is known to have won before."""
    request.state.holder = visitors.admin_of(visit)
    return _page(request, edition_id)


def _page(
    request: Request, edition_id: str, *, status: int = 200, typed: Mapping[str, str] | None = None, faults: tuple[Fault, ...] = (),
    said: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        known = laureates.known(store, edition)
        done = request.query_params.get("done", "")
        aside = laureates.left_out_last(store, edition_id) if done else None
    return pages.render(
        request, "admin/laureates.html", status=status, edition=edition, winners=known[:_SHOWN], count=len(known),
        labels=laureates.by_label(known), classes={one.name: words.both(one.title) for one in edition.process.classes},
        rule=getattr(edition.process.stages[0], "not_again", None), typed=typed or {}, faults=faults[:_MOST_FAULTS], said=said or {},
        more=max(0, len(faults) - _MOST_FAULTS), done=done, aside=aside,
    )  # fmt: skip


@router.take(PATH)
async def bring(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Take a list: all of it, or, if anything is wrong, nothing of it."""
    visitors.admin_of(visit)  # before anything of a stranger's file is read
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as fields:
        sent = fields.get("file")
        file = sent if isinstance(sent, UploadFile) else None
        threads: Threads = request.app.state.threads
        return await threads.run(_take, request, visit, edition_id, Form(fields), file, slow=True)


def _take(request: Request, visit: MaybeVisit, edition_id: str, form: Form, file: UploadFile | None) -> Response:
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    label, name = form.text("label").strip(), (file.filename or "") if file is not None else ""
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
    kind = _TYPE.search(name)
    said = ({} if kind else {"file": NO_FILE}) | ({} if label and not form.unreadable else {"label": NO_LABEL})
    if said or kind is None or file is None:
        return _page(request, edition_id, status=422, typed={"label": label}, said=said)
    with tempfile.TemporaryDirectory(prefix="jinbang-laureates-") as folder:
        path = Path(folder) / f"list{kind[0].lower()}"
        path.write_bytes(file.file.read())
        try:
            new = laureates.take_for(edition, label, path, name=_shown(name, path), actor=f"admin:{admin}")
        except InputError as refused:
            wrong = {"label": NO_LABEL} if any(one.column == "label" for one in refused.faults) else {}
            return _page(request, edition_id, status=422, typed={"label": label}, faults=refused.faults, said=wrong)
    return pages.go(f"/admin/editions/{edition_id}/laureates?done={new}")


def _shown(name: str, path: Path) -> str:
    """The sender's name for a file, if it can be kept as a text."""
    try:
        return clean(name, max_length=_LONGEST_NAME) or path.name
    except TextRefused:
        return path.name
