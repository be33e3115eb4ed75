"""Who reviews what, and which marks are saved, shows nowhere to anybody who is not entitled to know (R-18).

Two worlds that differ in exactly one of these give the same bytes: every page of the route table, every public export, every mail.
A new route is looked at by itself, with the values of `tests.web.test_access.OWN`.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from config.settings import Settings
from models import tables as t
from models.draws import NewDraw
from models.edition import File, Role
from models.reviewing import Written
from models.store import Database
from notifications import render
from tasks import editions, packet, visiting
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks import driving
from tests.tasks.driving import COMMITTEE, Season
from tests.web.conftest import Browser, World, seeded
from tests.web.test_access import EXPECTED, OWN, routes_of
from web.app import create_app

pytestmark = pytest.mark.slow

ENTITLED = "R02"
"""The reviewer whose assignment or mark it is; admins know too."""
OTHERS: tuple[tuple[Role | None, str], ...] = (
    (None, "nobody"), ("reviewer", "R01"), ("reviewer", "R03"), ("nominator", "N01"), ("nominator", "N02"),
    ("committee", "M01"), ("party", "P01"), ("witness", "A01/w/1"),
)  # fmt: skip
CODES = ("A01", "A02", "A03", "W01")
QUERIES = {"/review": ("show=new", "show=draft", "show=done"), "/review/compare": ("code=A01&code=A02", "code=A02&code=W01")}
NOT_LOOKED_AT = ("/mailbox",)
"""The catcher of a machine without a mail server shows every mail to whoever sits at it; mails are compared by their addressees."""
FRESH = re.compile(rb'(name="(?:csrf|as|seen)" value=")[^"]*')
"""What is drawn anew for each visit, or each link."""

Answers = dict[tuple[str, str, str], tuple[Any, ...]]
"""(person, address, language) -> status, heads and body."""


def addresses(path: str, edition: str) -> Iterator[str]:
    """A route with all codes, and otherwise one's own values."""
    names = re.findall(r"{(\w+)}", path)
    known = EXPECTED.get(path)  # a route that it lacks fails a test there
    own = {**dict.fromkeys(names, "1"), **OWN, "edition_id": edition, **(known.own if known else {})}
    codes = (ENTITLED,) if path.startswith("/admin/") else CODES  # of people; elsewhere of entries
    values = [codes if name == "code" else (own[name],) for name in names]
    for chosen in product(*values):
        address = path.format(**{name: quote(value, safe="") for name, value in zip(names, chosen, strict=True)})
        yield address
        yield from (f"{address}?{query}" for query in QUERIES.get(path, ()))


def told(answer: httpx.Response) -> tuple[Any, ...]:
    heads = sorted((name, value) for name, value in answer.headers.items() if name != "set-cookie")
    return answer.status_code, heads, FRESH.sub(rb"\1", answer.content)


async def look(world: World, people: tuple[tuple[Role | None, str], ...] = OTHERS) -> Answers:
    """Everything that these people can open."""
    app = create_app(world.installation)
    paths = [path for path, methods in routes_of(app) if "GET" in methods and not path.startswith(NOT_LOOKED_AT)]
    found: Answers = {}
    with world.installation.database.write() as store:
        store.connection.execute(t.VISITS.delete())  # /device tells everybody of the own earlier visits
    for role, code in people:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            if code == "admin":
                link = visiting.make_sign_in("admin@example.org")
                assert link is not None
                await Browser(client).enter(link)
            elif role is not None:
                await Browser(client).enter(world.link(role, code))
            for path in paths:
                for address in addresses(path, world.edition.id):
                    found[code, address, ""] = told(await client.get(address))
            for address in ("/", "/review", "/submit", "/ballot", "/signoff"):
                found[code, address, "en"] = told(await client.get(address, headers={"Accept-Language": "en"}))
    return found


def differences(one: Answers, other: Answers) -> list[tuple[str, str, str]]:
    assert set(one) == set(other)
    return [place for place, answer in one.items() if answer != other[place]]


