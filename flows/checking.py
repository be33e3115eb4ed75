"""`jinbang doctor`: is this installation able to keep its promises?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

import httpx

from config import catalogue
from config.calendar import load_calendar
from models.errors import CalendarNotCovered, JinbangError
from notifications import render, smtp
from tasks import file_store, installation, schema, typesetting, virus_scanner


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def checks() -> list[Check]:
    """All findings, in the order in which a person would look."""
    return [_run(name, check, remedy) for name, check, remedy in _CHECKS]


def _run(name: str, check: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name, True, check())
    except Exception as failure:
        return Check(name, False, str(failure) or type(failure).__name__, remedy)


def _versions() -> str:
    return f"prefect {version('prefect')}, sqlalchemy {version('sqlalchemy')}, SQLite {sqlite3.sqlite_version}"


def _database() -> str:
    with installation.database().read() as store:
        return f"{store.connection.dialect.name} answers; what it acknowledges is on disk"


def _schema() -> str:
    present, wanted = schema.schema_version(installation.database())
    if present != wanted:
        raise JinbangError(f"schema {present}, this version wants {wanted}")
    return f"schema {present}"


def _key() -> str:
    return f"{len(installation.settings().secret_key)} bytes"


def _processes() -> str:
    return ", ".join(catalogue.load_processes(installation.settings().processes))


def _templates() -> str:
    render.check_templates()
    return "all mails in both languages"


def _calendar() -> str:
    today = datetime.now(UTC).date()
    days = load_calendar(installation.settings().data_dir / "calendar" / "cn")
    days.is_workday(today)
    try:
        days.is_workday(date(today.year + 1, 1, 1))
    except CalendarNotCovered:
        return f"working days of {today.year} are known; before a notice reaches {today.year + 1}, add calendar/cn/{today.year + 1}.toml"
    return f"working days of {today.year} and {today.year + 1} are known"


def _mail() -> str:
    settings = installation.settings()
    if settings.catches_mail:
        return "no mail server is configured: everything goes to the built-in catcher, nothing leaves this machine"
    server = smtp.parse_smtp_url(settings.smtp_url)
    return f"{server.host}:{server.port}, {server.tls}"


def _fonts() -> str:
    return f"PDF are set in {typesetting.fonts()[0]}"


def _files() -> str:
    settings = installation.settings()
    file_store.of(settings)
    return f"in {settings.files_url.partition('://')[0]}, with copies here" if settings.files_url else f"in {settings.files_dir}"


def _scanner() -> str:
    if not installation.settings().clamav:
        return "none: files from outside are not scanned, and pages of the office say so"
    return virus_scanner.greet()


def _prefect() -> str:
    url = installation.settings().prefect_api_url
    if not url:
        return "`jinbang up` starts its own server on loopback"
    httpx.get(f"{url}/health", timeout=5).raise_for_status()
    return f"{url} answers"


def _engines() -> str:
    with installation.database().read() as store:
        alive = [one for one, seen, _ in store.engines() if store.real_now - seen < timedelta(minutes=5)]
        waiting = store.waiting_wakes()
    if waiting and not alive:
        raise JinbangError(f"{waiting} wake-ups wait and no engine has been seen for five minutes")
    return f"{len(alive)} alive, {waiting} wake-ups waiting"


_CHECKS: tuple[tuple[str, Callable[[], str], str], ...] = (
    ("versions", _versions, "install from requirements.lock"),
    ("database", _database, "correct JINBANG_DATABASE_URL or the server's settings"),
    ("schema", _schema, "start `jinbang up` or any command once; it migrates"),
    ("secret key", _key, "restore the key file; without it no link that is out works"),
    ("process files", _processes, "run `jinbang validate`"),
    ("mail templates", _templates, "restore the missing template"),
    ("working days", _calendar, "put the official table into calendar/cn/<year>.toml of the data folder"),
    ("mail server", _mail, "correct JINBANG_SMTP_URL"),
    ("fonts", _fonts, "install fonts-noto-cjk; until then no score sheet can be printed, and mails go without it"),
    ("files", _files, "correct JINBANG_FILES_URL, or install the driver of that place"),
    ("virus scanner", _scanner, "start clamd or correct JINBANG_CLAMAV; until then files from outside are quarantined"),
    ("Prefect", _prefect, "start the server or correct JINBANG_PREFECT_API_URL"),
    ("engine", _engines, "start `jinbang up` or `jinbang engine`"),
)
