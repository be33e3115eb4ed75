"""Files on their way in: begun with their size, sent in parts, resumed from what the server has, removed.

The row in `uploads` says how far a file has come; it moves on only after its bytes are safe on disk. Bytes that lie in the
part file beyond that, after a crash, are overwritten by the next part.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from models.edition import Nominator
from models.errors import Fault, InputError, JinbangError, NotFound, Stale
from models.store import Store
from models.submitting import Upload
from rules.text import TextRefused, clean
from tasks import upload_places
from tasks.installation import database, settings

LONGEST_NAME = 200
"""Characters of a file's name that are kept."""


class TooLarge(InputError):
    """The file is larger than what its field takes."""


class Busy(JinbangError):
    """Somebody else is sending the same file."""


class WrongOffset(Stale):
    """The part does not go on from where the file is."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"the file goes on from byte {offset}")


def _refuse_size(store: Store, place: upload_places.Place, field: str, nominator: str, size: int) -> None:
    if size <= 0:
        raise InputError([Fault("the file is empty", "choose another one", field=field, zh="文件是空的，请重新选择")])
    if size > (most := upload_places.most_bytes(place, field)):
        zh = f"文件有 {upload_places.megabytes(size)} MB，最多 {upload_places.megabytes(most)} MB，请压缩后重新上传"
        raise TooLarge(
            [
                Fault(
                    f"the file has {upload_places.megabytes(size)} MB; at most {upload_places.megabytes(most)} MB are taken",
                    field=field,
                    zh=zh,
                )
            ]
        )
    if sum(one.state == "arriving" for one in store.uploads(nominator=nominator)) >= settings().uploads_open:
        zh = f"同时上传的文件已有 {settings().uploads_open} 个，请等待上传完成，或取消其中一些"
        what = f"{settings().uploads_open} files are on their way in already"
        raise InputError([Fault(what, "wait until they have arrived, or cancel some", field=field, zh=zh)])
    refuse_too_much(store, nominator, size, field=field)


def refuse_too_much(store: Store, nominator: str, size: int, *, field: str) -> None:
    """A unit's files, on their way in and kept, have a limit together; zips do not count any more once they are unpacked.

    Raises:
        InputError: another file of `size` bytes would be too much.
    """
    mine = store.uploads(nominator=nominator)
    held = [one for one in mine if one.state == "arriving" or (one.state == "kept" and one.field != upload_places.ZIP)]
    if sum(one.size for one in held) + size > settings().uploads_megabytes * upload_places.MEGABYTE:
        zh = "贵单位上传的文件总量已达上限，请删除不需要的文件，或联系评审办公室"
        raise InputError([Fault("the files of this unit have reached their limit", "remove some, or ask the office", field=field, zh=zh)])


# -- beginning, going on, ending -----------------------------------------------------------------------------------


def begin(nominator: Nominator, edition_id: str, *, draft: str | None, field: str, name: str, size: int, beside: int = 0) -> Upload:
    """Note that a file is to come.

    Args:
        nominator: The unit that sends it.
        edition_id: Of the edition.
        draft: The form that it belongs to; None for a unit's own papers and for zips.
        field: The question that it answers.
        name: As the sender calls it.
        size: Bytes that are to come.
        beside: So many of them may be no part of the file.

    Raises:
        InputError: it is empty or too large, or the unit has too many files on their way.
        NotFound: no such form or question.
        TooLate: files are no longer taken.
    """
    with database().write() as store:
        edition = store.edition(edition_id)
        place = upload_places.place_of(store, edition, nominator.id, draft, field)
        upload_places.refuse_late(store, place)
        _forget_old(store, nominator.id)
        _refuse_size(store, place, field, nominator.id, max(1, size - beside) if beside else size)
        made = new(store, edition_id, nominator.id, draft=draft, field=field, name=name, size=size)
        store.put_upload(made)
    return made


def new(store: Store, edition: str, nominator: str, *, draft: str | None, field: str, name: str, size: int, received: int = 0) -> Upload:
    """Make a row for a file, and a folder for its bytes. Keeps nothing yet."""
    made = Upload(
        uuid4().hex, edition, nominator, draft, field, file_name(name), size, received,
        state="arriving", sha256="", media_type="", scan="not_scanned", said="", at=store.real_now,
    )  # fmt: skip
    folder(made.id).mkdir(parents=True)
    part_of(made.id).touch()
    return made


def file_name(name: str) -> str:
    """The last part of a path, without what no text may hold; only ever shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(char for char in last if char.isprintable())[:LONGEST_NAME]
    try:
        return clean(plain, max_length=LONGEST_NAME, drop_invisible=True) or "?"
    except TextRefused:
        return "?"


