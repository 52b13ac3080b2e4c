"""A morning with something of everything in Anna's day, on top of the town."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.companies import actions as companies
from crm.companies.models import Company, CompanyContact
from crm.db import Database, Session
from crm.interactions import actions as interactions
from crm.interactions.repeating import Repeat, RepeatUnit
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.responsibility.absences import actions as absences
from crm.settings import Settings
from tests.conftest import add_company
from tests.town import ANNA, BO

DAY = timedelta(days=1)
PEOPLE = {"Egevang Logistik A/S": ("Lone Krogh", "20114567"), "Nordlys Tandklinik": ("Eva Friis", "48173012")}


def fill(database: Database, now: datetime, *, covering: bool = True) -> None:
    """The whole morning. Everything that was there before is as it was, and spoken with lately."""
    settings = Settings()
    today = now.astimezone(settings.zone).date()
    with database.write("busy") as db:
        anna, bo = by_email(db, ANNA), by_email(db, BO)
        made = {
            name: _company(db, number, name, now)
            for number, name in enumerate(
                ["Egevang Logistik A/S", "Nordlys Tandklinik", "Lynge Maskinværksted ApS", "Engholm Bageri",
                 "Kongevejens Planteskole", "Allerød Stål A/S"], 200,
            )
        }  # fmt: skip
        egevang, nordlys, lynge, engholm, quiet, steel = made.values()
        quiet.employees_from = quiet.employees_to = 24
        for company in made.values():
            interactions.log(
                db, company=company, by=anna, now=now, kind="visit", direction="out", summary="Så stedet.",
                happened_at=now - (213 if company is quiet else 20) * DAY,
            )  # fmt: skip
        requests.take_in(
            db, company=egevang, asked=NewRequest("recruitment", "2 lagermedarbejdere fra 1. januar"), by=anna,
            now=now, clock=WorkingHours.of(settings), received_at=now - 30 * DAY,
            contact=_person(db, egevang, now),
        )  # fmt: skip
        call = interactions.log(
            db, company=nordlys, by=anna, now=now, kind="call", direction="in", contact=_person(db, nordlys, now),
            summary="Ringede om en delvis raskmelding. Ønsker et møde.", happened_at=now - DAY,
        )  # fmt: skip
        interactions.promise(
            db, company=nordlys, owner=anna, due=today, text="Delvis raskmelding, ønsker møde", now=now,
            interaction=call, call_back=True, repeat=Repeat(1, RepeatUnit.WEEK),
        )  # fmt: skip
        if covering:
            absences.add(
                db,
                user=bo,
                first_day=today,
                last_day=today + 2 * DAY,
                stand_in=anna,
                by=bo,
                today=today,
                now=now,
            )
        interactions.promise(
            db,
            company=lynge,
            owner=bo if covering else anna,
            due=today,
            text="Lærling starter 1. dec.",
            now=now,
        )
        _agree(db, engholm, today, now, valid_to=today + 38 * DAY)
        _agree(db, steel, today, now, valid_to=None)


def _company(db: Session, number: int, name: str, now: datetime) -> Company:
    company = add_company(
        db, number, name, responsible=by_email(db, ANNA), phone="48 18 72 40", city="Allerød"
    )
    company.created_at = now - 900 * DAY
    db.flush()
    return company


def _person(db: Session, company: Company, now: datetime) -> CompanyContact:
    name, mobile = PEOPLE[company.name]
    return companies.add_contact(db, company=company, values={"name": name, "mobile": mobile}, now=now)


def _agree(db: Session, company: Company, today: date, now: datetime, *, valid_to: date | None) -> None:
    anna = by_email(db, ANNA)
    signed = today - 300 * DAY if valid_to else None
    made = agreements.create(
        db, company=company, programme=programme(db, "after_school_job"), title="3 unge", by=anna, now=now,
        today=today, signed_on=signed, valid_to=valid_to,
    )  # fmt: skip
    if valid_to is None:
        for to in ("in_dialogue", "offered"):
            agreements.step(db, agreement=made, to=to, on=today - 11 * DAY, by=anna, now=now, today=today)
