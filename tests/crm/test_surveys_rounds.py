"""A round to chosen companies: who is asked and who is left out, once, with one reminder, until it ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.audit import AuditEvent
from crm.companies import actions as companies
from crm.companies.models import Company, CompanyContact
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.numbers import demo_cvr
from crm.outbox.models import Mail
from crm.surveys import queries, rounds
from crm.surveys.models import SurveyInvitation, SurveyRound
from crm.surveys.rounds import Preview, Whom, WhyNot, Wish
from tests.conftest import NOW, TODAY, add_company
from tests.crm.surveying import DAY, HOUR, asked, closed, consultant, firm, replied, tokens
from tests.statements import counted

EVERYONE = Wish(Whom.LIST, cvrs=" ".join(demo_cvr(number) for number in range(6)))


@pytest.fixture
def town(database: Database) -> Database:
    """A partner, one with a closed request that was asked today, one protected, one without mail, two more."""
    with database.write() as db:
        partner, _ = firm(db, 0)
        agreements.create(
            db, company=partner, programme=programme(db, "code_of_care"), title="Unge", by=consultant(db),
            now=NOW, today=TODAY, signed_on=TODAY,
        )  # fmt: skip
        closed(db, *firm(db, 1))
        protected, _ = firm(db, 2)
        protected.advertising_protected = 1
        firm(db, 3, email=None)
        add_company(db, 4, responsible=consultant(db))
        ceased, _ = firm(db, 5)
        ceased.active = 0
    assert asked(database) == 1
    return database


def _preview(db: Session, wish: Wish) -> Preview:
    return rounds.preview(db, wish, today=TODAY)


def _send(db: Session, wish: Wish, **more: Any) -> SurveyRound:
    values: dict[str, Any] = {
        "name": "Partnere, efteråret 2026", "closes_on": TODAY + 28 * timedelta(days=1),
        "remind_on": TODAY + 14 * timedelta(days=1), "seen": _preview(db, wish).seal, "months": 6,
    }  # fmt: skip
    return rounds.send(db, wish=wish, by=consultant(db), now=NOW, today=TODAY, **(values | more))


def _why(found: Preview) -> dict[str, WhyNot | None]:
    return {each.company.cvr: each.why_not for each in found.candidates}


def test_a_preview_says_who_is_asked_and_why_the_others_are_not(town: Database) -> None:
    with town.read() as db:
        found = _preview(db, EVERYONE)
    assert _why(found) == {
        demo_cvr(0): None, demo_cvr(1): WhyNot.QUIET, demo_cvr(2): WhyNot.PROTECTED,
        demo_cvr(3): WhyNot.NO_MAIL, demo_cvr(4): WhyNot.NO_MAIL,
    }  # fmt: skip
    assert found.unknown == [demo_cvr(5)]
    assert found.candidates[1].asked_on == TODAY


def test_the_quiet_and_the_protected_are_asked_when_that_is_chosen(town: Database) -> None:
    wish = Wish(EVERYONE.whom, cvrs=EVERYONE.cvrs, despite_quiet=True, protected_reason="De har bedt om det")
    with town.read() as db:
        assert [each.company.cvr for each in _preview(db, wish).chosen] == [
            demo_cvr(0),
            demo_cvr(1),
            demo_cvr(2),
        ]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish(Whom.PARTNERS), {0}),
        (Wish(Whom.REQUESTS, since=NOW - 30 * DAY), {1}),
        (Wish(Whom.REQUESTS, since=NOW), set()),
        (
            Wish(Whom.LIST, cvrs=f"CVR {demo_cvr(0)[:2]} {demo_cvr(0)[2:]};{demo_cvr(3)}\n{demo_cvr(0)}"),
            {0, 3},
        ),
        (Wish(Whom.LIST, cvrs="ingen"), set()),
    ],
)
def test_companies_are_chosen_by_agreement_request_or_list(
    town: Database, wish: Wish, expected: set[int]
) -> None:
    with town.read() as db:
        assert set(_why(_preview(db, wish))) == {demo_cvr(number) for number in expected}


def test_whoever_asked_last_is_the_one_who_is_asked(database: Database) -> None:
    with database.write() as db:
        company, _ = firm(db)
        second = companies.add_contact(
            db, company=company, values={"name": "Per Krogh", "email": "per@firma.test"}, now=NOW
        )
        closed(db, company, second, at=NOW - 200 * DAY)
    with database.read() as db:
        [only] = _preview(db, EVERYONE).chosen
        assert only.contact
        assert only.contact.name == "Per Krogh"


def test_a_round_asks_everyone_once_reminds_once_and_ends(town: Database) -> None:
    with town.write() as db:
        made = _send(db, Wish(EVERYONE.whom, cvrs=EVERYONE.cvrs, protected_reason="De har selv bedt om det"))
    with town.read() as db:
        standing = queries.round_of(db, made.id)
        assert (standing.invited, standing.sent, standing.answered) == (2, 0, 0)
    assert [asked(town, NOW + 2 * HOUR), asked(town, NOW + 3 * HOUR)] == [2, 0]
    with town.read() as db:
        links = {act: token for act, token in tokens(db).items() if act != "survey:1"}
        assert len(links) == 2
    replied(town, links["survey:2"], 5)
    assert [asked(town, NOW + day * DAY, survey_reminder_days=0) for day in (13, 14, 15, 28)] == [0, 1, 0, 0]
    with town.read() as db:
        standing = queries.round_of(db, made.id)
        assert (standing.sent, standing.answered, standing.rate) == (2, 1, 50)
        whom = [
            (invitation.company.cvr, reply and reply.value) for invitation, reply in queries.invited(db, made)
        ]
        assert sorted(whom) == sorted([(demo_cvr(2), None), (demo_cvr(0), 5)])
        assert (
            "til og med 21. december 2026" in db.scalars(select(Mail.body).order_by(Mail.id.desc())).all()[0]
        )
    with pytest.raises(Conflict, match="Tiden til at svare"):
        replied(town, links["survey:3"], 5, NOW + 29 * DAY)


def test_why_protected_companies_were_asked_stands_in_the_log(town: Database) -> None:
    wish = Wish(EVERYONE.whom, cvrs=EVERYONE.cvrs, protected_reason="De har selv bedt om det")
    with town.write() as db:
        made = _send(db, wish)
    with town.read() as db:
        logged = db.scalars(select(AuditEvent).where(AuditEvent.action == "ask protected")).one()
    assert logged.object_id == str(made.id)
    assert logged.payload == {"reason": "De har selv bedt om det", "companies": [demo_cvr(2)]}


def test_whoever_was_asked_in_a_round_is_quiet_afterwards(town: Database) -> None:
    with town.write() as db:
        _send(db, EVERYONE)
        company = db.scalars(select(Company).where(Company.cvr == demo_cvr(0))).one()
        contact = db.scalars(select(SurveyInvitation).order_by(SurveyInvitation.id.desc())).first()
        assert contact
        closed(db, company, db.get_one(CompanyContact, contact.company_contact_id), at=NOW + 30 * DAY)
    assert asked(town, NOW + 2 * HOUR) == 1
    assert asked(town, NOW + 31 * DAY) == 0
    with town.read() as db:
        assert _preview(db, EVERYONE).chosen == []


def test_a_round_whose_list_has_changed_is_not_sent(town: Database) -> None:
    with town.write() as db:
        seen = _preview(db, EVERYONE).seal
        db.scalars(select(Company).where(Company.cvr == demo_cvr(2))).one().advertising_protected = 0
    with pytest.raises(Refused, match="ændret"), town.write() as db:
        _send(db, EVERYONE, seen=seen)
    with town.read() as db:
        assert db.query(SurveyRound).count() == 1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("closes_on", {"closes_on": TODAY}),
        ("closes_on", {"closes_on": date(2028, 1, 1)}),
        ("remind_on", {"remind_on": TODAY}),
        ("remind_on", {"remind_on": TODAY + 29 * timedelta(days=1)}),
    ],
)
def test_a_round_that_cannot_be_is_refused(town: Database, field: str, values: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal, town.write() as db:
        _send(db, EVERYONE, **values)
    assert refusal.value.field == field


def test_a_round_with_nobody_to_ask_is_refused(town: Database) -> None:
    with pytest.raises(Refused) as refusal, town.write() as db:
        _send(db, Wish(Whom.LIST, cvrs=demo_cvr(3)))
    assert refusal.value.field == "whom"


def test_a_round_that_was_closed_sends_nothing_and_takes_no_answer(town: Database) -> None:
    with town.write() as db:
        made = _send(db, EVERYONE)
    assert asked(town) == 1
    with town.write() as db:
        rounds.close(db, within=db.get_one(SurveyRound, made.id), now=NOW + DAY)
    with pytest.raises(Conflict, match="allerede"), town.write() as db:
        rounds.close(db, within=db.get_one(SurveyRound, made.id), now=NOW + DAY)
    assert asked(town, NOW + 15 * DAY, survey_reminder_days=0) == 0
    with town.read() as db:
        token = tokens(db)["survey:2"]
    with pytest.raises(Conflict):
        replied(town, token, 5, NOW + 2 * DAY)


def test_the_round_after_requests_cannot_be_closed(town: Database) -> None:
    with pytest.raises(Conflict), town.write() as db:
        rounds.close(db, within=db.get_one(SurveyRound, 1), now=NOW)


def test_a_preview_asks_as_often_for_few_as_for_many(database: Database) -> None:
    with database.write() as db:
        for number in range(40):
            firm(db, number)
    asked_often = []
    for many in (1, 40):
        wish = Wish(Whom.LIST, cvrs=" ".join(demo_cvr(number) for number in range(many)))
        with database.read() as db, counted(database) as seen:
            assert len(_preview(db, wish).chosen) == many
        asked_often.append(len(seen))
    assert asked_often[0] == asked_often[1] <= 4
