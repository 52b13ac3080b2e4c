"""The right to a say: a consultant proposes, a manager decides, one proposal at a time for each company."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.access import actions as access
from crm.access.models import User
from crm.access.queries import by_email
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import Conflict, CrmError, NotAllowed, NotFound, Refused
from crm.handover import proposals
from crm.handover.models import Handover, TransferProposal
from crm.responsibility import queries as assignments
from tests.conftest import NOW, add_company, add_user
from tests.crm.handing_over import LATER, act, owners

THEN = LATER + timedelta(hours=1)


def _proposed(db: Session, team: dict[str, User], company: Company, to: str = "carl") -> TransferProposal:
    """Carl asks for Anna's company, as a rule for himself."""
    return proposals.propose(
        db, company=company, to=team[to], reason="Jeg kender dem", by=team["carl"], now=NOW
    )


@pytest.mark.parametrize(
    ("who", "setting", "asks"),
    [("carl", True, True), ("anna", True, False), ("mona", True, False), ("carl", False, False)],
)
def test_only_a_consultant_with_a_colleagues_company_must_ask_and_only_where_it_is_set(
    db: Session, team: dict[str, User], firms: list[Company], who: str, setting: bool, asks: bool
) -> None:
    assert proposals.must_ask(team[who], firms[0], approve_transfers=setting) == asks


def test_an_approval_is_the_act_itself(db: Session, team: dict[str, User], firms: list[Company]) -> None:
    proposal = _proposed(db, team, firms[0])
    assert (owners(db, firms[0]), proposals.waiting(db)) == ({"Anna"}, 1)
    proposals.approve(db, proposal=proposal, by=team["mona"], now=LATER)
    assert owners(db, firms[0]) == {"Carl"}
    newest = assignments.history(db, firms[0])[0]
    assert (newest.reason, newest.by and newest.by.name) == ("Jeg kender dem", "Mona Lindevang")
    assert (proposal.state, proposal.decided_by_id, proposals.waiting(db)) == ("approved", team["mona"].id, 0)
    assert db.get_one(Handover, proposal.handover_id).kind == "company"


