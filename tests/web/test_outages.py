"""Pages while the database does not answer: a page that says so, and what was typed is sent again by one button."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from config.settings import Settings
from models.store import Database
from tasks.installation import Installation
from tests.web.conftest import Browser, World
from tests.web.test_access import EXPECTED, addresses, guard, routes_of, sign_in

COMMENT = "\n  第一行 <b>“引号”</b> & 其余\n\n最后一行"
WITHOUT_DATABASE = {"/healthz", "/readyz", "/language", "/reading"}


@pytest.fixture
def installed(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation that may be asked as often as this test does."""
    settings = Settings(data_dir=tmp_path / "data", database_url=database.url, requests_per_minute=100_000, wrong_links_per_minute=100_000)
    made = Installation(settings, database)
    monkeypatch.setattr("tasks.installation.installation", lambda: made)
    return made


@contextmanager
def out_of_reach(database: Database, folder: Path) -> Iterator[None]:
    """The database at an address where nobody answers: a port without a server, or a file in a folder that is gone."""
    database.close()
    engine = database.engine
    nowhere = f"sqlite:///{folder}/gone/jinbang.db" if database.embedded else "postgresql+psycopg://nobody@127.0.0.1:9/jinbang"
    database.engine = sa.create_engine(nowhere, poolclass=sa.NullPool)
    try:
        yield
    finally:
        database.engine = engine


@pytest.mark.parametrize("role", ["reviewer", "nominator", "admin"])
async def test_no_page_is_an_error_of_ours_while_the_database_is_away(
    app: Starlette, browser: Browser, world: World, tmp_path: Path, role: str
) -> None:
    await sign_in(browser, world, role)
    fields = guard(browser)
    answers: dict[tuple[str, str], int] = {}
    with out_of_reach(world.installation.database, tmp_path):
        for path, methods in routes_of(app):
            address = next(one for one, own in addresses(path, EXPECTED[path], world.edition.id) if own)
            for method in methods & {"GET", "POST"}:
                sent = browser.post(address, fields, hidden=False) if method == "POST" else browser.get(address)
                answers[method, path] = (await sent).status_code
    odd = {one: status for one, status in answers.items() if status != 503 and one[1] not in WITHOUT_DATABASE}
    assert {one: status for one, status in odd.items() if status >= 500} == {}
    assert answers["GET", "/healthz"] == 200
    assert len(odd) <= 10, f"{odd}: these answer without a look into the database: forms that are refused before, and the mailbox"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_what_was_typed_is_sent_again_by_one_button(browser: Browser, world: World, tmp_path: Path, language: str) -> None:
    browser.client.headers["Accept-Language"] = language
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    typed = {"mark.value": "3", "comment": COMMENT, "then": "next"}
    with out_of_reach(world.installation.database, tmp_path):
        answer = await browser.post("/review/A01", typed)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert ("再试一次" if language == "zh-CN" else "Try again") in answer.text
        answer = await browser.post("/review/A01", kept_in(answer.text), hidden=False)
        assert answer.status_code == 503
    answer = await browser.post("/review/A01", kept_in(answer.text), hidden=False)
    assert answer.headers["Location"] == "/review/A02"
    with world.installation.database.read() as store:
        assert [(one.comment, *map(str, one.marks.values())) for one in store.sheets(world.edition.id, 1)] == [(COMMENT.strip(), "3")]


def kept_in(page: str) -> dict[str, str]:
    """The fields of the page's form as a browser sends them: the first line break of a text area does not count."""
    areas = re.findall(r'<textarea name="([^"]*)" hidden>(.*?)</textarea>', page, re.S)
    return {name: html.unescape(value).removeprefix("\n") for name, value in areas}


async def test_a_script_is_asked_to_come_again(browser: Browser, world: World, tmp_path: Path) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    with out_of_reach(world.installation.database, tmp_path):
        answer = await browser.post("/review/A01", {"mark.value": "3"}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_a_fault_of_ours_in_a_statement_is_not_called_an_outage(browser: Browser, world: World) -> None:
    def rename(old: str, new: str) -> None:
        with world.installation.database.write() as store:
            store.connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    rename("editions", "elsewhere")
    answer = await browser.get("/")
    rename("elsewhere", "editions")
    assert answer.status_code == 500
