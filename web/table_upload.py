"""A nominator's spreadsheet: the template to fill in, the upload, what was read and how, and the result of keeping it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from models.edition import SET_ASIDE, Edition, Nominator
from models.errors import Fault, InputError, Stale
from models.intake import Row
from models.process import FormField
from rules import intake, quotas, tabular
from tasks import kept_tables, marked_workbooks, own_forms, table_checking, table_upload, template_words
from tasks.kept_tables import KeptTable
from tasks.table_checking import ReadRow, Seen
from web import errors, form_view, language, pages, visitors, words
from web.forms import Form, Posted
from web.language import gettext
from web.language import mark as _
from web.routes import Pages, Threads
from web.visitors import MaybeVisit

router = Pages()

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ADDRESS = "/submit/table"
PREVIEWED = 5
"""Rows that are shown as they were read (R-47)."""
_MOST_FAULTS = 100
"""Faults that a page lists; the marked workbook holds them all."""
_MOST_FIELDS = 20
_COLUMN = re.compile("[0-9]{1,5}")
_LONGEST_NAME = 120
_LONGEST_VALUE = 400
STATES = {"new": _("新增"), "update": _("更新"), "unchanged": _("无变化"), "faulty": _("有误")}


@dataclass(frozen=True, slots=True)
class Choice:
    """A class that the unit may put forward."""

    name: str
    title: str
    counter: str
    used: int
    quota: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table, and what it is read as."""

    index: int
    header: str
    sample: str
    field: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A row as it was read: what a field holds, by the field's title."""

    number: int
    title: str
    state: str
    values: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]


# -- the template and the upload ------------------------------------------------------------------------------------


@router.show("/submit/table/{class_name}.xlsx", slow=True)
def send_template(request: Request, visit: MaybeVisit, class_name: str) -> Response:
    """The workbook to fill in."""
    seat = visitors.seat_of(request, visit, "nominator")
    content = table_upload.template(seat.edition.id, seat.person.id, class_name, language=_language())
    title = seat.edition.process.class_named(class_name).title.get(_language())
    return _download(content, f"{seat.edition.id}-{class_name}.xlsx", f"{title}-{seat.person.name}.xlsx")


@router.show(ADDRESS)
def show_upload(request: Request, visit: MaybeVisit) -> Response:
    """Where to get the template, and where to send it."""
    return _upload_page(request, visit, request.query_params.get("class", ""))


@router.take(ADDRESS)
async def take_upload(request: Request, visit: MaybeVisit) -> Response:
    """Read the file that was sent; the answer is the page with what was read, or says why it could not be."""
    threads: Threads = request.app.state.threads
    await threads.run(visitors.seat_of, request, visit, "nominator")  # before anything of a stranger's file is read
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as fields:
        sent = fields.get("table")
        file = sent if isinstance(sent, UploadFile) else None
        return await threads.run(_read, request, visit, Form(fields), file, slow=True)


def _read(request: Request, visit: MaybeVisit, form: Form, file: UploadFile | None) -> Response:
    visitors.check_form(visit, form)
    seat = visitors.seat_of(request, visit, "nominator")
    name = _file_name(file.filename or "") if file is not None else ""
    try:
        if file is None or not name:
            raise InputError([Fault("no file was chosen", "choose one", zh="请先选择要上传的表格文件")])
        made = table_upload.begin(seat.edition.id, seat.person.id, form.text("class"), name, file.file)
    except InputError as refusal:
        return _upload_page(request, visit, form.text("class"), status=422, refused=name, faults=refusal.faults)
    return pages.go(f"{ADDRESS}/{made}")


