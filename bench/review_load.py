"""`python -m bench.review_load`: send one kind of request as fast as it is answered; the order comes as JSON, the outcome goes as JSON.

A process of its own, with a client that does no more than it must, so that the server is measured and not the client. Each
connection stays open, comes from an address of its own, and plays one reviewer after the other.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

COMMENT = "选题有新意，论证较为充分，数据来源清楚；建议补充对照实验，并说明适用范围。"
_OTHER_PLACES = "sec-fetch-site: same-origin\r\n"


@dataclass
class Seat:
    """One signed-in reviewer with the sheets in hand."""

    cookie: str
    guard: dict[str, str]
    """Hidden fields of each form: who it belongs to, and its secret."""
    revisions: dict[str, int]
    """Code of an entry -> revision that was acknowledged last."""
    marks: dict[str, dict[str, str]] = field(default_factory=dict)
    """Code of an entry -> marks that were acknowledged last."""
    comments: dict[str, str] = field(default_factory=dict)
    """Code of an entry -> comment that was acknowledged last."""


@dataclass
class Order:
    """What to send."""

    port: int
    kind: str
    """`open`, `save`, or `bare`."""
    concurrency: int
    seconds: float
    count: int
    """Stop after so many answers even if time is left; 0 = no limit."""
    criteria: dict[str, int]
    seats: list[Seat]


@dataclass
class Outcome:
    """What came back."""

    answers: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_s: float
    """Of the client itself: at `seconds`, the client would be what is measured."""
    wrong: dict[str, int]
    seats: list[Seat]


class Connection(asyncio.Protocol):
    """Sends one request at a time over one connection, and reads an answer with a stated length."""

    def __init__(self) -> None:
        self._got = bytearray()
        self._waiting: asyncio.Future[tuple[int, bytes, bytes]] | None = None
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError(f"the server closed the connection: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._got += data
        end = self._got.find(b"\r\n\r\n")
        if end < 0 or self._waiting is None:
            return
        head = bytes(self._got[:end]).lower()
        at = head.find(b"content-length: ")
        length = int(head[at + 16 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._got) >= end + 4 + length:
            body = bytes(self._got[end + 4 : end + 4 + length])
            waiting, self._waiting = self._waiting, None
            whole = bytes(self._got[:end])
            self._got.clear()
            waiting.set_result((int(whole[9:12]), whole, body))

    async def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body of the answer."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting


def request(method: str, path: str, cookie: str, fields: dict[str, str] | None = None) -> bytes:
    """The bytes of a request as a browser with our script would send it."""
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\naccept-language: zh-CN\r\n{_OTHER_PLACES}"
    if fields is None:
        return f"{head}accept: text/html\r\n\r\n".encode()
    body = urlencode(fields)
    kind = "accept: application/json\r\ncontent-type: application/x-www-form-urlencoded\r\n"
    return f"{head}{kind}content-length: {len(body)}\r\n\r\n{body}".encode()


class Load:
    """Keeps `concurrency` requests under way until time or count is used up."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._took: list[float] = []
        self._wrong: Counter[str] = Counter()
        self._end = 0.0
        self._random = random.Random(len(order.seats))

    async def run(self) -> Outcome:
        """Do it."""
        loop = asyncio.get_running_loop()
        links = []
        for number in range(self._order.concurrency):
            origin = (f"127.0.1.{number + 1}", 0)
            links.append((await loop.create_connection(Connection, "127.0.0.1", self._order.port, local_addr=origin))[1])
        act: Callable[[Connection, Seat, int], Any] = {"open": self._open, "save": self._save, "bare": self._bare}[self._order.kind]
        began, cpu = time.perf_counter(), time.process_time()
        self._end = began + self._order.seconds
        await asyncio.gather(*(self._play(link, number, act) for number, link in enumerate(links)))
        took, used = time.perf_counter() - began, time.process_time() - cpu
        sorted_ms = sorted(1000 * one for one in self._took)
        return Outcome(
            len(sorted_ms), took, _share(sorted_ms, 0.5), _share(sorted_ms, 0.99), used, dict(self._wrong), self._order.seats
        )  # fmt: skip

    async def _play(self, link: Connection, number: int, act: Callable[[Connection, Seat, int], Any]) -> None:
        seats = self._order.seats[number :: self._order.concurrency]
        turn = 0
        while time.perf_counter() < self._end and not (self._order.count and len(self._took) >= self._order.count):
            began = time.perf_counter()
            await act(link, seats[turn % len(seats)], turn // len(seats))
            self._took.append(time.perf_counter() - began)
            turn += 1

    async def _open(self, link: Connection, seat: Seat, turn: int) -> None:
        code = list(seat.revisions)[turn % len(seat.revisions)]
        status, _head, body = await link.ask(request("GET", f"/review/{code}", seat.cookie))
        if status != 200 or b'name="csrf"' not in body or quote(code).encode() not in body:
            self._wrong[f"{status} on opening"] += 1

    async def _save(self, link: Connection, seat: Seat, turn: int) -> None:
        code = list(seat.revisions)[turn % len(seat.revisions)]
        marks = {name: str(self._random.randint(0, most)) for name, most in self._order.criteria.items()}
        comment = f"{COMMENT}（{self._random.randint(0, 999_999)}）"
        fields = seat.guard | {"revision": str(seat.revisions[code]), "comment": comment, "then": ""}
        fields |= {f"mark.{name}": mark for name, mark in marks.items()}
        status, head, body = await link.ask(request("POST", f"/review/{code}", seat.cookie, fields))
        if status == 200 and body.startswith(b"{"):
            revision = int(json.loads(body)["revision"])
        elif status == 303 and b"/review/" in head:
            revision = seat.revisions[code] + 1
        else:
            self._wrong[f"{status} on saving"] += 1
            return
        seat.revisions[code], seat.marks[code], seat.comments[code] = revision, marks, comment

    async def _bare(self, link: Connection, seat: Seat, turn: int) -> None:
        fields = seat.guard | {"revision": str(turn), "comment": COMMENT} | {f"mark.{name}": "10" for name in self._order.criteria}
        status, _head, _body = await link.ask(request("POST", "/row", seat.cookie, fields))
        if status != 200:
            self._wrong[f"{status} on inserting"] += 1


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def main() -> None:
    given = json.load(sys.stdin)
    order = Order(**{**given, "seats": [Seat(**seat) for seat in given["seats"]]})
    json.dump(asdict(asyncio.run(Load(order).run())), sys.stdout)


if __name__ == "__main__":
    main()
