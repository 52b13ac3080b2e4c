"""The index follows every change, in the transaction that made it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from crm.access.models import User
from crm.companies import actions as companies
from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.interactions import actions as interactions
from crm.numbers import demo_cvr
from crm.responsibility import actions as responsibility
from crm.responsibility.models import CompanyAssignment
from crm.search import index
from crm.search.models import SearchEntry, SearchWord
from crm.search.queries import search, size
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.undone import at_once, undone, undone_part
from tests.statements import counted

CVR, OTHER = demo_cvr(0), demo_cvr(1)
REWRITES = "DELETE FROM search_entry"


@pytest.fixture
def town(database: Database) -> Database:
    """Two companies of Anna's, and Lone at the first."""
    with database.write() as db:
        anna = add_user(db)
        add_user(db, "bo@kommune.test")
        first = add_company(
            db, 0, "Søndergård Planteskole", responsible=anna, phone="48 10 01 00", street="Vej 1"
        )
        add_company(db, 1, "Blovstrød Bageri", responsible=anna)
        companies.add_contact(db, company=first, values={"name": "Lone Krogh", "mobile": "20114567"}, now=NOW)
        db.add(ProductionUnit(company_id=first.id, p_number="1012345678", name="Butikken", created_at=NOW))
    return database


def _found(database: Database, *queries: str) -> list[list[str]]:
    with database.read() as db:
        return [[hit.company.cvr for hit in search(db, query)] for query in queries]


def _lone(db: Session) -> CompanyContact:
    return db.scalars(select(CompanyContact)).one()


def _is_true(database: Database) -> None:
    """The index holds exactly what the tables say, in the full-text table too."""
    with database.read() as db:
        columns = (SearchEntry.company_id, SearchEntry.kind, SearchEntry.ref_id, SearchEntry.text)
        kept = sorted(map(tuple, db.execute(select(*columns))))
    with database.write() as db:
        index.reindex(db, db.scalars(select(Company.id)).all())
        fresh = sorted(map(tuple, db.execute(select(*columns))))
        if database.dialect == "sqlite":
            db.execute(text("INSERT INTO search_fts(search_fts, rank) VALUES ('integrity-check', 0)"))
    assert kept == fresh


def test_a_new_name_replaces_the_old_one(town: Database) -> None:
    with town.write() as db:
        companies.change(
            db, company=by_cvr(db, CVR), values={"name": "Ny Have", "phone": None, "street": "Gade 2"}
        )
    assert _found(town, "planteskole", "ny have", "48100100", "vej 1", "gade 2") == [[], [CVR], [], [], [CVR]]
    _is_true(town)


def test_a_person_is_found_until_they_leave_and_when_they_come_back(town: Database) -> None:
    with town.write() as db:
        companies.change_contact(db, contact=_lone(db), values={"name": "Lone Dahl", "mobile": "20 11 45 68"})
    assert _found(town, "krogh", "dahl", "20114567", "20114568") == [[], [CVR], [], [CVR]]
    with town.write() as db:
        companies.end_contact(db, contact=_lone(db), on=TODAY)
    assert _found(town, "dahl", "20114568") == [[], []]
    with town.write() as db:
        companies.return_contact(db, contact=_lone(db))
    assert _found(town, "dahl", "20114568") == [[CVR], [CVR]]
    _is_true(town)


def test_a_place_of_work_follows_its_company(town: Database) -> None:
    with town.write() as db:
        unit = db.scalars(select(ProductionUnit)).one()
        unit.company_id = by_cvr(db, OTHER).id
    assert _found(town, "butikken", "1012345678") == [[OTHER], [OTHER]]
    _is_true(town)


def test_what_is_deleted_is_not_found(town: Database) -> None:
    with town.write() as db:
        db.delete(_lone(db))
        db.delete(db.scalars(select(ProductionUnit)).one())
    assert _found(town, "krogh", "butikken", "planteskole") == [[], [], [CVR]]
    with town.write() as db:
        company = db.scalars(select(Company).where(Company.cvr == CVR)).one()
        assignment = db.scalars(
            select(CompanyAssignment).where(CompanyAssignment.company_id == company.id)
        ).one()
        db.delete(company)
        db.flush()
        db.delete(assignment)
    assert _found(town, "planteskole", CVR) == [[], []]
    _is_true(town)


