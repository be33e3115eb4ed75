"""Mail servers that refuse, cut, answer late or not at all, and senders that are killed: nothing is lost (R-25, R-27)."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from models.edition import Grant, Mail, NewMail
from models.store import Database
from notifications.mailbox import Mailbox
from tasks import mail
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.faults import driver
from tests.faults.conftest import Bench
from tests.faults.invariants import FIND_NOTHING
from tests.notifications import sinks

COUNT = 6
_NONE = {"mails_per_minute": 0, "mails_per_minute_and_domain": 0}


class Post:
    """An edition with mail, and a mail server whose manners a test decides."""

    def __init__(self, database: Database, clock: Clock, folder: Path, patch: pytest.MonkeyPatch, **settings: Any) -> None:
        self.database, self.clock, self._folder, self._patch, self._settings = database, clock, folder, patch, settings
        self.id = builders.keep(database, builders.an_edition()).id

    def use(self, port: int, **settings: Any) -> None:
        """Send to this port from now on."""
        made = Settings(data_dir=self._folder, smtp_url=f"smtp://127.0.0.1:{port}", **_NONE | self._settings | settings)
        installed = Installation(made, self.database)
        self._patch.setattr("tasks.installation.installation", lambda: installed)

    def queue(self, count: int = COUNT, template: str = "call_opened") -> None:
        params = {"process": {"zh": "示例评选", "en": "Example"}, "hosts": [{"zh": "示例省科协", "en": "Example"}], "rehearsal": False}
        more: dict[str, Any] = {
            "quota": [],
            "closes": None,
            "label": "",
            "days_left": 1,
            "closed": None,
            "won": [],
            "title": "甲",
            "tier": None,
            "count": 1,
        }
        mails = [
            NewMail(template, f"submission:{template}", f"单位{number}", f"n{number}@example.org", None, None, "zh_CN", params | more)
            for number in range(count)
        ]
        with self.database.write() as store:
            assert store.queue_mails(self.id, mails) == count

    def mails(self) -> list[Mail]:
        with self.database.read() as store:
            return list(store.mails(self.id))

    def states(self) -> dict[str, int]:
        with self.database.read() as store:
            return store.count_mails(self.id)

    async def send(self) -> None:
        """Send whatever is due now."""
        while await mail.send_batch.fn(self.id):
            pass

    async def send_for(self, hours: int) -> None:
        """Let the hours pass, sending all the while."""
        for _ in range(hours * 4):
            self.clock.advance(minutes=15)
            await self.send()

    def check(self) -> None:
        with self.database.read() as store:
            for what, query in FIND_NOTHING.items():
                assert not store.connection.exec_driver_sql(query).all(), what


@pytest.fixture
def post(database: Database, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_words: None) -> Iterator[Post]:
    made = Post(database, clock, tmp_path, monkeypatch)
    yield made
    made.check()


@pytest.fixture
def plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails of a few words; how they are written is tested elsewhere."""
    from email.message import EmailMessage

    def write(one: Mail, **_: Any) -> EmailMessage:
        message = EmailMessage()
        message["To"], message["From"], message["Subject"] = one.to_address, "office@example.org", one.template
        message["Message-ID"] = f"<{one.id}.v1@example.org>"
        message.set_content("正文\n")
        return message

    monkeypatch.setattr("notifications.render.render", write)


@contextmanager
def a_sink(**manners: Any) -> Iterator[tuple[sinks.Sink, int]]:
    sink = sinks.Sink(**manners)
    with sinks.listening(sink) as port:
        yield sink, port


def _copies(sink: sinks.Sink) -> dict[str, int]:
    """Message-ID -> copies."""
    lines = (line for _, _, body in sink.kept for line in body.decode().splitlines() if line.startswith("Message-ID:"))
    return dict(Counter(line.split(":", 1)[1].strip() for line in lines))


def _once_each(post: Post) -> dict[str, int]:
    return {f"<{one.id}.v1@example.org>": 1 for one in post.mails()}


async def test_a_server_that_refuses_connections_costs_time_only(post: Post) -> None:
    with socket.socket() as held:  # nobody listens there, and nobody else can
        held.bind(("127.0.0.1", 0))
        post.use(held.getsockname()[1])
        post.queue()
        await post.send()
    assert post.states() == {"deferred": COUNT}
    assert all(one.reply for one in post.mails())
    with a_sink() as (sink, port):
        post.use(port)
        await post.send()
        assert sink.kept == [], "not before its time"
        await post.send_for(hours=1)
        assert _copies(sink) == _once_each(post)
    assert post.states() == {"sent": COUNT}


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data"])
async def test_a_refusal_for_now_is_tried_again_until_it_is_taken(post: Post, phase: str) -> None:
    with a_sink(**{phase: "451 4.3.0 try later"}) as (sink, port):
        post.use(port)
        post.queue()
        await post.send()
        await post.send_for(hours=6)
        assert post.states() == {"deferred": COUNT}
        assert all(one.attempt >= 5 for one in post.mails())
        setattr(sink, phase, None)
        await post.send_for(hours=6)
        assert _copies(sink) == _once_each(post)
    assert post.states() == {"sent": COUNT}


async def test_a_refusal_for_ever_concerns_one_address_only(post: Post) -> None:
    class Picky(sinks.Sink):
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
            if address == "n2@example.org":
                return "550 5.1.1 no such mailbox"
            return await super().handle_RCPT(server, session, envelope, address, options)

    sink = Picky()
    with sinks.listening(sink) as port:
        post.use(port)
        post.queue()
        await post.send()
        await post.send_for(hours=24)
    assert post.states() == {"sent": COUNT - 1, "failed": 1}
    assert [(one.to_address, one.reply) for one in post.mails() if one.state == "failed"] == [
        ("n2@example.org", "550 5.1.1 no such mailbox")
    ]
    assert len(sink.kept) == COUNT - 1
    with post.database.read() as store:
        assert [one.type for one in store.events(post.id)].count("MailFailed") == 1