def folder(upload_id: str) -> Path:
    """Folder of a file on its way in."""
    return settings().arriving_dir / upload_id


def part_of(upload_id: str) -> Path:
    """What of it has arrived."""
    return folder(upload_id) / "part"


def own(store: Store, upload_id: str, nominator: str, *, to_change: bool = False) -> Upload:
    """A unit's own file on its way in, its offset never beyond what is on disk.

    Raises:
        NotFound: there is none, or it is another unit's.
    """
    upload = store.upload(upload_id, to_change=to_change)
    if upload.nominator != nominator:
        raise NotFound("there is no such upload", zh="没有这个上传的文件")
    part = part_of(upload_id)
    if upload.state == "arriving" and upload.received > (there := part.stat().st_size if part.exists() else 0):
        return replace(upload, received=there)
    return upload


def is_whole(upload: Upload) -> bool:
    """Whether all of it has come, so that it is being examined."""
    return upload.state == "arriving" and upload.received == upload.size


def open_at(upload_id: str, nominator: str, offset: int) -> tuple[Upload, BinaryIO]:
    """Open a file where it goes on, everything after it cut off.

    Raises:
        Busy: another process has it open.
        NotFound: there is none, or it is another unit's.
        TooLate: files are no longer taken.
        WrongOffset: it goes on from elsewhere, or has ended.
    """
    with database().read() as store:
        upload = own(store, upload_id, nominator)
        place = upload_places.place_of(store, store.edition(upload.edition), nominator, upload.draft, upload.field)
        upload_places.refuse_late(store, place)
    if upload.state != "arriving" or offset != upload.received:
        raise WrongOffset(upload.received)
    file = _alone(part_of(upload_id))
    with database().read() as store:
        upload = own(store, upload_id, nominator)  # another process may have moved it before it let go
    if offset != upload.received:
        file.close()
        raise WrongOffset(upload.received)
    file.truncate(offset)
    file.seek(offset)
    return upload, file


def _alone(part: Path) -> BinaryIO:
    """Open a part file, and keep every other process out until it is closed."""
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch()
    file = part.open("r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Busy("another page is sending this file") from None
    return file


def move_on(upload: Upload, file: BinaryIO, whole: bool = False) -> Upload:
    """Make what was written safe, and note how far the file has come; a `whole` one ends there, whatever was announced.

    Raises:
        WrongOffset: another sender has moved it meanwhile.
        NotFound: it was cancelled meanwhile.
    """
    file.flush()
    os.fsync(file.fileno())
    received = file.tell()
    with database().write() as store:
        current = own(store, upload.id, upload.nominator, to_change=True)
        if current.state != "arriving" or min(current.received, received) < upload.received:
            raise WrongOffset(current.received)
        moved = replace(current, received=received, size=received if whole and received else current.size, at=store.real_now)
        store.put_upload(moved)
    return moved


def remove(upload_id: str, nominator: str) -> Upload:
    """Cancel a file, or take a kept one out of its form. Of an entry that has it, it goes when the form is handed in again.

    Raises:
        NotFound: there is none, or it is another unit's.
        TooLate: files are no longer taken.
    """
    with database().write() as store:
        upload = own(store, upload_id, nominator, to_change=True)
        place = upload_places.place_of(store, store.edition(upload.edition), nominator, upload.draft, upload.field)
        upload_places.refuse_late(store, place)
        if upload.state == "kept" and place.draft is not None and place.draft.entry is not None:
            store.put_upload(replace(upload, state="refused", said="", at=store.real_now))
        else:
            store.drop_uploads([upload_id])
    clear(upload_id)
    return upload


def clear(upload_id: str) -> None:
    """Remove the bytes of a file that came in, or never will."""
    shutil.rmtree(folder(upload_id), ignore_errors=True)


def _forget_old(store: Store, nominator: str) -> None:
    """Forget a unit's files that stopped arriving long ago."""
    limit = store.real_now - timedelta(days=settings().upload_days)
    old = [one.id for one in store.uploads(nominator=nominator) if one.state == "arriving" and one.at < limit and not is_whole(one)]
    store.drop_uploads(old)
    for one in old:
        clear(one)


def was_removed(upload: Upload) -> bool:
    """Whether a file had been kept and was taken out of its form again."""
    return upload.state == "refused" and bool(upload.sha256)
