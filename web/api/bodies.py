"""What a call may carry: the kinds of values, each strict, each with a sentence when it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from crm import numbers
from crm.access.models import User
from crm.errors import Refused
from crm.types import SafeText, clean

YEARS = range(1950, 2201)
# What both engines can hold as a key.
HIGHEST = 2**63 - 1
# "DK CVR-nr. 12 34 56 74", however it is written.
_LONGEST_CVR = 20
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
DAY_SENTENCE = "Skriv datoen som 2026-11-23."
MOMENT_SENTENCE = "Skriv tidspunktet som 2026-11-23T09:00:00+01:00."
NAIVE_SENTENCE = "Tidspunktet mangler en tidszone, for eksempel 2026-11-23T09:00:00+01:00."


class Body(BaseModel):
    """What a call carries. A field we do not know is refused: it was meant to do something."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """The fields that were sent, whatever they were set to."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def refusal(message: str) -> PydanticCustomError:
    """A validator's refusal in our own words, which may be told on."""
    return PydanticCustomError("refused", "{message}", {"message": message})


@dataclass(frozen=True)
class Text:
    """Text as a column takes it. `filled`: it may not be empty."""

    limit: int
    guard: bool = True
    filled: bool = False

    @classmethod
    def of(cls, column: Any, *, filled: bool = False) -> Self:
        """As long as the column has room for, and with its guard against CPR numbers."""
        kind: SafeText = column.type
        return cls(kind.limit, kind.guard, filled)

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """A string, and then our own reading of it."""
        text = core_schema.str_schema(max_length=self.limit, min_length=1 if self.filled else None)
        return core_schema.no_info_after_validator_function(self._read, text)

    def _read(self, value: str) -> str | None:
        try:
            stored = clean("", value, self.limit, guard=self.guard)
        except Refused as refused:
            raise refusal(refused.message) from None
        if stored is None and self.filled:
            raise refusal("Feltet skal udfyldes.")
        return stored


def _read_cvr(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return numbers.cvr(value[: _LONGEST_CVR + 1])
    except Refused as refused:
        raise refusal(refused.message) from None


def _read_day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise refusal(DAY_SENTENCE)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise refusal(DAY_SENTENCE) from None
    if day.year not in YEARS:
        raise refusal(DAY_SENTENCE)
    return day


def _read_moment(value: Any) -> datetime:
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refusal(MOMENT_SENTENCE)
    if found["zone"] is None:
        raise refusal(NAIVE_SENTENCE)
    try:
        moment = datetime.fromisoformat(found[0].upper())
    except ValueError:
        raise refusal(MOMENT_SENTENCE) from None
    # Far years would fall out of the calendar when they are turned to UTC.
    if moment.year not in YEARS:
        raise refusal(MOMENT_SENTENCE)
    return moment.astimezone(UTC)


def one_of(words: Mapping[Any, str]) -> WrapValidator:
    """One of these codes; a refusal says which there are, and what they mean."""
    listed = ", ".join(f"{code} ({word.lower()})" for code, word in words.items())

    def read(value: Any, handler: ValidatorFunctionWrapHandler) -> StrEnum:
        try:
            found: StrEnum = handler(value)
        except ValidationError:
            raise refusal(f"Skriv en af disse: {listed}.") from None
        return found

    return WrapValidator(read)


Day = Annotated[date, BeforeValidator(_read_day)]
Moment = Annotated[AwareDatetime, BeforeValidator(_read_moment)]
Cvr = Annotated[
    str,
    BeforeValidator(_read_cvr),
    Field(min_length=8, max_length=_LONGEST_CVR, json_schema_extra={"format": "cvr"}),
]
Whole = Annotated[int, Field(strict=True, ge=0, le=10_000)]
Id = Annotated[int, Field(strict=True, ge=1, le=HIGHEST)]
Email = Annotated[
    str,
    Text.of(User.email, filled=True),
    Field(description="A colleague's e-mail.", json_schema_extra={"format": "email"}),
]