async def test_one_mail_that_cannot_be_written_does_not_keep_back_the_others(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    from notifications import render

    write = render.render

    def fail_for_one(one: Mail, **more: Any) -> Any:
        if one.to_address == "n0@example.org":
            raise KeyError("quota")
        return write(one, **more)

    monkeypatch.setattr("notifications.render.render", fail_for_one)
    with a_sink() as (sink, port):
        post.use(port)
        post.queue()
        await post.send()
    assert post.states() == {"sent": COUNT - 1, "failed": 1}
    assert len(sink.kept) == COUNT - 1


async def test_a_mail_whose_link_is_not_issued_yet_waits_for_it(post: Post) -> None:
    """Entries may be imported before the stage opens: their receipts lead to a link that comes with the call."""
    person = f"{post.id}/n/N01"
    with a_sink() as (sink, port):
        post.use(port)
        with post.database.write() as store:
            store.queue_mails(post.id, [NewMail("entries_received", "x", "甲", "n01@example.org", "nominator", person, "zh_CN", {})])
        await post.send()
        assert post.states() == {"deferred": 1}
        with post.database.write() as store:
            grant = Grant("g1", post.id, "nominator", person, builders.NOW, builders.NOW + timedelta(days=9), 1, "nonce")
            store.add_grants([(grant, "hash")])
        await post.send_for(hours=1)
        assert len(sink.kept) == 1
    assert post.states() == {"sent": 1}


async def test_a_cut_in_the_text_of_an_invitation_makes_one_more_copy_at_most(post: Post) -> None:
    with a_sink(cut_once="DATA") as (sink, port):
        post.use(port)
        post.queue()
        await post.send()
        assert post.states() == {"sent": COUNT - 1, "deferred": 1}
        await post.send_for(hours=1)
        copies = _copies(sink)
    assert post.states() == {"sent": COUNT}
    assert set(copies) == set(_once_each(post))
    assert sum(copies.values()) <= COUNT + 1


async def test_a_cut_in_the_text_of_a_result_letter_is_a_matter_for_a_person(post: Post) -> None:
    with a_sink(cut_once="DATA") as (sink, port):
        post.use(port)
        post.queue(template="result_winner")
        await post.send()
        await post.send_for(hours=24)
        assert post.states() == {"sent": COUNT - 1, "uncertain": 1}
        before = len(sink.kept)
        with post.database.write() as store:
            assert store.retry_mails(post.id) == 1
        await post.send()
        assert len(sink.kept) == before + 1
        assert set(_copies(sink)) == set(_once_each(post))
    assert post.states() == {"sent": COUNT}


async def test_a_slow_server_is_waited_for_and_gets_no_second_copy(post: Post) -> None:
    """It answers later than a claim lasts, and other senders look for work meanwhile."""
    with a_sink(sleep=("DATA", 0.9)) as (sink, port):
        post.clock.now = builders.NOW
        post.use(port, claim_seconds=0.3)
        post.queue(2)

        async def others() -> int:
            found = 0
            for _ in range(8):
                await asyncio.sleep(0.1)
                post.clock.advance(seconds=0.1)
                found += bool(await mail.send_batch.fn(post.id))
            return found

        _, found = await asyncio.gather(post.send(), others())
        assert found == 0
        assert _copies(sink) == _once_each(post)
    assert post.states() == {"sent": 2}


async def test_a_mail_is_marked_before_the_sender_waits_for_its_limits(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, int]] = []

    async def wait(seconds: float) -> None:
        seen.append(post.states())
        post.clock.advance(seconds=seconds)

    monkeypatch.setattr("tasks.mail.asyncio.sleep", wait)
    with a_sink() as (sink, port):
        post.use(port, mails_per_minute=2)
        post.queue(3)
        await post.send()
        assert len(sink.kept) == 3
    assert seen == [{"sent": 2, "pending": 1}]


@pytest.mark.parametrize("seed", [3])
def test_a_sender_killed_ten_times_loses_nothing(bench: Bench, seed: int) -> None:
    edition = builders.keep(bench.database, builders.an_edition(id=f"killed-{bench.database.engine.name}", rehearsal=True)).id
    builders.put(bench.database, edition, nominators=[builders.a_nominator(f"N{number:03}") for number in range(300)])
    with bench.database.write() as store:
        whole = store.edition(edition)
        from tasks import submission

        submission.invite(store, whole, whole.stages[0])
    dice = random.Random(seed)
    where = {"JINBANG_TEST_EDITION": edition}

    def sent() -> int:
        with bench.database.read() as store:
            return store.count_mails(edition).get("sent", 0)

    # Whoever is not killed in time, because this process had to wait, stands still a few mails later: it must not come to its end.
    orders = {"mail_delivered.after": "stall@25"}
    for _ in range(10):
        sender, goal = bench.start(driver.send, environment=where, orders=orders), sent() + dice.randint(1, 20)
        while sent() < goal and sender.is_alive():
            sender.join(0.01)
        sender.kill()
        bench.end_of(sender)
    assert bench.kills == 10
    assert bench.run(driver.send, environment=where) == 0, bench.tail()
    with bench.database.read() as store:
        assert store.count_mails(edition) == {"sent": 300}
    assert Mailbox(bench.mailbox).count(query="n299") >= 1
    bench.check()
