"""The demo's company panel: eight seats, a meeting held and one to come, and three questions."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from crm.agreements import commitments, documents, fields, paper, renewals
from crm.agreements.documents import Upload
from crm.agreements.models import Agreement
from crm.agreements.periods import AgreementPeriod
from crm.agreements.queries import get
from crm.companies.models import Company, CompanyContact
from crm.db import Session
from crm.interactions.models import FollowUp
from crm.panel.models import (
    PanelAnswer,
    PanelMeeting,
    PanelQuestion,
    PanelReading,
    PanelRemark,
    PanelSeat,
)
from crm.settings import Settings
from scripts.demo.days import Days
from web.agreement_paper import agreement_pdf

SEATS = 8
AGENDA = (
    "1. Velkommen, og siden sidst\n2. Unge i fritidsjob: hvad virker hos jer?\n"
    "3. Sygefravær: kommunens tidlige indsats\n4. Næste gang"
)
MINUTES = (
    "Til stede: seks af panelets virksomheder.\n\n"
    "Fritidsjob: Flere vil gerne, når det er let at komme i gang. Kommunen laver én side med reglerne.\n\n"
    "Sygefravær: Der er ønske om et kort møde tidligt i forløbet.\n\nNæste møde: se datoen på forsiden."
)
ANSWERS = (
    "Reglerne på én side, og en kontaktperson, der kender os.",
    "At den unge har en at ringe til. Vi har prøvet det før, og det gik godt.",
    "Vi tager gerne to til foråret, hvis arbejdstiderne passer med skolen.",
    "En prøveperiode på fire uger ville hjælpe.",
)


def lay_out(db: Session, days: Days) -> dict[str, int]:
    """Seats for companies with an agreement in force, and what they have been asked and told. Returns rows added."""
    seats = _seats(db, days)
    today = days.today
    held = PanelMeeting(
        on=days.working_ago(38), starts_at=8 * 60, ends_at=9 * 60 + 30, place="Rådhuset, mødelokale 2", agenda=AGENDA,
        announced_at=days.noon(days.working_ago(60)), created_at=days.noon(days.working_ago(60)), minutes=MINUTES,
        minutes_published_at=days.noon(days.working_ago(33)),
    )  # fmt: skip
    coming = PanelMeeting(
        on=days.working_ahead(12), starts_at=8 * 60, ends_at=9 * 60 + 30, place="Rådhuset, mødelokale 2",
        agenda=AGENDA, announced_at=days.noon(days.working_ago(5)), created_at=days.noon(days.working_ago(6)),
    )  # fmt: skip
    asked_at = days.noon(days.working_ago(4))
    youth = PanelQuestion(
        question="Hvad skal der til, for at I tager en ung under 18 i fritidsjob?",
        about="Vi vil gerne gøre det lettere. Skriv kort, hvad der betyder mest for jer.",
        opens_on=days.working_ago(4), closes_on=today + timedelta(days=10), asked_at=asked_at, created_at=asked_at,
    )  # fmt: skip
    earlier_at = days.noon(days.working_ago(80))
    earlier = PanelQuestion(
        question="Hvornår på dagen er det bedst, at vi ringer?", opens_on=days.working_ago(80),
        closes_on=days.working_ago(66), asked_at=earlier_at, created_at=earlier_at,
        said="De fleste af jer har bedst tid mellem 9 og 11, og ikke om mandagen.",
        outcome="Vi ringer nu mellem 9 og 11 fra tirsdag til fredag, når det ikke haster.",
        outcome_at=days.noon(days.working_ago(50)),
    )  # fmt: skip
    db.add_all([held, coming, youth, earlier])
    db.flush()
    for number, (seat, text) in enumerate(zip(seats[1:], ANSWERS, strict=False)):
        moment = days.noon(days.working_ago(3 - number % 3))
        db.add(
            PanelAnswer(
                question_id=youth.id, seat_id=seat.id, text=text, on=moment.date(), answered_at=moment
            )
        )
    for seat in seats[2:6]:
        db.add(PanelReading(meeting_id=held.id, seat_id=seat.id, read_at=days.noon(days.working_ago(30))))
    if len(seats) > 1:
        _remark(db, seats[1], days)
    db.flush()
    for seat in seats[:2]:
        _papers(db, seat, days)
    tables = (PanelSeat, PanelMeeting, PanelQuestion, PanelAnswer, PanelReading, PanelRemark)
    return {table.__tablename__: db.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _seats(db: Session, days: Days) -> list[PanelSeat]:
    """One seat each for the first companies that have someone to sit in it; they are on the shared list too."""
    in_force = (
        select(Agreement.company_id)
        .join(AgreementPeriod, AgreementPeriod.agreement_id == Agreement.id)
        .where(Agreement.state.in_(("in_force", "renewed")), Agreement.ended_on.is_(None),
               AgreementPeriod.valid_from <= days.today)
    )  # fmt: skip
    people = db.execute(
        select(Company.id, func.min(CompanyContact.id))
        .join(CompanyContact, CompanyContact.company_id == Company.id)
        .where(Company.id.in_(in_force), CompanyContact.email.is_not(None), CompanyContact.ended_on.is_(None))
        .group_by(Company.id)
        .order_by(Company.id)
        .limit(SEATS)
    ).all()
    seats = []
    for company_id, contact_id in people:
        person = db.get_one(CompanyContact, contact_id)
        begun = days.ago(200)
        seats.append(
            PanelSeat(
                company_id=company_id,
                email=person.email,
                name=person.name,
                begins_on=begun,
                created_at=days.noon(begun),
                terms=1,
                terms_accepted_at=days.noon(begun),
            )
        )
    db.add_all(seats)
    db.flush()
    shown = select(Agreement.id).where(Agreement.company_id.in_([seat.company_id for seat in seats[:6]]))
    db.execute(
        update(Agreement)
        .where(Agreement.id.in_(shown), Agreement.signed_on.is_not(None))
        .values(shown_to_panel=1)
    )
    return seats


def _papers(db: Session, seat: PanelSeat, days: Days) -> None:
    """What the company has signed, as the paper it was signed on."""
    signed = select(Agreement.id).where(
        Agreement.company_id == seat.company_id, Agreement.signed_on.is_not(None)
    )
    for id in db.scalars(signed.order_by(Agreement.id)).all():
        agreement = get(db, id)
        written = paper.write(
            agreement, period=renewals.periods(db, agreement)[-1], values=fields.values(db, agreement),
            commitments=commitments.of_agreement(db, agreement), municipality=Settings().municipality,
        )  # fmt: skip
        documents.add(
            db, agreement=agreement, upload=Upload(f"{agreement.programme.name}.pdf", agreement_pdf(written)),
            kind="signed", by=agreement.company.responsible, now=days.noon(days.ago(30)), megabytes=5,
        )  # fmt: skip


def _remark(db: Session, seat: PanelSeat, days: Days) -> None:
    moment = days.noon(days.working_ago(1))
    company = db.get_one(Company, seat.company_id, options=[joinedload(Company.responsible)])
    booked = FollowUp(
        company_id=seat.company_id, owner_id=company.responsible.id, due=days.today, created_at=moment,
        text=f"Svar {seat.name} i virksomhedspanelet, der skriver, at noget er forkert. Se Panel.",
    )  # fmt: skip
    db.add(booked)
    db.flush()
    db.add(
        PanelRemark(
            seat_id=seat.id,
            company_id=seat.company_id,
            text="Vores nye adresse mangler. Vi er flyttet.",
            created_at=moment,
            follow_up_id=booked.id,
        )
    )
