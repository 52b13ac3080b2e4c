"""Triggers of this room, written once for both engines: what is refused, and what follows from what."""

from __future__ import annotations

from crm.db import Guard


def _drops(name: str, table: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sqlite = (f"DROP TRIGGER IF EXISTS {name}",)
    return sqlite, (f"DROP TRIGGER IF EXISTS {name} ON {table}", f"DROP FUNCTION IF EXISTS {name}()")


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


def goes_with(table: str, message: str) -> Guard:
    """Rows of an agreement go only with the agreement, when it was entered by mistake and is taken back."""
    stands = "EXISTS (SELECT 1 FROM agreement WHERE id = OLD.agreement_id)"
    return refuse_where(f"{table}_no_delete", table, "DELETE", stands, message)
