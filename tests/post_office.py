"""A real mail server on loopback, which keeps what it is given and refuses what it is told to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

SENDER = "virksomhed@kommune.test"


@dataclass(frozen=True)
class Letter:
    """What was handed over: the envelope, the mail, and whether the line was secure."""

    sender: str
    recipients: list[str]
    content: bytes
    secure: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        """The mail as its reader's program sees it."""
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class PostOffice:
    """The server's side. An answer stands for a recipient, a sender, or `data` for all."""

    port: int
    letters: list[Letter] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    vanish: bool = False
    talks: int = 0
    logins: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """As a setting names it."""
        return f"smtp://127.0.0.1:{self.port}?from={SENDER}"

    def to(self, recipient: str) -> list[EmailMessage]:
        """What came for one."""
        return [letter.message for letter in self.letters if recipient in letter.recipients]

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        """Whether the password is the user's."""
        assert isinstance(given, LoginPassword)
        user, password = given.login.decode(), given.password.decode()
        return AuthResult(success=self.logins.get(user) == password, handled=False, auth_data=user)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """A talk begins; after STARTTLS it begins again."""
        self.talks += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Who sends."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get(address, "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Who it is for."""
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail itself."""
        answer = self.answers.get("data", "250 OK")
        if answer.startswith("250"):
            content, sender = bytes(envelope.content or b""), str(envelope.mail_from)  # type: ignore[arg-type]
            self.letters.append(
                Letter(sender, list(envelope.rcpt_tos), content, session.ssl is not None, session.auth_data)
            )
        if self.vanish and server.transport:
            server.transport.abort()  # type: ignore[attr-defined]
        return answer


def free_port() -> int:
    """A port nobody uses just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def opened(office: PostOffice | None = None, **settings: Any) -> Iterator[PostOffice]:
    """A server that listens within. Given an office, the same one at the same port opens again."""
    office = office or PostOffice(free_port())
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **settings)
    controller.start()
    office.talks = 0
    try:
        yield office
    finally:
        controller.stop()


def tls(certificate: Any, key: Any) -> ssl.SSLContext:
    """A server's side of a secure line."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