def _upload_page(
    request: Request, visit: MaybeVisit, chosen: str, *, status: int = 200, refused: str = "", faults: tuple[Fault, ...] = ()
) -> Response:
    seat = visitors.seat_of(request, visit, "nominator")
    unit, edition, run = seat.person, seat.edition, seat.edition.stages[0]
    assert isinstance(unit, Nominator)  # noqa: S101 - the role of the seat
    with visitors.database(request).read() as store:
        own = [one for one in store.entries(edition.id) if one.nominator == unit.id and one.state not in SET_ASIDE]
        facts, grants = store.facts(unit.id), store.quota_grants(edition.id, nominator=unit.id)
        choices = [
            Choice(
                name, words.both(declared.title), declared.counter, sum(one.class_name == name for one in own),
                quotas.quota(edition.process, unit, name, facts=facts, grants=grants),
            )
            for name in own_forms.classes_of(edition, unit)
            if (declared := edition.process.class_named(name))
        ]  # fmt: skip
        is_open = run.state == "open" and not own_forms.is_over(run, edition, store)
    return pages.render(
        request, "table_upload.html", status=status, seat=seat, edition=edition, run=run, zone=edition.process.time_zone, choices=choices,
        chosen=chosen if any(one.name == chosen for one in choices) else "", is_open=is_open, refused=refused,
        faults=[_told(fault) for fault in faults], rows=table_checking.limits().rows,
        megabytes=table_checking.limits().bytes // 1_000_000,
    )  # fmt: skip


# -- what was read --------------------------------------------------------------------------------------------------


@router.show("/submit/table/{table_id}", slow=True)
def show_table(request: Request, visit: MaybeVisit, table_id: str) -> Response:
    """What was read, how its columns were understood, what is wrong, and what would be kept; or what was kept."""
    return _table_page(request, visit, table_id)


@router.take("/submit/table/{table_id}", slow=True)
def take_table(request: Request, visit: MaybeVisit, form: Posted, table_id: str) -> Response:
    """Assign the columns anew, keep the good rows, or put the table away."""
    visitors.check_form(visit, form)
    seat = visitors.seat_of(request, visit, "nominator")
    kept_tables.find(table_id, seat.person.id)
    match form.text("act"):
        case "columns":
            chosen = {int(index): name for index, name in form.starting_with("column.").items() if _COLUMN.fullmatch(index)}
            try:
                table_upload.assign(table_id, seat.person.id, chosen)
            except InputError as refusal:
                return _table_page(request, visit, table_id, status=422, refusals=refusal.faults)
        case "keep":
            try:
                table_upload.confirm(table_id, seat.person.id, form.text("seen"))
            except Stale:
                return _table_page(request, visit, table_id, status=409, changed=True)
        case "remove":
            kept_tables.forget(table_id, seat.person.id)
            return pages.go(ADDRESS)
        case _:
            raise errors.Refused(422)
    return pages.go(f"{ADDRESS}/{table_id}")


@router.show("/submit/table/{table_id}/faults.xlsx", slow=True)
def send_marked(request: Request, visit: MaybeVisit, table_id: str) -> Response:
    """The same table with its faults marked."""
    seat = visitors.seat_of(request, visit, "nominator")
    name, content = table_upload.marked(table_id, seat.person.id, language=_language())
    return _download(content, "corrections.xlsx", name)


def _table_page(
    request: Request, visit: MaybeVisit, table_id: str, *, status: int = 200, changed: bool = False, refusals: tuple[Fault, ...] = ()
) -> Response:
    seat = visitors.seat_of(request, visit, "nominator")
    kept = kept_tables.find(table_id, seat.person.id)
    with visitors.database(request).read() as store:
        edition = store.edition(kept.edition)
        run = edition.stages[0]
        is_open = run.state == "open" and not own_forms.is_over(run, edition, store)
        seen = table_checking.look(store, kept) if kept.sheet.rows else Seen(None, {}, (), ())
    fields = {field.name: field for field in table_checking.askable(edition, kept.class_name)}
    declared = edition.process.class_named(kept.class_name)
    told = [(fault, fields.get(fault.field), _told(fault)) for fault in seen.faults]
    return pages.render(
        request, "table_read.html", status=status, seat=seat, edition=edition, run=run, zone=edition.process.time_zone, kept=kept,
        seen=seen, is_open=is_open, changed=changed, refusals=[_told(one) for one in refusals],
        class_title=words.both(declared.title), counter=declared.counter, faults=told[:_MOST_FAULTS],
        more_faults=max(0, len(told) - _MOST_FAULTS),
        unread=_unread(seen), overwritten=_overwritten(seen), columns=_columns(seen, fields),
        aside=tabular.left_out(seen.table) if seen.table else None,
        of_unit=seen.table is not None and any(one.row is None for one in seen.faults),
        of_columns=any(one.row is not None and one.field and not one.column for one in seen.faults),
        options=_options(edition, kept), preview=_preview(seen, fields), states=STATES,
        hours=f"{visitors.installed(request).settings.table_hours:g}",
    )  # fmt: skip


