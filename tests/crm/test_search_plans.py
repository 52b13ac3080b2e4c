"""However many companies there are, the search reads by index and never the whole table."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, insert, text

from crm import danish
from crm.companies.models import Company, CompanyContact
from crm.db import Database, reserve
from crm.numbers import demo_cvr
from crm.responsibility.models import CompanyAssignment
from crm.search import index
from crm.search.queries import by_phone, search, size
from tests.conftest import NOW, add_user

COMPANIES = 4000
FIRST = ("Nord", "Syd", "Øst", "Vest", "Sønder", "Lille", "Store", "Ny", "Gammel", "Ærø", "Aaby", "Kær")
LAST = ("gård", "holm", "bæk", "lund", "mose", "skov", "vang", "rup", "toft", "bjerg", "dal", "sø")
TRADES = ("Byg", "Auto", "Transport", "Bageri", "Planteskole", "El", "VVS", "Rengøring", "Revision", "Café")
SYLLABLES = ("ba", "ke", "ti", "mo", "su", "ra", "ne", "lo", "vi", "dy")
PEOPLE = ("Jensen", "Hansen", "Krogh", "Dahl", "Møller", "Østergaard", "Åkjær", "Lund")
QUERIES = (
    "søndergård", "Nordholm Byg", "byg", "gård bageri", "sønderhård", "nordhlm planteskole", "Krogh Sydlund",
    "vestbæk 14", "48100100", "900", "a", "bo", "tranport", "Jensen Sortemosevej Allerød", "zzzzz qqqqq",
    demo_cvr(77), "1012345678", "+45 48 10 01 00", "12 34", "æ", "kær dal café", "revison", "østergard",
    "et helt umuligt navn der ikke findes",
)  # fmt: skip


def _companies(rng: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(COMPANIES):
        invented = "".join(rng.choice(SYLLABLES) for _ in range(4)).title() if number % 3 else ""
        name = f"{rng.choice(FIRST)}{rng.choice(LAST)} {rng.choice(TRADES)} {invented} ApS"
        yield {
            "cvr": demo_cvr(number), "name": name, "sort_key": danish.sort_key(name), "source": "register",
            "kept_by_hand": {}, "has_responsible": 1, "created_at": NOW, "version": 1, "status": "NORMAL",
            "active": 1,
            "advertising_protected": 0, "street": f"{rng.choice(FIRST)}{rng.choice(LAST)}svej {number % 90}",
            "postal_code": "3450", "city": "Allerød", "phone": f"48{number:06}",
        }  # fmt: skip


def _fill(database: Database) -> None:
    """Thousands of companies with a person each, the way an import writes them."""
    rng = random.Random(7)
    with database.write() as db:
        anna = add_user(db)
        companies = list(_companies(rng))
        keys, assignments = reserve(db, Company, COMPANIES), reserve(db, CompanyAssignment, COMPANIES)
        people: list[dict[str, Any]] = [
            {"company_id": key, "name": f"{rng.choice(FIRST)} {rng.choice(PEOPLE)}", "phone": f"20{key:06}",
             "created_at": NOW, "version": 1, "id": place}
            for place, key in enumerate(keys, 1)
        ]  # fmt: skip
        db.execute(insert(Company), [
            company | {"id": key, "current_assignment_id": assignment}
            for company, key, assignment in zip(companies, keys, assignments, strict=True)
        ])  # fmt: skip
        db.execute(insert(CompanyAssignment), [
            {"id": assignment, "company_id": key, "user_id": anna.id, "valid_from": NOW, "reason": "Import"}
            for key, assignment in zip(keys, assignments, strict=True)
        ])  # fmt: skip
        db.execute(insert(CompanyContact), people)
        entries = [entry for company, key in zip(companies, keys, strict=True)
                   for entry in index.company_entries(key, company)]  # fmt: skip
        entries += [
            entry for person in people for entry in index.contact_entries(person["company_id"],
            person["id"], person)
        ]  # fmt: skip
        index.write(db, entries)
        assert size(db) >= 20_000
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


@pytest.fixture
def town(database: Database) -> Database:
    _fill(database)
    return database


def _asked(database: Database) -> list[tuple[str, Any]]:
    """Every statement that the searches send, with its values."""
    sent: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    event.listen(
        database.reader if database.dialect == "sqlite" else database.writer, "before_cursor_execute", note
    )
    with database.read() as db:
        for query in QUERIES:
            search(db, query)
            by_phone(db, query)
    return sent


def _plan(database: Database, statement: str, parameters: Any) -> str:
    """How the engine would answer it."""
    if database.dialect == "sqlite":
        with database.reader.connect() as connection:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            return "\n".join(str(row[3]) for row in rows)
    with database.writer.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        cursor = psycopg.ClientCursor(driver)
        cursor.execute(f"EXPLAIN {statement}".encode(), parameters)
        return "\n".join(str(row[0]) for row in cursor.fetchall())


SCANS = {
    "sqlite": (
        "SCAN search_entry",
        "SCAN company",
        "SCAN search_word",
        "SCAN production_unit",
        "SCAN user_account",
    ),
    "postgresql": ("Seq Scan on search_entry ", "Seq Scan on company ", "Seq Scan on search_word "),
}


def test_among_thousands_every_search_goes_by_index_and_finds(town: Database) -> None:
    """One test for all three claims, since filling the town takes longer than they do."""
    _no_search_reads_a_whole_table(town)
    _a_name_a_typing_mistake_and_a_number_are_found(town)
    _no_search_takes_long(town)


def _no_search_reads_a_whole_table(town: Database) -> None:
    sent = _asked(town)
    assert len(sent) > 2 * len(QUERIES)
    for statement, parameters in sent:
        plan = _plan(town, statement, parameters)
        whole = [scan for scan in SCANS[town.dialect] if scan in plan]
        assert whole == [], f"{statement}\n{parameters}\n{plan}"


def _a_name_a_typing_mistake_and_a_number_are_found(town: Database) -> None:
    with town.read() as db:
        for query in (
            "sønderholm planteskole",
            "sønderhlm planteskole",
            "soenderholm plantes",
            "skole sønderholm",
        ):
            hits = search(db, query)
            assert hits, query
            assert all(hit.company.name.startswith("Sønderholm Planteskole") for hit in hits), query
        number = COMPANIES - 679
        assert [hit.company.cvr for hit in search(db, demo_cvr(number))] == [demo_cvr(number)]
        (hit,) = by_phone(db, f"+45 48{number:06}")
        assert hit.company.cvr == demo_cvr(number)


def _no_search_takes_long(town: Database) -> None:
    """No measure of speed, which belongs to scripts/bench: only that none walks through everything."""
    with town.read() as db:
        search(db, "byg")
        spent = {}
        for query in QUERIES:
            runs = []
            for _ in range(3):
                begun = time.perf_counter()
                search(db, query)
                runs.append(time.perf_counter() - begun)
            spent[query] = median(runs)
    assert max(spent.values()) < 0.5, spent
