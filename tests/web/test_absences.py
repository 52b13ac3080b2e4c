"""Fravær on the pages: written, changed and ended; who answers, wherever one looks; and who may do what."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from crm.access import queries as users
from crm.access.models import User
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.responsibility.absences import actions
from crm.responsibility.models import Absence, AbsenceException
from tests.conftest import NOW, TODAY, add_company
from tests.fingerprint import fingerprint
from tests.town import ANNA, BO, MONA, Town
from tests.web.conftest import Clock, SignIn, Visitor, main


def day(days: int) -> date:
    """So many days from the Monday it is."""
    return TODAY + timedelta(days=days)


def send_away(database: Database, who: str, first: int, last: int, stand_in: str | None = None) -> int:
    """An absence between days counted from today; its key."""
    with database.write() as db:
        return actions.add(
            db,
            user=users.by_email(db, who),
            first_day=day(first),
            last_day=day(last),
            stand_in=users.by_email(db, stand_in) if stand_in else None,
            by=users.by_email(db, who),
            today=TODAY,
            now=NOW,
        ).id


def absences(database: Database, who: str) -> list[tuple[date, date, int | None]]:
    """Someone's absences as they stand."""
    with database.read() as db:
        theirs = select(Absence).join(Absence.user).where(User.email == who).order_by(Absence.first_day)
        return [(each.first_day, each.last_day, each.stand_in_id) for each in db.scalars(theirs)]


def said(visitor: Visitor, path: str) -> str:
    """What a page says in its main part, without the blanks that tags leave before signs."""
    return re.sub(r" (?=[,.])", "", html.unescape(main(visitor.get(path))))


# --- Writing --------------------------------------------------------------------------------------


