"""Files of nominators: sent whole by a plain form, or in parts by a script that goes on where it was cut off.

The parts speak the core of tus 1.0 (creation, offset, PATCH) and its termination; https://tus.io/protocols/resumable-upload.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

import anyio
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from models.edition import Nominator, Visit
from models.errors import InputError, JinbangError, NotFound, TooLate
from models.submitting import Upload
from tasks import arriving, examining, file_store, upload_places
from web import errors, incoming, language, pages, pictures, visitors, words
from web.file_forms import FileForm
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages, Threads
from web.visitors import MaybeVisit, Seat

router = Pages()

TUS = {"Tus-Resumable": "1.0.0"}
_PART = "application/offset+octet-stream"
_LONGEST_NUMBER = 15
_SLACK = 2000
"""Bytes of a form beside its file."""
_T = TypeVar("_T")

NO_FILE = (_("还没有选择文件"), _("请选择一个文件后再上传。"))
_LATE = _("申报已经截止，不再接收文件。如需延期，请联系评审办公室。")
_BUSY = _("另一个页面正在上传这个文件，请在那里等待完成。")
_MOVED = _("上传位置有变化，将从服务器已收到的位置继续。")
_LONGER = _("收到的内容超过了事先声明的大小，请重新选择文件。")


def _own_seat(request: Request, visit: Visit | None) -> Seat:
    """The nominator's seat, for a request of a script: what hidden fields hold in a form stands in its headers."""
    fields = {"as": request.headers.get("jinbang-as", ""), "csrf": request.headers.get("jinbang-csrf", "")}
    seat = visitors.seat_of(request, visit, "nominator")
    visitors.check_form(visit, Form(FormData(fields)))
    return seat


async def _thread(request: Request, act: Callable[[], _T]) -> _T:
    threads: Threads = request.app.state.threads
    return await threads.run(act, slow=True)


async def _examined(request: Request, upload: Upload) -> None:
    """Wait a little for the examination of a file that has arrived; no thread waits with it."""
    running = examining.start(upload)
    if running is not None:
        with anyio.move_on_after(visitors.installed(request).settings.upload_wait_seconds):
            await asyncio.shield(asyncio.wrap_future(running))


def _unit(seat: Seat) -> Nominator:
    assert isinstance(seat.person, Nominator)  # noqa: S101 - the role of the seat
    return seat.person


# -- what scripts send ---------------------------------------------------------------------------------------------


def message_of(error: JinbangError) -> str:
    """A refusal as a sentence in the language of the page."""
    match error:
        case InputError(faults=faults):
            return "; ".join(one.zh or str(one) if language.CURRENT.get() == "zh_CN" else _english(one.what, one.remedy) for one in faults)
        case TooLate():
            return language.gettext(_LATE)
        case arriving.Busy():
            return language.gettext(_BUSY)
        case arriving.WrongOffset():
            return language.gettext(_MOVED)
        case incoming.TooLong():
            return language.gettext(_LONGER)
    status, text = errors.status_of(error)
    return language.gettext((text or errors.text_of(status))[0])


def _english(what: str, remedy: str) -> str:
    return words.one_of("", f"{what}; {remedy}" if remedy else what)


def _refused(error: JinbangError) -> Response:
    status = 413 if isinstance(error, arriving.TooLarge | incoming.TooLong) else errors.status_of(error)[0]
    headers = dict(TUS)
    if isinstance(error, arriving.Busy):
        status = 423
    if isinstance(error, arriving.WrongOffset):
        headers["Upload-Offset"] = str(error.offset)
    return JSONResponse({"message": message_of(error)}, status, headers)


@router.answer("POST", "/submit/uploads")
async def begin(request: Request, visit: MaybeVisit) -> Response:
    """A file is announced by a script, or sent whole by a form."""
    if "tus-resumable" not in request.headers:
        return await _take_form(request, visit)
    seat = await _thread(request, lambda: _own_seat(request, visit))
    length = request.headers.get("upload-length", "")
    told = _metadata(request.headers.get("upload-metadata", ""))
    if told is None or not length.isdecimal() or len(length) > _LONGEST_NUMBER:
        return JSONResponse({"message": language.gettext(errors.text_of(400)[0])}, 400, TUS)
    draft, field, name = told.get("draft") or None, told.get("field", ""), told.get("filename", "")
    try:
        made = await _thread(
            request,
            lambda: arriving.begin(_unit(seat), seat.edition.id, draft=draft, field=field, name=name, size=int(length)),
        )
    except (InputError, TooLate) as error:
        return _refused(error)
    part = int(visitors.installed(request).settings.upload_part_megabytes * upload_places.MEGABYTE)
    return Response(None, 201, {**TUS, "Location": f"/submit/uploads/{made.id}", "Jinbang-Part": str(part)})


