"""Examines files off the threads that make pages: a few at a time, each in processes of its own."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import cache
from threading import Lock

from models.errors import JinbangError
from models.submitting import Upload
from tasks import arriving, upload_places, upload_zips, uploads
from tasks.installation import database

_LOG = logging.getLogger("jinbang.uploads")
_AT_ONCE = 2
_LOCK = Lock()
_RUNNING: dict[str, Future[None]] = {}


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="examine")


def start(upload: Upload) -> Future[None] | None:
    """See to it that a file that has arrived is examined, also if a restart cut that short. None if there is nothing to examine."""
    if not arriving.is_whole(upload):
        return None
    with _LOCK:
        running = _RUNNING.get(upload.id)
        if running is None or running.done():
            running = _RUNNING[upload.id] = _threads().submit(_examine, upload)
    return running


def finish() -> None:
    """Wait until everything that was begun is examined."""
    with _LOCK:
        begun = list(_RUNNING.values())
    wait(begun)


def _examine(upload: Upload) -> None:
    try:
        if upload.field == upload_places.ZIP:
            upload_zips.examine(upload.id)
        else:
            uploads.examine(upload.id)
    except JinbangError as refusal:
        _refuse(upload.id, f"无法检查这个文件：{refusal}", str(refusal))
    except Exception:
        _LOG.exception("the examination of upload %s failed", upload.id)
        _refuse(upload.id, "系统未能检查这个文件，请重新上传；如仍不行，请联系评审办公室", "the file could not be examined; send it again")
    finally:
        with _LOCK:
            _RUNNING.pop(upload.id, None)


def _refuse(upload_id: str, zh: str, english: str) -> None:
    with database().write() as store:
        current = store.upload(upload_id, to_change=True)
        if current.state == "arriving":
            store.put_upload(replace(current, state="refused", said=zh, notes={"en": english}, at=store.real_now))
            about = {"upload": current.id, "draft": current.draft, "field": current.field}
            store.append(current.edition, "FileRefused", actor="web", reason=english, state="refused", **about)
    arriving.clear(upload_id)
