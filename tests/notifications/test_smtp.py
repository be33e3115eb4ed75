from __future__ import annotations

import asyncio
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

from models.errors import InputError
from notifications import preview
from notifications.smtp import Delivery, Postman, PostmanRules, SmtpServer, parse_smtp_url
from tests.notifications.sinks import Sink, certificate, listening, scripted

QUICK = PostmanRules(connect_timeout=2, command_timeout=2, data_timeout=2, quit_timeout=1)
EHLO = ("220 hello", "250 sink")


def a_message(text: str = "正文\n") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "试"
    message.set_content(text, cte="base64")
    return message


def postman(port: int, rules: PostmanRules = QUICK, **options: object) -> Postman:
    return Postman(SmtpServer("127.0.0.1", port, tls="none"), rules, ehlo_name="test.invalid", **options)  # type: ignore[arg-type]


async def send(port: int, rules: PostmanRules = QUICK, recipient: str = "a@example.org") -> Delivery:
    async with postman(port, rules) as one:
        return await one.deliver(a_message(), sender="office@example.org", recipient=recipient)


async def test_an_accepted_message_is_sent_with_the_servers_words() -> None:
    with listening(sink := Sink()) as port:
        assert await send(port) == Delivery("sent", "250 2.0.0 queued")
    ((sender, recipients, _),) = sink.kept
    assert (sender, recipients) == ("office@example.org", ["a@example.org"])


async def test_a_sender_with_a_name_is_reduced_to_its_address() -> None:
    with listening(sink := Sink()) as port:
        async with postman(port) as one:
            sent = await one.deliver(a_message(), sender=preview.SENDER, recipient="a@example.org")
    assert (sent.outcome, sink.kept[0][0]) == ("sent", "awards@example.org")


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("450 4.2.1 busy", "deferred"), ("421 4.3.2 closing", "deferred"), ("550 5.1.1 unknown", "failed"), ("530 5.7.0 sign in", "stop")],
)
async def test_a_refusal_is_for_now_or_for_ever_by_its_code_in_every_phase(phase: str, reply: str, outcome: str) -> None:
    with listening(sink := Sink(**{phase: reply})) as port:
        assert await send(port) == Delivery(outcome, reply)  # type: ignore[arg-type]
    assert sink.kept == []


async def test_after_a_refusal_the_same_connection_serves_the_next_recipient() -> None:
    with listening(sink := Sink(rcpt="550 5.1.1 unknown")) as port:
        async with postman(port) as one:
            first = await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org")
            sink.rcpt = None
            second = await one.deliver(a_message(), sender="o@example.org", recipient="b@example.org")
    assert [first.outcome, second.outcome] == ["failed", "sent"]
    assert [kept[1] for kept in sink.kept] == [["b@example.org"]]
    assert len(sink.sessions) == 1


async def test_a_connection_cut_after_the_body_leaves_it_uncertain() -> None:
    with listening(Sink(cut="DATA")) as port:
        assert (await send(port)).outcome == "uncertain"


@pytest.mark.parametrize("phase", ["MAIL", "RCPT"])
async def test_a_connection_cut_before_the_body_defers(phase: str) -> None:
    with listening(sink := Sink(cut=phase)) as port:
        assert (await send(port)).outcome == "deferred"
    assert sink.kept == []


async def test_a_connection_cut_between_data_and_go_ahead_defers() -> None:
    async with scripted(*EHLO, "250 ok", "250 ok", None) as port:
        assert (await send(port)).outcome == "deferred"


async def test_a_refused_data_command_is_told_from_a_refused_body() -> None:
    async with scripted(*EHLO, "250 ok", "250 ok", "554 no valid recipients", "250 reset") as port:
        assert await send(port) == Delivery("failed", "554 no valid recipients")


@pytest.mark.parametrize("banner", [None, "421 too busy", "554 go away", "rubbish"])
async def test_a_server_that_hangs_up_or_refuses_at_connect_defers(banner: str | None) -> None:
    async with scripted(banner) as port:
        assert (await send(port)).outcome == "deferred"


async def test_no_server_at_all_defers() -> None:
    async with scripted("220 hello") as port:
        pass
    assert (await send(port)).outcome == "deferred"


