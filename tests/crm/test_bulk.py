"""Many rows in one act: what was seen is what is done, once, and it can be taken back to the letter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import func, select

from crm.access import actions as access
from crm.access.models import User
from crm.companies import groups
from crm.companies.models import Company, CompanyGroup
from crm.companies.queries import by_ids
from crm.db import Database, Session
from crm.errors import Conflict, CrmError, NotAllowed, Refused
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from crm.lists import bulk
from crm.lists.bulk import Order
from crm.lists.models import BulkAct, BulkItem, BulkKind
from crm.lists.undo import changes, undo
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import Request
from crm.responsibility import actions as responsibility
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.fingerprint import COUNTERS, fingerprint

DUE = TODAY + timedelta(days=7)
PROMISE = Order(BulkKind.FOLLOW_UP, "Ring om elever", DUE)
# The acts themselves are kept, and so is the log; a row's version only tells that it was written.
KEPT = COUNTERS | {"audit_event", "audit_head", "bulk_act", "bulk_item"}


def _town(db: Session, number: int = 12) -> tuple[User, User, list[int]]:
    anna, bo = add_user(db), add_user(db, "bo@kommune.test")
    found = [add_company(db, each, responsible=(anna, bo)[each % 3 == 0]) for each in range(number)]
    found[1].active = found[2].active = 0
    groups.join(db, company=found[4], name="Den ene", now=NOW)
    groups.join(db, company=found[5], name="Den anden", now=NOW)
    db.flush()
    return anna, bo, [company.id for company in found]


def _do(db: Session, order: Order, ids: list[int], by: User) -> BulkAct:
    return bulk.do(db, order, ids, by=by, now=NOW, seen=bulk.plan(db, order, ids).seal)


def test_a_follow_up_for_each_is_its_own_way_ins_and_the_ceased_are_left_out(db: Session) -> None:
    anna, bo, ids = _town(db)
    plan = bulk.plan(db, PROMISE, [*ids, 9999])
    assert plan.left_out == {
        "er ophørt": ["Virksomhed 1 ApS", "Virksomhed 2 ApS"], "findes ikke længere": ["1 af de valgte"],
    }  # fmt: skip
    assert plan.shares == [("Anna", 6), ("Bo", 4)]
    _do(db, PROMISE, ids, anna)
    made = db.scalars(select(FollowUp)).all()
    companies = by_ids(db, ids)
    assert {(each.company_id, each.owner_id, each.due, each.text) for each in made} == {
        (id, companies[id].responsible.id, DUE, "Ring om elever") for id in ids if companies[id].active
    }
    assert bo.id in {each.owner_id for each in made}


def test_the_same_again_leaves_everyone_out(db: Session) -> None:
    anna, _, ids = _town(db)
    _do(db, PROMISE, ids, anna)
    again = bulk.plan(db, PROMISE, ids)
    assert not again.lines
    assert len(again.left_out["har den samme opfølgning i forvejen"]) == 10
    with pytest.raises(Refused, match="ikke noget at gøre"):
        _do(db, PROMISE, ids, anna)


def test_one_colleague_can_have_them_all_but_not_one_who_has_left(db: Session) -> None:
    anna, bo, ids = _town(db)
    order = Order(BulkKind.FOLLOW_UP, "Ring", DUE, bo)
    assert bulk.plan(db, order, ids).shares == [("Bo", 10)]
    _do(db, order, ids, anna)
    assert set(db.scalars(select(FollowUp.owner_id))) == {bo.id}
    gone = add_user(db, "gaaet@kommune.test")
    gone.is_active, gone.closed_at = 0, NOW
    with pytest.raises(Refused, match="lukket"):
        bulk.plan(db, Order(BulkKind.FOLLOW_UP, "Ring", DUE, gone), ids)


def test_companies_join_a_group_and_leave_it_and_those_elsewhere_stay(db: Session) -> None:
    anna, _, ids = _town(db)
    join = Order(BulkKind.JOIN_GROUP, "Den ene")
    plan = bulk.plan(db, join, ids)
    assert plan.left_out == {
        "er der i forvejen": ["Virksomhed 4 ApS"],
        "hører til Den anden": ["Virksomhed 5 ApS"],
    }
    act = _do(db, join, ids, anna)
    assert act.made_group == 0
    names = dict(
        db.execute(select(CompanyGroup.name, func.count()).join(Company).group_by(CompanyGroup.name)).all()
    )
    assert names == {"Den ene": 11, "Den anden": 1}
    leave = Order(BulkKind.LEAVE_GROUP)
    _do(db, leave, ids[:3], anna)
    assert {db.get_one(Company, id).group_id for id in ids[:3]} == {None}
    assert bulk.plan(db, leave, ids[:4]).left_out["hører ikke til en koncern"] == [
        f"Virksomhed {number} ApS" for number in range(3)
    ]


def _ask(db: Session, company: int, owner: User, title: str) -> Request:
    return requests.take_in(
        db, company=db.get_one(Company, company), asked=NewRequest("guidance", title), by=owner, now=NOW,
        clock=WorkingHours.of(Settings()), owner=owner,
    )  # fmt: skip


def test_open_requests_get_a_new_owner_and_closed_ones_stay(db: Session) -> None:
    anna, bo, ids = _town(db)
    asked = [_ask(db, ids[number], anna, f"Nr. {number}") for number in range(4)]
    _ask(db, ids[5], bo, "Bos egen")
    requests.move(db, request=asked[0], to="resolved", by=anna, now=NOW)
    order = Order(BulkKind.REQUEST_OWNER, to=bo)
    keys = list(db.scalars(select(Request.id)))
    plan = bulk.plan(db, order, keys)
    assert [len(names) for names in (plan.lines, *plan.left_out.values())] == [3, 1, 1]
    act = _do(db, order, keys, anna)
    assert [each.owner_id for each in asked] == [anna.id, bo.id, bo.id, bo.id]
    undo(db, act=act, by=anna, now=NOW)
    assert {each.owner_id for each in asked} == {anna.id}


def test_what_has_changed_since_it_was_seen_is_not_done(database: Database) -> None:
    with database.write() as db:
        anna, bo, ids = _town(db)
        seen = bulk.plan(db, PROMISE, ids).seal
    with database.write() as db:
        responsibility.hand_over(
            db, company=db.get_one(Company, ids[7]), to=db.get_one(User, bo.id), reason="Ny", by=None, now=NOW
        )
    with pytest.raises(Conflict, match="ændret, siden du så"), database.write() as db:
        bulk.do(db, PROMISE, ids, by=db.get_one(User, anna.id), now=NOW, seen=seen)
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(FollowUp)) == 0
        assert db.scalar(select(func.count()).select_from(BulkAct)) == 0


def test_two_who_do_the_same_at_once_do_it_once(database: Database) -> None:
    with database.write() as db:
        anna, _, ids = _town(db)
        seen = bulk.plan(db, PROMISE, ids).seal

    def do(_number: int) -> str:
        try:
            with database.write() as db:
                bulk.do(db, PROMISE, ids, by=db.get_one(User, anna.id), now=NOW, seen=seen)
        except CrmError as refusal:
            return type(refusal).__name__
        return "done"

    with ThreadPoolExecutor(4) as threads:
        found = sorted(threads.map(do, range(4)))
    assert found == ["Conflict", "Conflict", "Conflict", "done"]
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(FollowUp)) == 10


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=some.sets(some.integers(0, 11), min_size=1),
    kind=some.sampled_from(["promise", "join", "new", "leave"]),
)
def test_undo_leaves_everything_as_it_was(sqlite_url: str, chosen: set[int], kind: str) -> None:
    database = Database(sqlite_url)
    with database.write() as db:
        if (anna := db.scalars(select(User)).first()) is None:
            anna, _, _ = _town(db)
    before = _as_it_is(database)
    order = {
        "promise": PROMISE, "join": Order(BulkKind.JOIN_GROUP, "Den ene"),
        "new": Order(BulkKind.JOIN_GROUP, "Helt ny"), "leave": Order(BulkKind.LEAVE_GROUP),
    }[kind]  # fmt: skip
    with database.write() as db:
        ids = sorted(db.scalars(select(Company.id)))
        picked = [ids[number] for number in chosen]
        plan = bulk.plan(db, order, picked)
        if not plan.lines:
            return
        act = _do(db, order, picked, db.get_one(User, anna.id))
        items = db.scalars(select(BulkItem).where(BulkItem.act_id == act.id)).all()
        # What was seen is what was done: the same companies, and nobody else.
        assert sorted(item.company_id for item in items) == sorted(line.company_id for line in plan.lines)
    assert _as_it_is(database) != before
    with database.write() as db:
        assert undo(db, act=db.get_one(BulkAct, act.id), by=db.get_one(User, anna.id), now=NOW) == len(
            plan.lines
        )
    assert _as_it_is(database) == before
    database.close()


def _as_it_is(database: Database) -> tuple[str, object]:
    """Everything but the acts, the log and how often a company was written."""
    with database.read() as db:
        rows = db.execute(select(Company.id, Company.group_id, Company.name).order_by(Company.id)).all()
    return fingerprint(database, without=KEPT | {"company"}), tuple(map(tuple, rows))


def test_what_somebody_has_built_upon_is_not_taken_back(db: Session) -> None:
    anna, bo, ids = _town(db)
    act = _do(db, PROMISE, ids, anna)
    done = db.scalars(select(FollowUp).order_by(FollowUp.company_id)).first()
    assert done is not None
    interactions.mark_done(db, follow_up=done, by=bo, now=NOW)
    with pytest.raises(Conflict, match="opfølgningen hos Virksomhed 0 ApS er ændret"):
        undo(db, act=act, by=anna, now=NOW)
    assert act.undone_at is None
    joined = _do(db, Order(BulkKind.JOIN_GROUP, "Ny"), ids[6:9], anna)
    groups.leave(db, company=db.get_one(Company, ids[7]))
    assert changes(db, joined) == ["Virksomhed 7 ApS er flyttet igen"]


def test_an_act_is_taken_back_once_and_by_its_maker_or_a_manager(db: Session) -> None:
    anna, bo, ids = _town(db)
    act = _do(db, PROMISE, ids, anna)
    with pytest.raises(NotAllowed):
        undo(db, act=act, by=bo, now=NOW)
    undo(db, act=act, by=add_user(db, "mona@kommune.test", "manager"), now=NOW)
    with pytest.raises(Conflict, match="allerede fortrudt"):
        undo(db, act=act, by=anna, now=NOW)


def test_a_request_does_not_go_back_to_one_who_has_left(db: Session) -> None:
    anna, bo, ids = _town(db)
    cara = add_user(db, "cara@kommune.test")
    asked = _ask(db, ids[0], cara, "Vejledning")
    act = _do(db, Order(BulkKind.REQUEST_OWNER, to=bo), [asked.id], anna)
    access.close_user(db, user=cara, now=NOW, today=TODAY)
    with pytest.raises(Conflict, match="Cara er lukket"):
        undo(db, act=act, by=anna, now=NOW)


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (Order(BulkKind.FOLLOW_UP, "  ", DUE), "text"),
        (Order(BulkKind.FOLLOW_UP, "Ring"), "due"),
        (Order(BulkKind.FOLLOW_UP, "070761-4285", DUE), "text"),
        (Order(BulkKind.JOIN_GROUP, None), "name"),
        (Order(BulkKind.REQUEST_OWNER), "to"),
    ],
)
def test_an_order_that_lacks_something_is_refused_beside_its_field(
    db: Session, order: Order, field: str
) -> None:
    _, _, ids = _town(db)
    with pytest.raises(Refused) as refusal:
        bulk.plan(db, order, ids)
    assert refusal.value.field == field


def test_no_more_rows_go_in_one_act_than_its_bound(db: Session) -> None:
    _town(db)
    with pytest.raises(Refused, match=r"højst vælges 2\.000"):
        bulk.plan(db, PROMISE, range(1, bulk.MOST + 2))
    with pytest.raises(Refused, match="mindst én"):
        bulk.plan(db, PROMISE, [])
