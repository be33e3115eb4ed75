"""Handing one message to the mail server, so that it is always known how far it came.

Nothing is lost and little is doubled only if the phases are told apart: before the body has been written,
a broken connection means "not sent"; afterwards it means "nobody knows" (rule: `uncertain`).
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Literal, Self

import aiosmtplib
from aiosmtplib.protocol import normalize_message_line_endings

from models.errors import InputError
from notifications import addresses
from notifications.pace import WINDOW, backoff, wait_for
from notifications.server import SmtpServer, parse_smtp_url

__all__ = ["WINDOW", "Delivery", "Postman", "PostmanRules", "SmtpServer", "backoff", "parse_smtp_url", "wait_for"]

_BROKEN = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, ConnectionError, TimeoutError)
_NOT_SIGNED_IN = (530, 535, 538)
"""Replies by which a server asks for a sign-in or for encryption: no fault of the recipient's address."""


@dataclass(frozen=True, slots=True)
class PostmanRules:
    """How patient the postman is; seconds throughout."""

    messages_per_connection: int = 100
    idle: float = 30
    """A connection unused for so long is replaced by a new one."""
    connect_timeout: float = 30
    """For connecting, encryption and sign-in, each."""
    command_timeout: float = 300
    """For the answers to MAIL, RCPT and DATA (RFC 5321, 4.5.3.2)."""
    data_timeout: float = 600
    """For the answer after the body; a shorter one makes doubles."""
    quit_timeout: float = 5


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message."""

    outcome: Literal["sent", "deferred", "failed", "uncertain", "stop"]
    """`deferred`: try later; `failed`: never; `uncertain`: it may have arrived; `stop`: nothing can be sent until an admin acts."""
    reply: str
    """The server's words, or what happened to the connection."""


class _NoServiceError(Exception):
    """No message can be sent over this server: the outcome, and why."""

    def __init__(self, outcome: Literal["deferred", "stop"], reply: str) -> None:
        self.delivery = Delivery(outcome, reply)
        super().__init__(reply)


