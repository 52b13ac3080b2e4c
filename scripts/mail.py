"""Hands over by SMTP what waits in the outbox (docs/decisions/0012-outbox.md)."""

from __future__ import annotations

import base64
import hashlib
import smtplib
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from crm.db import BUSY, Database
from crm.outbox import actions as outbox
from crm.outbox.models import Mail
from crm.settings import MailServer, Settings
from crm.types import storable

ACTOR = "mail worker"
# What each answer of the server may take.
PATIENCE = 20.0
# A talk that could outlast the lease is not begun.
MARGIN = timedelta(minutes=5)
BREATH = 0.2
UNWRITABLE = "Mailen kan ikke skrives: der er tegn i adressen eller emnet, som en mail ikke kan have."


@dataclass(frozen=True)
class Trouble:
    """Why a mail was not sent. `final`: never try it again; `everyones`: no other would fare better now."""

    sentence: str
    final: bool = False
    everyones: bool = False


def send_due(
    database: Database, settings: Settings, now: datetime, *, go_on: Callable[[], bool] = lambda: True
) -> int:
    """Send every mail that is due at `now` or becomes due meanwhile; how many were sent.

    Without a mail server nothing is touched. Ends early when the server is out of reach, or when told to.
    """
    server = settings.mail_server
    if server is None:
        return 0
    clock, sent = _clock(now), 0
    postman = Postman(server, settings)
    try:
        while go_on() and (mail := _lease(database, clock())):
            trouble = postman.deliver(mail, clock)
            _record(database, mail, trouble, clock)
            sent += trouble is None
            if trouble and trouble.everyones:
                break
    finally:
        postman.leave()
    return sent


def _clock(start: datetime) -> Callable[[], datetime]:
    """A clock that goes on from a moment. By the wall, so that a machine that slept knows how long."""
    began = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - began)


def _lease(database: Database, now: datetime) -> Mail | None:
    with database.write(ACTOR) as db:
        return outbox.lease(db, now=now)


def _record(database: Database, mail: Mail, trouble: Trouble | None, clock: Callable[[], datetime]) -> None:
    while True:
        try:
            with database.write(ACTOR) as db:
                if trouble is None:
                    outbox.record_sent(db, mail=mail, now=clock())
                else:
                    outbox.record_trouble(
                        db, mail=mail, error=trouble.sentence, final=trouble.final, now=clock()
                    )
        except BUSY:
            # A long import may hold the database. What was sent must be known before the lease runs out, or
            # it is sent again.
            if mail.leased_until is None or clock() >= mail.leased_until:
                raise
            time.sleep(BREATH)
        else:
            break
    if trouble:
        # What a server says of one mail names its reader; the outbox is the place for that, a log is not.
        why = trouble.sentence if trouble.everyones else "Hvorfor står i udbakken."
        print(f"Mail nr. {mail.id} blev ikke sendt. {why}", file=sys.stderr)


