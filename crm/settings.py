"""Every setting of the house, read from the environment and nowhere else.

A default here must be valid in production and fit to publish. `docs/settings.md` is checked
against this class by a test.
"""

from __future__ import annotations

import os
import secrets
from datetime import time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Read once at start; hand it on instead of reading the environment elsewhere."""

    model_config = SettingsConfigDict(env_prefix="ENINDGANG_", frozen=True)

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
    municipality: str = Field("Eksempel Kommune", description="Name shown on every page.")
    municipality_code: str = Field("0201", description="Four digits; companies elsewhere are still accepted.")
    time_zone: str = Field("Europe/Copenhagen", description="Zone in which days begin and times are shown.")
    opens_at: time = Field(time(8, 0), description="Start of the working day; deadlines count working hours.")
    closes_at: time = Field(time(16, 0), description="End of the working day.")
    closed_days: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Extra closed days, ISO dates, comma separated."
    )
    answer_hours: int = Field(8, ge=1, le=200, description="Working hours to a first answer of a request.")
    session_hours: int = Field(12, ge=1, le=720, description="Hours until a log-in ends by itself.")
    accessibility_url: str = Field("", description="Address of the municipality's accessibility statement.")
    threads: int = Field(8, ge=2, le=64, description="Requests a worker handles at once.")

    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    def __init__(self, **values: object) -> None:
        for name in ("allowed_hosts", "closed_days"):
            raw = values.get(name, os.environ.get(f"ENINDGANG_{name.upper()}"))
            if raw is not None:
                values[name] = self._split(raw)
        super().__init__(**values)  # type: ignore[arg-type]  # pydantic checks the values itself

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
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        path = self.data_dir / "secret.key"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            # O_EXCL: of two workers that start at once only one creates the key.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        return path.read_bytes()