def test_everyone_writes_their_own_absence_and_can_take_it_back(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(BO)
    data = {"first_day": "i morgen", "last_day": "27-11-2026", "stand_in": town.users[ANNA]}
    page = visitor.follow(visitor.post("/fravaer", data))
    assert "Du er væk 24.–27. november. Anna svarer." in main(page)
    assert absences(database, BO) == [(day(1), day(4), town.users[ANNA])]
    undo = re.search(r'action="(/fravaer/\d+/fortryd)"', page.text)
    assert undo
    assert "slettet igen" in main(visitor.follow(visitor.post(undo[1])))
    assert absences(database, BO) == []


def test_a_last_day_left_open_is_the_first_and_nobody_need_stand_in(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(BO)
    page = main(visitor.follow(visitor.post("/fravaer", {"first_day": "+2"})))
    assert "Du er væk 25. november. Der er ingen stedfortræder" in page
    assert absences(database, BO) == [(day(2), day(2), None)]


WRONG = {
    "no first day": ({"first_day": ""}, "first_day", "Skriv den første dag"),
    "no day at all": ({"first_day": "engang"}, "first_day", "Skriv datoen"),
    "backwards": ({"last_day": "23-11-2026"}, "last_day", "før første dag"),
    "too long": ({"last_day": "30-12-2027"}, "last_day", "højst vare 400 dage"),
    "over": ({"first_day": "01-11-2026", "last_day": "02-11-2026"}, "last_day", "slut før i dag"),
    "taken": (
        {"first_day": "04-01-2027", "last_day": "04-01-2027"}, "first_day", "et fravær 4. januar 2027"),
    "oneself": ({"stand_in": "ANNA"}, "stand_in", "sin egen stedfortræder"),
    "closed": ({"stand_in": "LUKKET"}, "stand_in", "er lukket"),
    "nobody known": ({"stand_in": "98765"}, "stand_in", "Vælg en kollega"),
    "no number": ({"stand_in": "bo"}, "stand_in", "Vælg en kollega"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_beside_its_field_kept_and_not_stored(
    sign_in: SignIn, town: Town, database: Database, name: str
) -> None:
    typed, field, sentence = WRONG[name]
    keys = {"ANNA": town.users[ANNA], "LUKKET": town.users["lukket@kommune.test"]}
    data = {"first_day": "24-11-2026", "last_day": "25-11-2026", "stand_in": town.users[BO]}
    data |= {key: keys.get(value, value) for key, value in typed.items()}
    visitor = sign_in(ANNA)
    before = fingerprint(database)
    page = visitor.post("/fravaer", data, status=422).text
    beside = re.search(rf'id="f-{field}-error">(.*?)</p>', page, re.DOTALL)
    assert beside, f"nothing beside {field}"
    assert sentence in html.unescape(beside[1])
    assert f'name="first_day" type="text" value="{html.escape(str(data["first_day"]))}"' in page
    assert fingerprint(database) == before


def test_a_form_sent_twice_makes_one_absence(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor = sign_in(BO)
    data = {"first_day": "24-11-2026", "submission": "den-samme"}
    first = visitor.post("/fravaer", data)
    assert visitor.post("/fravaer", data).headers["location"] == first.headers["location"]
    assert len(absences(database, BO)) == 1


def test_a_stand_in_who_is_away_some_of_the_days_is_warned_of_and_not_refused(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    send_away(database, MONA, 2, 3)
    visitor = sign_in(BO)
    data = {"first_day": "24-11-2026", "last_day": "27-11-2026", "stand_in": town.users[MONA]}
    page = main(visitor.follow(visitor.post("/fravaer", data)))
    assert "Mona svarer. Bemærk: Mona er selv væk 25.–26. november." in page
    assert (
        page.count("Mona er selv væk 25.–26. november") == 3
    )  # The message, one's own list, and everyone's.


def test_a_leader_writes_for_others_and_a_consultant_does_not(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    data = {"user_id": town.users[BO], "first_day": "24-11-2026"}
    consultant = sign_in(ANNA)
    before = fingerprint(database)
    consultant.post("/fravaer", data, status=403)
    assert fingerprint(database) == before
    leader = sign_in(MONA)
    assert "Bo Birketoft er væk 24. november" in main(leader.follow(leader.post("/fravaer", data)))
    assert absences(database, BO) == [(day(1), day(1), None)]


@pytest.mark.parametrize(
    "path", ["", "/slut", "/aflys", "/fortryd", "/forlaeng", "/undtagelser", "/undtagelser/1/slet"]
)
def test_another_consultant_may_not_touch_it_and_nothing_changes(
    sign_in: SignIn, town: Town, database: Database, path: str
) -> None:
    other = sign_in(BO)
    before = fingerprint(database)
    other.post(f"/fravaer/{town.absence}{path}", {"first_day": "05-01-2027", "last_day": "i dag"}, status=403)
    other.get(f"/fravaer/{town.absence}", status=403)
    assert fingerprint(database) == before
    sign_in(MONA).get(f"/fravaer/{town.absence}")


# --- Changing -------------------------------------------------------------------------------------


def _version(visitor: Visitor, id: int) -> str:
    found = re.search(r'name="version" value="(\d+)"', visitor.get(f"/fravaer/{id}").text)
    assert found
    return found[1]


def test_days_and_stand_in_are_changed_for_whoever_saw_the_newest(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    first, second = sign_in(ANNA), sign_in(MONA)
    seen = _version(first, town.absence)
    data = {
        "first_day": "05-01-2027",
        "last_day": "06-01-2027",
        "stand_in": town.users[MONA],
        "version": seen,
    }
    assert "Mona svarer" in main(first.follow(first.post(f"/fravaer/{town.absence}", data)))
    assert absences(database, ANNA) == [(date(2027, 1, 5), date(2027, 1, 6), town.users[MONA])]
    page = second.post(f"/fravaer/{town.absence}", data | {"last_day": "12-01-2027"}, status=422)
    assert "En kollega har rettet fraværet imens" in main(page)
    assert 'value="12-01-2027"' in page.text
    assert absences(database, ANNA) == [(date(2027, 1, 5), date(2027, 1, 6), town.users[MONA])]


def test_one_that_has_begun_is_ended_and_the_end_can_be_undone(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    id = send_away(database, BO, -3, 4, ANNA)
    visitor = sign_in(BO)
    page = visitor.follow(visitor.post(f"/fravaer/{id}/slut", {"last_day": "22-11-2026"}))
    assert "Sidste dag er nu søndag 22. november" in main(page)
    assert absences(database, BO)[0][1] == day(-1)
    undo = re.search(r'action="(/fravaer/\d+/forlaeng\?til=[0-9-]+)"', page.text)
    assert undo
    visitor.post(undo[1])
    assert absences(database, BO)[0][1] == day(4)
    visitor.post(f"/fravaer/{id}/slut", {"last_day": "i dag"})
    assert absences(database, BO)[0][1] == TODAY


def test_an_old_page_ends_nothing(sign_in: SignIn, town: Town, database: Database) -> None:
    id = send_away(database, BO, -3, 4)
    visitor = sign_in(BO)
    before = fingerprint(database)
    for typed in ("", "engang", "20-11-2026", "25-11-2026"):
        visitor.post(f"/fravaer/{id}/slut", {"last_day": typed}, status=422)
    visitor.post(f"/fravaer/{id}/forlaeng?til=engang", status=422)
    visitor.post(f"/fravaer/{id}/forlaeng?til=2020-01-01", status=422)
    assert fingerprint(database) == before


def test_one_to_come_is_called_off_and_one_that_is_over_stands(
    sign_in: SignIn, town: Town, database: Database, clock_on_the_wall: Clock
) -> None:
    visitor = sign_in(BO)
    visitor.post(f"/fravaer/{send_away(database, BO, 5, 6)}/aflys")
    assert absences(database, BO) == []
    id = send_away(database, BO, -1, 0, ANNA)
    clock_on_the_wall.now = NOW + timedelta(days=1)
    visitor = sign_in(BO)
    page = said(visitor, f"/fravaer/{id}")
    assert "Fraværet er slut og står som historik. Anna Kildeskov svarede." in page
    assert "Aflys" not in page
    before = fingerprint(database)
    visitor.post(f"/fravaer/{id}/aflys", status=409)
    assert fingerprint(database) == before
    assert "slut" in said(visitor, "/fravaer")


def test_a_single_company_is_given_to_somebody_else_and_back(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(ANNA)
    path = f"/fravaer/{town.absence}/undtagelser"
    for written in ("Ærlig & Åben I/S", town.protected, "ærlig"):
        page = main(
            visitor.follow(visitor.post(path, {"company": written, "exception_stand_in": town.users[MONA]}))
        )
        assert "Mona Lindevang svarer for Ærlig &amp; Åben I/S" in page
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(AbsenceException)) == 2
        protected = by_cvr(db, town.protected).id
    visitor.post(f"{path}/{protected}/slet")
    visitor.post(f"{path}/{protected}/slet", status=404)
    assert "Ærlig" not in said(visitor, f"/fravaer/{town.absence}")


SINGLE = {
    "no company": ({"company": "", "exception_stand_in": "MONA"}, "company", "CVR-nummer eller navn"),
    "an unknown": ({"company": "Findes Ikke", "exception_stand_in": "MONA"}, "company", "Ingen virksomhed"),
    "one of several": ({"company": "bager", "exception_stand_in": "MONA"}, "company", "Flere virksomheder"),
    "nobody": ({"company": "BAKERY", "exception_stand_in": ""}, "exception_stand_in", "Vælg, hvem"),
    "oneself": ({"company": "BAKERY", "exception_stand_in": "ANNA"}, "exception_stand_in", "sin egen"),
    "closed": ({"company": "BAKERY", "exception_stand_in": "LUKKET"}, "exception_stand_in", "er lukket"),
}  # fmt: skip


@pytest.mark.parametrize("name", SINGLE)
def test_what_is_wrong_with_a_single_company_is_said_beside_its_field(
    sign_in: SignIn, town: Town, database: Database, name: str
) -> None:
    with database.write() as db:
        add_company(db, 70, "Bagermesteren ApS", responsible=users.by_email(db, ANNA))
    typed, field, sentence = SINGLE[name]
    keys = {"MONA": town.users[MONA], "ANNA": town.users[ANNA], "LUKKET": town.users["lukket@kommune.test"],
            "BAKERY": town.bakery}  # fmt: skip
    visitor = sign_in(ANNA)
    before = fingerprint(database)
    data = {key: keys.get(value, value) for key, value in typed.items()}
    page = visitor.post(f"/fravaer/{town.absence}/undtagelser", data, status=422).text
    beside = re.search(rf'id="f-{field}-error">(.*?)</p>', page, re.DOTALL)
    assert beside, f"nothing beside {field}"
    assert sentence in html.unescape(beside[1])
    assert 'value="04-01-2027"' in page  # The other form of the page is as it was.
    assert fingerprint(database) == before
