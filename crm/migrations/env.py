"""Run by Alembic: migrations and guards in one transaction on the connection it is given."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text

from crm.guards import lay_guards
from crm.tables import metadata


def render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our own column types into a new migration by their module's name."""
    if kind == "type" and type(item).__module__ == "crm.types":
        return f"types.{item!r}" if type(item).__name__ != "SafeText" else f"types.SafeText({item.limit})"
    return False


def ours(_thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Leave out what guards lay: the full-text tables and the trigram index."""
    return not (
        kind in {"table", "index"} and str(name).startswith(("search_fts", "ix_search_entry_trigram"))
    )


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=render,
        include_object=ours,
        # Alembic believes that SQLite cannot roll back a change of schema; it can, in our own transaction.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(20260101)"))
        context.run_migrations()
        if context.config.attributes.get("guards", True):
            lay_guards(connection)
        if connection.dialect.name == "sqlite":
            wrong = connection.execute(text("PRAGMA foreign_key_check")).all()
            if wrong:
                raise RuntimeError(f"The migration would leave {len(wrong)} rows without what they point at.")


migrate(context.config.attributes["connection"])
