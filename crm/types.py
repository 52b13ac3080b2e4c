"""Column types that keep a rule, so that no door can forget it.

`Utc` stores aware times only. `SafeText` is the one place where text enters the database: it
refuses what cannot be stored alike on both engines, what is too long, and CPR numbers
(databeskyttelsesloven § 11; the case system is the place for citizens).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Boolean, DateTime, Dialect, Text, TypeDecorator, bindparam, event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from crm import cpr
from crm.errors import Refused

CPR_SENTENCE = (
    "Det ligner et CPR-nummer. Skriv det i fagsystemet, ikke her. Er det et P-nummer, så skriv P-nr. foran."
)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")


class Utc(TypeDecorator[datetime]):
    """An aware moment. SQLite keeps text of fixed width ending in Z, so that order and equality hold."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL has a type of its own."""
        return dialect.type_descriptor(
            cast("TypeEngine[Any]", DateTime(timezone=True) if dialect.name == "postgresql" else Text())
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuses a naive time: nobody can know which moment it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        moment = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return moment
        return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always an aware UTC time."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A small JSON value: JSONB on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL has a type of its own."""
        return dialect.type_descriptor(
            cast("TypeEngine[Any]", JSONB(none_as_null=True) if dialect.name == "postgresql" else Text())
        )

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Text for SQLite; the driver does it for PostgreSQL."""
        if value is None or dialect.name == "postgresql":
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """What was stored."""
        return json.loads(value) if value is not None and dialect.name != "postgresql" else value


def clean(field: str, value: str | None, limit: int, *, guard: bool = True) -> str | None:
    """The text as it will be stored: NFC, line ends unified, outer blanks gone; "" becomes None.

    Raises Refused beside `field` when it cannot be stored: too long, unprintable, or (with `guard`) a
    CPR number in it.
    """
    if value is None:
        return None
    stored = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not stored:
        return None
    if len(stored) > limit:
        raise Refused(field, f"Teksten er for lang. Der er plads til {limit:,} tegn.".replace(",", "."))
    if _UNPRINTABLE.search(stored):
        raise Refused(field, "Teksten har tegn, der ikke kan gemmes. Slet dem og prøv igen.")
    if guard and cpr.has_cpr(stored):
        raise Refused(field, CPR_SENTENCE)
    return stored


def storable(value: str, limit: int) -> str:
    """The text with whatever `clean` would refuse covered or cut off; for what is kept without asking."""
    plain = _UNPRINTABLE.sub("", unicodedata.normalize("NFC", value).replace("\r\n", "\n"))[:limit]
    return cpr.mask(plain) if cpr.has_cpr(plain) else plain


class Compared(TypeDecorator[str]):
    """Text someone looks for. What no column can hold is asked for as the sign that stands for it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """PostgreSQL takes no NUL, neither engine half a sign."""
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)


class SafeText(TypeDecorator[str]):
    """Text that people or files wrote. `limit` is in characters; `guard=False` only for CVR and P-numbers.

    Compared byte by byte on both engines, so that order and ranges do not depend on the server's locale.
    """

    impl = Text
    cache_ok = True

    def __init__(self, limit: int = 200, *, guard: bool = True) -> None:
        super().__init__()
        self.limit = limit
        self.guard = guard

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL sorts text as its locale says unless it is told otherwise."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The last net, under forms, API, command line and imports alike."""
        return clean("", value, self.limit, guard=self.guard)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """What is only compared is not stored: an odd text finds nothing, it is not refused."""
        return Compared()


@event.listens_for(Mapper, "mapper_configured")
def _clean_when_set(mapper: Mapper[Any], _class: type[Any]) -> None:
    """Clean every SafeText attribute as it is set, so that a refusal names its field."""
    for column in mapper.columns:
        if isinstance(column.type, SafeText):
            _listen(mapper, column.key, column.type)


def _listen(mapper: Mapper[Any], key: str, kind: SafeText) -> None:
    @event.listens_for(mapper.attrs[key].class_attribute, "set", retval=True)
    def _(_target: Any, value: str | None, _old: Any, _initiator: Any) -> str | None:
        return clean(key, value, kind.limit, guard=kind.guard)


class Keys(TypeDecorator[Any]):
    """Keys as one value of a statement: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL has a type of its own."""
        kind: TypeEngine[Any] = ARRAY(BigInteger) if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> Any:
        """Whatever kind of collection they come in."""
        found = list(value or ())
        return found if dialect.name == "postgresql" else json.dumps(found)


class Among(FunctionElement[bool]):
    """Whether a column's key is among those that come as one parameter of this name.

    An ordinary IN has a parameter for each key: another statement for every number of them, built and
    prepared anew.
    """

    name = "among"
    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, name: str) -> None:
        super().__init__(column, bindparam(name, type_=Keys()))

    def self_group(self, against: Any = None) -> Any:
        """It is a condition already: SQLite, which knows no truth values, need not compare it with 1."""
        return self


@compiles(Among, "sqlite")
def _in_json(element: Among, compiler: Any, **options: Any) -> str:
    column, keys = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608  # Both are compiled already.


@compiles(Among, "postgresql")
def _in_array(element: Among, compiler: Any, **options: Any) -> str:
    column, keys = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({keys})"
