"""What every command of `enindgang` shares: how it refuses, opens the database and answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Annotated, Any, ParamSpec

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from crm import migrations
from crm.choices.queries import current
from crm.db import Database
from crm.errors import CrmError
from crm.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Params = ParamSpec("Params")


def refusals(command: Callable[Params, None]) -> Callable[Params, None]:
    """A refusal is one plain sentence on stderr and exit code 1, never a traceback."""

    @wraps(command)
    def careful(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except CrmError as error:
            fail(error.message)
        except ValidationError as error:
            wrong = ", ".join(str(each["loc"][0]) for each in error.errors())
            fail(f"Indstillingerne kan ikke læses: {wrong}. Se docs/settings.md.")
        except DBAPIError as error:
            fail(f"Databasen svarer ikke, som den skal: {str(error.orig).splitlines()[0]}")
        except OSError as error:
            fail(f"{error.filename or 'Filen'}: {error.strerror or error}")

    return careful


def fail(sentence: str) -> None:
    """Say why on stderr and end with 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


@contextmanager
def opened(*, migrated: bool = True) -> Iterator[tuple[Settings, Database]]:
    """The settings and their database; refuses one that is not brought up to date."""
    settings = Settings()
    database = Database(settings.url, readers=settings.threads)
    try:
        if migrated:
            # Not the writer: looking must not wait for a long import to end.
            with database.reader.connect() as connection:
                stands = migrations.current(connection)
            if stands != migrations.HEAD:
                fail("Databasen er ikke klar. Kør først: enindgang migrate")
        yield settings, database
    finally:
        database.close()


def holding(settings: Settings, database: Database) -> Settings:
    """The settings with those that were chosen on a page."""
    with database.read() as db:
        return current(db, settings)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def report(value: Any, as_json: bool, sentence: str) -> None:
    """The same answer for programs and for people."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2) if as_json else sentence)
