"""An answer is given once, in time, and to the question that was asked; what was written is followed up."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date

import pytest
from sqlalchemy import func, select

from crm.access.models import User
from crm.companies.models import Company
from crm.day.sources import comments
from crm.db import Database
from crm.errors import Conflict, CrmError, Refused
from crm.interactions.models import Interaction
from crm.responsibility import actions as responsibility
from crm.surveys import actions, queries
from crm.surveys.actions import Answered
from crm.surveys.models import SurveyReply
from tests.conftest import NOW, TODAY, add_user
from tests.crm.surveying import DAY, asked, closed, consultant, firm, open_by, replied, tokens
from tests.statements import counted


@pytest.fixture
def token(database: Database) -> str:
    """The link a company got."""
    with database.write() as db:
        closed(db, *firm(db))
    assert asked(database) == 1
    with database.read() as db:
        [found] = tokens(db).values()
    return found


@pytest.mark.parametrize("value", [1, 5, None])
def test_an_answer_is_kept_with_its_day_and_its_company(
    database: Database, token: str, value: int | None
) -> None:
    replied(database, token, value)
    with database.read() as db:
        found = open_by(db, token)
        assert found.reply
        assert (found.reply.value, found.reply.replied_on) == (value, TODAY)
        assert found.reply.company_id == found.invitation.company_id
        assert found.reply.question_id == found.question.id


@pytest.mark.parametrize("value", [0, 6, -1])
def test_what_is_no_step_is_refused(database: Database, token: str, value: int) -> None:
    with pytest.raises(Refused):
        replied(database, token, value)


def test_a_second_answer_is_refused_and_changes_nothing(database: Database, token: str) -> None:
    replied(database, token, 5)
    with pytest.raises(Answered):
        replied(database, token, 1)
    with database.read() as db:
        assert db.scalars(select(SurveyReply.value)).all() == [5]


@pytest.mark.parametrize(("days", "accepted"), [(0, True), (30, True), (31, False), (400, False)])
def test_a_link_can_be_answered_to_its_last_day(
    database: Database, token: str, days: int, accepted: bool
) -> None:
    if accepted:
        replied(database, token, 3, NOW + days * DAY)
        return
    with pytest.raises(Conflict, match="Tiden til at svare er gået"):
        replied(database, token, 3, NOW + days * DAY)


def test_of_fifty_answers_at_once_one_is_kept(database: Database, token: str) -> None:
    begin, told = threading.Barrier(50), Counter[str]()
    with database.read() as db:
        seen = open_by(db, token)
    assert seen.reply is None

    def answer(number: int) -> None:
        mine = Database(database.url, readers=1)
        begin.wait()
        try:
            with mine.write("survey") as db:
                # Everyone saw the question unanswered; only the database knows better.
                actions.answer(db, opened=seen, value=1 + number % 5, today=TODAY)
            told["kept"] += 1
        except CrmError as error:
            told[type(error).__name__] += 1
        mine.close()

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {"kept": 1, "Answered": 49}
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(SurveyReply)) == 1


# --- Comments -----------------------------------------------------------------------------------


def test_a_comment_is_added_once_and_never_with_a_cpr_number(database: Database, token: str) -> None:
    reply = replied(database, token, 2)
    with pytest.raises(Refused) as refusal, database.write() as db:
        actions.add_comment(db, reply=queries.reply(db, reply.id), comment="Vi talte om 010180-1234")
    assert refusal.value.field == "comment"
    for text, accepted in (("Der gik for lang tid", True), ("Noget andet", False)):
        try:
            with database.write() as db:
                actions.add_comment(db, reply=queries.reply(db, reply.id), comment=text)
        except Conflict:
            assert not accepted
    with database.read() as db:
        assert queries.reply(db, reply.id).comment == "Der gik for lang tid"


def _answers(database: Database, number: int) -> list[int]:
    """So many companies of Anna's, each with a comment."""
    with database.write() as db:
        for each in range(number):
            closed(db, *firm(db, each))
    asked(database)
    with database.read() as db:
        links = list(tokens(db).values())
    return [replied(database, link, comment=f"Ring til os ({place})").id for place, link in enumerate(links)]


def test_a_comment_waits_for_the_companys_way_in_until_somebody_has_followed_up(database: Database) -> None:
    first, second = _answers(database, 2)
    with database.write() as db:
        anna, bo = consultant(db), add_user(db, "bo@kommune.test")
        company = db.get_one(Company, queries.reply(db, second).company_id)
        responsibility.hand_over(db, company=company, to=bo, reason="Barsel", by=None, now=NOW + DAY)
    with database.read() as db:
        assert [each.id for each in comments(db, anna, TODAY, 10)] == [first]
        assert [each.id for each in comments(db, bo, TODAY, 10)] == [second]
    with database.write() as db:
        reply = queries.reply(db, first)
        actions.handle_comment(
            db, reply=reply, company=reply.company, by=db.get_one(User, anna.id), now=NOW + DAY,
            note="Vi blev enige om et møde", kind="call",
        )  # fmt: skip
    with database.read() as db:
        assert comments(db, anna, TODAY, 10) == []
        logged = db.scalars(select(Interaction).where(Interaction.kind == "call")).all()[-1]
        assert "Vi blev enige om et møde" in logged.summary
        assert (logged.company_id, logged.direction) == (queries.reply(db, first).company_id, "out")


def test_a_comment_is_followed_up_once_and_never_without_a_word(database: Database) -> None:
    [id] = _answers(database, 1)

    def handle(note: str) -> None:
        with database.write() as db:
            reply = queries.reply(db, id)
            actions.handle_comment(
                db, reply=reply, company=reply.company, by=consultant(db), now=NOW, note=note
            )

    with pytest.raises(Refused):
        handle(" ")
    handle("Ringet op")
    with pytest.raises(Conflict, match="allerede fulgt op"):
        handle("Ringet op igen")


def test_comments_are_read_in_one_question_however_many_there_are(database: Database) -> None:
    _answers(database, 12)
    with database.read() as db:
        anna = consultant(db)
        with counted(database) as seen:
            found = comments(db, anna, TODAY, 10)
            assert [each.company.name for each in found]
    assert (len(found), len(seen)) == (10, 1)


# --- Wordings -----------------------------------------------------------------------------------


def test_another_wording_is_another_version_in_use_from_its_day(database: Database) -> None:
    with database.write() as db:
        anna = consultant(db)
        actions.reword(db, wording="Det er nemt.", valid_from=TODAY + 10 * DAY, by=anna, now=NOW, today=TODAY)
    with database.read() as db:
        found = queries.versions(db)
        used = {days: queries.in_use(found, TODAY + days * DAY) for days in (-3000, 0, 9, 10, 400)}
    assert [each.version for each in found] == [2, 1]
    assert {days: each and each.version for days, each in used.items()} == {
        -3000: None, 0: 1, 9: 1, 10: 2, 400: 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wording", "valid_from", "field"),
    [
        (" ", TODAY, "wording"),
        ("Det var nemt at samarbejde med  kommunen om rekruttering", TODAY, "wording"),
        ("Det er nemt", date(2026, 11, 22), "valid_from"),
        ("Det er nemt", date(2028, 1, 1), "valid_from"),
    ],
)
def test_a_wording_that_cannot_be_is_refused(
    database: Database, wording: str, valid_from: date, field: str
) -> None:
    with pytest.raises(Refused) as refusal, database.write() as db:
        actions.reword(db, wording=wording, valid_from=valid_from, by=consultant(db), now=NOW, today=TODAY)
    assert refusal.value.field == field