@pytest.mark.parametrize(("answer", "outcome"), [(0, "deferred"), (2, "deferred"), (3, "deferred"), (4, "deferred"), (5, "uncertain")])
async def test_a_slow_server_is_given_up_by_the_timeout_of_the_phase(answer: int, outcome: str) -> None:
    rules = replace(QUICK, connect_timeout=0.3, command_timeout=0.3, data_timeout=0.3)
    async with scripted(*EHLO, "250 ok", "250 ok", "354 go", "250 kept", delay=(answer, 0.8)) as port:
        started = asyncio.get_running_loop().time()
        delivery = await send(port, rules)
        assert asyncio.get_running_loop().time() - started < 0.75
    assert delivery.outcome == outcome


async def test_the_body_may_take_longer_than_a_command() -> None:
    with listening(Sink(sleep=("DATA", 0.6))) as port:
        assert (await send(port, replace(QUICK, command_timeout=0.2))).outcome == "sent"


async def test_an_answer_that_is_no_answer_after_the_body_is_uncertain() -> None:
    async with scripted(*EHLO, "250 ok", "250 ok", "354 go", "rubbish") as port:
        assert (await send(port)).outcome == "uncertain"


@pytest.mark.parametrize(
    "recipient",
    [
        "a@example.org, evil@example.org",
        "a@example.org\r\nRCPT TO:<evil@example.org>",
        "a@example.org>",
        "a b@example.org",
        "张@example.org",
        "nobody",
        "",
    ],
)
async def test_a_recipient_that_is_not_exactly_one_address_fails_before_anything_is_sent(recipient: str) -> None:
    with listening(sink := Sink()) as port:
        assert (await send(port, recipient=recipient)).outcome == "failed"
    assert sink.kept == []
    assert sink.sessions == set()


async def test_lines_that_begin_with_a_dot_arrive_as_written() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content(".\n..two\n.three\nend\n", cte="7bit")
    with listening(sink := Sink()) as port:
        async with postman(port) as one:
            assert (await one.deliver(message, sender="o@example.org", recipient="a@example.org")).outcome == "sent"
    assert message_from_bytes(sink.kept[0][2], policy=default).get_content() == ".\r\n..two\r\n.three\r\nend\r\n"


async def test_a_rendered_mail_arrives_byte_for_byte() -> None:
    message = preview.render_preview("shortlist_packet", "zh_CN")
    with listening(sink := Sink()) as port:
        async with postman(port) as one:
            await one.deliver(message, sender="o@example.org", recipient="a@example.org")
    assert sink.kept[0][2] == message.as_bytes()


async def test_a_new_connection_is_made_after_so_many_messages() -> None:
    with listening(sink := Sink()) as port:
        async with postman(port, replace(QUICK, messages_per_connection=2)) as one:
            for _ in range(5):
                await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org")
    assert (len(sink.kept), len(sink.sessions)) == (5, 3)


async def test_a_new_connection_is_made_after_an_idle_time() -> None:
    now = [0.0]
    with listening(sink := Sink()) as port:
        async with postman(port, clock=lambda: now[0]) as one:
            for pause in (0, 29, 31):
                now[0] += pause
                await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org")
    assert (len(sink.kept), len(sink.sessions)) == (3, 2)


async def test_a_server_that_hung_up_on_an_idle_connection_is_called_again_at_once() -> None:
    with listening(sink := Sink()) as port:
        async with postman(port) as one:
            await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org")
            sink.cut_once = "MAIL"
            assert (await one.deliver(a_message(), sender="o@example.org", recipient="b@example.org")).outcome == "sent"
    assert [kept[1] for kept in sink.kept] == [["a@example.org"], ["b@example.org"]]
    assert len(sink.sessions) == 2


async def test_a_server_that_hangs_up_after_a_wrong_password_still_stops_the_queue() -> None:
    answers = ("220 hello", "250-sink\r\n250 AUTH PLAIN LOGIN", "535 5.7.8 wrong", None)
    async with scripted(*answers) as port, Postman(SmtpServer("127.0.0.1", port, "u", "p", "none"), QUICK, ehlo_name="t.invalid") as one:
        assert await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org") == Delivery("stop", "535 5.7.8 wrong")


