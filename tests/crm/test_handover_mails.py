"""Who is told of an act: the old one, the new one, the log, and the companies if somebody wants it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm import audit
from crm.access.models import User
from crm.audit import AuditEvent
from crm.companies.models import Company, CompanyContact
from crm.db import Database, Session
from crm.errors import Refused
from crm.handover.actions import hand_over_list
from crm.handover.letters import BODY, SUBJECT, Letter
from crm.handover.models import HandoverItem
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.handing_over import HOME, LATER, act, busy, mails


def test_the_old_one_and_the_new_one_get_the_list(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = act(db, firms[:2], team["bo"], by=team["mona"])
    sent = mails(db)
    assert set(sent) == {"anna@kommune.test", "bo@kommune.test"}
    what = "2 virksomheder, 2 åbne henvendelser, 2 opfølgninger og 2 aftaler"
    assert sent["anna@kommune.test"].subject == f"Givet videre til Bo: {what}"
    body = sent["anna@kommune.test"].body
    assert f"Mona Lindevang har givet {what} videre fra dig til Bo." in body
    assert "Note: Barsel" in body
    assert f"- {firms[0].name}, CVR {firms[0].cvr}" in body
    assert f"{HOME}/videregivelser/{done.id}" in body
    assert sent["bo@kommune.test"].subject == f"Du har overtaget {what}"


def test_each_of_several_old_ones_gets_their_own_list(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = act(db, firms, team["carl"])
    assert done.from_id is None
    sent = mails(db)
    assert "1 virksomhed," in sent["bo@kommune.test"].subject
    assert firms[0].name not in sent["bo@kommune.test"].body
    assert "3 virksomheder," in sent["anna@kommune.test"].subject


def test_no_mail_goes_out_about_an_act_that_was_not_done(database: Database) -> None:
    with database.write() as db:
        anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
        company = add_company(db, 1, responsible=anna)

    class Stop(Exception):
        pass

    def begin(db: Session) -> None:
        hand_over_list(db, company_ids=[company.id], to=bo, note="Barsel", by=None, now=LATER)
        raise Stop

    with pytest.raises(Stop), database.write() as db:
        begin(db)
    with database.read() as db:
        assert mails(db) == {}
        assert db.scalar(select(HandoverItem.handover_id)) is None


def test_the_log_has_the_act_with_its_figures_and_stays_whole(database: Database) -> None:
    with database.write() as db:
        anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
        company = add_company(db, 1, responsible=anna)
        busy(db, company, anna)
    with database.write("mona@kommune.test") as db:
        hand_over_list(db, company_ids=[company.id], to=bo, note="Barsel", by=None, now=LATER)
    with database.read() as db:
        event = db.scalars(select(AuditEvent).where(AuditEvent.action == "hand_over")).one()
        assert event.payload == {"company": 1, "request": 1, "follow_up": 1, "agreement": 1}
        assert list(audit.broken_links(db)) == []


LETTER = Letter(SUBJECT, BODY)


@pytest.fixture
def written_to(db: Session, firms: list[Company]) -> list[Company]:
    """The first has two contacts with an e-mail, the second only its own, the third is protected."""
    contacts = (("lone@firma.test", None), ("ole@firma.test", None), ("gone@firma.test", TODAY), (None, None))
    for email, ended in contacts:
        db.add(CompanyContact(company_id=firms[0].id, name="En", email=email, ended_on=ended, created_at=NOW))
    firms[0].email, firms[1].email, firms[2].email = (f"post{number}@firma.test" for number in range(3))
    firms[2].advertising_protected = 1
    firms[3].email = "ikke en adresse"
    db.flush()
    return firms


def test_companies_are_written_to_only_when_asked_and_protected_ones_only_for_a_reason(
    db: Session, team: dict[str, User], written_to: list[Company]
) -> None:
    act(db, written_to[:1], team["bo"])
    assert {to for to in mails(db) if to.endswith("firma.test")} == set()
    done = act(db, written_to, team["carl"], letter=LETTER)
    sent = {to: mail for to, mail in mails(db).items() if to.endswith("firma.test")}
    assert set(sent) == {"lone@firma.test", "ole@firma.test", "post1@firma.test"}
    mail = sent["lone@firma.test"]
    assert (mail.act, mail.subject) == (f"handover:{done.id}", "Jeres indgang til kommunen")
    assert mail.body.startswith(
        f"Kære {written_to[0].name}\n\nFremover er din indgang til kommunen Carl. Ring på 48 15"
    )


def test_the_reason_for_writing_to_protected_companies_stands_in_the_log(
    db: Session, team: dict[str, User], written_to: list[Company]
) -> None:
    act(db, written_to, team["carl"], letter=Letter(SUBJECT, BODY, "own_request"))
    assert "post2@firma.test" in mails(db)
    noted = [entry[1] for entry in db.info["audit"] if entry[1][0] == "hand_over"]
    assert noted[0][3]["protected_reason"] == "own_request"
    assert noted[0][3]["letters"] == 4


def test_one_person_at_two_companies_gets_one_mail(
    db: Session, team: dict[str, User], written_to: list[Company]
) -> None:
    written_to[1].email = "lone@firma.test"
    db.flush()
    act(db, written_to, team["carl"], letter=LETTER)
    body = mails(db)["lone@firma.test"].body
    assert body.startswith(f"Kære {written_to[0].name} og {written_to[1].name}\n")


@pytest.mark.parametrize(
    ("letter", "field", "said"),
    [
        (Letter("", BODY), "mail_subject", "Skriv, hvad"),
        (Letter(SUBJECT, "  "), "mail_body", "Skriv, hvad"),
        (Letter(SUBJECT, "Kære {virksomhd}"), "mail_body", "{virksomhd} kendes ikke"),
        (Letter(SUBJECT, "Det er 070761-4285"), "mail_body", "CPR"),
        (Letter(SUBJECT, "x" * 5001), "mail_body", "for lang"),
        (Letter(SUBJECT, BODY, "because"), "protected_reason", "fra listen"),
    ],
)
def test_a_letter_that_cannot_be_sent_is_refused_beside_its_field(
    db: Session, team: dict[str, User], written_to: list[Company], letter: Letter, field: str, said: str
) -> None:
    with pytest.raises(Refused) as refusal:
        act(db, written_to, team["carl"], letter=letter)
    assert refusal.value.field == field
    assert said in refusal.value.message


def test_a_letter_that_promises_a_telephone_needs_one(
    db: Session, team: dict[str, User], written_to: list[Company]
) -> None:
    with pytest.raises(Refused, match="intet telefonnummer"):
        act(db, written_to, team["mona"], letter=LETTER)


def test_a_colleague_without_a_usable_address_stops_no_act(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    team["anna"].email = "anna<x>@kommune.test"
    db.flush()
    act(db, firms[:1], team["bo"])
    assert set(mails(db)) == {"bo@kommune.test"}


def test_a_list_too_long_for_a_mail_ends_with_how_many_more(db: Session, team: dict[str, User]) -> None:
    many = [add_company(db, 10 + n, "Lang " * 50 + f"nr. {n}", responsible=team["anna"]) for n in range(70)]
    act(db, many, team["bo"])
    body = mails(db)["bo@kommune.test"].body
    listed = body.count("- Lang")
    assert 0 < listed < 70
    assert f"og {70 - listed} til" in body
    assert len(body) < 20_000
