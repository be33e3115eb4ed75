"""`jinbang bounces`: reports of undeliverable mail, from a file, a folder, or a mail server's pipe."""

from __future__ import annotations

import json
import mailbox
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from models.errors import Fault, InputError

MOST_MEGABYTES = 50
"""Of one message; mail servers take no larger ones, and a report gives back at most what was sent."""
IN_PART, TRY_AGAIN = 3, 75
"""Exit codes: some messages could not be read; and to a mail server: keep the message and hand it over again (EX_TEMPFAIL)."""
PIPE = "-"


def is_piped(words: Sequence[str]) -> bool:
    """Whether a command line is that of a mail server that hands a message over on stdin."""
    return words[:1] == ["bounces"] and PIPE in words[1:]


def bounces(
    where: Annotated[str, typer.Argument(help="A message or mbox file, a Maildir, a folder of .eml files, or - for one message on stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Read delivery reports, and mark mails that came back for good as refused. Reading them again changes nothing.

    Exit codes for a file or folder: 0 all read, 1 refused or failed, 3 some messages could not be read.

    Exit codes for - (a mail server's pipe): 0 the message is done with, also one that is no report or cannot be read, which is said on
    stderr; 75 (EX_TEMPFAIL) it was not taken, because a setting is wrong, the database is away, the mail is just being handed over, or
    anything else failed: the mail server keeps it and hands it over again. No other code, or the report would be lost.
    """
    from flows import supervisor
    from tasks import returned_mail

    told: list[dict[str, str]] = []
    supervisor.prepare()
    for name, content in _messages(where):
        found = returned_mail.take(content) if isinstance(content, bytes) else returned_mail.Read("damaged", content)
        told.append({"message": name, "what": found.what, "said": found.said})
        if not as_json:
            typer.echo(f"{name}: {found.said}", err=found.what == "damaged")
    counts = Counter(one["what"] for one in told)
    if as_json:
        typer.echo(json.dumps({"messages": told, "counts": dict(sorted(counts.items()))}, ensure_ascii=False, indent=2))
    elif where != PIPE:
        typer.echo(
            f"{len(told)} messages read, {counts['marked']} mails marked as undeliverable, {counts['damaged']} messages not readable"
        )
    # Whoever pipes would get the same message back for ever, or answer a report with a report.
    if counts["damaged"] and where != PIPE:
        raise typer.Exit(IN_PART)
    if counts["early"] and where == PIPE:
        raise typer.Exit(TRY_AGAIN)


def _messages(where: str) -> Iterator[tuple[str, bytes | str]]:
    """Name and content of each message; a text in place of the content says why it cannot be read.

    Raises:
        InputError: there is nothing of that name, or it may not be read.
    """
    if where == PIPE:
        yield PIPE, _within(sys.stdin.buffer.read(MOST_MEGABYTES * 1_000_000 + 1))
        return
    path = Path(where)
    try:
        files = _files(path) if path.is_dir() else [path] if path.is_file() else None
    except OSError as failure:
        what = f"it cannot be looked into: {failure.strerror or failure}"
        raise InputError([Fault(what, "name another, or call as somebody who may read it", file=where)]) from None
    if files is None:
        raise InputError([Fault("there is no such file or folder", "name one, or - to read a message from stdin", file=where)])
    for one in files:
        yield from _of_file(one)


def _files(folder: Path) -> list[Path]:
    """The messages of a Maildir, what is still being delivered left out; or the .eml files of a folder."""
    if (folder / "new").is_dir() or (folder / "cur").is_dir():
        there = [one for part in ("new", "cur") if (folder / part).is_dir() for one in (folder / part).iterdir()]
        return sorted(one for one in there if not one.name.startswith(".") and one.is_file())
    return sorted(one for one in folder.iterdir() if one.suffix.lower() == ".eml" and one.is_file())


def _of_file(path: Path) -> Iterator[tuple[str, bytes | str]]:
    try:
        with path.open("rb") as opened:
            several = opened.read(5) == b"From "
        if not several:
            with path.open("rb") as opened:
                yield str(path), _within(opened.read(MOST_MEGABYTES * 1_000_000 + 1))
            return
        box = mailbox.mbox(path, create=False)
        try:
            for number, key in enumerate(box.keys(), start=1):
                yield f"{path} ({number})", _within(box.get_bytes(key))
        finally:
            box.close()
    except OSError as failure:
        yield str(path), f"it cannot be read: {failure.strerror or failure}"


def _within(content: bytes) -> bytes | str:
    return content if len(content) <= MOST_MEGABYTES * 1_000_000 else f"it is larger than {MOST_MEGABYTES} MB, so it is no delivery report"
