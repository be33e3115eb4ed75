"""How many score sheets one web process opens and saves a second, for distinct reviewers over HTTP.

Everything counts that happens to a real save: cookie, form secret, deadline, compare-and-set, event, fsync. A bare handler that
inserts one row just as durably runs behind the same server in the same minute. After the run, each acknowledged save is looked
for in the database; a difference ends the benchmark with an error.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bench import review_seed
from bench.figures import Figure
from bench.rehearsal import clean_environment
from bench.review_load import Order, Outcome, Seat
from bench.stack import answers, free_port, megabytes, running, seconds_until
from config.settings import Settings

SECONDS, MANY = 4.0, 16
SHARE_OF_BARE, P99_MS = 0.25, 40
MEMORY_SAVES, WARM_SAVES, GROWN_MEGABYTES = 20_000, 2_000, 20
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')


class Pages:
    """The pages of a seeded installation, with everybody signed in."""

    def __init__(self, settings: Settings, port: int, process: subprocess.Popen[bytes], links: Mapping[str, str]) -> None:
        self.process = process
        self._port, self._settings = port, settings
        self._criteria = review_seed.criteria(settings)
        self.seats = {reviewer: self._sign_in(link) for reviewer, link in links.items()}

    def _sign_in(self, link: str) -> Seat:
        with httpx.Client(base_url=f"http://127.0.0.1:{self._port}", trust_env=False, follow_redirects=True) as browser:
            path = urlsplit(link).path
            headers = {"Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{self._port}"}
            hidden = dict(_HIDDEN.findall(browser.get(path).text))
            page = browser.post(path, data=hidden, headers=headers).raise_for_status().text
            codes = sorted(set(re.findall(r'href="/review/(P\d+)"', page)))
            sheet = browser.get(f"/review/{codes[0]}").raise_for_status().text
            guard = {name: value for name, value in _HIDDEN.findall(sheet) if name in ("as", "csrf")}
            cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
            return Seat(cookie, guard, dict.fromkeys(codes, 0))

    def load(self, kind: str, concurrency: int, *, seconds: float = SECONDS, count: int = 0) -> Outcome:
        """Open or save sheets, and remember what was acknowledged."""
        outcome = send(Order(self._port, kind, concurrency, seconds, count, self._criteria, list(self.seats.values())))
        self.seats = dict(zip(self.seats, outcome.seats, strict=True))
        return outcome

    def compare(self) -> None:
        """Look for each acknowledged save.

        Raises:
            RuntimeError: something is missing, doubled, or not what was acknowledged.
        """
        if differences := review_seed.compare(self._settings, self.seats):
            raise RuntimeError(f"{len(differences)} differences between what was acknowledged and what is kept: {differences[:3]}")


def send(order: Order) -> Outcome:
    """Carry out an order in a process of its own.

    Raises:
        RuntimeError: some answers were not what a reviewer hopes for.
    """
    command = [sys.executable, "-m", "bench.review_load"]
    done = subprocess.run(command, input=json.dumps(asdict(order)), check=True, stdout=subprocess.PIPE, text=True, env=clean_environment())
    given = json.loads(done.stdout)
    outcome = Outcome(**{**given, "seats": [Seat(**seat) for seat in given["seats"]]})
    if outcome.wrong:
        raise RuntimeError(f"{order.kind}: {outcome.wrong} of {outcome.answers} answers")
    return outcome


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """One web process, ready; yields its port."""
    port = free_port()
    environment = {"JINBANG_DATA_DIR": str(folder), "JINBANG_BASE_URL": f"http://127.0.0.1:{port}"}
    # All come from one machine, faster than any person.
    environment |= {"JINBANG_REQUESTS_PER_MINUTE": "10000000", "JINBANG_WRONG_LINKS_PER_MINUTE": "10000000"}
    with running([sys.executable, "-m", "bench.review_server", kind, str(port)], **environment) as process:
        path = "/healthz" if kind == "pages" else "/row"
        seconds_until(process, lambda: answers(f"http://127.0.0.1:{port}{path}"), every=0.1)
        yield port, process


@contextmanager
def pages(folder: Path) -> Iterator[Pages]:
    """The pages of a freshly seeded installation in `folder`."""
    settings = Settings(data_dir=folder)
    links = review_seed.seed(settings)
    with serving("pages", folder) as (port, process):
        yield Pages(settings, port, process, links)


def bare(folder: Path, concurrency: int, *, seconds: float = SECONDS) -> Outcome:
    """The bare handler under the same load."""
    with serving("bare", folder) as (port, _process):
        seats = [Seat("bare=1", {"as": "a" * 24, "csrf": "c" * 43}, {"P0001": 0}) for _ in range(review_seed.REVIEWERS)]
        criteria = {"innovation": 40, "rigour": 30, "value": 20, "form": 10}
        send(Order(port, "bare", concurrency, 0.5, 0, criteria, seats))
        return send(Order(port, "bare", concurrency, seconds, 0, criteria, seats))


def figures(*, quick: bool) -> Iterator[Figure]:
    """Opens, saves and the bare handler, one at a time and sixteen at once; then memory over many saves, unless `quick`."""
    with tempfile.TemporaryDirectory() as name, pages(Path(name) / "pages") as served:
        served.load("open", MANY, seconds=1)
        served.load("save", MANY, seconds=1)
        for concurrency in (1, MANY):
            opened, saved = served.load("open", concurrency), served.load("save", concurrency)
            served.compare()
            yield from _rates(concurrency, opened, saved, bare(Path(name), concurrency))
        if not quick:
            yield _memory(served)
            served.compare()


def _rates(concurrency: int, opened: Outcome, saved: Outcome, plain: Outcome) -> Iterator[Figure]:
    beside = f"a bare handler inserts {plain.answers / plain.seconds:.0f}/s (p50 {plain.p50_ms:.1f}, p99 {plain.p99_ms:.1f} ms)"
    rate, bar = saved.answers / saved.seconds, SHARE_OF_BARE * plain.answers / plain.seconds
    busy = f"the client itself was busy for {saved.cpu_s / saved.seconds:.0%} of the time"
    at, many = f"{concurrency} at once", concurrency == MANY
    yield Figure(f"sheets saved, {at}", rate, "/s", bar if many else None, f"{beside}; {busy}", at_least=True)
    yield Figure(f"sheets saved, {at}, p50", saved.p50_ms, "ms")
    yield Figure(f"sheets saved, {at}, p99", saved.p99_ms, "ms", P99_MS if many else None)
    yield Figure(f"sheets opened, {at}", opened.answers / opened.seconds, "/s", rate if many else None, "sheets saved", at_least=True)
    yield Figure(f"sheets opened, {at}, p50", opened.p50_ms, "ms")
    yield Figure(f"sheets opened, {at}, p99", opened.p99_ms, "ms")


def _memory(served: Pages) -> Figure:
    served.load("save", MANY, seconds=600, count=WARM_SAVES)
    before = megabytes(served.process)
    served.load("save", MANY, seconds=600, count=MEMORY_SAVES)
    after = megabytes(served.process)
    return Figure(
        f"memory grown over {MEMORY_SAVES:,} saves", after - before, "MB", GROWN_MEGABYTES, f"{before:.0f} MB -> {after:.0f} MB"
    )  # fmt: skip
