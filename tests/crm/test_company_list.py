"""The list of companies: every row once, in Danish order, with any filter, in two statements at most."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.companies import groups
from crm.companies.models import Company
from crm.companies.narrowing import Filter
from crm.companies.queries import by_ids, page
from crm.db import Database, Session
from crm.numbers import demo_cvr
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.statements import counted

NAMES = (
    "Ålykke Auto", "Zebra VVS", "Ærlig Byg", "Ørsholm El", "anton & co", "Aabenraa Murer", "Anton Bil",
    "1. Hjælp", "Birk IT", "ÆRLIG BYG", "Å-Huset", "Østergaard", "Cafe Ø", "Café Ø", "Wessel", "Vessel",
)  # fmt: skip
INDUSTRIES = ("410000", "432100", "561110", None)
POSTAL = ("3450", "3540", None)


def _town(db: Session) -> tuple[User, User]:
    anna, bo = add_user(db), add_user(db, "bo@kommune.test")
    for number in range(60):
        company = add_company(
            db, number, NAMES[number % len(NAMES)], responsible=(anna, bo)[number % 3 == 0],
            industry_code=INDUSTRIES[number % 4], postal_code=POSTAL[number % 3],
            employees_from=(0, 5, 50, None)[number % 4], active=int(number % 7 != 0),
            advertising_protected=int(number % 3 == 1),
        )  # fmt: skip
        company.last_contact_at = None if number % 5 == 0 else NOW - timedelta(days=number)
        if number in GROUPED:
            groups.join(db, company=company, name="Koncernen", now=NOW)
        if number in (*PARTNERS, *FORMER):
            agreed = agreements.create(
                db, company=company, programme=programme(db, "code_of_care"), title="Unge", by=anna, now=NOW,
                today=TODAY, signed_on=TODAY,
            )  # fmt: skip
            if number in FORMER:
                agreements.step(
                    db, agreement=agreed, to="ended", on=TODAY, by=anna, now=NOW, today=TODAY, note="Slut"
                )
    db.flush()
    return anna, bo


GROUPED, PARTNERS, FORMER = range(10, 20), range(1, 50, 4), (2, 7, 12)
QUIET = NOW - timedelta(days=30)
NUMBERS = {demo_cvr(number): number for number in range(60)}
FILTERS = {
    "everything": Filter(),
    "ceased": Filter(ceased=True),
    "one consultant": Filter(responsible_id=1),
    "a consultant who is not there": Filter(responsible_id=99),
    "a name's beginning": Filter(name="ær"),
    "a name's beginning in capitals": Filter(name="AABEN"),
    "a name of signs alone": Filter(name="&%!"),
    "an industry": Filter(industry="41"),
    "an odd industry": Filter(industry="4%"),
    "a postal code": Filter(postal_code="3450"),
    "a size": Filter(employees_min=5),
    "quiet ones": Filter(quiet_since=QUIET),
    "at most a size": Filter(employees_max=5),
    "between two sizes": Filter(employees_min=1, employees_max=40),
    "the protected": Filter(protected=True),
    "those who are not protected": Filter(protected=False),
    "a group": Filter(group_id=1),
    "partners of a programme": Filter(programme="code_of_care"),
    "a programme nobody knows": Filter(programme="klar_til_intet"),
    "protected partners of a size": Filter(programme="code_of_care", protected=True, employees_max=60),
    "all at once": Filter(1, "a", "4", "3540", 1, QUIET),
}


def _holds(company: Company, wanted: Filter) -> bool:
    quiet: datetime | None = company.last_contact_at
    return (
        bool(company.active) != wanted.ceased
        and wanted.responsible_id in {None, company.responsible.id}
        and (company.industry_code or "").startswith(wanted.industry or "")
        and wanted.postal_code in {None, company.postal_code}
        and (wanted.employees_min is None or (company.employees_from or -1) >= wanted.employees_min)
        and (wanted.quiet_since is None or quiet is None or quiet < wanted.quiet_since)
        and (not wanted.name or _begins(company.name, wanted.name))
        and _holds_beside(company, wanted)
    )


def _holds_beside(company: Company, wanted: Filter) -> bool:
    number = NUMBERS[company.cvr]
    return (
        (wanted.employees_max is None or (company.employees_from is not None
                                          and company.employees_from <= wanted.employees_max))
        and wanted.protected in {None, bool(company.advertising_protected)}
        and (wanted.group_id is None or number in GROUPED)
        and (wanted.programme is None or (wanted.programme == "code_of_care" and number in PARTNERS))
    )  # fmt: skip


def _begins(name: str, beginning: str) -> bool:
    plain = [
        "".join(ch for ch in text.casefold().replace("aa", "å") if ch.isalnum()) for text in (name, beginning)
    ]
    return plain[0].startswith(plain[1])


# Few are fetched by a filter's own index, many are met on the way through the list.
@pytest.mark.parametrize("few", [1, 20, 1000])
@pytest.mark.parametrize("limit", [1, 7, 59, 60, 200])
def test_walking_the_pages_meets_every_company_once(
    database: Database, limit: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.companies.narrowing.FEW", few)
    with database.write() as db:
        _town(db)
    with database.read() as db:
        everyone = by_ids(db, db.scalars(select(Company.id)).all())
        for name, wanted in FILTERS.items():
            seen: list[int] = []
            after: tuple[str, int] | None = None
            while after is not None or not seen:
                rows, after = page(db, wanted, after=after, limit=limit)
                assert len(rows) <= limit
                seen += [company.id for company in rows]
                if not rows:
                    break
            expected = [company for company in everyone.values() if _holds(company, wanted)]
            in_order = sorted(expected, key=lambda each: (each.sort_key, each.id))
            assert seen == [each.id for each in in_order], name


def test_the_order_is_danish_on_both_engines(db: Session) -> None:
    anna = add_user(db)
    for number, name in enumerate(NAMES):
        add_company(db, number, name, responsible=anna)
    rows, _ = page(db, Filter())
    assert [company.name for company in rows] == [
        "1. Hjælp", "Anton Bil", "anton & co", "Birk IT", "Cafe Ø", "Café Ø", "Vessel", "Wessel", "Zebra VVS",
        "Ærlig Byg", "ÆRLIG BYG", "Ørsholm El", "Østergaard", "Aabenraa Murer", "Å-Huset", "Ålykke Auto",
    ]  # fmt: skip


def test_a_page_takes_as_many_statements_however_many_companies_there_are(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        add_company(db, 1000, responsible=anna)
    for wanted in FILTERS.values():
        with database.read() as db, counted(database) as few:
            page(db, wanted)
        with database.write() as db:
            if not db.scalars(select(Company.id).where(Company.name == "Birk IT")).first():
                for number in range(120):
                    add_company(db, number, NAMES[number % 16], responsible=db.get_one(User, anna.id))
        with database.read() as db, counted(database) as many:
            rows, _ = page(db, wanted)
            assert all(company.responsible.name for company in rows)
        # The page itself, and what the filters leave counted before it.
        assert len(few) == len(many) <= 2


def test_a_company_that_came_between_two_pages_moves_nothing(db: Session) -> None:
    anna, _ = _town(db)
    first, after = page(db, Filter(), limit=10)
    add_company(db, 900, "AAA Først", responsible=anna)
    add_company(db, 901, "1 Allerførst", responsible=anna)
    second, _ = page(db, Filter(), after=after, limit=10)
    assert not {each.id for each in first} & {each.id for each in second}
    assert after == (first[-1].sort_key, first[-1].id)


def test_many_companies_are_fetched_by_key_in_parts(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    _town(db)
    keys = db.scalars(select(Company.id)).all()
    monkeypatch.setattr("crm.companies.queries.PART", 7)
    assert set(by_ids(db, keys)) == set(keys)
    assert by_ids(db, []) == {}