async def test_a_sign_in_that_fails_for_now_defers() -> None:
    answers = ("220 hello", "250-sink\r\n250 AUTH PLAIN", "454 4.7.0 later")
    async with scripted(*answers) as port, Postman(SmtpServer("127.0.0.1", port, "u", "p", "none"), QUICK, ehlo_name="t.invalid") as one:
        assert await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org") == Delivery("deferred", "454 4.7.0 later")


async def test_messages_sent_at_the_same_time_do_not_mix() -> None:
    with listening(sink := Sink()) as port:
        async with postman(port) as one:
            people = [f"p{number}@example.org" for number in range(10)]
            got = await asyncio.gather(*(one.deliver(a_message(), sender="o@example.org", recipient=person) for person in people))
    assert {delivery.outcome for delivery in got} == {"sent"}
    assert sorted(kept[1][0] for kept in sink.kept) == sorted(people)


async def test_a_cancelled_delivery_leaves_nothing_behind_for_the_next() -> None:
    with listening(sink := Sink(sleep=("DATA", 0.5))) as port:
        async with postman(port) as one:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(one.deliver(a_message(), sender="o@example.org", recipient="a@example.org"), 0.2)
            sink.sleep = ("", 0)
            assert (await one.deliver(a_message(), sender="o@example.org", recipient="b@example.org")).outcome == "sent"
    assert ["b@example.org"] in [kept[1] for kept in sink.kept]


async def test_a_server_without_the_demanded_encryption_stops_the_queue() -> None:
    with listening(sink := Sink()) as port:
        async with Postman(SmtpServer("127.0.0.1", port, tls="starttls"), QUICK, ehlo_name="t.invalid") as one:
            delivery = await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org")
    assert (delivery.outcome, sink.kept) == ("stop", [])


async def test_a_certificate_that_nobody_vouches_for_stops_the_queue(tmp_path: Path) -> None:
    server, _ = certificate(tmp_path)
    with listening(sink := Sink(), tls_context=server) as port:
        async with Postman(SmtpServer("localhost", port, tls="starttls"), QUICK, ehlo_name="t.invalid") as one:
            delivery = await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org")
    assert (delivery.outcome, sink.kept) == ("stop", [])


async def test_an_encrypted_connection_with_sign_in_delivers_and_a_wrong_password_stops(tmp_path: Path) -> None:
    server, client = certificate(tmp_path)

    def check(_server: object, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
        return AuthResult(handled=False, success=(given.login, given.password) == (b"office", b"right"))  # type: ignore[attr-defined]

    with listening(Sink(), tls_context=server, authenticator=check, auth_required=True) as port:
        for password, outcome in (("right", "sent"), ("wrong", "stop")):
            told = SmtpServer("localhost", port, "office", password, "starttls")
            async with Postman(told, QUICK, ehlo_name="t.invalid", tls_context=client) as one:
                assert (await one.deliver(a_message(), sender="o@example.org", recipient="a@example.org")).outcome == outcome


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:2525", SmtpServer("127.0.0.1", 2525, None, None, "none")),
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, None, None, "starttls")),
        ("smtps://u%40x:p%3Aw@mail.example.org", SmtpServer("mail.example.org", 465, "u@x", "p:w", "tls")),
        ("smtp://u:p@mail.example.org:25?tls=starttls", SmtpServer("mail.example.org", 25, "u", "p", "starttls")),
        ("smtp://relay.example.org?tls=none", SmtpServer("relay.example.org", 25, None, None, "none")),
    ],
)
def test_an_address_of_a_mail_server_is_read(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://x", "smtp://", "smtp://u:secret@h.example.org?tls=none", "smtp://h:notaport", "smtp://h?tls=maybe"]
)
def test_an_unusable_address_of_a_mail_server_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_smtp_url(url)
    assert "secret" not in str(refused.value)
    assert "JINBANG_SMTP_URL" in str(refused.value)


def test_a_server_never_shows_its_password() -> None:
    assert "hidden" not in repr(SmtpServer("h", 25, "u", "hidden", "tls"))
