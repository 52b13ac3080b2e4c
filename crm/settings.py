"""Every setting of the house: read from the environment, or, for daily running, chosen on a page (crm/choices).

A default here must be valid in production and fit to publish. `docs/settings.md` is checked
against this class by a test.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from crm import providers


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over. `encrypted` is how: at once, by STARTTLS, or not at all."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    encrypted: Literal["tls", "starttls", "no"]
    sender: str

    @classmethod
    def of(cls, url: str, base_url: str) -> MailServer:
        """Read an address like smtp://user:password@host:587?from=name@domain. ValueError when it is none.

        Nothing is sent in the clear to another machine, unless the address ends with tls=off.
        """
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        known = set(asked) <= {"from", "tls"} and asked.get("tls", "on") in {"on", "off"}
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/") or not known:
            raise ValueError("Write it as smtp://user:password@host:587?from=name@domain.")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        home = urlsplit(base_url).hostname or "localhost"
        sender = asked.get("from") or (user if "@" in user else f"no-reply@{home}")
        if not re.fullmatch(r"[A-Za-z0-9._%+-]+@[\w.-]+", sender):
            raise ValueError("The sender must be one plain address.")
        sender = sender.rpartition("@")[0] + "@" + sender.rpartition("@")[2].encode("idna").decode()
        secure = parts.scheme == "smtps"
        here = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        clear = asked.get("tls", "off" if here else "on") == "off"
        return cls(
            parts.hostname, parts.port or (465 if secure else 587), user, password,
            "tls" if secure else "no" if clear else "starttls", sender,
        )  # fmt: skip


class Settings(providers.ProviderSettings):
    """Read once at start; hand it on instead of reading the environment elsewhere."""

    # A setting that cannot be read may be a secret with a slip in it: the error does not repeat it.
    model_config = SettingsConfigDict(env_prefix="ENINDGANG_", frozen=True, hide_input_in_errors=True)

    database_url: str = Field("", description="SQLAlchemy URL. Empty: SQLite in the data directory.")
    data_dir: Path = Field(Path("data"), description="Directory of the database, the secret key and uploads.")
    secret_key: SecretStr | None = Field(
        None, description="Signs CSRF tokens. Created in the data directory when absent."
    )
    base_url: str = Field(
        "http://127.0.0.1:8000", description="The address users type; links in mails and allowed hosts."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=lambda: ["127.0.0.1", "localhost"],
        description="Host names served, comma separated, besides the one in the base URL.",
    )
    municipality: str = Field(
        "Eksempel Kommune", min_length=1, max_length=100, description="Name shown on every page."
    )
    time_zone: str = Field("Europe/Copenhagen", description="Zone in which days begin and times are shown.")
    opens_at: time = Field(time(8, 0), description="Start of the working day; deadlines count working hours.")
    closes_at: time = Field(time(16, 0), description="End of the working day.")
    closed_days: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Extra closed days, ISO dates, comma separated."
    )
    answer_hours: int = Field(8, ge=1, le=200, description="Working hours to a first answer of a request.")
    load_limit: int = Field(200, ge=1, le=100_000, description="Companies one colleague can look after.")
    quiet_months: int = Field(
        6, ge=1, le=120, description="Months without contact after which a company is shown as quiet."
    )
    expiry_days: int = Field(
        60, ge=1, le=366, description="Days before an agreement runs out that its consultant is told of it."
    )
    morning_mail_at: time = Field(
        time(7, 0), description="When the mail about the day is written to those who want it; before noon."
    )
    approve_transfers: bool = Field(
        False, description="A colleague's company is given on only when a manager approves. Off: at once."
    )
    survey_after_requests: bool = Field(
        True, description="Ask a company how the cooperation was when its recruitment request is closed."
    )
    survey_pause_minutes: int = Field(
        60, ge=0, le=10_080, description="Minutes from closing a request to asking, so that it can be undone."
    )
    survey_months: int = Field(6, ge=1, le=60, description="A company is asked once in so many months.")
    survey_days: int = Field(30, ge=1, le=365, description="Days a link to a question can be answered.")
    survey_reminder_days: int = Field(
        7, ge=0, le=365, description="Days until one reminder after a request; 0 for none."
    )
    survey_min_n: int = Field(5, ge=1, le=1000, description="With fewer answers no share is shown.")
    access_log_months: int = Field(
        12, ge=6, le=120, description="Months the log of who looked at what is kept."
    )
    access_alarm: int = Field(
        60,
        ge=0,
        le=10_000,
        description="Companies one user opens within an hour before administrators are told; 0 never.",
    )
    spot_checks: int = Field(
        10,
        ge=0,
        le=100,
        description="Look-ups outside one's own companies drawn each month for a manager to see.",
    )
    session_hours: int = Field(12, ge=1, le=720, description="Hours until a log-in ends by itself.")
    second_factor: Annotated[list[Literal["consultant", "manager", "admin"]], NoDecode] = Field(
        default_factory=list,
        description="Roles whose local accounts must have a code app or passkey, comma separated: admin,manager.",
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server, smtp://user:password@host:587?from=name@domain, or smtps://. smtp:// asks "
        "for STARTTLS; &tls=off sends in the clear. Empty: mails wait.",
    )
    accessibility_url: str = Field("", description="Address of the municipality's accessibility statement.")
    document_mb: int = Field(10, ge=1, le=50, description="Largest document of an agreement, in megabytes.")
    threads: int = Field(8, ge=2, le=64, description="Requests a worker handles at once.")

    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    def __init__(self, **values: object) -> None:
        for name in ("allowed_hosts", "closed_days", "second_factor", *providers.LISTS):
            raw = values.get(name, os.environ.get(f"ENINDGANG_{name.upper()}"))
            if raw is not None:
                values[name] = self._split(raw)
        super().__init__(**values)  # type: ignore[arg-type]  # pydantic checks the values itself

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("There is no such time zone.") from error
        return value

    @field_validator("closes_at")
    @classmethod
    def _open_for_a_while(cls, value: time, others: ValidationInfo) -> time:
        # A house that never opens has no working hours to count, and a deadline would never come.
        if "opens_at" in others.data and value <= others.data["opens_at"]:
            raise ValueError("The day must end after it begins.")
        return value

    @field_validator("morning_mail_at")
    @classmethod
    def _in_the_morning(cls, value: time) -> time:
        # After noon no mail about the day is written any more.
        if value >= time(12, 0):
            raise ValueError("The morning ends at noon.")
        return value

    @field_validator("closed_days")
    @classmethod
    def _real_days(cls, value: list[str]) -> list[str]:
        for day in value:
            date.fromisoformat(day)
        return value

    @field_validator("accessibility_url")
    @classmethod
    def _a_web_address(cls, value: str) -> str:
        # It becomes a link on a page for everybody.
        if value and not re.fullmatch(r"https?://[^\s\"<>]{1,500}", value):
            raise ValueError("It must begin with https://.")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _readable_server(cls, value: SecretStr, others: ValidationInfo) -> SecretStr:
        if value.get_secret_value():
            MailServer.of(value.get_secret_value(), others.data.get("base_url", ""))
        return value

    @property
    def passkeys_possible(self) -> bool:
        """Whether browsers make passkeys for our address: for a name, by https or on the machine itself."""
        parts = urlsplit(self.base_url)
        named = re.fullmatch(r"[0-9.]*|.*:.*", parts.hostname or "") is None
        return named and (parts.scheme == "https" or parts.hostname == "localhost")

    @property
    def mail_server(self) -> MailServer | None:
        """Where mails go; None when they are to wait."""
        url = self.smtp_url.get_secret_value()
        return MailServer.of(url, self.base_url) if url else None

    @property
    def zone(self) -> ZoneInfo:
        """The zone days begin in."""
        return ZoneInfo(self.time_zone)

    @property
    def url(self) -> str:
        """The database URL with the default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'enindgang.db').resolve()}"

    def key(self) -> bytes:
        """The secret key; created once in the data directory when the environment has none."""
        if self.secret_key:
            return self.secret_key.get_secret_value().encode()
        path = self.data_dir / "secret.key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            _create_once(path, secrets.token_hex(32).encode())
        return path.read_bytes()


def _create_once(path: Path, content: bytes) -> None:
    """Of several workers that start at once, one creates the file; nobody ever reads half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
