"""Mail gateways open, follow and click what mails lead to (R-03, R-05): whatever they do, nothing of the edition changes.

Every mail that the catcher holds of a season - to nominators, reviewers, committee, bodies, winners, admins - at three stations.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import httpx
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import TimeoutError as TooSlow
from sqlalchemy import select

from config.settings import Settings
from models.columns import METADATA
from models.store import Database
from notifications.catcher import Catcher, Mailbox
from tasks import links, mail, visiting
from tasks.installation import Installation
from tests import builders
from tests.browser.conftest import PATIENCE, WIDTHS, an_address, served
from tests.builders import Clock
from tests.tasks import driving
from tests.tasks.driving import COMMITTEE, Season
from tests.web.conftest import World
from tests.web.test_secrecy import SEASON, ask_for_next, give_marks, prepare

pytestmark = pytest.mark.browser

STATIONS = ("scoring", "voting", "published")
DEEP = 2
ON_A_VISIT: Mapping[str, str] = {
    "visits": "when a browser was seen last",
    "hits": "how often an address asked, for the limits",
}
"""Tables that a request of somebody who is signed in may change, and why. Without a visit no table may change at all."""
Found = list[tuple[str, str]]
"""(subject, link) of the mails."""


@pytest.fixture
def installed(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation whose mails are caught."""
    with an_address() as address, Catcher(tmp_path / "data" / "mailbox") as catcher:
        settings = Settings(
            data_dir=tmp_path / "data", database_url=database.url, base_url=address, catcher_port=catcher.port,
            requests_per_minute=1_000_000,
        )  # fmt: skip
        made = Installation(settings, database)
        monkeypatch.setattr("tasks.installation.installation", lambda: made)
        yield made


@pytest.fixture
def season(installed: Installation, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Season]:
    """A season whose pages are served on a port."""
    driving.drive_plainly(monkeypatch)
    made = Season(installed, clock, builders.keep(installed.database, builders.an_edition(builders.a_process(**SEASON))))
    prepare(made.local("2026-03-20 09:00"))
    with served(World(installed, made.edition)):
        yield made