def test_a_refusal_says_why_and_moves_nothing(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    proposal = _proposed(db, team, firms[0])
    with pytest.raises(Refused) as refusal:
        proposals.decline(db, proposal=proposal, note=" ", by=team["mona"], now=LATER)
    assert refusal.value.field == "note"
    proposals.decline(db, proposal=proposal, note="Anna er midt i en sag", by=team["mona"], now=LATER)
    assert (proposal.state, proposal.decision_note) == ("declined", "Anna er midt i en sag")
    assert owners(db, firms[0]) == {"Anna"}


def test_only_the_one_who_proposed_may_withdraw_and_only_managers_decide(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    proposal = _proposed(db, team, firms[0])
    with pytest.raises(NotAllowed):
        proposals.withdraw(db, proposal=proposal, by=team["mona"], now=LATER)
    with pytest.raises(NotAllowed):
        proposals.approve(db, proposal=proposal, by=team["anna"], now=LATER)
    with pytest.raises(NotAllowed):
        proposals.decline(db, proposal=proposal, note="Nej", by=team["carl"], now=LATER)
    proposals.withdraw(db, proposal=proposal, by=team["carl"], now=LATER)
    assert proposal.state == "withdrawn"


def test_one_lies_open_at_a_time_and_the_same_again_is_the_same(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    first = _proposed(db, team, firms[0])
    assert _proposed(db, team, firms[0]).id == first.id
    with pytest.raises(Conflict, match="allerede et forslag"):
        _proposed(db, team, firms[0], "bo")
    proposals.withdraw(db, proposal=first, by=team["carl"], now=LATER)
    assert _proposed(db, team, firms[0], "bo").id != first.id


def test_what_is_decided_is_decided(db: Session, team: dict[str, User], firms: list[Company]) -> None:
    proposal = _proposed(db, team, firms[0])
    proposals.approve(db, proposal=proposal, by=team["mona"], now=LATER)
    decisions: tuple[Callable[[], object], ...] = (
        lambda: proposals.approve(db, proposal=proposal, by=team["mona"], now=THEN),
        lambda: proposals.decline(db, proposal=proposal, note="Nej", by=team["mona"], now=THEN),
        lambda: proposals.withdraw(db, proposal=proposal, by=team["carl"], now=THEN),
    )
    for decide in decisions:
        with pytest.raises(Conflict, match="allerede afgjort"):
            decide()


def test_nothing_is_proposed_without_a_reason_to_one_who_is_closed_or_has_it(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    access.close_user(db, user=team["carl"], now=NOW)
    for to, reason, field in (("anna", "Ja", "to"), ("carl", "Ja", "to"), ("bo", "  ", "reason")):
        with pytest.raises(Refused) as refusal:
            proposals.propose(db, company=firms[0], to=team[to], reason=reason, by=team["bo"], now=NOW)
        assert refusal.value.field == field


def test_a_company_that_went_there_meanwhile_needs_no_act(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    proposal = _proposed(db, team, firms[0])
    act(db, firms[:1], team["carl"])
    proposals.approve(db, proposal=proposal, by=team["mona"], now=THEN)
    assert (proposal.state, proposal.handover_id) == ("approved", None)
    assert len(assignments.history(db, firms[0])) == 2


def test_a_receiver_who_was_closed_meanwhile_is_told_to_the_manager(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    proposal = _proposed(db, team, firms[0])
    access.close_user(db, user=team["carl"], now=NOW)
    with pytest.raises(Refused, match="Carl er lukket"):
        proposals.approve(db, proposal=proposal, by=team["mona"], now=LATER)


def test_lists_have_what_they_show(db: Session, team: dict[str, User], firms: list[Company]) -> None:
    first, second = _proposed(db, team, firms[0]), _proposed(db, team, firms[1], "bo")
    proposals.decline(db, proposal=second, note="Nej", by=team["mona"], now=LATER)
    db.expire_all()
    waiting = proposals.open_ones(db)
    assert [(each.company.responsible.name, each.to_user.name, each.by.name) for each in waiting] == [
        ("Anna", "Carl", "Carl")
    ]
    assert [each.id for each in proposals.decided(db)] == [second.id]
    assert [each.id for each in proposals.of_company(db, firms[0])] == [first.id]
    assert proposals.get(db, first.id).company.responsible.name == "Anna"
    with pytest.raises(NotFound):
        proposals.get(db, 987654)


def test_of_two_managers_at_once_one_decides_and_the_other_is_told(database: Database) -> None:
    with database.write() as db:
        team = {name: add_user(db, f"{name}@kommune.test") for name in ("anna", "carl")}
        for name in ("mona", "mads"):
            add_user(db, f"{name}@kommune.test", "manager")
        company = add_company(db, 1, responsible=team["anna"])
        id, cvr = _proposed(db, team, company).id, company.cvr
    told: list[str] = []
    begin = threading.Barrier(2)

    def decide(name: str) -> None:
        begin.wait()
        try:
            with database.write() as db:
                manager, proposal = by_email(db, f"{name}@kommune.test"), proposals.get(db, id)
                if name == "mona":
                    proposals.approve(db, proposal=proposal, by=manager, now=LATER)
                else:
                    proposals.decline(db, proposal=proposal, note="Nej", by=manager, now=LATER)
        except CrmError as error:
            told.append(error.message)

    threads = [threading.Thread(target=decide, args=(name,)) for name in ("mona", "mads")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["Forslaget er allerede afgjort."]
    with database.read() as db:
        state = db.scalars(select(TransferProposal.state)).one()
        assert by_cvr(db, cvr).responsible.name == ("Carl" if state == "approved" else "Anna")


def test_of_two_who_propose_at_once_one_lies_open(database: Database) -> None:
    with database.write() as db:
        team = {name: add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carl")}
        cvr = add_company(db, 1, responsible=team["anna"]).cvr
    told: list[str] = []
    begin = threading.Barrier(2)

    def propose(name: str) -> None:
        begin.wait()
        try:
            with database.write() as db:
                user = by_email(db, f"{name}@kommune.test")
                proposals.propose(db, company=by_cvr(db, cvr), to=user, reason="Min", by=user, now=LATER)
        except CrmError as error:
            told.append(error.message)

    threads = [threading.Thread(target=propose, args=(name,)) for name in ("bo", "carl")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [proposals.ONE_ALREADY]
    with database.read() as db:
        assert proposals.waiting(db) == 1
