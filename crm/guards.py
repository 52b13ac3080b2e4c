"""What the database guards by itself: triggers and indexes, written once for both engines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Guard:
    """A rule or index that SQLAlchemy has no word for, written once for each engine.

    Guards are not migrated: every migration run lays all of them anew at its end, so that none can be
    lost when SQLite rebuilds a table.
    """

    name: str
    sqlite: tuple[str, ...] = ()
    postgresql: tuple[str, ...] = ()
    sqlite_drop: tuple[str, ...] = field(default=())
    postgresql_drop: tuple[str, ...] = field(default=())


_guards: dict[str, Guard] = {}


def guards(*new: Guard) -> None:
    """Add guards; called by the rooms' models when they are imported."""
    for guard in new:
        _guards[guard.name] = guard


def lay_guards(connection: Connection, some: Iterable[Guard] | None = None) -> None:
    """Drop and create every guard, or just some, on this connection, inside its transaction."""
    engine = connection.dialect.name
    for guard in _guards.values() if some is None else some:
        for statement in (*getattr(guard, f"{engine}_drop"), *getattr(guard, engine)):
            connection.execute(text(statement.replace(":", r"\:")))


def _drops(name: str, table: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sqlite = (f"DROP TRIGGER IF EXISTS {name}",)
    return sqlite, (f"DROP TRIGGER IF EXISTS {name} ON {table}", f"DROP FUNCTION IF EXISTS {name}()")


def refuse_trigger(name: str, table: str, when: str, timing: str, message: str) -> Guard:
    """A guard that refuses a row change.

    `timing` is "INSERT", "UPDATE", "DELETE" or "TRUNCATE" (which SQLite does not have); `when` is an SQL
    condition over OLD and NEW that both engines understand ("" for always).
    """
    condition = f" WHEN ({when})" if when else ""
    level = "STATEMENT" if timing == "TRUNCATE" else "ROW"
    sqlite = (
        f"CREATE TRIGGER {name} BEFORE {timing} ON {table} FOR EACH ROW{condition} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
    sqlite_drop, postgresql_drop = _drops(name, table)
    return Guard(
        name,
        sqlite=() if timing == "TRUNCATE" else (sqlite,),
        sqlite_drop=sqlite_drop,
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '23514'; END $$",
            f"CREATE TRIGGER {name} BEFORE {timing} ON {table} "
            f"FOR EACH {level}{condition} EXECUTE FUNCTION {name}()",
        ),
        postgresql_drop=postgresql_drop,
    )


def refuse_where(name: str, table: str, event: str, condition: str, message: str) -> Guard:
    """Refuses a change of a row; unlike `refuse_trigger`, the condition may ask other rows.

    `event` is "INSERT", "UPDATE" or "DELETE".
    """
    row = "OLD" if event == "DELETE" else "NEW"
    sqlite_drop, postgresql_drop = _drops(name, table)
    return Guard(
        name,
        sqlite=(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ),
        sqlite_drop=sqlite_drop,
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = '23514'; "
            f"END IF; RETURN {row}; END $$",
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
        postgresql_drop=postgresql_drop,
    )


def react(name: str, table: str, event: str, body: str) -> Guard:
    """Does what follows from a change of a row. `event` is "INSERT" or "UPDATE OF column, …"."""
    sqlite_drop, postgresql_drop = _drops(name, table)
    return Guard(
        name,
        sqlite=(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW BEGIN {body}; END",),
        sqlite_drop=sqlite_drop,
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body}; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
        postgresql_drop=postgresql_drop,
    )


def goes_with(table: str, parent: str, message: str) -> Guard:
    """Rows of `table` go only together with their row of `parent`, which it names in `<parent>_id`."""
    stands = f"EXISTS (SELECT 1 FROM {parent} WHERE id = OLD.{parent}_id)"  # noqa: S608  # Names of ours.
    return refuse_where(f"{table}_no_delete", table, "DELETE", stands, message)