@pytest.fixture
def installed(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation that nobody's looking around wears out."""
    return installation(database, tmp_path / "data", monkeypatch)


def installation(database: Database, folder: Path, patch: pytest.MonkeyPatch) -> Installation:
    settings = Settings(data_dir=folder, database_url=database.url, requests_per_minute=1_000_000, refusals_kept_per_hour=1)
    made = Installation(settings, database)
    patch.setattr("tasks.installation.installation", lambda: made)
    return made


# -- while the review is open: one database, before and after -------------------------------------------------------------


def assign(world: World) -> None:
    builders.put(world.installation.database, world.edition.id, pairs=[("W01", ENTITLED)])


def take_away(world: World) -> None:
    edition = world.edition.id
    with world.installation.database.write() as store:
        store.recuse(f"{edition}/e/A03:1:{ENTITLED}")


def write(world: World, mark: str) -> None:
    edition = world.edition.id
    with world.installation.database.write() as store:
        pair = store.assignment(1, f"{edition}/e/A02", f"{edition}/r/{ENTITLED}")
        kept = store.sheet(pair)
        marks = {"originality": Decimal(mark), "rigour": Decimal("25.5"), "value": Decimal(20)}
        store.save_sheet(pair, Written(marks, f"评语 {mark}", "", (), ""), revision=kept.revision if kept else 0)


def sign(world: World) -> None:
    edition = world.edition.id
    with world.installation.database.write() as store:
        store.sign_sheets([f"{edition}/e/A02:1:{ENTITLED}"], name="专家R02", at=builders.NOW)


def rewrite_signed(world: World) -> None:
    """Another mark under the same signature."""
    with world.installation.database.write() as store:
        changed = {"originality": "13", "rigour": "25.5", "value": "20"}
        store.connection.execute(t.SHEETS.update().where(t.SHEETS.c.signed_at.is_not(None)).values(marks=changed))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param((assign, take_away), id="assignments"),
        pytest.param((lambda world: write(world, "35"), lambda world: write(world, "12"), sign, rewrite_signed), id="marks"),
    ],
)
def test_during_the_review_nobody_else_sees_any_difference(world: World, changes: tuple[Callable[[World], object], ...]) -> None:
    concerned: tuple[tuple[Role | None, str], ...] = (("reviewer", ENTITLED),)
    one, own = asyncio.run(look(world)), asyncio.run(look(world, concerned))
    for place, change in enumerate(changes):
        change(world)
        assert (place, differences(one, asyncio.run(look(world)))) == (place, [])
        now = asyncio.run(look(world, concerned))
        assert "/review" in {address for _, address, _ in differences(own, now)}  # what nobody else sees is there
        own = now


def test_who_is_a_reserve_shows_to_the_office_alone_and_not_even_to_the_reserve(world: World) -> None:
    everybody, office = (*OTHERS, ("reviewer", ENTITLED)), ((None, "admin"),)
    one, seen = asyncio.run(look(world, everybody)), asyncio.run(look(world, office))
    with world.installation.database.write() as store:
        result = {"pairs": [["W01", ENTITLED], ["A02", "R03"]], "short": {}}
        store.add_draw(NewDraw(world.edition.id, 1, 0, "reserve", "engine", "", {}, result))
    assert differences(one, asyncio.run(look(world, everybody))) == []
    found = {address for _, address, _ in differences(seen, asyncio.run(look(world, office)))}
    assert f"/admin/editions/{world.edition.id}/draw/panels" in found


# -- from the call to the award: two whole seasons ---------------------------------------------------------------------------


SEASON = builders.a_stage_change("scoring", aggregate={"method": "mean", "min_valid": 2}, top_up={"rounds": 0}, blind="double")
SILENT = "R06"
"""Never signs, so that in every world the review ends at its deadline."""


def more_assignments(season: Season) -> str:
    """One more assignment, of a reviewer who has signed all others."""
    with season.database.read() as store:
        pairs = store.assignments(season.id, 1)
    mine = {one.entry for one in pairs if one.reviewer.endswith(ENTITLED)}
    spare = min(one.code for one in season.entries("assigned") if one.id not in mine)
    season.put(pairs=[(spare, ENTITLED)])
    return spare


def another_draft(season: Season) -> None:
    """Another mark, saved and never signed."""
    with season.database.write() as store:
        changed = {"originality": "1", "rigour": "2", "value": "3"}
        pairs = [one.id for one in store.assignments(season.id, 1, reviewer=f"{season.id}/r/{SILENT}")]
        assert store.connection.execute(t.SHEETS.update().where(t.SHEETS.c.assignment.in_(pairs)).values(marks=changed)).rowcount


def play(season: Season, change: Callable[[Season], object], people: tuple[tuple[Role | None, str], ...]) -> dict[str, Any]:
    """Everything that these people can open at each station of a season, and every mail to anybody who is not entitled to know."""
    world = World(season.installed, season.edition)
    seen: dict[str, Any] = {}

    def stop(name: str) -> None:
        seen[name] = asyncio.run(look(world, people))

    prepare(season)
    season.local("2026-04-01 08:00").advance()
    papers = [builders.an_entry(key) for key in ("A01", "A02", "A03", "A04")]
    season.hand_in([*papers, builders.an_entry("W01", class_name="artwork", title="海洋之光", nominator="N02")])
    season.local("2026-06-01 00:00").advance()
    give_marks(season)
    change(season)
    season.local("2026-06-10 10:00").advance()
    stop("scoring")
    for day in ("2026-06-14 00:00", "2026-06-19 00:00", "2026-06-20 12:00", "2026-06-21 00:10"):  # reminders, then the end
        season.local(day).advance()
    ask_for_next(season)
    stop("voting")
    for code in COMMITTEE:
        season.say(code)
    season.local("2026-06-23 10:00").advance()
    stop("signoff")
    season.say("P01", stage="signoff").say("P02", stage="signoff").advance()
    season.local("2026-06-24 10:00").advance()
    stop("notice")
    season.local("2026-07-10 10:00").advance()
    ask_for_next(season)
    assert season.edition.state == "published"
    stop("published")
    seen["mails"] = mails(season)
    with season.database.read() as store:
        seen["packet"] = packet.workbook(store, season.id)
    return seen


