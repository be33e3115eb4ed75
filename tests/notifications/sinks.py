"""Mail servers that misbehave on purpose: real ones by aiosmtpd, and one that follows a script line by line."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Sink:
    """An aiosmtpd handler: answers as told, keeps what it accepts."""

    mail: str | None = None
    rcpt: str | None = None
    data: str | None = None
    cut: str = ""
    """Phase in which the connection is cut: `MAIL`, `RCPT` or `DATA` (after the body has come)."""
    cut_once: str = ""
    """As `cut`, the next time only."""
    sleep: tuple[str, float] = ("", 0)
    """Phase, and seconds before its answer."""
    kept: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    sessions: set[Any] = field(default_factory=set)

    async def _before(self, phase: str, server: Any) -> None:
        if self.sleep[0] == phase:
            await asyncio.sleep(self.sleep[1])
        if phase in (self.cut, self.cut_once):
            self.cut_once = ""
            server.transport.abort()

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.sessions.add(session.peer)
        await self._before("MAIL", server)
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        await self._before("RCPT", server)
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        await self._before("DATA", server)
        if self.data:
            return self.data
        self.kept.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 2.0.0 queued"


class _Bound(Controller):
    def __init__(self, handler: Any, **options: Any) -> None:
        self._bound = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, hostname="127.0.0.1", port=self._bound.getsockname()[1], server_hostname="sink", **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._bound, ssl=self.ssl_context)


@contextmanager
def listening(sink: Sink, **options: Any) -> Iterator[int]:
    """The port on which an aiosmtpd server with this handler listens."""
    controller = _Bound(sink, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@asynccontextmanager
async def scripted(*answers: str | None, delay: tuple[int, float] = (-1, 0)) -> AsyncIterator[int]:
    """A server that says one answer per line it hears (the first unasked), and hangs up at None or at the end.

    `delay` = (number of the answer, seconds): that one comes late.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for place, answer in enumerate(answers):
                if place and not await reader.readline():
                    break
                if place == delay[0]:
                    await asyncio.sleep(delay[1])
                if answer is None:
                    break
                writer.write(answer.encode() + b"\r\n")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def certificate(folder: Any) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server context for `localhost`, and a client context that trusts it."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(pem + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