def _metadata(header: str) -> dict[str, str] | None:
    found = {}
    for pair in filter(None, header.split(",")):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
    return found


@router.answer("PATCH", "/submit/uploads/{upload_id}")
async def take_part(request: Request, visit: MaybeVisit, upload_id: str) -> Response:
    """The next part of a file. What has come stays, also if the rest of it never does."""
    seat = await _thread(request, lambda: _own_seat(request, visit))
    offset, length = request.headers.get("upload-offset", ""), request.headers.get("content-length", "0")
    if request.headers.get("content-type", "") != _PART:
        return Response(None, 415, TUS)
    if not offset.isdecimal() or len(offset) > _LONGEST_NUMBER:
        return Response(None, 400, TUS)
    try:
        upload = await _thread(request, lambda: _announced(request, upload_id, _unit(seat).id, int(offset), int(length)))
        upload = await incoming.take(request, upload_id, _unit(seat).id, int(offset), request.stream())
    except (arriving.Busy, arriving.WrongOffset, incoming.TooLong, TooLate) as error:
        return _refused(error)
    await _examined(request, upload)
    return Response(None, 204, {**TUS, "Upload-Offset": str(upload.received)})


def _announced(request: Request, upload_id: str, nominator: str, offset: int, length: int) -> Upload:
    with visitors.database(request).read() as store:
        upload = arriving.own(store, upload_id, nominator)
    if offset == upload.received and offset + length > upload.size:
        raise incoming.TooLong("more is announced than is missing")
    return upload


@router.answer("DELETE", "/submit/uploads/{upload_id}")
def cancel(request: Request, visit: MaybeVisit, upload_id: str) -> Response:
    """Stop a file on its way in, or take a kept one out of its form."""
    seat = _own_seat(request, visit)
    try:
        arriving.remove(upload_id, _unit(seat).id)
    except TooLate as error:
        return _refused(error)
    return Response(None, 204, TUS)


# -- what people see -----------------------------------------------------------------------------------------------


@router.show("/submit/uploads/new")
def show_form(request: Request, visit: MaybeVisit) -> Response:
    """A form for one file, for browsers without scripts."""
    seat = visitors.seat_of(request, visit, "nominator")
    return _form_page(request, seat, request.query_params.get("draft", ""), request.query_params.get("field", ""))


def _form_page(request: Request, seat: Seat, draft: str, field: str, *, status: int = 200, fault: str = "") -> Response:
    with visitors.database(request).read() as store:
        place = upload_places.place_of(store, seat.edition, _unit(seat).id, draft or None, field)
    return pages.render(
        request, "upload_new.html", status=status, seat=seat, edition=seat.edition, run=seat.edition.stages[0],
        zone=seat.edition.process.time_zone, place=place, draft_id=draft, field_name=field, fault=fault, back=_back(request, draft, field),
        most=upload_places.most_bytes(place, field), title=words.both(place.field.title) if place.field else "",
    )  # fmt: skip


def _back(request: Request, draft: str | None, field: str) -> str:
    """The page on which the question of a file stands."""
    if draft:
        with visitors.database(request).read() as store:
            entry_id = store.draft(draft).entry
            entry = store.entry(entry_id) if entry_id else None
        if entry is not None and entry.state == "correction":
            return f"/submit/corrections/{entry.code}#f-{field}"
        return f"/submit/forms/{draft}#f-{field}"
    return "/submit/zip" if field == upload_places.ZIP else "/submit/unit"


