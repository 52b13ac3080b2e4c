"""What staff see of the answers: the figure and what it stands on, the comments, the rounds, the wording."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.access.queries import by_email
from crm.db import Database
from crm.surveys import actions
from crm.surveys.models import SurveyQuestion, SurveyReply, SurveyRound
from crm.surveys.queries import opened
from tests.conftest import NOW, TODAY
from tests.statements import counted
from tests.town import ADAM, ANNA, MONA, SURVEY, Town
from tests.web.conftest import SignIn, main

DAY = timedelta(days=1)
RESULT = "/maal/tilfredshed"
ROUNDS = "/opsaetning/maalinger"


def answer(database: Database, value: int | None = 5, comment: str | None = None) -> int:
    """The bakery answers the question that lies open; the key of its reply."""
    with database.write("survey") as db:
        found = opened(db, SURVEY)
        assert found
        reply = actions.answer(db, opened=found, value=value, today=TODAY)
        if comment:
            actions.add_comment(db, reply=reply, comment=comment)
        return reply.id


def many(database: Database, town: Town, values: list[int | None]) -> None:
    """So many more answers, as if the bakery were asked again and again."""
    from tests.crm.test_surveys_results import Said, enter

    with database.write() as db:
        for number, value in enumerate(values):
            enter(db, Said(1, 0, TODAY - (3 + number * 20) * DAY, 1, value))


# --- The figure ---------------------------------------------------------------------------------


def test_too_few_answers_are_hidden_with_a_sentence_and_can_still_be_opened(
    sign_in: SignIn, town: Town
) -> None:
    visitor = sign_in(ANNA)
    said = main(visitor.get(RESULT))
    assert "1 svar indtil nu. Andelen vises, når der er mindst 5" in said
    assert "1 af 2 spurgte har svaret: 50 %." in said
    assert "mål 75 %" not in said
    assert "Fordelingen vises, når der er mindst 5 svar" in said
    assert "For få svar endnu: 1, og tallet vises fra 5" in main(visitor.get("/maal"))
    assert "For få svar endnu" in main(visitor.get("/maal/easy_recruitment"))


def test_the_share_stands_with_n_rate_and_quarters(sign_in: SignIn, town: Town, database: Database) -> None:
    many(database, town, [5, 4, 4, 2, None])
    visitor = sign_in(ANNA)
    page = visitor.get(RESULT)
    assert "80 % mål 75 %" in main(page)
    assert "4 af 5 svar er enige eller helt enige. 1 svarede ved ikke og tæller ikke med." in main(page)
    assert "6 af 7 spurgte har svaret: 86 %." in main(page)
    assert "4. kvartal 2026" in main(page)
    assert '<table class="work stacked later">' in page.text
    assert "80 %" in main(visitor.get("/maal"))
    assert "Nået" in main(visitor.get("/maal"))


def test_every_number_opens_the_replies_it_counts(sign_in: SignIn, town: Town, database: Database) -> None:
    many(database, town, [5, 4, 4, 2, None])
    visitor = sign_in(MONA)
    page = visitor.get(RESULT).text.replace("&amp;", "&")
    links = re.findall(rf'href="({RESULT}/besvarelser\?[^"]*svar=(\d))">(\d+)<', page)
    assert {code: number for _, code, number in links} == {"5": "1", "4": "3", "2": "1", "0": "1"}
    for address, _, number in links:
        assert visitor.get(address).text.count("data-row>") == int(number)
    for address, number in re.findall(rf'href="({RESULT}/besvarelser\?[^"]*til=[\d-]+)">(\d+)', page):
        assert visitor.get(address).text.count("data-row>") >= int(number)


@pytest.mark.parametrize("dag", ["1-1-2019", "i dag", "1-1-0001", "31-12-9999", "31-12-2027"])
def test_any_day_can_be_looked_at(sign_in: SignIn, town: Town, dag: str) -> None:
    visitor = sign_in(ANNA)
    answer = visitor.client.get(RESULT, params={"dag": dag})
    assert answer.status_code in {200, 422}, dag


def test_a_day_and_a_wording_that_are_none_are_refused(sign_in: SignIn, town: Town) -> None:
    visitor = sign_in(ANNA)
    assert "field-error" in visitor.get(f"{RESULT}?dag=ukendt", status=422).text
    visitor.get(f"{RESULT}?version=7", status=404)
    for query in ("svar=9", "fra=x", "version=x"):
        visitor.get(f"{RESULT}/besvarelser?{query}", status=422)
    for query in ("efter=x", "version=1&efter=WyIyMDI2IiwxXQ", "fra=1-1-2020"):
        visitor.get(f"{RESULT}/besvarelser?{query}")


def test_two_wordings_are_shown_apart(sign_in: SignIn, town: Town, database: Database) -> None:
    many(database, town, [5, 5, 5, 5])
    with database.write() as db:
        by = by_email(db, MONA)
        actions.reword(db, wording="Det er let at få hjælp", valid_from=TODAY, by=by, now=NOW, today=TODAY)
    visitor = sign_in(ANNA)
    said = main(visitor.get(RESULT))
    assert "»Det er let at få hjælp«" in said
    assert "Ingen har svaret på denne ordlyd endnu" in said
    old = main(visitor.get(f"{RESULT}?version=1"))
    assert "Ordlyd 1" in old
    assert "100 %" in old


def test_the_pages_ask_as_often_for_few_answers_as_for_many(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(ADAM)
    addresses = (
        RESULT,
        f"{RESULT}/besvarelser",
        ROUNDS,
        f"{ROUNDS}/{town.survey_round}",
        f"{ROUNDS}/ny",
        "/maal",
    )

    def ask() -> list[int]:
        found = []
        for address in addresses:
            with counted(database) as seen:
                visitor.get(address)
            found.append(len(seen))
        return found

    ask()
    few = ask()
    many(database, town, [1, 2, 3, 4, 5, None] * 4)
    assert ask() == few
    assert max(few) <= 12


# --- Comments -----------------------------------------------------------------------------------


def test_a_comment_is_followed_up_and_stands_in_the_timeline(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    id = answer(database, 2, "Ring til os om det")
    visitor = sign_in(ANNA)
    assert "Ring til os om det" in main(visitor.get(f"{RESULT}/besvarelser?kommentar=1"))
    visitor.get(f"{RESULT}/besvarelser/{id}")
    path = f"{RESULT}/besvarelser/{id}/fulgt-op"
    wrong = visitor.post(path, {"note": "", "kind": "email"}, status=422)
    assert "Skriv kort, hvad der blev gjort" in main(wrong)
    assert re.search(r'value="email" checked', wrong.text)
    assert "CPR" in main(visitor.post(path, {"note": "Om 010180-1234", "kind": "call"}, status=422))
    seen = main(visitor.follow(visitor.post(path, {"note": "Enige om et møde", "kind": "call"})))
    assert "Fulgt op" in seen
    assert "Anna Kildeskov" in seen
    assert "Enige om et møde" in main(visitor.get(f"/virksomheder/{town.bakery}"))
    visitor.post(path, {"note": "Igen", "kind": "none"}, status=409)


def test_a_reply_without_a_comment_needs_no_following_up(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    id = answer(database, None)
    visitor = sign_in(ANNA)
    assert "Uden kommentar" in main(visitor.get(f"{RESULT}/besvarelser/{id}"))
    visitor.post(f"{RESULT}/besvarelser/{id}/fulgt-op", {"note": "x"}, status=409)


# --- Rounds and wordings ------------------------------------------------------------------------


def test_a_round_is_seen_before_it_is_sent_and_can_be_closed(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(MONA)
    visitor.get(f"{ROUNDS}/ny")
    fields = {
        "name": "Alle", "whom": "list", "cvrs": f"{town.bakery} {town.garden} 12121212", "closes_on": "22-12-2026",
        "remind_on": "", "since": "", "protected_reason": "",
    }  # fmt: skip
    quiet = main(visitor.post(f"{ROUNDS}/ny", fields | {"do": "see"}, status=200))
    assert "0 virksomheder bliver spurgt" in quiet
    assert "1 spurgt for nylig" in quiet
    assert "1 CVR-nummer kender vi ikke: 12121212" in quiet
    seen = visitor.post(f"{ROUNDS}/ny", fields | {"do": "see", "despite_quiet": "1"}, status=200)
    assert "Send til 1 virksomhed" in main(seen)
    seal = re.search(r'name="seen" value="(\w+)"', seen.text)
    assert seal
    key = re.search(r'name="submission" value="([^"]+)"', seen.text)
    assert key
    send = fields | {"do": "send", "despite_quiet": "1", "seen": seal[1], "submission": key[1]}
    there = visitor.post(f"{ROUNDS}/ny", send)
    # The same form again is the same round.
    assert visitor.post(f"{ROUNDS}/ny", send).headers["location"] == there.headers["location"]
    said = main(visitor.follow(there))
    assert "0 af 1" in said
    assert "venter på at blive sendt" in said
    with database.read() as db:
        newest = db.scalars(select(SurveyRound).order_by(SurveyRound.id.desc())).first()
        assert newest
        assert (newest.name, newest.remind_on, newest.despite_quiet) == ("Alle", None, 1)
    path = f"{ROUNDS}/{newest.id}/luk"
    assert "Afsluttet" in main(visitor.follow(visitor.post(path)))
    visitor.post(path, status=409)


def test_a_round_keeps_what_was_typed_when_it_is_refused(sign_in: SignIn, town: Town) -> None:
    visitor = sign_in(MONA)
    visitor.get(f"{ROUNDS}/ny")
    wrong = visitor.post(
        f"{ROUNDS}/ny",
        {"name": "Min runde", "whom": "nogen", "closes_on": "aldrig", "cvrs": "1234", "do": "see"},
        status=422,
    )
    assert "Min runde" in wrong.text
    assert "aldrig" in wrong.text
    assert "Vælg fra listen" in main(wrong)


def test_a_wording_is_taken_in_use_and_the_old_one_stays(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(MONA)
    visitor.get(ROUNDS)
    visitor.post(f"{ROUNDS}/ordlyd", {"wording": "", "valid_from": ""}, status=422)
    done = visitor.post(f"{ROUNDS}/ordlyd", {"wording": "Det er let at få hjælp", "valid_from": "1-1-2027"})
    said = main(visitor.follow(done))
    assert "Det er let at få hjælp" in said
    assert "Det var nemt at samarbejde med kommunen om rekruttering" in said
    with database.read() as db:
        assert [each.version for each in db.scalars(select(SurveyQuestion))] == [1, 2]
        assert len(db.scalars(select(SurveyReply)).all()) == 1


def test_consultants_see_the_answers_and_leaders_send_rounds(sign_in: SignIn, town: Town) -> None:
    visitor = sign_in(ANNA)
    visitor.get(RESULT)
    for path in (ROUNDS, f"{ROUNDS}/ny", f"{ROUNDS}/{town.survey_round}"):
        visitor.get(path, status=403)
    assert "Målinger" in main(sign_in(MONA).get("/opsaetning"))
