"""Several editions at several stages, everybody signed in, and a line to the pages over which anything can be sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
from starlette.applications import Starlette
from starlette.routing import compile_path

from config.settings import Settings
from models.edition import Edition, Role
from models.store import Database
from models.submitting import Finding
from tasks import deciding, handing_in, visiting, witnesses
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.sending import with_media
from tests.web.conftest import SAME_SITE, Browser, World
from tests.web.nominating import OPEN
from tests.web.test_access import LAST, OWN, routes_of
from tests.web.test_uploads import picture
from web.app import create_app

BASE = "http://localhost:8000"
ADMIN = "admin@example.org"
Route = tuple[str, str]
"""Method and path."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is signed in, or nobody."""

    role: str
    edition: str
    cookie: str
    guard: Mapping[str, str]
    """Hidden fields that a form of this session bears."""
    own: Mapping[str, str]
    """Parts of addresses -> what leads to something of one's own."""

    @property
    def kind(self) -> str:
        """The role as links know it."""
        return {"corrector": "nominator", "checker": "admin"}.get(self.role, self.role)

    def pages(self, path: str) -> str:
        """The address of a page with forms; a few want more than a route's own ids."""
        code = "N01" if "/quotas/" in path else "R01" if "/reviewers/" in path else self.own.get("code", "A01")
        edition = "scored-2026" if "/reviewers/" in path else self.edition
        asked = f"?draft={self.own.get('draft_id')}&field=full_text" if path == "/submit/uploads/new" else ""
        return address_of(path, {**self.own, "code": code, "edition_id": edition}) + asked


@dataclass(frozen=True, slots=True)
class Shown:
    """A form on a page."""

    caller: Caller
    path: str
    """Of the route that takes it."""
    address: str
    fields: tuple[tuple[str, str], ...]
    """As they would be sent if nobody typed anything; of a choice, the last."""


class Pages:
    """The pages without a server; one request at a time."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.routes: list[Route] = sorted(
            {(method, path) for path, methods in routes_of(app) for method in methods}, key=lambda one: (last(one[1]), one[1], one[0])
        )
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url=BASE)

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def send(self, caller: Caller, method: str, address: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        """Ask as a browser that is signed in; cookies that come back are not kept."""
        cookie = {"Cookie": f"jinbang={caller.cookie}"} if caller.cookie else {}
        wanted = {name: value.encode("utf-8", "replace") for name, value in {**SAME_SITE, **cookie, **(headers or {})}.items()}
        answer = self._runner.run(self._client.request(method, address, headers=list(wanted.items()), **more))  # type: ignore[arg-type]
        self._client.cookies.clear()
        return answer

    def enter(self, link: str) -> str:
        """Open a link in a browser of its own. Yields its cookie."""

        async def walk() -> str:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                await Browser(client).enter(link)
                return client.cookies["jinbang"]

        return self._runner.run(walk())

    def shown_to(self, caller: Caller) -> list[Shown]:
        """Every form on every page that opens with one's own ids."""
        found: dict[tuple[str, str, tuple[str, ...]], Shown] = {}
        takers = [(path, compile_path(path)[0]) for method, path in self.routes if method == "POST"]
        for method, path in self.routes:
            if method != "GET" or "." in path:
                continue
            answer = self.send(caller, "GET", caller.pages(path))
            if answer.status_code != 200 or "html" not in answer.headers["content-type"]:
                continue
            reader = _Forms()
            reader.feed(answer.text)
            for action, fields in reader.forms:
                taker = next((one for one, pattern in takers if pattern.match(action)), None)
                if taker is not None:
                    shown = Shown(caller, taker, action, tuple(fields))
                    found.setdefault((taker, action, tuple(name for name, _ in fields)), shown)
        return sorted(found.values(), key=lambda one: (last(one.path), one.path, one.address))


class _Forms(HTMLParser):
    """Forms of a page that are posted: action, and what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms and fields."""
        known = {name: value or "" for name, value in attrs}
        if tag == "form" and known.get("method") == "post":
            self.forms.append((known.get("action", ""), []))
        elif tag == "select":
            self._select = known.get("name", "")
        elif self.forms and tag in ("input", "textarea", "button", "option"):
            name = self._select if tag == "option" else known.get("name", "")
            if name:
                self.forms[-1][1].append((name, known.get("value", "")))


def last(path: str) -> int:
    """What leaves nothing to be asked afterwards comes last."""
    words = (
        "remove", "withdraw", "archive", "decline", "recuse", "/{act}", "links/{role}", "reopen", "/sign", "replace", "leave", "device",
    )  # fmt: skip
    return next((1 + number for number, word in enumerate(words) if word in path), 0) + 100 * (path in LAST)


def address_of(path: str, own: Mapping[str, Any]) -> str:
    """The address of a route, its parts written as no browser would refuse to."""

    def written(part: re.Match[str]) -> str:
        return quote(str(own.get(part[1], OWN.get(part[1], "x"))) or "0", safe="", errors="surrogatepass")

    return re.sub(r"{(\w+)}", written, path)


def encoded(fields: Iterable[tuple[str, str]]) -> bytes:
    """A form as it travels; halves of characters travel as they are."""
    return "&".join("=".join(quote_plus(one, errors="surrogatepass") for one in pair) for pair in fields).encode()


# -- the editions --------------------------------------------------------------------------------------------------------