async def _take_form(request: Request, visit: Visit | None) -> Response:
    """Send a file whole, as a plain form does; it is written to disk as it comes."""
    seat = await _thread(request, lambda: visitors.seat_of(request, visit, "nominator"))
    file_form = FileForm(request)
    fields = await file_form.fields()
    visitors.check_form(visit, fields)
    draft, field = fields.text("draft"), fields.text("field")
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise errors.Refused(411)
    if not file_form.file_name:
        return await _thread(request, lambda: _form_page(request, seat, draft, field, status=422, fault=language.gettext(NO_FILE[1])))
    try:
        begun = await _thread(
            request,
            lambda: arriving.begin(
                _unit(seat), seat.edition.id, draft=draft or None, field=field, name=file_form.file_name,
                size=int(length), beside=_SLACK,
            ),
        )  # fmt: skip
        try:
            upload = await incoming.take(request, begun.id, _unit(seat).id, 0, file_form.pieces(), whole=True)
        except errors.Refused:  # cut short within the form: nothing could go on from there
            await _thread(request, lambda: arriving.remove(begun.id, _unit(seat).id))
            raise
    except InputError as error:
        status, fault = 413 if isinstance(error, arriving.TooLarge) else 422, message_of(error)
        return await _thread(request, lambda: _form_page(request, seat, draft, field, status=status, fault=fault))
    if not upload.received:
        await _thread(request, lambda: arriving.remove(upload.id, _unit(seat).id))
        return await _thread(request, lambda: _form_page(request, seat, draft, field, status=422, fault=language.gettext(NO_FILE[1])))
    await _examined(request, upload)
    return pages.go(f"/submit/uploads/{upload.id}")


@router.show("/submit/uploads/{upload_id}")
def show(request: Request, visit: MaybeVisit, upload_id: str) -> Response:
    """How far a file has come and what became of it: as headers, as JSON, or as a page that looks again by itself."""
    seat = visitors.seat_of(request, visit, "nominator")
    with visitors.database(request).read() as store:
        upload = arriving.own(store, upload_id, _unit(seat).id)
    if request.method == "HEAD":
        told = {"Upload-Offset": str(upload.received), "Upload-Length": str(upload.size), "Cache-Control": "no-store"}
        return Response(None, 200, TUS | told)
    examining.start(upload)
    checking = arriving.is_whole(upload)
    if "application/json" in request.headers.get("accept", ""):
        about = {"id": upload.id, "state": "checking" if checking else upload.state, "offset": upload.received, "size": upload.size}
        return JSONResponse({**about, "name": upload.name, "message": said(upload), "kept": size_of(upload.size)}, headers=TUS)
    if upload.field == upload_places.ZIP:
        return RedirectResponse(f"/submit/zip/{upload.id}", 303)
    return pages.render(
        request, "upload.html", seat=seat, edition=seat.edition, run=seat.edition.stages[0], zone=seat.edition.process.time_zone,
        upload=upload, checking=checking, said=said(upload), back=_back(request, upload.draft, upload.field), size=size_of(upload.size),
    )  # fmt: skip


def said(upload: Upload) -> str:
    """Why a file was refused, in the language of the page."""
    return words.one_of(upload.said, upload.notes.get("en", ""))


def size_of(size: int) -> str:
    """A size in bytes as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(1, round(size / 1000))} KB"


@router.take("/submit/uploads/{upload_id}/remove")
def remove(request: Request, visit: MaybeVisit, form: Posted, upload_id: str) -> Response:
    """The same as cancelling, by a plain form."""
    seat = visitors.seat_of(request, visit, "nominator")
    visitors.check_form(visit, form)
    gone = arriving.remove(upload_id, _unit(seat).id)
    return pages.go(_back(request, gone.draft, gone.field))


@router.show("/submit/uploads/{upload_id}/file")
def send(request: Request, visit: MaybeVisit, upload_id: str) -> Response:
    """A kept file, to the unit that sent it, cleaned as it is kept."""
    seat = visitors.seat_of(request, visit, "nominator")
    with visitors.database(request).read() as store:
        upload = arriving.own(store, upload_id, _unit(seat).id)
    if upload.state != "kept" or not upload.sha256:
        raise NotFound("this file is not kept")
    path = file_store.path_of(upload.sha256)
    return FileResponse(path, media_type=upload.media_type, filename=upload.name, headers=pictures.SEALED)
