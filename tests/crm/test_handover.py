"""Handing over as one act: what moves, what stays, who is told, and that it is all of it or nothing."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from crm.access import actions as access
from crm.access import holdings
from crm.access.models import User
from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement
from crm.agreements.queries import programme
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import Base, Database, Session
from crm.errors import Conflict, Refused
from crm.handover import queries, scope
from crm.handover.actions import close_leaver, hand_over_list
from crm.handover.models import Handover, ItemKind
from crm.handover.moving import LOST
from crm.handover.preview import preview
from crm.handover.scope import Changed, Scope
from crm.interactions.models import FollowUp
from crm.requests import actions as requests
from crm.requests.models import Request
from crm.responsibility import queries as responsibility
from crm.responsibility.beside import put_beside
from crm.responsibility.models import Absence, AbsenceException, CompanyAssignment, CompanyColleague
from crm.responsibility.timeline import terms, terms_during
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.handing_over import LATER, act, away, busy, leave, owners
from tests.statements import counted

# --- What moves ---------------------------------------------------------------------------------


def test_a_company_moves_with_everything_its_responsible_has_open_there(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = act(db, firms[:2], team["bo"])
    assert [owners(db, company) for company in firms] == [{"Bo"}, {"Bo"}, {"Anna"}, {"Bo"}]
    assert queries.counts(db, done) == {
        ItemKind.COMPANY: 2, ItemKind.REQUEST: 2, ItemKind.FOLLOW_UP: 2, ItemKind.AGREEMENT: 2,
    }  # fmt: skip


def test_what_a_colleague_has_there_stays_theirs(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    request = db.scalars(select(Request).where(Request.company_id == firms[0].id)).one()
    requests.change(db, request=request, values={"owner": team["carl"]})
    act(db, firms[:1], team["bo"])
    assert owners(db, firms[0]) == {"Bo", "Carl"}


def test_what_is_closed_done_or_ended_stays_as_history(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    company = firms[0]
    request = db.scalars(select(Request).where(Request.company_id == company.id)).one()
    requests.move(db, request=request, to="resolved", by=team["anna"], now=NOW)
    follow_up = db.scalars(select(FollowUp).where(FollowUp.company_id == company.id)).one()
    follow_up.done_at, follow_up.done_by_id = NOW, team["anna"].id
    agreement = db.scalars(select(Agreement).where(Agreement.company_id == company.id)).one()
    agreements.step(db, agreement=agreement, to="ended", on=TODAY, by=team["anna"], now=NOW, today=TODAY)
    done = act(db, [company], team["bo"])
    assert queries.counts(db, done) == {ItemKind.COMPANY: 1}
    assert owners(db, company) == {"Anna", "Bo"}


def test_companies_that_are_the_receivers_are_left_out(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = act(db, firms, team["bo"])
    assert queries.counts(db, done)[ItemKind.COMPANY] == 3
    assert len(responsibility.history(db, firms[3])) == 1
    with pytest.raises(Refused) as refusal:
        act(db, firms, team["bo"])
    assert (refusal.value.field, refusal.value.message) == ("to", "Bo har det allerede.")


def test_the_chain_goes_on_without_a_gap_and_says_why(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    act(db, firms[:2], team["bo"], by=team["mona"])
    for company in firms[:2]:
        now, before = responsibility.history(db, company)
        assert (now.user.name, now.reason, now.by and now.by.name) == ("Bo", "Barsel", "Mona Lindevang")
        assert (before.user.name, before.valid_to) == ("Anna", now.valid_from)
        assert now.follows_id == before.id


def test_a_clock_that_went_back_still_makes_a_chain(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    act(db, firms[:1], team["bo"])
    act(db, firms[:1], team["carl"], now=NOW - timedelta(hours=1))
    moments = [each.valid_from for each in responsibility.history(db, firms[0])]
    assert moments == sorted(moments, reverse=True)


def test_versions_go_up_so_that_an_older_page_is_told(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    tables = (Company, Request, Agreement)
    before = {table: dict(db.execute(select(table.id, table.version)).all()) for table in tables}
    act(db, firms[:1], team["bo"])
    for table in tables:
        after = dict(db.execute(select(table.id, table.version)).all())
        raised = [id for id in after if after[id] == before[table][id] + 1]
        assert len(raised) == 1, table


def test_an_agreements_contact_is_the_companys_way_in_unless_another_is_named(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    values: dict[str, Any] = {
        "company": firms[0], "programme": programme(db, "code_of_care"), "by": team["mona"], "now": NOW,
        "today": TODAY,
    }  # fmt: skip
    assert agreements.create(db, title="En", **values).consultant_id == team["anna"].id
    named = agreements.create(db, title="To", consultant=team["carl"], **values)
    assert named.consultant_id == team["carl"].id
    agreements.change(db, agreement=named, values={"consultant": team["bo"]}, today=TODAY)
    assert named.consultant_id == team["bo"].id
    access.close_user(db, user=team["carl"], now=NOW)
    with pytest.raises(Refused, match="lukket"):
        agreements.change(db, agreement=named, values={"consultant": team["carl"]}, today=TODAY)


# --- A leaver -----------------------------------------------------------------------------------


def test_a_leaver_hands_over_also_what_they_have_at_others_companies(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    busy(db, firms[3], team["anna"])
    done = leave(db, team["anna"], team["carl"])
    assert queries.counts(db, done) == {
        ItemKind.COMPANY: 3, ItemKind.REQUEST: 4, ItemKind.FOLLOW_UP: 4, ItemKind.AGREEMENT: 3,
    }  # fmt: skip
    assert owners(db, firms[3]) == {"Bo", "Carl"}
    assert holdings.held(db, team["anna"], TODAY) == {}


def test_places_beside_a_responsible_go_along_and_end_where_it_is_the_receivers_own(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    other = add_company(db, 9, responsible=team["mona"])
    for company in (firms[3], other):
        put_beside(db, company=company, user=team["anna"], topic="retention", by=team["mona"], now=NOW)
    done = leave(db, team["anna"], team["bo"])
    assert queries.counts(db, done)[ItemKind.COLLEAGUE] == 2
    standing = select(CompanyColleague).where(CompanyColleague.valid_to.is_(None))
    assert [(each.company_id, each.user_id) for each in db.scalars(standing)] == [(other.id, team["bo"].id)]


def test_a_stand_in_is_replaced_and_nobody_stands_in_for_themselves(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    over, carls, bos = (
        away(db, team[name], team["anna"], days) for name, days in (("carl", -9), ("carl", 5), ("bo", 5))
    )
    for absence in (carls, bos):
        db.add(AbsenceException(absence_id=absence.id, company_id=firms[0].id, stand_in_id=team["anna"].id))
    db.flush()
    done = leave(db, team["anna"], team["bo"])
    assert queries.counts(db, done)[ItemKind.STAND_IN] == 2
    assert [db.get_one(Absence, each.id).stand_in_id for each in (over, carls, bos)] == [
        team["anna"].id, team["bo"].id, None,
    ]  # fmt: skip
    exceptions = db.execute(select(AbsenceException.absence_id, AbsenceException.stand_in_id)).all()
    assert exceptions == [(carls.id, team["bo"].id)]


def test_nobody_hands_over_to_themselves_or_to_one_who_is_closed(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    with pytest.raises(Refused, match="en anden"):
        leave(db, team["anna"], team["anna"])
    access.close_user(db, user=team["carl"], now=NOW)
    with pytest.raises(Refused, match="Carl er lukket"):
        leave(db, team["anna"], team["carl"])
    with pytest.raises(Refused, match="Carl er lukket"):
        act(db, firms, team["carl"])
    with pytest.raises(Refused) as refusal:
        act(db, firms, team["bo"], note="  ")
    assert refusal.value.field == "note"


def test_a_closing_is_refused_with_all_that_is_held_until_it_is_handed_over(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    put_beside(db, company=firms[3], user=team["anna"], topic="retention", by=team["mona"], now=NOW)
    away(db, team["bo"], team["anna"])
    with pytest.raises(Conflict) as conflict:
        close_leaver(db, leaver=team["anna"], to=None, note="", by=None, now=LATER, today=TODAY)
    assert conflict.value.message == (
        "Anna har stadig 3 virksomheder, 3 åbne henvendelser, 3 opfølgninger, 3 aftaler, "
        "1 emne eller arbejdssted og 1 periode som stedfortræder. "
        "Giv det videre først, så kan brugeren lukkes."
    )
    close_leaver(db, leaver=team["anna"], to=team["bo"], note="Nyt job", by=None, now=LATER, today=TODAY)
    assert team["anna"].is_active == 0
    assert db.scalar(select(Handover.kind)) == "leaver"


def test_whoever_has_nothing_is_closed_without_an_act(db: Session, team: dict[str, User]) -> None:
    values: dict[str, Any] = {"note": "Stoppet", "by": None, "now": LATER, "today": TODAY}
    assert close_leaver(db, leaver=team["carl"], to=team["bo"], **values) is None
    assert team["carl"].is_active == 0


def test_every_key_to_an_active_user_is_counted_as_held() -> None:
    keyed = {
        table.name: list(key.column_keys)
        for table in Base.metadata.sorted_tables
        for key in table.foreign_key_constraints
        if [element.target_fullname for element in key.elements]
        == ["user_account.id", "user_account.is_active"]
    }
    assert keyed == {name: [kind.owner, "needs_active"] for name, kind in holdings.KEYED.items()}
    assert list(holdings.WORDS) == [*holdings.KEYED, "absence"]


# --- Seen first ---------------------------------------------------------------------------------


def test_the_preview_is_what_the_act_does(db: Session, team: dict[str, User], firms: list[Company]) -> None:
    chosen = Scope(ids=[company.id for company in firms])
    found = preview(db, chosen, today=TODAY, to=team["bo"])
    assert found.told == "3 virksomheder, 3 åbne henvendelser, 3 opfølgninger og 3 aftaler"
    assert (found.already, len(found.first[ItemKind.COMPANY])) == (1, 3)
    done = act(db, firms, team["bo"], seen=found.seal)
    assert queries.counts(db, done) == found.counts


@pytest.mark.parametrize("change", ["more", "fewer", "other", "nonsense"])
def test_a_set_that_has_changed_since_is_told_and_nothing_moves(database: Database, change: str) -> None:
    with database.write() as db:
        anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
        for number in range(3):
            add_company(db, number, responsible=anna)
        seen = preview(db, Scope(leaver=anna), today=TODAY).seal
    with database.write() as db:
        anna, bo = by_email(db, "anna@kommune.test"), by_email(db, "bo@kommune.test")
        if change in {"more", "other"}:
            busy(db, add_company(db, 7, responsible=anna), anna)
        if change in {"fewer", "other"}:
            hand_over_list(db, company_ids=[1], to=bo, note="Hans", by=None, now=LATER)
    said = {
        "more": "1 virksomhed, 1 åben henvendelse, 1 opfølgning og 1 aftale er kommet til, siden",
        "fewer": "1 virksomhed er gået fra, siden du så listen.",
        "other": "1 åben henvendelse, 1 opfølgning og 1 aftale er kommet til, siden",
        "nonsense": "Noget andet er valgt, siden du så listen.",
    }
    given = "3-3" if change == "nonsense" else seen
    with pytest.raises(Changed) as conflict, database.write() as db:
        leave(db, by_email(db, "anna@kommune.test"), by_email(db, "bo@kommune.test"), seen=given)
    assert conflict.value.message.startswith(said[change])
    with database.read() as db:
        assert db.scalar(select(CompanyAssignment.id).where(CompanyAssignment.reason == "Nyt job")) is None


def test_a_preview_asks_a_fixed_number_of_questions(database: Database) -> None:
    def ask() -> int:
        with database.read() as db, counted(database) as seen:
            preview(db, Scope(leaver=by_email(db, "anna@kommune.test")), today=TODAY)
        return len(seen)

    def grow(numbers: range) -> None:
        with database.write() as db:
            anna = by_email(db, "anna@kommune.test")
            for number in numbers:
                busy(db, add_company(db, number, responsible=anna), anna)

    with database.write() as db:
        add_user(db, "anna@kommune.test")
    grow(range(1))
    few = ask()
    grow(range(1, 60))
    assert ask() == few <= 8


def test_an_act_asks_a_fixed_number_of_questions(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db, "anna@kommune.test")
        add_user(db, "bo@kommune.test")
        for number in range(61):
            busy(db, add_company(db, number, responsible=anna), anna)
        ids = db.scalars(select(Company.id).order_by(Company.id)).all()

    def moved(some: list[int]) -> int:
        with counted(database) as seen, database.write() as db:
            hand_over_list(
                db, company_ids=some, to=by_email(db, "bo@kommune.test"), note="Mange", by=None, now=LATER
            )
        # One row each for the log's chain, whatever was done.
        return len([each for each in seen if "INSERT INTO audit_event" not in each])

    assert moved([ids[0]]) == moved(list(ids[1:]))


# --- Others at the same time --------------------------------------------------------------------


def test_a_company_that_was_given_on_meanwhile_stops_the_act(database: Database) -> None:
    with database.write() as db:
        anna, bo, carl = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carl"))
        ids = [add_company(db, number, responsible=anna).id for number in range(2)]
        seen = preview(db, Scope(ids=ids), today=TODAY).seal
    with database.write() as db:
        hand_over_list(db, company_ids=ids[:1], to=bo, note="Først", by=None, now=LATER)
    with pytest.raises(Changed), database.write() as db:
        hand_over_list(db, company_ids=ids, to=carl, note="Sidst", by=None, now=LATER, seen=seen)
    with database.read() as db:
        assert [_company(db, id).responsible.name for id in ids] == [
            "Bo",
            "Anna",
        ]


def _company(db: Session, id: int) -> Company:
    return by_cvr(db, db.get_one(Company, id).cvr)


def test_a_key_that_does_not_exist_is_told_and_nothing_moves(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    with pytest.raises(Conflict, match="1 af virksomhederne"):
        hand_over_list(db, company_ids=[firms[0].id, 987654], to=team["bo"], note="x", by=None, now=LATER)
    with pytest.raises(Conflict, match="givet virksomheden videre"):
        hand_over_list(db, company_ids=[987654], to=team["bo"], note="x", by=None, now=LATER)


@pytest.mark.postgres
@pytest.mark.parametrize("kind", [ItemKind.REQUEST, ItemKind.FOLLOW_UP, ItemKind.AGREEMENT])
def test_what_a_colleague_changes_while_it_is_being_moved_stops_the_act(
    postgres_url: str, kind: ItemKind
) -> None:
    # On SQLite the two take turns from the beginning.
    database, has = Database(postgres_url), scope.OWNED[kind]
    with database.write() as db:
        anna, bo, carl = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carl"))
        company = add_company(db, 1, responsible=anna)
        busy(db, company, anna)
    told: list[str] = []

    def hand_over() -> None:
        try:
            with database.write() as db:
                hand_over_list(db, company_ids=[company.id], to=bo, note="Barsel", by=None, now=LATER)
        except Conflict as conflict:
            told.append(conflict.message)

    acting = threading.Thread(target=hand_over)
    with database.write() as db:
        db.execute(update(has.table).values({has.owner: carl.id}))
        acting.start()
        _wait_until_somebody_waits(database)
    acting.join()
    assert told == [LOST]
    with database.read() as db:
        assert owners(db, company) == {"Anna", "Carl"}
    database.close()


def _wait_until_somebody_waits(database: Database) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with database.read() as db:
            if db.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


# --- Who had them in March? ---------------------------------------------------------------------


def test_a_colleagues_timeline_answers_who_had_them_on_a_day(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    march = NOW + timedelta(days=120)
    act(db, firms[:2], team["bo"], now=march)
    day = timedelta(days=1)
    before, number = terms_during(db, team["anna"], march - 2 * day, march - day)
    assert ([company.id for _, company in before], number) == ([company.id for company in firms[:3]], 3)
    assert [company.id for _, company in terms_during(db, team["bo"], march - 2 * day, march - day)[0]] == [
        firms[3].id
    ]
    # On the day itself both had them, each for a part of it.
    for name in ("anna", "bo"):
        on_the_day, _ = terms_during(db, team[name], march - day / 2, march + day / 2)
        assert {firms[0].id, firms[1].id} <= {company.id for _, company in on_the_day}
    rows, older = terms(db, team["bo"], limit=2)
    assert [company.id for _, company in rows] == [firms[1].id, firms[0].id]
    rows, older = terms(db, team["bo"], after=older, limit=2)
    assert ([company.id for _, company in rows], older) == ([firms[3].id], None)


def test_both_sides_find_the_act(db: Session, team: dict[str, User], firms: list[Company]) -> None:
    done = act(db, firms, team["carl"])
    for name in ("anna", "bo", "carl"):
        assert [each.id for each in queries.of_user(db, team[name])] == [done.id]
    assert queries.of_user(db, team["mona"]) == []
    assert [each.id for each in queries.taken_lately(db, team["anna"], NOW)] == [done.id]
    assert queries.taken_lately(db, team["anna"], LATER + timedelta(days=1)) == []
    assert [item.company_id for item in queries.companies(db, done)] == [company.id for company in firms]
    assert [each.title for each in queries.others(db, done, ItemKind.REQUEST)] == [
        f"Hjælp til {company.name}" for company in firms
    ]
