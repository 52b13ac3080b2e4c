"""Whoever goes past the program with plain SQL is refused by the database, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from crm.companies.models import Company
from crm.db import Database
from crm.panel import questions, seats, signing
from crm.panel.models import PanelQuestion, PanelSeat
from tests.conftest import NOW, TODAY
from tests.fingerprint import fingerprint
from tests.town import Town

# What is tried; {seat}, {other}, {question}, {meeting}, {remark} and {draft} stand for keys.
TRIED = {
    "a seat moves to another company": "UPDATE panel_seat SET company_id = company_id + 1 WHERE id = {seat}",
    "a seat is deleted": "DELETE FROM panel_seat WHERE id = {seat}",
    "a seat that ended stands again": "UPDATE panel_seat SET ended_at = NULL WHERE id = {ended}",
    "two seats for one e-mail": "UPDATE panel_seat SET email = 'lone@bageri.test' WHERE id = {other}",
    "a seat ends before it begins": "UPDATE panel_seat SET ends_on = '2020-01-01' WHERE id = {seat}",
    "terms without a moment": "UPDATE panel_seat SET terms = NULL WHERE id = {seat}",
    "a log-in for a seat that ended": "INSERT INTO panel_session (token_hash, seat_id, created_at, expires_at) "
    "VALUES ('x', {ended}, {now}, {now})",
    "a used link is used again": "UPDATE panel_link SET used_at = NULL WHERE used_at IS NOT NULL",
    "a link opens another seat": "UPDATE panel_link SET seat_id = {other} WHERE used_at IS NULL",
    "a link lives longer": "UPDATE panel_link SET expires_at = {later} WHERE used_at IS NULL",
    "a link that ends before it begins": "INSERT INTO panel_link (token_hash, seat_id, is_invitation, created_at, "
    "expires_at) VALUES ('y', {seat}, 0, {later}, {now})",
    "an answer to a draft": "INSERT INTO panel_answer (question_id, seat_id, text, on_day, answered_at, version) "
    "VALUES ({draft}, {other}, 'x', '{today}', {now}, 1)",
    "an answer too late": "INSERT INTO panel_answer (question_id, seat_id, text, on_day, answered_at, version) "
    "VALUES ({question}, {other}, 'x', '2027-06-01', {now}, 1)",
    "an answer of a seat that ended": "INSERT INTO panel_answer (question_id, seat_id, text, on_day, answered_at, "
    "version) VALUES ({question}, {ended}, 'x', '{today}', {now}, 1)",
    "two answers of one seat": "INSERT INTO panel_answer (question_id, seat_id, text, on_day, answered_at, version) "
    "VALUES ({question}, {seat}, 'x', '{today}', {now}, 1)",
    "an answer changed too late": "UPDATE panel_answer SET text = 'y', on_day = '2027-06-01'",
    "an answer in another's name": "UPDATE panel_answer SET seat_id = {other}",
    "an answer is deleted": "DELETE FROM panel_answer",
    "what was asked is reworded": "UPDATE panel_question SET question = 'Andet?' WHERE id = {question}",
    "what was asked is a draft again": "UPDATE panel_question SET asked_at = NULL WHERE id = {question}",
    "what was asked is deleted": "DELETE FROM panel_question WHERE id = {question}",
    "an outcome of a draft": "UPDATE panel_question SET outcome = 'x', outcome_at = {now} WHERE id = {draft}",
    "a question that closes before it opens": "UPDATE panel_question SET closes_on = '2020-01-01' WHERE id = {draft}",
    "a meeting that was announced is deleted": "DELETE FROM panel_meeting WHERE id = {meeting}",
    "a meeting ends before it begins": "UPDATE panel_meeting SET ends_at = starts_at WHERE id = {meeting}",
    "published minutes are emptied": "UPDATE panel_meeting SET minutes = NULL WHERE id = {meeting}",
    "called off without a reason": "UPDATE panel_meeting SET cancelled_at = {now} WHERE id = {meeting}",
    "a remark is rewritten": "UPDATE panel_remark SET text = 'x' WHERE id = {remark}",
    "a remark in another's name": "UPDATE panel_remark SET seat_id = {other} WHERE id = {remark}",
    "a remark is deleted": "DELETE FROM panel_remark WHERE id = {remark}",
    "a remark answered by nobody": "UPDATE panel_remark SET answered_at = {now}, answer = 'x' WHERE id = {remark}",
}


@pytest.fixture
def keys(database: Database, built_town: Town) -> dict[str, object]:
    """The town with a seat that ended, a link that was used, an answer and a draft."""
    town = built_town
    stamp = {"sqlite": f"'{NOW:%Y-%m-%d %H:%M:%S.%f}'", "postgresql": f"'{NOW.isoformat()}'"}[
        database.dialect
    ]
    with database.write() as db:
        seat = db.get_one(PanelSeat, town.seat)
        ended = seats.add(
            db, company=db.get_one(Company, seat.company_id), email="gammel@bageri.test", name="Gammel",
            home="https://x.test", now=NOW, today=TODAY,
        )  # fmt: skip
        seats.end(db, seat=ended, now=NOW, today=TODAY)
        _, token = signing.issue(db, seat=seat, now=NOW)
        signing.enter(db, token=token, now=NOW, today=TODAY)
        signing.issue(db, seat=seat, now=NOW)
        asked = db.get_one(PanelQuestion, town.question)
        questions.answer(
            db, question_id=asked.id, seat_id=seat.id, text="Ja", based_on=0, now=NOW, today=TODAY
        )
        draft = questions.write(db, now=NOW, today=TODAY, question="Hvad?", about=None, closes_on=TODAY)
        return {
            "seat": seat.id, "other": town.seat + 1, "ended": ended.id, "question": asked.id, "draft": draft.id,
            "meeting": town.panel_meeting, "remark": town.remark, "today": TODAY.isoformat(), "now": stamp,
            "later": stamp.replace("2026", "2027"),
        }  # fmt: skip


@pytest.mark.parametrize("what", TRIED)
def test_it_is_refused_and_nothing_changes(database: Database, keys: dict[str, object], what: str) -> None:
    before = fingerprint(database)
    with pytest.raises(DatabaseError), database.write() as db:
        db.execute(text(TRIED[what].format(**keys)))
    assert fingerprint(database) == before
