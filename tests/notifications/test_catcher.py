from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.errors import NotFound
from notifications import preview
from notifications.catcher import Catcher, Mailbox
from notifications.kinds import Attachment
from notifications.smtp import Postman, SmtpServer


async def send(port: int, *, to: str = "a@example.org", times: int = 1, template: str = "shortlist_packet") -> None:
    message = preview.render_preview(template, "zh_CN")
    async with Postman(SmtpServer("127.0.0.1", port, tls="none"), ehlo_name="t.invalid") as one:
        for _ in range(times):
            assert (await one.deliver(message, sender="office@example.org", recipient=to)).outcome == "sent"


async def test_a_caught_mail_is_shown_as_it_was_sent(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    assert (mailbox.messages(), mailbox.count()) == ([], 0)
    with Catcher(tmp_path) as catcher:
        await send(catcher.port)
    (head,) = mailbox.messages()
    message = mailbox.get(head.id)
    sent = preview.render_preview("shortlist_packet", "zh_CN")
    assert message.head == head
    assert (head.mail_from, head.rcpt_to, head.sender, head.recipient) == (
        "office@example.org", "a@example.org", preview.SENDER, "欧阳谷雨 <ouyang@example.org>"
    )  # fmt: skip
    assert (head.subject, head.date, head.message_id) == (
        str(sent["Subject"]),
        "Wed, 01 Apr 2026 09:30:00 +0800",
        "<preview.v1@example.org>",
    )
    assert message.raw == sent.as_bytes()
    assert message.text.startswith("尊敬的欧阳谷雨委员：\n")
    assert preview.LINK in message.html
    assert message.attachments == (Attachment("入围名单.txt", "text/plain", "样张".encode()),)


async def test_the_list_is_newest_first_and_can_be_narrowed_and_paged(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    with Catcher(tmp_path) as catcher:
        await send(catcher.port, to="one@example.org", template="review_thanks")
        await send(catcher.port, to="two@example.org", times=2)
    assert [mail.id for mail in mailbox.messages()] == [3, 2, 1]
    assert [mail.id for mail in mailbox.messages(limit=1, offset=1)] == [2]
    assert [mail.id for mail in mailbox.messages(to="ONE@example.org")] == [1]
    assert [mail.id for mail in mailbox.messages(query="入围名单")] == [3, 2]
    assert (mailbox.count(), mailbox.count(to="two@example.org"), mailbox.count(query="评审完成"), mailbox.count(query="%")) == (3, 2, 1, 0)
    with pytest.raises(NotFound, match="no mail 4"):
        mailbox.get(4)


async def test_a_started_again_catcher_keeps_what_it_had(tmp_path: Path) -> None:
    for _ in range(2):
        with Catcher(tmp_path) as catcher:
            await send(catcher.port)
    assert Mailbox(tmp_path).count() == 2
    assert (tmp_path / "mailbox.db").stat().st_mode & 0o077 == 0


READER = """
import sys, time
from pathlib import Path
from notifications.mailbox import Mailbox
mailbox, seen, end = Mailbox(Path(sys.argv[1])), 0, time.monotonic() + 20
while seen < 200 and time.monotonic() < end:
    page = mailbox.messages(limit=5)
    seen = max(seen, mailbox.count())
    assert all(mailbox.get(mail.id).head == mail for mail in page)
print(seen)
"""


async def test_several_processes_read_while_mails_come_in(tmp_path: Path) -> None:
    readers = [subprocess.Popen([sys.executable, "-c", READER, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    with Catcher(tmp_path) as catcher:
        await send(catcher.port, times=200, template="review_thanks")
        assert [(await asyncio.to_thread(one.communicate))[0] for one in readers] == ["200\n", "200\n"]


async def test_rubbish_is_kept_and_shown_without_failing(tmp_path: Path) -> None:
    with Catcher(tmp_path) as catcher:
        reader, writer = await asyncio.open_connection("127.0.0.1", catcher.port)
        for line in (b"HELO x", b"MAIL FROM:<>", b"RCPT TO:<a@example.org>", b"DATA"):
            await reader.readline()
            writer.write(line + b"\r\n")
        await reader.readline()
        writer.write(b"Subject: =?utf-99?b?!!?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe\r\n.\r\n")
        assert (await reader.readline()).startswith(b"250")
        writer.close()
    mailbox = Mailbox(tmp_path)
    assert mailbox.get(mailbox.messages()[0].id).text == "\ufffd\ufffd\n"


def test_a_taken_port_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Catcher(tmp_path, port=taken.getsockname()[1]).start()


def test_before_the_start_there_is_no_port(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = Catcher(tmp_path).port


async def test_a_killed_catcher_has_kept_all_that_it_acknowledged(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "notifications.catcher", "--folder", str(tmp_path), "--port", str(port)]
    alone = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert alone.stdout is not None
        assert f"127.0.0.1:{port}" in alone.stdout.readline()
        await send(port, times=50, template="review_thanks")
        os.kill(alone.pid, signal.SIGKILL)
    finally:
        alone.kill()
        alone.wait(10)
        alone.stdout.close()
    assert Mailbox(tmp_path).count() == 50


def test_one_that_runs_alone_ends_when_asked(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "notifications.catcher", "--folder", str(tmp_path), "--port", "0"]
    alone = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert alone.stdout is not None
    alone.stdout.readline()
    started = time.monotonic()
    alone.terminate()
    assert alone.wait(10) == 0
    assert time.monotonic() - started < 60
    alone.stdout.close()