def test_what_is_rolled_back_is_not_found(town: Database) -> None:
    with undone(town) as db:
        companies.change(db, company=by_cvr(db, CVR), values={"name": "Aldrig"})
        add_company(db, 9, "Heller aldrig", responsible=db.get_one(User, 1))
    assert _found(town, "aldrig", "planteskole") == [[], [CVR]]
    with town.write() as db:
        with undone_part(db):
            companies.change(db, company=by_cvr(db, CVR), values={"name": "Aldrig"})
            add_company(db, 9, "Heller aldrig", responsible=db.get_one(User, 1))
            companies.end_contact(db, contact=_lone(db), on=TODAY)
        companies.change(db, company=by_cvr(db, OTHER), values={"name": "Ja"})
    assert _found(town, "aldrig", "planteskole", "krogh", "ja") == [[], [CVR], [CVR], [OTHER]]
    with town.write() as db, db.begin_nested(), db.begin_nested():
        companies.change(db, company=by_cvr(db, CVR), values={"name": "Indeni"})
    assert _found(town, "indeni") == [[CVR]]
    _is_true(town)


def test_what_nobody_searches_for_leaves_the_index_alone(town: Database) -> None:
    with town.write() as db, counted(town) as asked:
        company = by_cvr(db, CVR)
        responsibility.hand_over(
            db, company=company, to=db.get_one(User, 2), reason="Barsel", by=None, now=NOW
        )
        companies.change(db, company=company, values={"email": "post@have.test", "employees_from": 3})
        companies.change_contact(db, contact=_lone(db), values={"title": "Leder"})
        interactions.log(
            db, company=company, by=db.get_one(User, 1), now=NOW, kind="call", direction="in", summary="x"
        )
        db.flush()
    assert not [statement for statement in asked if statement.startswith(REWRITES)]
    _is_true(town)


def test_a_company_touched_many_times_is_written_once(town: Database) -> None:
    with counted(town) as asked, town.write() as db:
        company = by_cvr(db, CVR)
        for number in range(20):
            companies.change(db, company=company, values={"name": f"Navn {number}"})
            companies.change_contact(db, contact=_lone(db), values={"name": f"Lone {number}"})
    assert len([statement for statement in asked if statement.startswith(REWRITES)]) == 1
    assert _found(town, "navn 19", "lone 19", "lone 3") == [[CVR], [CVR], []]


def test_many_companies_are_written_in_parts(town: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PART", 3)
    with town.write() as db:
        before = size(db)
        for number in range(10, 20):
            add_company(db, number, f"Firma {number}", responsible=db.get_one(User, 1))
    assert _found(town, "firma 17") == [[demo_cvr(17)]]
    with town.read() as db:
        assert size(db) == before + 20
    _is_true(town)


def test_every_word_that_can_be_mistyped_is_known_once(town: Database) -> None:
    with town.read() as db:
        words = db.scalars(select(SearchWord)).all()
    assert {word.word for word in words} >= {
        "sondergard",
        "planteskole",
        "krogh",
        "lone",
        "butikken",
        "blovstrod",
    }
    assert all(word.reversed == word.word[::-1] and word.length == len(word.word) >= 4 for word in words)


def test_two_who_bring_the_same_new_words_do_not_stand_in_each_others_way(town: Database) -> None:
    other = Database(town.url)

    def create(mine: Database, first: int) -> None:
        for number in range(first, first + 15):
            with mine.write() as db:
                add_company(
                    db, number, f"Fællesnavn {number} Nyord{number % 5}", responsible=db.get_one(User, 1)
                )

    assert at_once(lambda: create(town, 100), lambda: create(other, 200)) == []
    other.close()
    with town.read() as db:
        assert len({hit.company.cvr for hit in search(db, "fællesnavn", limit=100)}) == 30
