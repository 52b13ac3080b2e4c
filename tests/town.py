"""A municipality small enough to hold in the head: four users, four companies, and something of everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import delete

from crm.access import tokens
from crm.access.models import LinkPurpose, SignInLink, User
from crm.access.queries import token_hash
from crm.access_log.models import SpotCheck, SpotCheckLook
from crm.agreements import actions as agreements
from crm.agreements import commitments, documents, partners
from crm.agreements.documents import Upload
from crm.agreements.models import Agreement
from crm.agreements.queries import programme
from crm.board import actions as board
from crm.board import walls
from crm.board.agreed import agree
from crm.companies import actions as companies
from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.day.models import DayChoice
from crm.db import Database, Session
from crm.goals import actions as goals
from crm.goals import indicators
from crm.goals.queries import objective
from crm.handover.actions import hand_over_list
from crm.handover.proposals import propose
from crm.interactions import actions as interactions
from crm.jobs import actions as jobs
from crm.jobs.catalogue import KINDS
from crm.lists import actions as lists
from crm.lists import bulk
from crm.lists.bulk import Order
from crm.lists.models import BulkKind
from crm.outbox.models import Mail
from crm.panel.models import PanelLink, PanelMeeting, PanelQuestion, PanelRemark, PanelSeat
from crm.requests import actions as requests
from crm.requests.actions import NewRequest, Promise
from crm.requests.clock import WorkingHours
from crm.responsibility import actions as responsibility
from crm.responsibility.absences import actions as absences
from crm.settings import Settings
from crm.surveys.models import RoundKind, SurveyInvitation, SurveyLink, SurveyReply, SurveyRound
from tests.conftest import NOW, PASSWORD, TODAY, add_company, add_user

ANNA, BO, MONA, ADAM = "anna@kommune.test", "bo@kommune.test", "mona@kommune.test", "adam@kommune.test"
CLOSED = "lukket@kommune.test"
# The secret of the link the bakery has not answered by.
SURVEY = "bageriets-hemmelige-link"
# The secret of the link Bo may choose a password by.
LINK = "bos-hemmelige-link"
# The secret of the link the bakery's member may come in by.
PANEL_LINK = "lones-hemmelige-link"
# The secret of Anna's calendar.
CALENDAR = "annas-hemmelige-kalender"
# The smallest file that is one.
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


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
    view: int  # Anna's, of the companies, for all
    bulk_act: int
    survey_round: int  # a year ago, answered by the bakery; another is open
    survey_reply: int
    commitment: int
    document: int
    partner: int
    partner_agreement: int
    programme: int
    frozen: int  # The meeting a fortnight ago; today's is yet to be frozen
    meeting: int
    board_action: int
    wall_link: int
    wall_token: str
    target: int  # ten young people's companies by the end of the year, with a milestone on the way
    milestone: int
    indicator: int  # unemployment, typed in twice
    seat: int  # Lone's, for the bakery; another is the garden's
    panel_meeting: int  # held, with minutes that are out
    question: int  # open, and nobody has answered
    remark: int
    spot_check: int  # Bo opened the bakery
    key: int  # of Anna's program

    @property
    def values(self) -> dict[str, str]:
        """What stands for each name in a route's path, by the end of the path before it."""
        return {
            "cvr": self.bakery, "kontakter": str(self.contact), "samtaler": str(self.interaction),
            "henvendelser": str(self.request), "opfoelgninger": str(self.follow_up), "aftaler": str(self.agreement),
            "fravaer": str(self.absence), "undtagelser": str(self.bakery_id),
            "videregivelser": str(self.handover), "forslag": str(self.proposal), "kolleger": str(self.users[ANNA]),
            "fordeling": str(self.rule), "brugere": str(self.users[BO]), "maal": "youth_employment",
            "lister": "virksomheder", "visninger": str(self.view), "handlinger": str(self.bulk_act),
            "slags": "recruitment", "ordninger": "1",
            "svar": SURVEY, "besvarelser": str(self.survey_reply), "maalinger": str(self.survey_round),
            "opgaver": "rows_tidied", "dag": f"opfoelgning-{self.follow_up}", "kalender": CALENDAR, "mine-tal": "aabne",
            "steder": "987654", "ny-adgangskode": LINK,
            "loefter": str(self.commitment), "perioder": "1",
            "dokumenter": str(self.document), "partnere": str(self.partner),
            "partneraftaler": str(self.partner_agreement), "programmer": str(self.programme),
            "tavle": str(self.frozen), "moede": str(self.meeting),
            "aftalt": str(self.board_action), "skaerme": str(self.wall_link), "skaerm": self.wall_token,
            "raekker": "nye",
            "maaltal": str(self.target), "delmaal": str(self.milestone),
            "noegletal": str(self.indicator),
            "pladser": str(self.seat), "moeder": str(self.panel_meeting), "spoergsmaal": str(self.question),
            "beskeder": str(self.remark), "ind": PANEL_LINK,
            "stikproever": str(self.spot_check),
            "noegler": str(self.key), "teams": "1",
            # The same things as the API calls them.
            "agreements": str(self.agreement), "contacts": str(self.contact), "interactions": str(self.interaction),
            "requests": str(self.request), "meetings": str(self.frozen),
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
        db.add(SignInLink(user_id=bo.id, purpose=LinkPurpose.RESET, token_hash=token_hash(LINK), created_at=NOW,
                          expires_at=NOW + timedelta(hours=1)))  # fmt: skip
        db.add(DayChoice(user_id=anna.id, calendar_hash=token_hash(CALENDAR), calendar_since=NOW))
        rule = responsibility.add_rule(db, values={"industry_prefix": "10", "user_id": anna.id})
        absence = absences.add(
            db, user=anna, first_day=date(2027, 1, 4), last_day=date(2027, 1, 8), stand_in=bo, by=anna, today=TODAY,
            now=NOW,
        )  # fmt: skip
        absences.set_exception(db, absence=absence, company=bakery, stand_in=bo, today=TODAY)
        assert logged.request
        assert logged.follow_up
        jobs.plan(db, kinds=list(KINDS.values()), now=NOW)
        frozen, meeting, made, screen, token = _board(db, users)
        return Town(
            bakery.cvr, garden.cvr, protected.cvr, ceased.cvr, contact.id, logged.interaction.id,
            logged.request.id, logged.follow_up.id, agreement.id, rule.id,
            {email: user.id for email, user in users.items()}, absence.id, bakery.id,
            _handed_over(db, protected, anna), _proposed(db, ceased, anna), *_listed(db, ceased, anna),
            *_asked(db, bakery, contact, anna), *_agreed(db, agreement, anna), frozen, meeting, made, screen, token,
            *_aimed(db, users[MONA]), *_panel(db, bakery, garden, logged.follow_up.id), _drawn(db, bakery, bo),
            _key(db, anna),
        )  # fmt: skip


def _drawn(db: Session, company: Company, user: User) -> int:
    """A colleague opened a company that is not theirs, and it was drawn for a manager to look at."""
    db.add(SpotCheck(month="2026-10", drawn_at=NOW, looks=9, outside=1))
    db.flush()
    look = SpotCheckLook(month="2026-10", at=NOW - timedelta(days=30), user_id=user.id, company_id=company.id,
                         route="GET /virksomheder/{cvr}")  # fmt: skip
    db.add(look)
    db.flush()
    return look.id


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


def _listed(db: Session, company: Company, by: User) -> tuple[int, int]:
    """A view for all, and a company that was chosen in a list and put in a group."""
    view = lists.save(
        db, kind="companies", name="Bagere", query="branche=10", columns=None, shared=True, by=by, now=NOW
    )
    order = Order(BulkKind.JOIN_GROUP, "Fortid Gruppen")
    act = bulk.do(db, order, [company.id], by=by, now=NOW, seen=bulk.plan(db, order, [company.id]).seal)
    return view.id, act.id


def _round(
    db: Session, company: Company, contact: CompanyContact, days: int, before: SurveyInvitation | None = None
) -> SurveyInvitation:
    on = TODAY - timedelta(days=days)
    question, month = 1, timedelta(days=30)
    made = SurveyRound(kind=RoundKind.ANNUAL, name=f"Runde for {days} dage siden", question_id=question, opened_on=on,
                       closes_on=on + month, created_at=NOW)  # fmt: skip
    db.add(made)
    db.flush()
    asked = SurveyInvitation(
        round_id=made.id, question_id=question, company_id=company.id, company_contact_id=contact.id,
        recipient="lone@bageri.test", asked_on=on, quiet_until=on + 6 * month, expires_on=on + month, sent_at=NOW,
        follows_id=before.id if before else None, follows_quiet_until=before.quiet_until if before else None,
        created_at=NOW,
    )  # fmt: skip
    db.add(asked)
    db.flush()
    return asked


def _asked(db: Session, company: Company, contact: CompanyContact, by: User) -> tuple[int, int]:
    """A round that was answered and followed up, and one whose link is still open."""
    old = _round(db, company, contact, 300)
    new = _round(db, company, contact, 0, old)
    db.add(SurveyLink(token_hash=token_hash(SURVEY), invitation_id=new.id, created_at=NOW))
    reply = SurveyReply(
        invitation_id=old.id, company_id=company.id, question_id=old.question_id, expires_on=old.expires_on,
        value=4, comment="Dejligt med ét nummer", replied_on=old.asked_on, handled_at=NOW, handled_by_id=by.id,
        handled_note="Takkede",
    )  # fmt: skip
    db.add(reply)
    db.flush()
    return old.round_id, reply.id


def _agreed(db: Session, agreement: Agreement, by: User) -> tuple[int, int, int, int, int]:
    """A promise, a document, and an organisation with an agreement of its own."""
    promised = commitments.promise(
        db, agreement=agreement, what="unge i bageriet", promised=2, fulfilled=1, by=by, now=NOW
    )
    kept = documents.add(
        db, agreement=agreement, upload=Upload("aftale.pdf", PDF), kind="signed", by=by, now=NOW, megabytes=1
    )
    (organisation, *_) = partners.organisations(db)
    values = {"title": "Netværk", "agreed": "To møder om året", "valid_from": TODAY}
    agreed = partners.agree(db, organisation=organisation, values=values, by=by, now=NOW)
    return promised.id, kept.id, organisation.id, agreed.id, agreement.programme_id


def _board(db: Session, users: dict[str, User]) -> tuple[int, int, int, int, str]:
    """A meeting a fortnight ago, one today and one to come; something agreed, and a screen on the wall."""
    anna, bo = users[ANNA], users[BO]
    frozen, meeting, _ = (board.add(db, on=TODAY + timedelta(days=days), now=NOW) for days in (-14, 0, 14))
    board.freeze(
        db, meeting=frozen, by=anna, now=NOW - timedelta(days=14), today=frozen.on, zone=Settings().zone
    )
    board.save_minutes(db, meeting=frozen, text="Alt går godt.", based_on=0, by=anna, now=NOW, publish=True)
    made = agree(
        db, text="Ring til de tre", owner=bo, due=TODAY + timedelta(days=4), by=anna, now=NOW, meeting=frozen
    )
    link, token = walls.make(db, name="Lokale 2", by=users[MONA], now=NOW)
    return frozen.id, meeting.id, made.id, link.id, token


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


def _panel(db: Session, company: Company, other: Company, follow_up: int) -> tuple[int, int, int, int]:
    """Two seats, a meeting with minutes, a question, and something that is said to be wrong. No mail is on its way."""
    held, asked = TODAY - timedelta(days=20), NOW - timedelta(days=2)
    seats = [
        PanelSeat(company_id=each.id, email=email, name=name, begins_on=held, created_at=NOW - timedelta(days=20))
        for each, email, name in (
            (company, "lone@bageri.test", "Lone Krogh"), (other, "sven@planteskole.test", "Sven Gartner"),
        )
    ]  # fmt: skip
    meeting = PanelMeeting(
        on=held, starts_at=480, ends_at=570, place="Rådhuset", agenda="Fritidsjob",
        announced_at=NOW - timedelta(days=20), created_at=NOW, minutes="Alle vil gerne tage en ung.",
        minutes_published_at=NOW - timedelta(days=19),
    )  # fmt: skip
    question = PanelQuestion(
        question="Hvad skal der til?", opens_on=asked.date(), closes_on=TODAY + timedelta(days=10), asked_at=asked,
        created_at=asked,
    )  # fmt: skip
    db.add_all([*seats, meeting, question])
    db.flush()
    db.add(PanelLink(token_hash=token_hash(PANEL_LINK), seat_id=seats[0].id, created_at=NOW,
                     expires_at=NOW + timedelta(minutes=30)))  # fmt: skip
    remark = PanelRemark(seat_id=seats[0].id, company_id=company.id, text="Nummeret er gammelt.", created_at=NOW,
                         follow_up_id=follow_up)  # fmt: skip
    db.add(remark)
    db.flush()
    return seats[0].id, meeting.id, question.id, remark.id


def _key(db: Session, user: User) -> int:
    """A program of this user's that may look."""
    tokens.add(db, user=user, name="Telefonsystemet", scope="read", now=NOW)
    return tokens.of_user(db, user)[0].id


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