def until(season: Season, station: str) -> None:
    """Let the season go on to a station; in a thread of its own, as the browser's driver has a loop in this one."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(_until, season, station).result()


def _until(season: Season, station: str) -> None:
    match station:
        case "scoring":
            season.local("2026-04-01 08:00").advance()
            papers = [builders.an_entry(key) for key in ("A01", "A02", "A03", "A04")]
            season.hand_in([*papers, builders.an_entry("W01", class_name="artwork", title="海洋之光", nominator="N02")])
            season.local("2026-06-01 00:00").advance()
            write_about_links(season)
        case "voting":
            give_marks(season)
            for day in ("2026-06-14 00:00", "2026-06-21 00:10"):
                season.local(day).advance()
            ask_for_next(season)
        case "published":
            for code in COMMITTEE:
                season.say(code)
            season.local("2026-06-23 10:00").advance()
            send(season)  # the request to the bodies
            season.say("P01", stage="signoff").say("P02", stage="signoff").advance()
            season.local("2026-07-10 10:00").advance()
            ask_for_next(season)
    send(season)


def write_about_links(season: Season) -> None:
    """The mails that a link causes by itself: a second device, a link asked for again, and a code, which is sent at once."""
    address = personal(season, "reviewer", "r/R02")
    assert address is not None
    token = address.rpartition("/")[2]
    for browser in ("Mozilla/5.0 (Linux; Android 9)", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"):
        visiting.enter(token, browser)
    visiting.ask_again(token)
    with season.database.read() as store:
        edition, reviewer = store.edition(season.id), store.reviewer(f"{season.id}/r/R02")
    assert mail.send_code(edition, reviewer, "00000000")


def send(season: Season) -> None:
    while asyncio.run(mail.send_batch(season.id)):
        pass


def links_of(season: Season) -> Found:
    """What the caught mails lead to on this site, each address once."""
    site = season.installed.settings.base_url
    mailbox = Mailbox(season.installed.settings.mailbox_dir)
    found: dict[str, str] = {}
    for head in mailbox.messages(limit=1000):
        message = mailbox.get(head.id)
        texts = re.findall(r"https?://[^\s<>\"'（）「」，。；、]+", message.text) + re.findall(r'href="([^"]+)"', message.html)
        for link in map(unescape, texts):
            if link.startswith(site):
                found.setdefault(link, head.subject)
    return [(subject, link) for link, subject in found.items()]


def dump(season: Season, *without: str) -> dict[str, list[str]]:
    with season.database.engine.connect() as connection:
        return {
            one.name: sorted(repr(tuple(row)) for row in connection.execute(select(one)))
            for one in METADATA.sorted_tables
            if one.name not in without
        }


def follow(client: httpx.Client, start: str, *, deep: int = DEEP) -> set[str]:
    """Open what a page leads to on the same site, by GET. Yields everything that was opened."""
    opened: set[str] = set()
    level = {start}
    for _ in range(deep + 1):
        following: set[str] = set()
        for address in sorted(level - opened):
            opened.add(address)
            answer = client.get(address)
            assert answer.status_code < 500, address
            if "html" in answer.headers.get("content-type", ""):
                here = str(answer.url)
                led = [urldefrag(urljoin(here, unescape(one))).url for one in re.findall(r'<a\b[^>]*\shref="([^"]*)"', answer.text)]
                following |= {one for one in led if one.startswith(start[: start.index("/", 8)])}
        level = following
    return opened


def test_whatever_a_gateway_does_with_the_mails_of_a_season_nothing_changes(season: Season, chromium: Chromium) -> None:
    site = season.installed.settings.base_url
    clicked: set[str] = set()
    for station in STATIONS:
        until(season, station)
        link = visiting.make_sign_in("admin@example.org")
        assert link is not None
        mail.send_sign_in("admin@example.org", link)
        found = links_of(season)
        before = dump(season)
        for _, address in found:
            with httpx.Client(follow_redirects=True, timeout=PATIENCE / 1000) as client:
                assert client.head(address).status_code < 500
                follow(client, address)
                assert not client.cookies
        assert dump(season) == before
        click_everything(chromium, [one for one in found if one[0] not in clicked])
        clicked |= {subject for subject, _ in found}
        assert dump(season) == before
    kinds = {one.template for one in season.mails()}
    assert kinds >= {"call_opened", "form_result", "review_invitation", "review_reminder", "review_thanks", "shortlist_packet",
                     "signoff_request", "notice_opened", "result_winner", "result_nominator", "new_device", "link_again"}  # fmt: skip
    sent = [one for one in season.mails() if one.state != "superseded"]
    assert {one.state for one in sent} == {"sent"}
    assert Mailbox(season.installed.settings.mailbox_dir).count() == len(sent) + len(STATIONS) + 1  # those for signing in, and the code
    assert any("/admin/in/" in address for _, address in found)
    assert {address.partition("/l/")[0] for _, address in found if "/l/" in address} == {site}


def click_everything(chromium: Chromium, found: Found) -> None:
    """Click every link of what one mail of each kind leads to, by script."""
    for address in dict(found).values():
        wide, high = WIDTHS["desk"]
        context = chromium.new_context(viewport={"width": wide, "height": high})
        page = context.new_page()
        page.goto(address)
        for number in range(page.evaluate("document.querySelectorAll('a').length")):
            page.goto(address)
            kept = page.evaluate("number => document.querySelectorAll('a')[number].hasAttribute('download')", number)
            with contextlib.suppress(TooSlow), page.expect_download() if kept else page.expect_navigation(timeout=5000):
                page.evaluate("number => document.querySelectorAll('a')[number].click()", number)
        assert context.cookies() == []
        context.close()


def test_even_a_gateway_that_enters_changes_nothing_by_looking_around(season: Season) -> None:
    """A gateway that presses the button has a visit; what it then opens, two links deep, is still only looked at."""
    for station in STATIONS:
        until(season, station)
        opened: dict[str, set[str]] = {}
        for role, person in (("nominator", "n/N01"), ("reviewer", "r/R02"), ("committee", "m/M01"), ("party", "m/P01")):
            address = personal(season, role, person)
            if address is None:
                continue
            with httpx.Client(follow_redirects=True, headers={"Sec-Fetch-Site": "same-origin"}, timeout=PATIENCE / 1000) as client:
                entered = client.post(address)
                assert client.cookies or station == "published"  # by then the review's links have ended
                home = str(entered.url)
                before = dump(season, *ON_A_VISIT)
                opened[role] = follow(client, home)
                assert dump(season, *ON_A_VISIT) == before, (station, role)
        assert {"nominator", "reviewer"} <= set(opened), station
        if station == "scoring":
            assert any(address.endswith("/review/invitation") for address in opened["reviewer"])
        if station == "voting":
            assert any(address.endswith("/review/sheet.pdf") for address in opened["reviewer"])
            assert any(address.endswith("/ballot/packet.xlsx") for address in opened["committee"])


def personal(season: Season, role: Any, person: str) -> str | None:
    """The link of a person as it stands in the mails; None before there is one."""
    with season.database.read() as store:
        grant = store.grant_of(season.id, role, f"{season.id}/{person}")
    return None if grant is None else links.address(season.installed.settings, grant)
