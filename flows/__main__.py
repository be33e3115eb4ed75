"""The `jinbang` command.

Exit codes: 0 done, 1 refused or failed with a message, 2 wrong usage, 3 done in part; `bounces -`, which a mail server calls, has
its own (flows/bounces.py). What other programs read goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import json
import sys
import traceback
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from flows import bounces, collector, offline, ranking
from models.errors import JinbangError

app = typer.Typer(name="jinbang", help="Award reviews from call to published award.", no_args_is_help=True, add_completion=False)

EditionId = Annotated[str, typer.Argument(help="Id of the edition, e.g. papers-2026; `jinbang status` lists them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Data folder; JINBANG_DATA_DIR or ./data if left out.")]


class Kind(StrEnum):
    """What can be imported."""

    ENTRIES = "entries"
    REVIEWERS = "reviewers"
    NOMINATORS = "nominators"
    COMMITTEE = "committee"
    UNITS = "units"
    RELATIONS = "relations"


class LinkRole(StrEnum):
    """Whose links can be listed."""

    NOMINATOR = "nominator"
    REVIEWER = "reviewer"
    COMMITTEE = "committee"
    PARTY = "party"


def main() -> NoReturn:
    """Run the command; a refusal is one message and exit code 1, never a traceback. A mail server is asked to try again instead."""
    code = _run()
    if code and bounces.is_piped(sys.argv[1:]):
        typer.echo(f"the message was not taken; exit code {bounces.TRY_AGAIN} asks the mail server to hand it over again", err=True)
        code = bounces.TRY_AGAIN
    raise SystemExit(code)


def _run() -> int:
    collector.look_seldom()
    try:
        app(standalone_mode=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except JinbangError as refusal:
        typer.echo(str(refusal), err=True)
        return 1
    except Exception as failure:
        if (said := _of_the_environment(failure)) is None:
            if not bounces.is_piped(sys.argv[1:]):
                raise
            said = traceback.format_exc()
        typer.echo(said, err=True)
        return 1
    return 0


def _of_the_environment(failure: Exception) -> str | None:
    """What to tell a person about a wrong setting or a database that cannot be reached; None if it is neither, and so a bug."""
    from pydantic import ValidationError
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

    if isinstance(failure, ValidationError) and failure.title == "Settings":
        wrong = failure.errors()
        return "\n".join(f"JINBANG_{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}; it is {one['input']!r}" for one in wrong)
    if isinstance(failure, OperationalError):
        return f"the database cannot be used: {str(failure.orig).strip()}. Check that it runs and has room, or correct JINBANG_DATABASE_URL"
    if isinstance(failure, ArgumentError | NoSuchModuleError):
        return f"JINBANG_DATABASE_URL names no database: {failure}. Write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
    return None


def _say(text: str) -> None:
    typer.echo(text)


def _document(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _ready(data: Path | None = None) -> None:
    """Open the installation and bring its schema up to date."""
    from flows import supervisor
    from tasks import installation

    if data is not None:
        installation.use_environment(data_dir=str(data.absolute()))
    supervisor.prepare()


@app.command()
def up(
    demo: Annotated[
        bool, typer.Option(help="Rehearse the four main processes on the sample data first, and leave some for you to act in.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the pages.")] = 8000,
    data: DataDir = None,
) -> None:
    """Start everything: Prefect server, engine, pages, and a mail catcher if no mail server is configured."""
    from flows import supervisor

    supervisor.up(demo=demo, host=host, port=port, data=data)


@app.command()
def validate(files: Annotated[list[Path] | None, typer.Argument(help="Process files; all declared ones if left out.")] = None) -> None:
    """Check process files and mail templates; every fault is named with file, line and column."""
    from config import catalogue
    from models.errors import DeclarationError, Fault
    from notifications.render import check_templates
    from tasks.installation import settings

    faults: list[Fault] = []
    folder = settings().processes or catalogue.processes_folder()
    checked = files or sorted(one for one in folder.glob("[!.]*") if one.suffix in (".yaml", ".yml"))
    if not checked:
        catalogue.load_processes(folder)  # says what is wrong with the folder
    for path in checked:
        try:
            process = catalogue.load_process(path)
            typer.echo(f"{path}: {process.name} is in order: {len(process.stages)} stages, {process.total_awards} awards", err=True)
        except DeclarationError as wrong:
            faults.extend(wrong.faults)
    try:
        check_templates()
    except DeclarationError as wrong:
        faults.extend(wrong.faults)
    if faults:
        raise DeclarationError(faults)


@app.command()
def processes(as_json: AsJson = False) -> None:
    """List the declared processes."""
    from config import catalogue
    from tasks.installation import settings

    found = catalogue.load_processes(settings().processes)
    if as_json:
        _document(
            [
                {"name": one.name, "title": one.title.model_dump(), "edition": one.edition, "awards": one.total_awards}
                for one in found.values()
            ]
        )
        return
    for one in found.values():
        _say(f"{one.name:<16} {one.edition:<8} {one.total_awards:>4} awards  {one.title.zh} / {one.title.en}")


@app.command()
def graph(process: Annotated[str, typer.Argument(help="Name of the process.")]) -> None:
    """Draw the stages of a process as a Mermaid diagram."""
    from flows import drawing
    from tasks import opening

    _say(drawing.mermaid(opening.declared(process)))


@app.command(name="open")
def open_(
    process: Annotated[str, typer.Argument(help="Name of the process.")],
    edition: Annotated[str | None, typer.Option(help="Label of the edition; the process file's own if left out.")] = None,
    starts: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day; all dates move with it.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Show the dates and open nothing.")] = False,
) -> None:
    """Open an edition of a process."""
    from rules import calendar
    from tasks import opening

    _ready()
    day: date | None = starts.date() if starts else None
    if dry_run:
        made = opening.planned(process, label=edition, starts=day)
    else:
        made = opening.open_edition(process, label=edition, starts=day, actor="cli")
    zone = made.process.time_zone
    for run in made.stages:
        opens = f"{calendar.to_local(run.opens_at, zone):%Y-%m-%d %H:%M}" if run.opens_at else "-"
        closes = calendar.deadline_text(run.closes_at, zone) if run.closes_at else "-"
        _say(f"{run.name:<16} opens {opens:<16}  closes {closes}")
    for warning in opening.foreseen(made):
        typer.echo(f"note: {warning}", err=True)
    _say(f"{made.id}: would be opened (dry run)" if dry_run else f"{made.id} is open; import its nominators, reviewers and committee next")


@app.command(name="import")
def import_(
    edition: EditionId,
    what: Annotated[Kind, typer.Argument(help="What the file holds.")],
    file: Annotated[
        Path, typer.Argument(help=".xlsx, .xls, .ods or .csv; for entries also a .zip of their files.", exists=True, dir_okay=False)
    ],
    dry_run: Annotated[bool, typer.Option(help="Check everything and keep nothing.")] = False,
) -> None:
    """Take a spreadsheet: all of it, or, if anything is wrong, nothing of it and every fault named."""
    from tasks import attachments, importing

    _ready()
    if what is Kind.ENTRIES and file.suffix.lower() == ".zip":
        _say(attachments.take(edition, file, actor="cli", dry_run=dry_run))
    else:
        _say(importing.take(edition, what.value, file, actor="cli", dry_run=dry_run))


@app.command()
def laureates(
    file: Annotated[Path, typer.Argument(help=".xlsx, .xls, .ods or .csv with names or titles and units.", exists=True, dir_okay=False)],
    process: Annotated[str, typer.Option(help="Name of the process in which they won.")],
    label: Annotated[str, typer.Option(help="Label of the edition in which they won, e.g. 2022.")],
    dry_run: Annotated[bool, typer.Option(help="Check everything and keep nothing.")] = False,
) -> None:
    """Take a list of earlier winners, who may not be put forward again where the process says so."""
    from tasks import laureates as lists

    _ready()
    _say(lists.take(process, label, file, actor="cli", dry_run=dry_run))


@app.command(name="grant-quota")
def grant_quota(
    edition: EditionId,
    unit: Annotated[str, typer.Argument(help="Code of the nominating unit.")],
    class_name: Annotated[str, typer.Argument(metavar="CLASS", help="Name of the class.")],
    extra: Annotated[int, typer.Argument(min=1, help="How many more entries.")],
    reason: Annotated[str, typer.Option(help="Why, for the record and for the unit.")],
) -> None:
    """Allow a nominating unit further entries of a class, and tell it."""
    from tasks import quota_grants

    _ready()
    made = quota_grants.grant(edition, unit, class_name, str(extra), reason, actor="cli")
    _say(f"{edition}: {unit} may put forward {made.extra} more of {made.class_name}")


@app.command()
def status(
    edition: Annotated[str | None, typer.Argument(help="Id of the edition; all if left out.")] = None, as_json: AsJson = False
) -> None:
    """Show where editions stand: stage, deadline, counts, what blocks."""
    from flows import reporting

    _ready()
    found = reporting.statuses(edition)
    if as_json:
        _document(found if edition is None else found[0])
        return
    for one in found:
        _say(reporting.lines(one))
    if not found:
        _say("no edition is open; `jinbang open PROCESS` opens one")


@app.command()
def advance(edition: EditionId) -> None:
    """Ask for the next step of an edition now."""
    from tasks import editions
    from tasks.installation import database

    _ready()
    with database().write() as store:
        _say(editions.request_next(store, edition, actor="cli"))


@app.command()
def retry(edition: EditionId) -> None:
    """Try a blocked stage again; where a list was returned, those who returned it are asked anew."""
    from tasks import editions
    from tasks.installation import database

    _ready()
    with database().write() as store:
        _say(editions.retry(store, edition, actor="cli"))


@app.command()
def links(edition: EditionId, role: Annotated[LinkRole, typer.Argument(help="Whose links.")], as_json: AsJson = False) -> None:
    """Print people's personal links. Whoever has a link can act as its person: keep the output to yourself."""
    from flows import reporting

    _ready()
    found = reporting.links(edition, role.value)
    if as_json:
        _document(found)
        return
    for one in found:
        _say(f"{one['code']}\t{one['name']}\t{one['link']}")
    if not found:
        typer.echo(f"{edition}: nobody has a link as {role.value} yet; links are issued when the stage opens", err=True)


