"""Delivery reports (RFC 3464): what they say, of which mail of ours, and that nothing that is no report is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from models.errors import InputError
from notifications import delivery_reports
from notifications.delivery_reports import Failure
from notifications.preview import render_preview
from tests.notifications.returned import MAIL, a_global_report, a_report


@pytest.mark.parametrize(
    "gives_back", ["text/rfc822-headers", "message/rfc822", "message/rfc822-headers", "TEXT/RFC822-Headers; charset=utf-8"]
)
def test_a_report_names_our_mail_the_recipient_and_the_reason(gives_back: str) -> None:
    found = delivery_reports.read(a_report(gives_back=gives_back))
    assert found is not None
    assert (found.mail, found.failures) == (MAIL, (Failure(("r01@example.org",), "failed", "5.1.1", "550 5.1.1 no such user"),))


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("gives_back", ["message/global-headers", "message/global", "text/rfc822-headers"])
def test_a_report_with_addresses_in_unicode_is_read_whatever_its_encoding(encoding: str, gives_back: str) -> None:
    content = a_global_report(to="专家@评审.example.org", encoding=encoding, gives_back=gives_back)
    found = delivery_reports.read(content)
    assert found is not None
    older = delivery_reports.read(content.replace(b"report-type=global-", b"report-type="))
    said = Failure(("专家@评审.example.org",), "failed", "5.1.1", "550 5.1.1 没有这个用户")
    assert (found.mail, found.failures) == (MAIL, (said,))
    assert delivery_reports.read(content.replace(b"\n", b"\r\n")) == found == older


@pytest.mark.parametrize("written", [
    "utf-8; R01@评审.example.org", "utf-8;<r01@xn--tbt133i.example.org>", r"UTF-8; r01@\x{8BC4}\x{5BA1}.example.org",
    "rfc822; r01@xn--tbt133i.example.org",
])  # fmt: skip
def test_a_domain_is_the_same_in_unicode_and_in_ascii(written: str) -> None:
    content = a_report(to="x@example.org").replace(b"Original-Recipient: rfc822;x@example.org", f"Original-Recipient: {written}".encode())
    found = delivery_reports.read(content)
    assert found is not None
    assert delivery_reports.comparable("r01@评审.Example.org") == found.failures[0].recipients[0] == "r01@xn--tbt133i.example.org"


@pytest.mark.parametrize("point", [r"\x{110000}", r"\x{D800}", r"\x{0A}", r"\x{}"])
def test_what_is_no_character_stays_as_it_is_written(point: str) -> None:
    found = delivery_reports.read(a_global_report(to="r01@example.org", original=f"r{point}@example.org"))
    assert found is not None
    assert found.failures[0].recipients == (f"r{point}@example.org".lower(), "r01@example.org")


def test_line_ends_of_the_wire_and_of_a_pipe_say_the_same() -> None:
    pipe = b"From MAILER-DAEMON Mon Jun  1 08:00:00 2026\n" + a_report()
    assert delivery_reports.read(a_report().replace(b"\n", b"\r\n")) == delivery_reports.read(a_report()) == delivery_reports.read(pipe)


def test_the_way_by_which_a_report_came_does_not_make_it_another_one() -> None:
    first, fetched, second = a_report(), b"Received: by elsewhere.example.org\n" + a_report(), a_report(number=2)
    codes = [found.code for one in (first, fetched, second) if (found := delivery_reports.read(one)) is not None]
    assert (codes[0] == codes[1], codes[0] == codes[2]) == (True, False)


@pytest.mark.parametrize(
    ("action", "status", "for_good"),
    [("failed", "5.1.1", True), ("Failed", "5.7.26", True), ("failed", "4.4.1", False), ("delayed", "4.4.7", False), ("failed", "", False),
     ("delivered", "2.0.0", False), ("delayed", "5.1.1", False)],
)  # fmt: skip
def test_only_a_failure_that_the_server_calls_permanent_is_for_good(action: str, status: str, for_good: bool) -> None:
    found = delivery_reports.read(a_report(action=action, status=status))
    assert found is not None
    assert [one.for_good for one in found.failures] == [for_good]


@pytest.mark.parametrize(
    "message_id",
    [
        f"<{MAIL}.v1@example.org> x",
        f"{MAIL}",
        f"<{MAIL}@example.org>",
        f"<{MAIL}.v1@>",
        "<1.returned@mx.example.org>",
        f"<x{MAIL}.v1@a.org>",
    ],
)
def test_what_is_no_message_id_of_ours_names_no_mail(message_id: str) -> None:
    found = delivery_reports.read(a_report(message_id=message_id))
    assert found is not None
    assert found.mail is None


def test_the_message_id_of_a_rendered_mail_is_the_one_that_is_looked_for() -> None:
    assert render_preview("review_invitation", "en")["Message-ID"] == delivery_reports.message_id("preview", "example.org")


@pytest.mark.parametrize(
    "content",
    [
        b"From: a@example.org\nSubject: Re: review\n\nI am away.\n",
        a_report().replace(b"=delivery-status", b"=feedback-report"),
        a_report().replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed"),
    ],
)
def test_other_mail_is_no_report(content: bytes) -> None:
    assert delivery_reports.read(content) is None


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"no header\n\nat all", a_report()[:500]])
def test_what_is_damaged_is_named_as_such(content: bytes) -> None:
    with pytest.raises(InputError):
        delivery_reports.read(content)


NESTED = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(2000)).encode()
CONTRADICTING = a_report().replace(b'boundary="=_back"', b"boundary*=a; boundary*0=b")


@pytest.mark.parametrize("content", [NESTED, CONTRADICTING])
def test_a_mail_that_no_server_writes_is_refused_like_a_damaged_one(content: bytes) -> None:
    with pytest.raises(InputError, match="put together as no mail is"):
        delivery_reports.read(content)


def test_what_steers_a_screen_or_cannot_be_stored_is_left_out_of_a_servers_words() -> None:
    found = delivery_reports.read(a_report(said="550 no\x00such\x1b[31m user"))
    assert found is not None
    assert [one.said for one in found.failures] == ["550 no such [31m user"]


@example(a_report().replace("没".encode(), b"\xff\xfe"))
@example(a_report(said="\x00" * 50 + "é" * 1000))
@example(a_global_report(encoding="base64").replace(b"\n", b"=\n", 30))
@examples(max_examples=60, derandomize=True, database=None)
@given(
    st.builds(
        lambda start, length, junk: a_report()[:start] + junk + a_report()[start + length :],
        st.integers(0, 1300),
        st.integers(0, 200),
        st.binary(max_size=30),
    )
)
def test_whatever_arrives_is_read_or_refused(content: bytes) -> None:
    try:
        found = delivery_reports.read(content)
    except InputError:
        return
    assert found is None or len(found.code) == 64
