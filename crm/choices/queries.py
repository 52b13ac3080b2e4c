"""The settings that hold: what the environment says, then what was chosen on a page, then the default."""

from __future__ import annotations

from datetime import time

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.choices.models import HouseSetting
from crm.settings import Settings

# What belongs to daily running. All else is the machine's and is set where the machine is.
DAILY = (
    "municipality", "accessibility_url", "opens_at", "closes_at", "closed_days", "answer_hours", "load_limit",
    "quiet_months", "expiry_days", "morning_mail_at", "approve_transfers", "survey_after_requests",
    "survey_pause_minutes", "survey_months", "survey_days", "survey_reminder_days", "survey_min_n",
    "session_hours", "second_factor",
)  # fmt: skip


def chosen(db: Session) -> dict[str, HouseSetting]:
    """What was chosen on a page, by the setting's name."""
    return {row.key: row for row in db.scalars(select(HouseSetting))}


def current(db: Session, base: Settings) -> Settings:
    """The settings that hold now. `base` is what the program was started with, and wins."""
    return merged(base, {key: row.value or "" for key, row in chosen(db).items()})[0]


def unusable(db: Session, base: Settings) -> list[str]:
    """Names of chosen settings that cannot hold, such as a closing time before the environment's opening."""
    return merged(base, {key: row.value or "" for key, row in chosen(db).items()})[1]


def locked(base: Settings) -> set[str]:
    """Names of settings of daily running that the environment has decided."""
    return {name for name in DAILY if name in base.model_fields_set}


def merged(base: Settings, values: dict[str, str]) -> tuple[Settings, list[str]]:
    """The settings with these values where nothing else is said, and the names of those that were left out.

    A value that does not fit is left out, so that nothing stored can keep the house from opening.
    """
    wanted = {
        key: value for key, value in values.items() if key in DAILY and key not in base.model_fields_set
    }
    if not wanted:
        return base, []
    try:
        return with_values(base, wanted), []
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors()} & set(wanted)
        kept = {key: value for key, value in wanted.items() if key not in wrong} if wrong else {}
        made, more = merged(base, kept)
        return made, sorted(wrong | set(more) | (set() if wrong else set(wanted)))


def with_values(base: Settings, values: dict[str, str]) -> Settings:
    """What was given explicitly, and these; raises ValidationError."""
    return Settings(**{name: getattr(base, name) for name in base.model_fields_set} | values)


def written(value: object) -> str:
    """A setting's value as it stands in the environment."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
