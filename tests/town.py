"""A municipality small enough to hold in the head: four users, four companies, and something of everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import delete

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.companies import actions as companies
from crm.companies.models import Company, ProductionUnit
from crm.db import Database, Session
from crm.goals import actions as goals
from crm.goals import indicators
from crm.goals.queries import objective
from crm.handover.actions import hand_over_list
from crm.handover.proposals import propose
from crm.interactions import actions as interactions
from crm.jobs import actions as jobs
from crm.jobs.catalogue import KINDS
from crm.outbox.models import Mail
from crm.requests import actions as requests
from crm.requests.actions import NewRequest, Promise
from crm.requests.clock import WorkingHours
from crm.responsibility import actions as responsibility
from crm.responsibility.absences import actions as absences
from crm.settings import Settings
from tests.conftest import NOW, PASSWORD, TODAY, add_company, add_user

ANNA, BO, MONA, ADAM = "anna@kommune.test", "bo@kommune.test", "mona@kommune.test", "adam@kommune.test"
CLOSED = "lukket@kommune.test"


@dataclass(frozen=True)
class Town:
    """Where things stand: CVR numbers and keys, for addresses and for asking the database."""

    bakery: str  # Anna's, with a bit of everything
    garden: str  # Bo's, with nothing yet
    protected: str  # Anna's, protected from advertising, in the register
    ceased: str
    contact: int
    interaction: int
    request: int
    follow_up: int
    agreement: int
    rule: int
    users: dict[str, int]
    absence: int  # Anna's, in January; Bo stands in, also for the bakery by itself
    bakery_id: int
    handover: int
    proposal: int
    target: int  # ten young people's companies by the end of the year, with a milestone on the way
    milestone: int
    indicator: int  # unemployment, typed in twice

    @property
    def values(self) -> dict[str, str]:
        """What stands for each name in a route's path, by the end of the path before it."""
        return {
            "cvr": self.bakery, "kontakter": str(self.contact), "samtaler": str(self.interaction),
            "henvendelser": str(self.request), "opfoelgninger": str(self.follow_up), "aftaler": str(self.agreement),
            "fravaer": str(self.absence), "undtagelser": str(self.bakery_id),
            "videregivelser": str(self.handover), "forslag": str(self.proposal), "kolleger": str(self.users[ANNA]),
            "fordeling": str(self.rule), "brugere": str(self.users[BO]), "maal": "youth_employment",
            "opgaver": "rows_tidied", "maaltal": str(self.target), "delmaal": str(self.milestone),
            "noegletal": str(self.indicator),
        }  # fmt: skip


def build(database: Database) -> Town:
    """The whole town, in one transaction."""
    with database.write("town") as db:
        users = _users(db)
        anna, bo = users[ANNA], users[BO]
        bakery = add_company(
            db, 1, "Blovstrød Bageri ApS", responsible=anna, street="Sortemosevej 14", postal_code="3450",
            city="Allerød", phone="48 15 00 01", email="kontakt@bageri.test", industry_code="107120",
            industry_text="Fremstilling af friske bageriprodukter", employees_from=20, employees_to=49,
        )  # fmt: skip
        garden = add_company(
            db, 2, "Søndergård Planteskole A/S", responsible=bo, postal_code="3540", city="Lynge"
        )
        protected = add_company(db, 3, "Ærlig & Åben I/S", responsible=bo, phone="48 15 00 03")
        protected.advertising_protected, protected.source = 1, "register"
        protected.register_read_at = protected.register_said_at = NOW - timedelta(days=3)
        ceased = add_company(db, 4, "Fortid Transport ApS", responsible=bo)
        ceased.active, ceased.status, ceased.ceased_on = 0, "OPHØRT", TODAY - timedelta(days=40)
        db.add(ProductionUnit(company_id=bakery.id, p_number="1012345678", name="Bageriet i Lynge", created_at=NOW,
                              street="Lyngevej 3", postal_code="3540", city="Lynge"))  # fmt: skip
        contact = companies.add_contact(
            db, company=bakery, now=NOW,
            values={"name": "Lone Krogh", "title": "Daglig leder", "mobile": "20 11 45 67",
                    "email": "lone@bageri.test"},
        )  # fmt: skip
        logged = _story(db, bakery, anna, bo)
        agreement = agreements.create(
            db, company=bakery, programme=programme(db, "code_of_care"), title="To unge i bageriet", by=anna,
            now=NOW, today=TODAY, signed_on=TODAY - timedelta(days=30), valid_to=TODAY + timedelta(days=300),
        )  # fmt: skip
        agreements.create(
            db, company=garden, programme=programme(db, "after_school_job"), title="Fritidsjob", by=bo, now=NOW,
            today=TODAY,
        )  # fmt: skip
        rule = responsibility.add_rule(db, values={"industry_prefix": "10", "user_id": anna.id})
        absence = absences.add(
            db, user=anna, first_day=date(2027, 1, 4), last_day=date(2027, 1, 8), stand_in=bo, by=anna, today=TODAY,
            now=NOW,
        )  # fmt: skip
        absences.set_exception(db, absence=absence, company=bakery, stand_in=bo, today=TODAY)
        assert logged.request
        assert logged.follow_up
        jobs.plan(db, kinds=list(KINDS.values()), now=NOW)
        return Town(
            bakery.cvr, garden.cvr, protected.cvr, ceased.cvr, contact.id, logged.interaction.id,
            logged.request.id, logged.follow_up.id, agreement.id, rule.id,
            {email: user.id for email, user in users.items()}, absence.id, bakery.id,
            _handed_over(db, protected, anna), _proposed(db, ceased, anna), *_aimed(db, users[MONA]),
        )  # fmt: skip


