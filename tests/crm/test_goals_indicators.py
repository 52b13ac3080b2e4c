"""Figures typed in by hand: read as Danes write them, corrected by a new one, and never of one person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm.access.models import User
from crm.db import Database, Session
from crm.errors import NotFound, Refused
from crm.goals import indicators
from crm.goals.indicators import read_number
from crm.goals.models import Indicator, IndicatorValue
from tests.conftest import NOW, TODAY, add_user
from tests.statements import counted

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 31)


@pytest.fixture
def house(database: Database) -> Database:
    """Anna, and the two figures she follows."""
    with database.write() as db:
        add_user(db)
        for name, unit, better, people in (
            ("Ledighed", "%", "down", False),
            ("Sygedagpenge", "personer", "up", True),
        ):
            indicators.add(
                db, name=name, unit=unit, source="Jobindsats.dk", better=better, counts_people=people
            )
    return database


def _type(db: Session, id: int, on: date, value: str) -> IndicatorValue:
    return indicators.type_in(
        db,
        indicator=indicators.get(db, id),
        on=on,
        value=Decimal(value),
        by=db.get_one(User, 1),
        now=NOW,
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("said", "number"),
    [("2,7", "2.7"), ("2.7", "2.7"), (" 1.234 ", "1234"), ("1 234,50", "1234.5"), ("0", "0"), ("12 %", "12"),
     ("1.234.567,89", "1234567.89"), ("2.75", "2.75")],
)  # fmt: skip
def test_a_number_is_read_as_danes_write_it(said: str, number: str) -> None:
    assert read_number(said) == Decimal(number)


@pytest.mark.parametrize("said", ["", "mange", "-3", "\u22123", "2,777", "1,2,3", "12.34.5", "1e5", "NaN"])
def test_what_is_no_such_number_is_refused_beside_its_field(said: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_number(said)
    assert refusal.value.field == "value"


def test_a_value_is_corrected_by_a_new_one_and_the_old_one_stays(house: Database) -> None:
    with house.write() as db:
        for on, value in ((OCTOBER, "2.5"), (SEPTEMBER, "2.7"), (OCTOBER, "2.4")):
            _type(db, 1, on, value)
    with house.read() as db:
        course = indicators.courses(db)[0]
        assert [(each.on, each.value) for each in course.values] == [
            (SEPTEMBER, Decimal("2.7")), (OCTOBER, Decimal("2.4")),
        ]  # fmt: skip
        assert course.went == "good"
        assert [course.on(day) and course.on(day).value for day in (date(2026, 9, 1), SEPTEMBER, TODAY)] == [  # type: ignore[union-attr]
            None, Decimal("2.7"), Decimal("2.4"),
        ]  # fmt: skip
        typed = indicators.typed(db, indicators.get(db, 1))
        assert [(each.value, each.by.name) for each in typed] == [
            (Decimal("2.4"), "Anna"), (Decimal("2.5"), "Anna"), (Decimal("2.7"), "Anna"),
        ]  # fmt: skip
        assert indicators.courses(db, until=SEPTEMBER)[0].last.value == Decimal("2.7")  # type: ignore[union-attr]
        assert indicators.courses(db)[1].last is None


def test_what_cannot_be_is_refused(house: Database) -> None:
    with house.write() as db:
        for id, on, value, field in (
            (1, TODAY.replace(day=24), "2", "on"), (1, date(1999, 1, 1), "2", "on"), (1, OCTOBER, "101", "value"),
            (1, OCTOBER, "-1", "value"), (1, OCTOBER, "1.234", "value"), (2, OCTOBER, "1", "value"),
            (2, OCTOBER, "4", "value"), (2, OCTOBER, "2000000000", "value"),
        ):  # fmt: skip
            with pytest.raises(Refused) as refusal:
                _type(db, id, on, value)
            assert refusal.value.field == field
        for value in ("0", "5", "366"):
            _type(db, 2, OCTOBER, value)
        right = {"name": "Nyt", "unit": "%", "source": "STAR", "better": "up"}
        for field, wrong in (
            ("name", " "),
            ("name", "LEDIGHED"),
            ("unit", ""),
            ("source", ""),
            ("better", "left"),
        ):
            with pytest.raises(Refused) as refusal:
                indicators.add(db, **(right | {field: wrong}), counts_people=False)
            assert refusal.value.field == field
        with pytest.raises(NotFound):
            indicators.get(db, 99)


def test_one_that_is_no_longer_followed_keeps_its_past(house: Database) -> None:
    with house.write() as db:
        _type(db, 1, SEPTEMBER, "2.7")
        indicators.retire(db, indicator=indicators.get(db, 1), valid_to=OCTOBER)
        assert [each.indicator.name for each in indicators.courses(db, until=TODAY)] == ["Sygedagpenge"]
        assert [each.indicator.name for each in indicators.courses(db, until=OCTOBER)] == [
            "Ledighed",
            "Sygedagpenge",
        ]
        indicators.change(
            db, indicator=indicators.get(db, 1), name="Ledige", unit="%", source="STAR", better="either"
        )
        assert indicators.courses(db)[0].indicator.source == "STAR"


def test_all_figures_cost_one_statement_however_many_there_are(house: Database) -> None:
    with house.write() as db:
        for month in range(120):
            _type(db, 1, date(2016 + month // 12, month % 12 + 1, 1), "2.5")
    with house.read() as db, counted(house) as seen:
        assert len(indicators.courses(db)[0].values) == 120
    assert len(seen) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE indicator_value SET hundredths = 1",
        "DELETE FROM indicator_value",
        "DELETE FROM indicator",
        "UPDATE indicator SET better = 'left'",
        "UPDATE indicator SET counts_people = 2",
        "INSERT INTO indicator_value (indicator_id, counts_people, on_day, hundredths, at, by_id) "
        "SELECT 2, 1, on_day, 300, at, by_id FROM indicator_value",
        "INSERT INTO indicator_value (indicator_id, counts_people, on_day, hundredths, at, by_id) "
        "SELECT 2, 0, on_day, 300, at, by_id FROM indicator_value",
        "INSERT INTO indicator_value (indicator_id, counts_people, on_day, hundredths, at, by_id) "
        "SELECT 1, 0, on_day, -1, at, by_id FROM indicator_value",
    ],
)
def test_the_database_refuses(house: Database, statement: str) -> None:
    with house.write() as db:
        _type(db, 1, SEPTEMBER, "2.7")
        db.flush()
    with pytest.raises(DBAPIError), house.write() as db:
        db.execute(text(statement))
    with house.read() as db:
        assert db.query(Indicator).count() == 2
