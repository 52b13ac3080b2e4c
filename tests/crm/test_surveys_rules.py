"""What the database keeps of the surveys, broken with plain SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm.db import Database
from crm.surveys import actions
from tests.conftest import NOW, TODAY
from tests.crm.surveying import DAY, asked, closed, consultant, firm, replied, tokens

_INVITE = (
    "INSERT INTO survey_invitation (round_id, question_id, company_id, company_contact_id, recipient, asked_on, "
    "quiet_until, expires_on, follows_id, follows_quiet_until, despite_quiet, created_at, request_id) "
    "SELECT round_id, {question}, company_id, company_contact_id, recipient, {asked_on}, '2030-01-01', "
    "'2029-12-31', {follows}, {until}, {despite}, created_at, {request} FROM survey_invitation WHERE id = 1"
)


def _invite(**more: str) -> str:
    values = {
        "question": "question_id", "asked_on": "'2026-12-01'", "follows": "1", "until": "quiet_until", "despite": "0",
        "request": "NULL",
    }  # fmt: skip
    return _INVITE.format(**(values | more))


_REPLY = (
    "INSERT INTO survey_reply (invitation_id, company_id, question_id, expires_on, value, replied_on) "
    "SELECT id, {company}, {question}, {expires}, {value}, {day} FROM survey_invitation WHERE id = {id}"
)


def _reply(**more: str) -> str:
    values = {
        "company": "company_id", "question": "question_id", "expires": "expires_on", "value": "4",
        "day": "'2026-11-24'", "id": "2",
    }  # fmt: skip
    return _REPLY.format(**(values | more))


BREAKS = {
    "asked again before the quiet time is over": _invite(),
    "asked again as if for the first time": _invite(follows="NULL", until="NULL"),
    "a quiet time said to be over": _invite(until="'2026-11-30'"),
    "the quiet time of another company": _invite(follows="2"),
    "a request that overrides the quiet time": _invite(despite="1", request="(SELECT max(id) FROM request)"),
    "a request asked about twice": _invite(asked_on="'2029-01-01'", request="request_id"),
    "a round of another wording": _invite(asked_on="'2029-01-01'", question="2"),
    "the quiet time shortened": "UPDATE survey_invitation SET quiet_until = '2026-11-24' WHERE id = 1",
    "the day of asking moved": "UPDATE survey_invitation SET asked_on = '2020-01-01' WHERE id = 1",
    "another company": "UPDATE survey_invitation SET company_id = 2 WHERE id = 1",
    "unsent again": "UPDATE survey_invitation SET sent_at = NULL WHERE id = 1",
    "a link turned to another invitation": "UPDATE survey_link SET invitation_id = 2",
    "a second link": "INSERT INTO survey_link (token_hash, invitation_id, is_reminder, created_at) "
    "SELECT 'gaet', invitation_id, is_reminder, created_at FROM survey_link WHERE invitation_id = 1",
    "a third kind of link": "INSERT INTO survey_link (token_hash, invitation_id, is_reminder, created_at) "
    "SELECT 'gaet', invitation_id, 2, created_at FROM survey_link WHERE invitation_id = 1",
    "a second answer": _reply(id="1"),
    "an answer beyond the scale": _reply(value="6"),
    "an answer below the scale": _reply(value="0"),
    "an answer to another wording": _reply(question="2"),
    "an answer of another company": _reply(company="1"),
    "an answer after the last day": _reply(day="'2026-12-24'"),
    "the last day moved in the answer": _reply(day="'2026-12-24'", expires="'2027-12-24'"),
    "an answer changed": "UPDATE survey_reply SET value = 5",
    "an answer taken back to ved ikke": "UPDATE survey_reply SET value = NULL",
    "an answer moved in time": "UPDATE survey_reply SET replied_on = '2026-11-01'",
    "a comment rewritten": "UPDATE survey_reply SET comment = 'Alt var godt'",
    "followed up by nobody": "UPDATE survey_reply SET handled_at = (SELECT max(created_at) FROM survey_question)",
    "a wording changed": "UPDATE survey_question SET wording = 'Det var let' WHERE version = 1",
    "a wording's day changed": "UPDATE survey_question SET valid_from = '2019-01-01'",
    "a used wording removed": "DELETE FROM survey_question WHERE version = 1",
    "the same version twice": "INSERT INTO survey_question (key, version, wording, valid_from, created_at) "
    "SELECT key, version, 'Igen', valid_from, created_at FROM survey_question WHERE version = 1",
    "a round of another question": "UPDATE survey_round SET question_id = 2",
    "a second round after requests": "INSERT INTO survey_round "
    "(kind, name, question_id, opened_on, despite_quiet, created_at) "
    "SELECT kind, name, question_id, opened_on, despite_quiet, created_at FROM survey_round",
    "a round of its own that never ends": "INSERT INTO survey_round "
    "(kind, name, question_id, opened_on, despite_quiet, created_at) "
    "SELECT 'annual', name, question_id, opened_on, despite_quiet, created_at FROM survey_round",
}


@pytest.fixture
def survey(database: Database) -> Database:
    """Two companies were asked, one has answered with a comment; a second wording waits."""
    with database.write() as db:
        for number in range(2):
            closed(db, *firm(db, number))
        closed(db, *firm(db, 2, email=None))
    assert asked(database) == 2
    with database.read() as db:
        first, _ = tokens(db).values()
    replied(database, first, 2, comment="Der gik for lang tid")
    with database.write() as db:
        actions.reword(
            db, wording="Det er nemt", valid_from=TODAY + 9 * DAY, by=consultant(db), now=NOW, today=TODAY
        )
    return database


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS.keys())
def test_the_database_refuses(survey: Database, statement: str) -> None:
    with pytest.raises(DBAPIError), survey.write() as db:
        db.execute(text(statement))


ALLOWED = {
    "asked again when the quiet time is over": _invite(asked_on="'2027-05-23'"),
    "a round that overrides the quiet time": _invite(despite="1"),
    "an answer on the last day": _reply(day="'2026-12-23'"),
    "ved ikke": _reply(value="NULL"),
    "a comment erased": "UPDATE survey_reply SET comment = NULL",
    "a wording nobody was asked": "DELETE FROM survey_question WHERE version = 2",
}


@pytest.mark.parametrize("statement", ALLOWED.values(), ids=ALLOWED.keys())
def test_the_database_accepts(survey: Database, statement: str) -> None:
    with survey.write() as db:
        db.execute(text(statement))