@app.command()
def remind(edition: EditionId) -> None:
    """Queue a reminder for everyone whom the open stage waits for."""
    from tasks import editions
    from tasks.installation import database

    _ready()
    with database().write() as store:
        _say(f"{editions.remind(store, edition, actor='cli')} reminders are queued")


@app.command()
def extend(
    edition: EditionId,
    stage: Annotated[str, typer.Argument(help="Name of the stage.")],
    closes: Annotated[str, typer.Option(help='New deadline in local time: 2026-06-15, "2026-06-15 18:00" or "2026-06-15 24:00".')],
) -> None:
    """Give a stage a later deadline."""
    from models.declared import closing_time
    from rules import calendar
    from tasks import editions
    from tasks.installation import database

    _ready()
    try:
        local = closing_time(closes)
    except ValueError as wrong:
        raise JinbangError(f"--closes: {wrong}") from None
    with database().write() as store:
        zone = store.edition(edition).process.time_zone
        run = editions.extend(store, edition, stage, calendar.to_utc(local, zone), actor="cli")
    _say(f"{edition}: {run.name} now closes {calendar.deadline_text(calendar.to_utc(local, zone), zone)} ({zone})")


@app.command()
def rehearse(
    process: Annotated[str, typer.Argument(help="Name of the process.")],
    entries: Annotated[int | None, typer.Option(min=1, help="Number of made-up entries; the sample spreadsheets if left out.")] = None,
    reviewers: Annotated[int | None, typer.Option(min=1, help="Number of made-up reviewers.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of draws and people.")] = None,
    edition: Annotated[str, typer.Option(help="Label of the edition; an unfinished rehearsal of that label goes on.")] = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Run a whole edition on synthetic people with a moved clock, and report."""
    from flows import supervisor

    _ready(data)
    label = edition or f"trial-{datetime.now(UTC):%y%m%d%H%M%S}"
    with supervisor.servers():
        report = supervisor.rehearse(process, entries=entries, reviewers=reviewers, seed=seed, label=label)
    from flows import reporting

    if as_json:
        _document(report)
    else:
        _say(reporting.rehearsal(report))


@app.command()
def recompute(
    edition: EditionId, stage: Annotated[str | None, typer.Option(help="Name of a scoring stage; all if left out.")] = None
) -> None:
    """Draw and compute everything again, hold each sheet against what was recorded of it, and say what differs (then exit code 1)."""
    from tasks import recomputing

    _ready()
    found = recomputing.recompute(edition, stage)
    for one in found:
        _say(one.line())
    if not found:
        _say(f"{edition}: nothing has been drawn or computed yet")
    if not all(one.same for one in found):
        raise SystemExit(1)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check the installation: settings, database, schema, templates, calendar, mail server, Prefect."""
    from flows import checking

    found = checking.checks()
    if as_json:
        _document([{"check": one.name, "ok": one.ok, "found": one.found, "remedy": one.remedy} for one in found])
    else:
        for one in found:
            _say(f"{'ok  ' if one.ok else 'FAIL'} {one.name}: {one.found}" + (f" -> {one.remedy}" if not one.ok and one.remedy else ""))
    if not all(one.ok for one in found):
        raise SystemExit(1)


@app.command()
def web(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the pages.")] = 8000,
) -> None:
    """Serve the pages only."""
    from flows import supervisor

    _ready()
    supervisor.serve_pages(host, port)


@app.command()
def engine() -> None:
    """Run the engine only: relay, sweeper and Prefect runner. Set JINBANG_PREFECT_API_URL to the server."""
    from flows import supervisor

    _ready()
    supervisor.run_engine()


app.command()(bounces.bounces)
app.command()(offline.assign)
app.command()(ranking.rank)


if __name__ == "__main__":
    if sys.argv[0].endswith("__main__.py"):
        sys.argv[0] = "jinbang"
    main()