class Postman:
    """One reused connection to the mail server; one message at a time, one recipient per message.

    Args:
        server: where to.
        rules: limits and timeouts.
        ehlo_name: how this machine introduces itself; its own name if left out.
        tls_context: certificates to trust; the system's if left out.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        server: SmtpServer,
        rules: PostmanRules | None = None,
        *,
        ehlo_name: str | None = None,
        tls_context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server, self._rules, self._clock = server, rules or PostmanRules(), clock
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "tls",
            start_tls=False,  # done by hand, so that a failure is known to be one of encryption
            timeout=self._rules.connect_timeout,
            local_hostname=ehlo_name,
            tls_context=tls_context,
        )
        self._handed_over, self._last_used = 0, 0.0
        self._one_at_a_time = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._hang_up()

    async def deliver(self, message: EmailMessage | bytes, *, sender: str, recipient: str) -> Delivery:
        """Hand over one message, written out or not, to one recipient; of the sender only the address is used, a name may stand before it.

        Never raises for anything that the server or the network does.
        """
        try:
            sender, recipient = addresses.sender_address(sender).addr_spec, addresses.one_address(recipient)
            body = message if isinstance(message, bytes) else message.as_bytes()
        except (InputError, ValueError, LookupError) as error:
            return Delivery("failed", str(error))
        async with self._one_at_a_time:
            try:
                return await self._try(body, sender, recipient)
            except BaseException:
                self._client.close()  # cancelled half-way: what comes next must not meet the rest of this one
                raise

    async def _try(self, body: bytes, sender: str, recipient: str) -> Delivery:
        try:
            reused = await self._connect()
            try:
                refused = await self._envelope(sender, recipient)
            except _BROKEN:
                if not reused:
                    raise
                await self._connect()  # the server had hung up on an idle connection; nothing has been sent yet
                refused = await self._envelope(sender, recipient)
        except _NoServiceError as error:
            self._client.close()
            return error.delivery
        except (aiosmtplib.SMTPException, *_BROKEN) as error:
            self._client.close()
            return Delivery("deferred", _words(error))
        if refused is not None:
            await self._reset()
            return refused
        return await self._body(body)

    async def _connect(self) -> bool:
        """Have an open connection; True if it is one that has been used before."""
        rules = self._rules
        if self._client.is_connected:
            if self._handed_over < rules.messages_per_connection and self._clock() - self._last_used < rules.idle:
                return True
            await self._hang_up()
        self._handed_over = 0
        try:
            await self._client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            encryption = isinstance(error.__cause__, ssl.SSLError)
            raise _NoServiceError("stop" if encryption else "deferred", _words(error)) from error
        await self._secure()
        self._last_used = self._clock()
        return False

    async def _secure(self) -> None:
        """Encrypt and sign in. What a person must put right stops the queue; what passes by itself does not."""
        try:
            if self._server.tls == "starttls":
                await self._client.starttls()
            if self._server.username is not None:
                await self._sign_in(self._server.username, self._server.password or "")
        except aiosmtplib.SMTPResponseException as error:
            raise _NoServiceError("deferred" if 400 <= error.code < 500 else "stop", _words(error)) from error
        except _BROKEN as error:
            raise _NoServiceError("deferred", _words(error)) from error
        except (aiosmtplib.SMTPException, ssl.SSLError, ValueError) as error:
            raise _NoServiceError("stop", _words(error)) from error

    async def _sign_in(self, username: str, password: str) -> None:
        """Try each way that both sides know. A clear no counts, even if the server then hangs up on the next try."""
        await self._client.ehlo()
        refused: aiosmtplib.SMTPAuthenticationError | None = None
        for way in self._client.supported_auth_methods:
            try:
                await getattr(self._client, f"auth_{way.replace('-', '')}")(username, password)
                return
            except aiosmtplib.SMTPAuthenticationError as error:
                refused = error
            except _BROKEN:
                if refused is None:
                    raise
                break
        raise refused or aiosmtplib.SMTPException("the mail server offers no way to sign in that is known here")

    async def _envelope(self, sender: str, recipient: str) -> Delivery | None:
        """MAIL, RCPT and DATA, up to the server's "go ahead"; what it refused, or None."""
        wait = self._rules.command_timeout
        try:
            await self._client.mail(sender, timeout=wait)
            await self._client.rcpt(recipient, timeout=wait)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused) as error:
            return _refusal(error.code, error.message)
        go_ahead = await self._client.execute_command(b"DATA", timeout=wait)
        return None if go_ahead.code == 354 else _refusal(*go_ahead)

    async def _body(self, body: bytes) -> Delivery:
        """The message itself. From the first byte on, silence means that nobody knows."""
        protocol = self._client.protocol
        if protocol is None:
            return Delivery("deferred", "the connection was lost before the message was sent")
        try:
            protocol.write(_dotted(body))
            code, text = await protocol.read_response(timeout=self._rules.data_timeout)
        except (aiosmtplib.SMTPException, *_BROKEN) as error:
            self._client.close()
            return Delivery("uncertain", _words(error))
        self._handed_over += 1
        self._last_used = self._clock()
        if 200 <= code < 300:
            return Delivery("sent", f"{code} {text}")
        if 400 <= code < 600:
            return await self._after_refusal(_refusal(code, text))
        self._client.close()
        return Delivery("uncertain", f"{code} {text}")

    async def _after_refusal(self, refused: Delivery) -> Delivery:
        await self._reset()
        return refused

    async def _reset(self) -> None:
        """Leave the connection clean for the next message, or close it."""
        try:
            if self._client.is_connected:
                await self._client.rset(timeout=self._rules.connect_timeout)
                self._last_used = self._clock()
        except (aiosmtplib.SMTPException, *_BROKEN):
            self._client.close()

    async def _hang_up(self) -> None:
        try:
            if self._client.is_connected:
                await self._client.quit(timeout=self._rules.quit_timeout)
        except (aiosmtplib.SMTPException, *_BROKEN):
            pass
        finally:
            self._client.close()


def _refusal(code: int, text: str) -> Delivery:
    """A server's no: 5xx is for ever, the rest for now; one that asks for a sign-in stops the queue."""
    reply = addresses.one_line(f"{code} {text}")
    if code in _NOT_SIGNED_IN:
        return Delivery("stop", reply)
    return Delivery("failed" if 500 <= code < 600 else "deferred", reply)


def _dotted(body: bytes) -> bytes:
    """The body as it goes over the wire: CRLF only, lines that begin with a dot doubled, a lone dot at the end (RFC 5321, 4.5.2)."""
    body = normalize_message_line_endings(body).replace(b"\r\n.", b"\r\n..")
    return (b"." if body.startswith(b".") else b"") + body + b".\r\n"


def _words(error: BaseException) -> str:
    code = getattr(error, "code", None)
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return addresses.one_line(f"{code} {text}" if code else str(text))