def _users(db: Session) -> dict[str, User]:
    people = {
        ANNA: ("Anna Kildeskov", "consultant"), BO: ("Bo Birketoft", "consultant"),
        MONA: ("Mona Lindevang", "manager"), ADAM: ("Adam Sandgren", "admin"), CLOSED: ("Lukket Person", "admin"),
    }  # fmt: skip
    users = {
        email: add_user(db, email, role, name=name, phone="48 15 20 11")
        for email, (name, role) in people.items()
    }
    # One hash for all: argon2 is slow on purpose.
    users[ANNA].password_hash = HASH
    for user in users.values():
        user.password_hash = HASH
    users[CLOSED].is_active, users[CLOSED].closed_at = 0, NOW
    db.flush()
    return users


def _handed_over(db: Session, company: Company, to: User) -> int:
    """The company was once a colleague's; the mails about it are long gone."""
    act = hand_over_list(db, company_ids=[company.id], to=to, note="Ny fordeling", by=None, now=NOW)
    db.execute(delete(Mail))
    return act.id


def _proposed(db: Session, company: Company, by: User) -> int:
    db.refresh(company, ["responsible"])
    return propose(db, company=company, to=by, reason="Jeg kender dem", by=by, now=NOW).id


def _aimed(db: Session, by: User) -> tuple[int, int, int]:
    """What the manager has set: a milestone for young people, and a figure from elsewhere."""
    youth = objective(db, "youth_employment")
    target = youth.targets[0]
    milestone = goals.set_milestone(
        db, objective=youth, target=target, due=date(2026, 9, 30), value=6, by=by, now=NOW
    )
    unemployed = indicators.add(
        db, name="Ledighed", unit="%", source="Jobindsats.dk", better="down", counts_people=False
    )
    for month, value in ((9, "2.7"), (10, "2.5")):
        indicators.type_in(
            db,
            indicator=unemployed,
            on=date(2026, month, 30),
            value=Decimal(value),
            by=by,
            now=NOW,
            today=TODAY,
        )
    return target.id, milestone.id, unemployed.id


def _hash() -> str:
    from crm.access.actions import hash_password

    return hash_password(PASSWORD)


HASH = _hash()


def _story(db: Session, company: Company, anna: User, bo: User) -> requests.Logged:
    companies.save_profile(
        db, company=company, values={"needs": "To bagersvende", "profiles_wanted": None, "practical_frames": "Nat"},
        based_on=0, by=anna, now=NOW,
    )  # fmt: skip
    interactions.log(
        db,
        company=company,
        by=bo,
        now=NOW - timedelta(days=9),
        kind="visit",
        direction="out",
        summary="Så bageriet.",
    )
    return requests.log_call(
        db, company=company, by=anna, now=NOW, clock=WorkingHours.of(Settings()), kind="call", direction="in",
        summary="Mangler to bagere fra januar.", request=NewRequest("recruitment", "2 bagere", wanted=2),
        follow_up=Promise(TODAY + timedelta(days=2), "Send profiler"),
    )  # fmt: skip
