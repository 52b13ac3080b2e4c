"""The record of processing's tables, read from the models: `.venv/bin/python -m scripts.data_map [--write]`.

It prints what `docs/data.md` must hold between its two marks; `--write` puts it there.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from sqlalchemy.orm import Mapper

import crm.tables  # noqa: F401  # Every model must be known before the registry is asked.
from crm.access_log.models import LogBase
from crm.db import Base
from crm.types import Json, SafeText
from scripts.steps import ROOT

PAGE = ROOT / "docs" / "data.md"
BEGIN, END = "<!-- data map -->", "<!-- /data map -->"
# `__data_class__` → what kind of data that is. A table of another class does not fit the record.
CLASSES = {
    "register": "What the company register (CVR) says of companies and places of work. Personal data when "
    "the company is one person.",
    "person": "People at companies: name, title, work telephone, work e-mail, and mails to them.",
    "notes": "What colleagues wrote about companies and agreed with them. Free text may name people.",
    "staff": "The municipality's own users: name, e-mail, telephone, title, and when they are away.",
    "organisation": "How the municipality divides its work: teams, who is responsible, programmes, goals.",
    "security": "Sessions, identities and keys, only as hashes, public halves or encrypted; network addresses "
    "that tried to log in a moment ago.",
    "technical": "What the system needs to explain and repeat itself. May hold copies of all of the above.",
}


def data_map() -> str:
    """The classes with their tables, and the tables with what they hold, as Markdown."""
    both = [*Base.registry.mappers, *LogBase.registry.mappers]
    mappers = sorted(both, key=lambda mapper: mapper.local_table.name)  # type: ignore[attr-defined]
    return "\n".join((*_classes(mappers), "", *_tables(mappers)))


def _classes(mappers: list[Mapper[Base]]) -> Iterator[str]:
    yield from ("| Class | What it is | Tables |", "| --- | --- | --- |")
    for name, meaning in CLASSES.items():
        tables = ", ".join(f"`{_table(each)}`" for each in mappers if each.class_.__data_class__ == name)
        yield f"| **{name}** | {meaning} | {tables} |"


def _tables(mappers: list[Mapper[Base]]) -> Iterator[str]:
    yield from (
        "| Table | Class | A row is | Text | Copies | Audit log |",
        "| --- | --- | --- | --- | --- | --- |",
    )
    for mapper in mappers:
        model = mapper.class_
        if model.__data_class__ not in CLASSES:
            raise LookupError(f"Nobody has described the class of {_table(mapper)}, {model.__data_class__}.")
        # What a docstring cites in brackets is for those who read the code.
        a_row_is = re.sub(r" \((?:design|plan)\b[^)]*\)", "", (model.__doc__ or "").strip().splitlines()[0])
        logged = "yes" if model.__audited__ else "–"
        yield (
            f"| `{_table(mapper)}` | {model.__data_class__} | {a_row_is} | {_columns(mapper, SafeText)} | "
            f"{_columns(mapper, Json)} | {logged} |"
        )


def _table(mapper: Mapper[Base]) -> str:
    return str(mapper.local_table.name)  # type: ignore[attr-defined]


def _columns(mapper: Mapper[Base], kind: type[SafeText | Json]) -> str:
    found = [column.name for column in mapper.local_table.c if isinstance(column.type, kind)]
    return ", ".join(f"`{name}`" for name in found) or "–"


def placed(page: str) -> str:
    """The page with the map as it is now between the marks."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise LookupError(f"{PAGE.name} has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{data_map()}\n\n{END}{after}"


def main() -> None:
    """Print the map, or write it into the page."""
    parser = argparse.ArgumentParser("scripts.data_map", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the map into docs/data.md")
    if parser.parse_args().write:
        PAGE.write_text(placed(PAGE.read_text()))
    else:
        print(data_map())


if __name__ == "__main__":
    main()