class Postman:
    """One connection to the mail server, opened for the first mail and kept for the next ones."""

    def __init__(self, server: MailServer, settings: Settings) -> None:
        self.server = server
        self.settings = settings
        self._smtp: smtplib.SMTP | None = None

    def deliver(self, mail: Mail, clock: Callable[[], datetime]) -> Trouble | None:
        """Hand one leased mail over. None when the server has taken it."""
        try:
            recipient = "@".join(_parts(mail.recipient))
            wide = not recipient.isascii()
            message = compose(mail, self.server, self.settings, clock())
            content = message.as_bytes(policy=SMTP.clone(utf8=wide))
        except (ValueError, MessageError):
            return Trouble(UNWRITABLE, final=True)
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            return Trouble(self._why_no_connection(error), everyones=True)
        if mail.leased_until is None or clock() > mail.leased_until - MARGIN:
            return Trouble("Det tog for lang tid at få fat i mailserveren.")
        try:
            # Not send_message(): that puts a > before every line that begins with "From ".
            options = ["SMTPUTF8", "BODY=8BITMIME"] if wide else []
            smtp.sendmail(self.server.sender, [recipient], content, options)
        except (OSError, smtplib.SMTPException) as error:
            return self._why_refused(error)
        return None

    def leave(self) -> None:
        """Say goodbye."""
        if self._smtp:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._hang_up()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp:
            # A server may close an idle connection, or one that has brought enough mails. Better known now
            # than after half a mail.
            with suppress(OSError, smtplib.SMTPException):
                if self._smtp.noop()[0] == 250:
                    return self._smtp
            self._hang_up()
        self._smtp = self._connect()
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        server, name = self.server, self.server.sender.rpartition("@")[2]
        if server.encrypted == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, name, timeout=PATIENCE, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, name, timeout=PATIENCE)
        with _closed_on_failure(smtp):
            if server.encrypted == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                _log_in(smtp, server)
        return smtp

    def _hang_up(self) -> None:
        if self._smtp:
            self._smtp.close()
            self._smtp = None

    def _why_no_connection(self, error: Exception) -> str:
        match error:
            case ssl.SSLError():
                why = f"kan ikke nås sikkert: {self._said(str(error.reason or error))}"
            case smtplib.SMTPAuthenticationError():
                why = f"godkender ikke brugernavn og adgangskode ({error.smtp_code})"
            case smtplib.SMTPResponseException():
                why = f"vil ikke tale med os: {self._reply(error.smtp_code, error.smtp_error)}"
            case smtplib.SMTPNotSupportedError() if "STARTTLS" in str(error):
                why = "tilbyder ikke kryptering, så der sendes ikke noget til den"
            case smtplib.SMTPServerDisconnected():
                why = "afbrød forbindelsen"
            case smtplib.SMTPException():
                why = "tilbyder ikke den slags log-in, vi kender"
            case socket.gaierror():
                why = "findes ikke på netværket"
            case _:
                why = "svarer ikke"
        return f"Mailserveren {self.server.host} {why}."

    def _why_refused(self, error: Exception) -> Trouble:
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, text = next(iter(error.recipients.values()))
            return self._refusal("Modtageren blev afvist", code, text)
        if isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code != 552:
            # That is about us and our address, and so about every mail; 552 is a mail that is too large.
            reply = self._reply(error.smtp_code, error.smtp_error)
            return Trouble(f"Mailserveren afviste os som afsender: {reply}", everyones=True)
        if isinstance(error, smtplib.SMTPResponseException):
            return self._refusal("Mailen blev afvist", error.smtp_code, error.smtp_error)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return Trouble("Mailserveren kan ikke sende til en adresse med æ, ø eller å før @.", final=True)
        self._hang_up()
        return Trouble(f"Mailserveren {self.server.host} afbrød forbindelsen, mens mailen blev sendt.")

    def _refusal(self, what: str, code: int, text: bytes | str) -> Trouble:
        final = code >= 500
        when = "" if final else " for nu"
        return Trouble(f"{what}{when}: {self._reply(code, text)}", final=final)

    def _reply(self, code: int, text: bytes | str) -> str:
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return f"{code} {self._said(said)}"

    def _said(self, text: str) -> str:
        """What the server said, on one line, without what we log in with."""
        user, password = self.server.user, self.server.password
        coded = [base64.b64encode(each.encode()).decode() for each in (password, user)]
        for secret in (_plain_response(self.server), *coded, password, user):
            if secret:
                text = text.replace(secret, "•••")
        return " ".join(storable(text, 300).split()) or "uden begrundelse"


def _log_in(smtp: smtplib.SMTP, server: MailServer) -> None:
    if (server.user + server.password).isascii():
        smtp.login(server.user, server.password)
        return
    # The standard library knows ASCII only; RFC 4616 asks for UTF-8.
    smtp.ehlo_or_helo_if_needed()
    code, said = smtp.docmd("AUTH", f"PLAIN {_plain_response(server)}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _plain_response(server: MailServer) -> str:
    return base64.b64encode(f"\0{server.user}\0{server.password}".encode()).decode()


@contextmanager
def _closed_on_failure(smtp: smtplib.SMTP) -> Iterator[None]:
    try:
        yield
    except BaseException:
        smtp.close()
        raise


def compose(mail: Mail, server: MailServer, settings: Settings, now: datetime) -> EmailMessage:
    """The mail as it goes out: plain text, and the same Message-ID however often it is tried."""
    message = EmailMessage(policy=SMTP)
    user, home = _parts(server.sender)
    message["From"] = Address(settings.municipality, user, home)
    message["To"] = Address("", *_parts(mail.recipient))
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now.astimezone(settings.zone))
    message["Message-ID"] = f"<{key(mail)}@{home}>"
    # No answering machine should answer (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{mail.body}\n", charset="utf-8", cte="quoted-printable")
    return message


def key(mail: Mail) -> str:
    """What a mail is known by to the servers on its way; a database put back from a copy makes no twins."""
    facts = f"{mail.id}\n{mail.act}\n{mail.recipient}\n{mail.created_at.astimezone(UTC).isoformat()}"
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def _parts(address: str) -> tuple[str, str]:
    """The address as servers know it, with the domain in ASCII."""
    user, _, domain = address.rpartition("@")
    return user, domain.encode("idna").decode()