def prepare(season: Season) -> None:
    season.put(
        nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")],
        reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 7)],
        members=[builders.a_member(code) for code in COMMITTEE]
        + [builders.a_member("P01", role="party", party="personnel"), builders.a_member("P02", role="party", party="science")],
    )
    with season.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")


def give_marks(season: Season) -> None:
    with season.database.read() as store:
        pairs = store.assignments(season.id, 1)
    keys = {one.id: one.key for one in season.entries()}
    for number in range(1, 7):
        held = [keys[one.entry] for one in pairs if one.reviewer.endswith(f"R0{number}")]
        totals = {key: 90 - 5 * int(key[-1]) - number for key in held}
        season.give(f"R0{number}", totals, sign=f"R0{number}" != SILENT)
    folder = season.installed.settings.files_dir
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (900, 600), "#1b4f8f").save(folder / ("ab" * 32), "PNG")
    with season.database.write() as store:
        work = next(one.id for one in season_entries(store, season.id) if one.key == "W01")
        store.put_files([File(work, "作品.png", "ab" * 32, "image/png", 1000)])


def season_entries(store: Any, edition: str) -> Any:
    return store.entries(edition)


def ask_for_next(season: Season) -> None:
    with season.database.write() as store:
        editions.request_next(store, season.id, actor="admin")
    season.advance()


def mails(season: Season) -> list[tuple[Any, ...]]:
    """All mails but those to the entitled, as their addressees read them."""
    knowing = (f"{ENTITLED.lower()}@example.org", f"{SILENT.lower()}@example.org", "admin@example.org")
    found = []
    for one in season.mails():
        if one.to_address in knowing:
            continue
        read = render.render(one, link="http://localhost:8000/l/x", base_url="http://localhost:8000", sender="o@example.org", zone="UTC")
        parts = [part.get_content() for part in read.walk() if part.get_content_maintype() == "text"]
        heads = [(name, value) for name, value in read.items() if name.lower() not in ("message-id", "content-type")]
        found.append((one.template, one.cause, one.to_address, one.state, str(heads), *parts))
    return sorted(found)


@pytest.fixture
def seasons(sqlite_template: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Season]]:
    """`seasons(name)` begins a season in a database of its own; on SQLite, since the engine asks nothing else of PostgreSQL."""
    driving.drive_plainly(monkeypatch)
    opened: list[Database] = []

    def begin(name: str) -> Season:
        shutil.copyfile(sqlite_template, tmp_path / f"{name}.db")
        opened.append(Database(f"sqlite:///{tmp_path / name}.db", clock=clock))
        clock.now = builders.NOW
        made = installation(opened[-1], tmp_path / name, monkeypatch)
        edition = builders.keep(made.database, builders.an_edition(builders.a_process(**SEASON)))
        return Season(made, clock, edition).local("2026-03-20 09:00")

    yield begin
    for one in opened:
        one.close()


@pytest.mark.parametrize(
    ("change", "knows"),
    [pytest.param(more_assignments, ENTITLED, id="one more assignment"), pytest.param(another_draft, SILENT, id="another mark")],
)
def test_from_the_call_to_the_award_nobody_else_sees_any_difference(
    seasons: Callable[[str], Season], change: Callable[[Season], object], knows: str
) -> None:
    people = (*(one for one in OTHERS if one[0] != "witness"), ("reviewer", knows))
    one = play(seasons("one"), lambda season: None, people)
    other = play(seasons("other"), change, people)
    assert one.pop("mails") == other.pop("mails")
    assert one.pop("packet") == other.pop("packet")
    found = {name: differences(one[name], other[name]) for name in one}
    assert {name: [place for place in some if place[0] != knows] for name, some in found.items()} == {name: [] for name in one}
    assert (knows, "/review", "") in found["scoring"]
    statuses = {name: {place[1]: answer[0] for place, answer in one[name].items() if place[0] == "nobody"} for name in one}
    edition = "sample-2026"
    assert statuses["notice"][f"/notices/{edition}"] == 200
    public = [f"/results/{edition}{end}" for end in ("", ".json", ".csv")] + [f"/gallery/{edition}"]
    assert [statuses["published"][address] for address in public] == [200] * 4


def test_the_office_does_see_the_difference(world: World) -> None:
    seen = (None, "admin")
    one = asyncio.run(look(world, (seen,)))
    assign(world)
    changed = {address for _, address, _ in differences(one, asyncio.run(look(world, (seen,))))}
    assert changed >= {f"/admin/editions/{world.edition.id}", f"/admin/editions/{world.edition.id}/reviewers"}


def test_pages_that_show_whose_an_entry_is_show_no_more_of_who_judges_it(installed: Installation) -> None:
    world = seeded(installed, builders.a_process(**builders.a_stage_change("scoring", blind="none")))
    people = OTHERS[:4]
    one = asyncio.run(look(world, people))
    assign(world)
    assert differences(one, asyncio.run(look(world, people))) == []