def _columns(seen: Seen, fields: dict[str, FormField]) -> list[Column]:
    if seen.table is None:
        return []
    by_index = {index: name for name, index in seen.columns.items()}
    rows = [row for row in seen.table.rows if not intake.is_example(row)]
    found = []
    for index, header in enumerate(seen.table.headers):
        if header:
            sample, name = next((row.cells[index] for row in rows if row.cells[index]), ""), by_index.get(index, "")
            found.append(Column(index, header, _short(_discreet(fields.get(name), sample)), name))
    return found


def _discreet(field: FormField | None, text: str) -> str:
    """What stands in a cell, a number of identity by its last digits only."""
    return form_view.readable(field, text) if field is not None and field.kind == "id_number" else text


def _options(edition: Edition, kept: KeptTable) -> list[tuple[str, str, bool]]:
    """Field, its title and whether every entry needs it; what the table need not hold comes last."""
    known = ("class", "nominator")
    asked = sorted(table_checking.askable(edition, kept.class_name), key=lambda field: field.name in known)
    return [(field.name, words.both(field.title), field.required and field.name not in known) for field in asked]


def _preview(seen: Seen, fields: dict[str, FormField]) -> list[Preview]:
    if seen.table is None:
        return []
    good = {row.number: row for row in seen.rows}
    rows = [row for row in seen.table.rows if not intake.is_example(row) and any(row.cells[index] for index in seen.columns.values())]
    return [_previewed(row, good.get(row.number), seen, fields) for row in rows[:PREVIEWED]]


def _previewed(row: Row, good: ReadRow | None, seen: Seen, fields: dict[str, FormField]) -> Preview:
    written = {name: _discreet(fields.get(name), row.cells[index]) for name, index in seen.columns.items()}
    if good is not None:
        read = {**good.new.fields, "title": good.new.title, "unit": good.new.unit, "email": good.new.email, "rank": good.new.rank or ""}
        known = {name: field for name, field in fields.items() if name in written and name not in ("class", "nominator")}
        written = {name: form_view.readable(field, read.get(name, "")) for name, field in known.items()}
    values = tuple((words.both(fields[name].title), _short(text)) for name, text in written.items() if name in fields and text)
    said = tuple(_told(fault) for fault in seen.faults if fault.row == row.number)
    return Preview(row.number, _short(written.get("title", "")), good.status if good is not None else "faulty", values, said)


def _told(fault: Fault) -> str:
    return form_view.capital(marked_workbooks.told(fault, _language()))


def _unread(seen: Seen) -> str:
    """Columns that are not read, but for the running numbers of the template."""
    numbers = {said["number"] for said in template_words.WORDS.values()}
    return gettext(_("、")).join(head for head in seen.unread if head not in numbers)


def _overwritten(seen: Seen) -> str:
    """Rows that are marked as examples and hold something else than the template's: they were probably written over by mistake."""
    at = seen.columns.get("title")
    if seen.table is None or at is None:
        return ""
    starts = tuple(said["made_up"].format(title="").strip() for said in template_words.WORDS.values())
    rows = [row for row in seen.table.rows if intake.is_example(row) and row.cells[at] and not row.cells[at].startswith(starts)]
    return gettext(_("、")).join(str(row.number) for row in rows)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _language() -> str:
    return "zh" if language.CURRENT.get().startswith("zh") else "en"


def _file_name(name: str) -> str:
    """The last part of a path, short, and without what no text may hold; only ever shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(char for char in last if char.isprintable() and char != "\ufffd")
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[:_LONGEST_NAME]}{dot}{ending[:8]}" if dot else plain[:_LONGEST_NAME]


def _download(content: bytes, plain: str, name: str) -> Response:
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=XLSX, headers={"Content-Disposition": disposition})
