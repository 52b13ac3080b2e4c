"""Writing thousands of rows a second: past the ORM, one pass over each text, one statement for many rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, cast

from sqlalchemy import Dialect, Table, bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from crm.db import Base
from crm.types import SafeText, clean

Columns = dict[str, Any]
# So many values SQLite takes in one statement.
MOST_VALUES = 32_766
# Most texts are as short and plain as this. No CPR number has room in one, and `clean` gives it back as it is.
SHORT = 9
_PLAIN = re.compile(r"[!-~æøåÆØÅ](?:[ -~æøåÆØÅ]*[!-~æøåÆØÅ])?")


@cache
def _limits(model: type[Base]) -> dict[str, tuple[int, bool]]:
    """How long each text of the table may be, and whether it is looked through for CPR numbers."""
    kinds = {column.key: column.type for column in table_of(model).columns}
    return {name: (kind.limit, kind.guard) for name, kind in kinds.items() if isinstance(kind, SafeText)}


def table_of(model: type[Base]) -> Table:
    """The table behind a model."""
    return cast("Table", model.__table__)


def fit(model: type[Base], values: Columns) -> Columns:
    """The values as the table will hold them. Raises Refused beside the column that cannot be stored.

    It is the same gate every other door has in `SafeText`, so `put` need not pass it again.
    """
    fitting = dict(values)
    for name, (limit, guard) in _limits(model).items():
        value = fitting.get(name)
        if value is not None and not (len(value) <= min(limit, SHORT) and _PLAIN.fullmatch(value)):
            fitting[name] = clean(name, value, limit, guard=guard)
    return fitting


def put(db: Session, model: type[Base], rows: Sequence[Columns], *, skip_known: bool = False) -> None:
    """Add rows that all name the same columns and have been through `fit`.

    With `skip_known` a row whose key is there already is passed by. Many rows go in one statement: on
    PostgreSQL a statement costs more than a row, on SQLite each one ends with bringing the search index up
    to date.
    """
    if not rows:
        return
    connection, table, names = db.connection(), table_of(model), list(rows[0])
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    into, columns = quote(table.name), ", ".join(map(quote, names))
    begin, end = f"INSERT INTO {into} ({columns})", " ON CONFLICT DO NOTHING" if skip_known else ""
    if dialect.name == "postgresql":
        source = f"SELECT {columns} FROM json_populate_recordset(NULL::{into}, %s::json)"  # noqa: S608
        written = json.dumps(rows, default=_written, ensure_ascii=False)
        connection.exec_driver_sql(f"{begin} {source}{end}", (written,))
        return
    bound = list(_bound(rows, [_binder(table, name, dialect) for name in names], names))
    row, fitting = f"({', '.join('?' * len(names))})", MOST_VALUES // len(names)
    for start in range(0, len(bound), fitting):
        part = bound[start : start + fitting]
        values = ", ".join([row] * len(part))
        connection.exec_driver_sql(f"{begin} VALUES {values}{end}", tuple(chain.from_iterable(part)))


def _written(value: date) -> str:
    """A day, or a moment, as JSON holds it."""
    return value.isoformat()


Binder = Callable[[Any], Any] | None


def _binder(table: Table, name: str, dialect: Dialect) -> Binder:
    kind = table.c[name].type
    return None if isinstance(kind, SafeText) else kind.dialect_impl(dialect).bind_processor(dialect)


def _bound(
    rows: Sequence[Columns], binders: Sequence[Binder], names: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """The rows as the driver takes them, made column by column."""
    columns = (
        [row[name] if bind is None else bind(row[name]) for row in rows]
        for name, bind in zip(names, binders, strict=True)
    )
    return zip(*columns, strict=True)


class Change(NamedTuple):
    """A row as it stands, and the columns that get a new value."""

    id: int
    old: Columns
    new: Columns


def change(db: Session, model: type[Base], changes: Sequence[Change]) -> None:
    """Give rows new values, each its own; a row that counts its versions counts one more.

    Raises StaleDataError when a colleague was first.
    """
    if not changes:
        return
    table = table_of(model)
    names = sorted({name for each in changes for name in each.new})
    values: Columns = {name: bindparam(f"_{name}") for name in names}
    statement = update(table).where(table.c.id == bindparam("_id"))
    if "version" in table.c:
        values["version"] = table.c.version + 1
        statement = statement.where(table.c.version == bindparam("_before"))
    rows = [
        {"_id": each.id, "_before": each.old.get("version")}
        | {f"_{name}": each.new.get(name, each.old[name]) for name in names}
        for each in changes
    ]
    # The connection's execute leaves the objects of the session alone.
    if db.connection().execute(statement.values(values), rows).rowcount != len(rows):
        raise StaleDataError("Somebody else has changed one of the rows.")


def plain(values: Columns, names: Iterable[str]) -> Columns:
    """These of the values as JSON holds them, so that an import can be undone."""
    return {
        name: _written(values[name]) if isinstance(values[name], date) else values[name] for name in names
    }
