"""Commands that work on plain files alone, without an installation: anybody can check a draw, or use it for other things."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import Fault, InputError

if TYPE_CHECKING:
    from models.instances import Instance
    from rules.panel_instance import Drawn, Pair
    from rules.shortage import Shortage

MOST_MEGABYTES = 100
"""Of an instance: about four million pairs, which take two gigabytes and minutes."""
USAGE, IN_PART = 2, 3


class Language(StrEnum):
    """In which an explanation is printed."""

    ZH = "zh_CN"
    EN = "en"


def assign(
    instance: Annotated[Path, typer.Argument(help="Entries, reviewers and allowed pairs as JSON; see docs/assigning.md.", dir_okay=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the pairs go, as CSV: entry,reviewer.", dir_okay=False)],
    seed: Annotated[int, typer.Option(help="Decides among what is equal; the same seed draws the same panels.")] = 0,
    keep: Annotated[
        Path | None, typer.Option(help="CSV of an earlier draw: what of it is still allowed stays, the rest is filled.", dir_okay=False)
    ] = None,
    language: Annotated[Language, typer.Option(help="Of the explanation.")] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Draw panels from a file: exact, repeatable; if seats stay empty, why, and what would help (exit code 3)."""
    from models import instances
    from rules import panel_instance, shortage

    try:
        read = instances.read(_content(instance), str(instance))
        earlier = instances.read_pairs(_content(keep), str(keep)) if keep else ()
        kept, given_up = panel_instance.still_allowed(read, earlier)
        if out.resolve() == instance.resolve():
            raise InputError([Fault("the pairs would overwrite the instance", "name another file at -o", file=str(out))])
        drawn = panel_instance.draw(read, seed=seed, kept=kept)
        _write(out, drawn.pairs)
    except InputError as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(USAGE) from None
    why = shortage.explain(read, kept=kept) if drawn.short else None
    if as_json:
        typer.echo(json.dumps(_document(read, drawn, why, seed), ensure_ascii=False, indent=2))
    else:
        _tell(read, drawn, why, seed, language)
    if given_up:
        said = f"pairs given up, as the instance no longer allows them: {len(given_up)}, e.g. {','.join(given_up[0])}"
        typer.echo(f"{keep}: {said}", err=True)
    if why:
        raise typer.Exit(IN_PART)


def _content(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        InputError: it cannot be read, or is larger than any instance.
    """
    try:
        if (size := path.stat().st_size) > MOST_MEGABYTES * 1_000_000:
            said = f"it has {size / 1_000_000:.0f} MB, and {MOST_MEGABYTES} MB can be drawn at once"
            raise InputError([Fault(said, "leave out pairs of low affinity, or draw the entries in parts", file=str(path))])
        return path.read_bytes()
    except OSError as failure:
        raise InputError([Fault(f"it cannot be read: {failure.strerror}", "correct the path or its rights", file=str(path))]) from None


def _write(path: Path, pairs: Iterable[Pair]) -> None:
    from tasks.exporting import csv_for_programs

    try:
        path.write_text(csv_for_programs([("entry", "reviewer"), *pairs]), encoding="utf-8", newline="")
    except OSError as failure:
        raise InputError([Fault(f"it cannot be written: {failure.strerror}", "name another file at -o", file=str(path))]) from None


def _document(read: Instance, drawn: Drawn, why: Shortage | None, seed: int) -> dict[str, Any]:
    return {
        "seed": seed,
        "entries": len(read.entries),
        "reviewers": len(read.reviewers),
        "seats": sum(read.sizes().values()),
        "filled": len(drawn.pairs),
        "affinity": drawn.affinity,
        "short": drawn.short,
        "below_min": drawn.below,
        "shortage": asdict(why) if why else None,
    }


def _tell(read: Instance, drawn: Drawn, why: Shortage | None, seed: int, language: Language) -> None:
    from rules import shortage_words

    seats = sum(read.sizes().values())
    typer.echo(f"{len(drawn.pairs)} of {seats} seats are filled, affinity {drawn.affinity:,}, seed {seed}")
    if drawn.below:
        named = shortage_words.listed([f"{who} -{gap}" for who, gap in drawn.below.items()], ", ")
        typer.echo(f"note: below min, as seats and pairs allow no more: {named}", err=True)
    for line in shortage_words.told(why) if why else ():
        typer.echo(line.get(language.value))
