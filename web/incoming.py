"""Bytes of files as they come over the line: written to disk by one sender at a time, kept up to where a sender broke off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import BinaryIO

import anyio
from anyio import CancelScope, to_thread
from starlette.requests import ClientDisconnect, Request

from models.errors import JinbangError
from models.submitting import Upload
from tasks import arriving
from web import visitors

_SILENT_SECONDS = 5.0
"""A sender that is silent for so long gives way to one that comes anew: browsers know of a cut before servers do."""
_GATHERED = 1 << 20


class TooLong(JinbangError):
    """More came than was announced; nothing of this part was kept."""


@dataclass
class _Sender:
    scope: CancelScope
    heard: float
    ended: anyio.Event = field(default_factory=anyio.Event)


_SENDERS: dict[str, _Sender] = {}


async def take(
    request: Request, upload_id: str, nominator: str, offset: int, pieces: AsyncIterator[bytes], *, whole: bool = False
) -> Upload:
    """Write what comes to a file, from `offset` on. Yields how far it has come, also if the sender broke off.

    Args:
        request: The request that brings it.
        upload_id: Of the file.
        nominator: Id of the unit that sends it.
        offset: Bytes that the sender believes to have sent.
        pieces: What comes.
        whole: The file ends where the pieces end, within the size that was announced.

    Raises:
        Busy: another sender is at it.
        TooLong: more comes than was announced.
        WrongOffset: the file goes on from elsewhere.
    """
    with CancelScope() as scope:
        sender = await _take_turn(upload_id, scope)
        try:
            upload, file = await to_thread.run_sync(arriving.open_at, upload_id, nominator, offset)
            with file:
                ended = False
                try:
                    ended = await _write(request, sender, file, pieces, most=upload.size - offset)
                except TooLong:
                    file.seek(offset)
                    file.truncate(offset)
                    raise
                finally:
                    with CancelScope(shield=True):
                        upload = await to_thread.run_sync(arriving.move_on, upload, file, whole and ended)
            return upload
        finally:
            if _SENDERS.get(upload_id) is sender:
                del _SENDERS[upload_id]
            sender.ended.set()
    raise arriving.Busy("another page goes on sending this file")


async def _take_turn(upload_id: str, scope: CancelScope) -> _Sender:
    while (other := _SENDERS.get(upload_id)) is not None:
        if asyncio.get_running_loop().time() - other.heard < _SILENT_SECONDS:
            raise arriving.Busy("another page is sending this file")
        other.scope.cancel()
        await other.ended.wait()
    sender = _SENDERS[upload_id] = _Sender(scope, asyncio.get_running_loop().time())
    return sender


async def _write(request: Request, sender: _Sender, file: BinaryIO, pieces: AsyncIterator[bytes], *, most: int) -> bool:
    """Yield whether the sender came to an end by itself."""
    idle = visitors.installed(request).settings.upload_idle_seconds
    gathered, left = bytearray(), most
    ended = False
    try:
        while True:
            with anyio.fail_after(idle):
                piece = await anext(pieces, None)
            if piece is None:
                ended = True
                break
            sender.heard = asyncio.get_running_loop().time()
            left -= len(piece)
            if left < 0:
                raise TooLong("more came than was announced")
            gathered += piece
            if len(gathered) >= _GATHERED:
                await to_thread.run_sync(file.write, bytes(gathered))
                gathered.clear()
    except (ClientDisconnect, TimeoutError):
        pass
    finally:
        if left >= 0:
            file.write(gathered)
    return ended
