"""The caught mails: here only, for whom they are meant, and harmless."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import httpx
import pytest

from config.settings import Settings
from notifications.catcher import Catcher
from tasks.installation import Installation
from tests.web.conftest import Browser, World
from web.app import create_app
from web.mailbox import clickable


@pytest.fixture
def caught(world: World) -> World:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "评审邀请 <b>", "office@example.org", "r01@example.org"
    message.set_content("请打开 http://localhost:8000/l/k1_abc。谢谢\n")
    message.add_alternative('<html><head></head><body><a href="http://localhost:8000/l/k1_abc">进入</a></body></html>', subtype="html")
    message.add_attachment(b"PK", maintype="application", subtype="zip", filename="名单.xlsx")
    with Catcher(world.installation.settings.mailbox_dir) as catcher, smtplib.SMTP("127.0.0.1", catcher.port) as smtp:
        smtp.send_message(message)
    return world


async def test_a_mail_is_listed_and_opened_with_clickable_links(browser: Browser, caught: World) -> None:
    listed = await browser.get("/mailbox")
    assert "评审邀请 &lt;b&gt;" in listed.text
    page = await browser.get("/mailbox/1")
    assert '<a href="http://localhost:8000/l/k1_abc">http://localhost:8000/l/k1_abc</a>。谢谢' in page.text
    shown = await browser.get("/mailbox/1/html")
    assert shown.headers["content-security-policy"].startswith("sandbox ")
    assert '<base target="_blank">' in shown.text
    file = await browser.get("/mailbox/1/files/0")
    assert (file.content, file.headers["content-disposition"]) == (b"PK", 'attachment; filename="mail-1-1.xlsx"')
    for path in ("/mailbox/2", "/mailbox/x", "/mailbox/" + "9" * 40, "/mailbox/1/files/1", "/mailbox/2/html"):
        assert (path, (await browser.get(path)).status_code) == (path, 404)


async def test_mails_are_searched(browser: Browser, caught: World) -> None:
    assert "评审邀请" in (await browser.get("/mailbox?q=R01")).text
    assert "评审邀请" not in (await browser.get("/mailbox?q=nobody")).text
    assert (await browser.get("/mailbox?q=%00&page=-1")).status_code == 200


async def test_another_machine_sees_no_mailbox(caught: World) -> None:
    transport = httpx.ASGITransport(app=create_app(caught.installation), client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        for path in ("/mailbox", "/mailbox/1", "/mailbox/1/html", "/mailbox/1/files/0"):
            assert (path, (await client.get(path, headers={"X-Forwarded-For": "127.0.0.1"})).status_code) == (path, 404)


async def test_with_a_mail_server_there_is_no_mailbox(caught: World) -> None:
    settings = Settings(data_dir=caught.installation.settings.data_dir, smtp_url="smtp://mail.example.org")
    transport = httpx.ASGITransport(app=create_app(Installation(settings, caught.installation.database)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        assert (await client.get("/mailbox/1")).status_code == 404


def test_text_around_links_is_escaped() -> None:
    assert clickable("<x> https://a.example/?a=1&b=2, ok") == (
        '&lt;x&gt; <a href="https://a.example/?a=1&amp;b=2">https://a.example/?a=1&amp;b=2</a>, ok'
    )