def installation_of(database: Database, data_dir: Any) -> Installation:
    """An installation that lets one address ask without end."""
    patient = {"requests_per_minute": 1_000_000, "wrong_links_per_minute": 1_000_000, "refusals_kept_per_hour": 10}
    return Installation(Settings(data_dir=data_dir, database_url=database.url, **patient), database)  # type: ignore[arg-type]


def an_open_edition(installed: Installation) -> World:
    """Nominations are open, and everything that can be asked is asked."""
    submission = {"consent": True, "unit_opinion": True, "opinions": 1, "ranked": True, "classified": True, "duplicates": "ask"}
    media = with_media()
    changed = builders.a_stage_change("submission", **submission)
    process = builders.a_process(classes=[one.model_dump(mode="json", exclude_unset=True) for one in media.classes], **changed)
    return _keep(installed, process, "submission", [builders.an_entry("A01"), builders.an_entry("A02", nominator="N02")])


def a_checked_edition(installed: Installation) -> World:
    """Nominations are over; a form checker sent A01 back."""
    process = builders.a_process(name="checked", **builders.a_stage_change("submission", accept_by="checker"))
    codes = ("A01", "A02", "A03")
    made = _keep(installed, process, "submission", [builders.an_entry(code) for code in codes], clock_offset=timedelta(days=22))
    finding = Finding("incomplete", "abstract", "缺少结论")
    deciding.decide(made.edition.id, f"{made.edition.id}/e/A01", ADMIN, "correction", (finding,), turn=0)
    return made


def a_scored_edition(installed: Installation) -> World:
    """Papers are being scored."""
    made = _keep(installed, builders.a_process(name="scored"), "scoring", [builders.an_entry("A01"), builders.an_entry("A02")])
    builders.put(
        installed.database, made.edition.id, reviewers=[builders.a_reviewer("R01")], pairs=[("A01", "R01"), ("A02", "R01")],
        members=[builders.a_member("M01"), builders.a_member("P01", role="party", party="personnel")],
    )  # fmt: skip
    return made


def _keep(installed: Installation, process: Any, at: str, entries: list[Any], **changes: Any) -> World:
    edition: Edition = builders.keep(installed.database, builders.an_edition(process, **changes), at=at)
    units = [builders.a_nominator("N01"), builders.a_nominator("N02")]
    builders.put(installed.database, edition.id, nominators=units, entries=entries)
    with installed.database.write() as store:
        store.put_admin(ADMIN, "管理员", "admin")
        if at == "submission":
            store.set_entry_states({one.id: "submitted" for one in store.entries(edition.id)})
    return World(installed, edition)


class Everybody:
    """All editions, and one caller of each role; of nominators one who hands in and one who corrects."""

    def __init__(self, installed: Installation, clock: Clock) -> None:
        clock.now = OPEN
        self.installed = installed
        self.nominations, self.checked, self.scored = an_open_edition(installed), a_checked_edition(installed), a_scored_edition(installed)
        self.pages = Pages(create_app(installed))
        here = self.nominations.edition.id
        asked = witnesses.name_person(here, f"{here}/n/N01", "A01", "expert", "赵汉江", "渭北大学", "zhao@example.org")
        nominator = self._holder("nominator", "nominator", self.nominations, "N01")
        own = self._begun(nominator)
        self.callers = [
            Caller("nobody", here, "", {}, own),
            Caller(nominator.role, here, nominator.cookie, nominator.guard, own),
            self._holder("witness", "witness", self.nominations, asked.id.partition("/e/")[2]),
            self._holder("corrector", "nominator", self.checked, "N01"),
            self._holder("reviewer", "reviewer", self.scored, "R01"),
            self._holder("committee", "committee", self.scored, "M01"),
            self._holder("party", "party", self.scored, "P01"),
            self._admin("admin", self.nominations, pair="A01~A02", **own),
            self._admin("checker", self.checked, code="A02"),
        ]

    def _holder(self, role: str, kind: Role, world: World, code: str) -> Caller:
        cookie = self.pages.enter(world.link(kind, code))
        return self._caller(role, world, cookie)

    def _admin(self, role: str, world: World, **own: str) -> Caller:
        link = visiting.make_sign_in(ADMIN)
        assert link is not None
        return self._caller(role, world, self.pages.enter(link), **own)

    def _caller(self, role: str, world: World, cookie: str, **own: str) -> Caller:
        visit = visiting.visit_of(cookie)
        assert visit is not None
        guard = {"as": visit.grant.id if visit.grant else visit.admin or "", "csrf": visit.csrf}
        return Caller(role, world.edition.id, cookie, guard, {"edition_id": world.edition.id, **own})

    def _begun(self, nominator: Caller) -> dict[str, str]:
        """Let a unit have begun a form, sent a file for it, and a table."""
        form = handing_in.start(nominator.edition, f"{nominator.edition}/n/N01", "paper")
        file = ("图.png", picture(), "image/png")
        where = {"draft": form.id, "field": "full_text"}
        kept = self.pages.send(nominator, "POST", "/submit/uploads", data={**nominator.guard, **where}, files={"file": file})
        table = {"table": ("表.csv", "论文题目,第一作者单位\n甲,甲大学\n".encode(), "text/csv")}
        read = self.pages.send(nominator, "POST", "/submit/table", data={**nominator.guard, "class": "paper"}, files=table)
        found = {"upload_id": kept.headers["location"].rpartition("/")[2], "table_id": read.headers["location"].rpartition("/")[2]}
        return {"edition_id": nominator.edition, "draft_id": form.id, **found}
