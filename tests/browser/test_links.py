"""Links in a real browser: a scanner that runs scripts and presses every button decides nothing (R-05); no page can be framed (R-15)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import press
from tests.web.conftest import World

pytestmark = pytest.mark.browser

DECISIONS = {"SheetSaved", "SheetsSigned", "AnswerGiven", "InvitationAnswered", "ReviewerRecused", "LinkIssued", "LinkRevoked"}


@pytest.fixture
def scripted(chromium: Browser) -> Iterator[Page]:
    """A page that runs scripts, as some mail gateways do."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("valid", [True, False])
def test_pressing_every_button_of_the_landing_page_decides_nothing(site: World, scripted: Page, valid: bool) -> None:
    link = site.link("reviewer", "R01") if valid else f"{site.installation.settings.base_url}/l/k1_{'A' * 43}"
    scripted.goto(link)
    count = scripted.locator("button").count()
    assert count >= 1
    for number in range(count):
        scripted.goto(link)
        press(scripted.locator("button").nth(number))
        if scripted.url != link:
            scripted.go_back()
    with site.installation.database.read() as store:
        assert {one.type for one in store.events(site.edition.id)} & DECISIONS == set()
        assert site.sheet_count() == 0
        assert store.mails(site.edition.id) == ()


@pytest.fixture
def other_site(site: World) -> Iterator[str]:
    """Another origin, on this machine as well, whose page frames a page of ours."""
    text = f'<iframe src="{site.installation.settings.base_url}/l/x"></iframe>'.encode()

    class Frame(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Frame) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join(10)


def test_another_sites_frame_stays_empty(site: World, other_site: str, scripted: Page) -> None:
    with scripted.expect_event("requestfailed", lambda request: request.url.endswith("/l/x")) as failed:
        scripted.goto(other_site)
    assert failed.value.failure == "net::ERR_BLOCKED_BY_RESPONSE"
    (frame,) = [one for one in scripted.frames if one.parent_frame is not None]
    frame.wait_for_url("chrome-error://**")
