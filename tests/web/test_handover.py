"""Handing over in the pages: seen first, done as one act, told to everyone, and taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from crm.access.models import User
from crm.agreements.models import Agreement
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.handover.models import Handover, HandoverItem, TransferProposal
from crm.interactions import actions as interactions
from crm.outbox.models import Mail
from crm.requests.models import Request
from tests.conftest import NOW
from tests.fingerprint import fingerprint
from tests.town import ADAM, ANNA, BO, MONA, Town
from tests.web.conftest import Clock, SignIn, Visitor, main

LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _an_hour_on(clock_on_the_wall: Clock) -> None:
    clock_on_the_wall.now = LATER


@pytest.fixture
def approved(app: FastAPI) -> None:
    """A house where managers approve transfers."""
    house = app.state.house
    house.settings = house.settings.model_copy(update={"approve_transfers": True})


def seal(page: str) -> str:
    """What the preview's form sends back."""
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    return found[1]


def responsible(database: Database, cvr: str) -> str:
    """The e-mail of a company's way in."""
    with database.read() as db:
        return by_cvr(db, cvr).responsible.email


def acts(database: Database) -> int:
    """How many acts there have been."""
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(Handover)) or 0


# --- One company --------------------------------------------------------------------------------


def test_a_company_is_given_on_with_what_follows_and_taken_back(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor, home = sign_in(MONA), f"/virksomheder/{town.bakery}"
    page = visitor.get(f"{home}/ansvarlig/skift").text
    for what in ("2 bagere", "Send profiler", "To unge i bageriet"):
        assert what in page
    data = {"user_id": town.users[BO], "reason": "Barsel", "seen": seal(page)}
    answer = visitor.follow(visitor.post(f"{home}/ansvarlig/skift", data))
    assert "Bo Birketoft er nu indgang i stedet for Anna Kildeskov." in main(answer)
    undo = re.search(r'action="(/videregivelser/\d+/fortryd)"', answer.text)
    assert undo
    with database.read() as db:
        assert db.scalars(select(Request.owner_id).where(Request.id == town.request)).one() == town.users[BO]
    assert "Alt er, som det var før" in main(visitor.follow(visitor.post(undo[1])))
    assert responsible(database, town.bakery) == ANNA


def test_what_came_to_since_is_told_and_nothing_typed_is_lost(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor, path = sign_in(MONA), f"/virksomheder/{town.bakery}/ansvarlig/skift"
    data = {"user_id": town.users[BO], "reason": "Barsel", "seen": seal(visitor.get(path).text)}
    with database.write() as db:
        interactions.promise(
            db, company=by_cvr(db, town.bakery), owner=db.get_one(User, town.users[ANNA]),
            due=NOW.date(), text="Nyt løfte", now=NOW,
        )  # fmt: skip
    page = visitor.post(path, data, status=409).text
    assert "1 opfølgning er kommet til, siden du så listen" in page
    assert "Barsel" in page
    assert "Nyt løfte" in page
    assert responsible(database, town.bakery) == ANNA
    visitor.post(path, data | {"seen": seal(page)})
    assert responsible(database, town.bakery) == BO


def test_a_form_sent_twice_is_one_act(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor, path = sign_in(MONA), f"/virksomheder/{town.bakery}/ansvarlig/skift"
    before = acts(database)
    data = {"user_id": town.users[BO], "reason": "Barsel", "submission": "en-og-samme"}
    first, second = visitor.post(path, data), visitor.post(path, data)
    assert first.headers["location"] == second.headers["location"]
    assert acts(database) == before + 1


# --- A list -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"fra": "ANNA"}, {"Blovstrød Bageri ApS", "Ærlig &amp; Åben I/S"}),
        ({"fra": "ANNA", "branche": "10"}, {"Blovstrød Bageri ApS"}),
        ({"postnr": "3540"}, {"Søndergård Planteskole A/S"}),
        ({"navn": "ærlig"}, {"Ærlig &amp; Åben I/S"}),
        ({"stille": "6"}, {"Søndergård Planteskole A/S", "Ærlig &amp; Åben I/S"}),
        ({"fra": "ANNA", "antal": "1"}, {"Ærlig &amp; Åben I/S"}),
    ],
    ids=lambda value: "&".join(value) if isinstance(value, dict) else "",
)
def test_a_list_is_chosen_by_what_one_knows(
    sign_in: SignIn, town: Town, chosen: dict[str, str], names: set[str]
) -> None:
    visitor = sign_in(MONA)
    query = {key: value.replace("ANNA", str(town.users[ANNA])) for key, value in chosen.items()}
    page = visitor.get("/videregiv", params=query).text
    found = {
        name
        for name in (
            "Blovstrød Bageri ApS",
            "Søndergård Planteskole A/S",
            "Ærlig &amp; Åben I/S",
            "Fortid Transport ApS",
        )
        if f"<strong>{name}</strong>" in page
    }
    assert found == names


def test_a_list_is_handed_over_as_one_act_and_the_receivers_own_stay(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor, before = sign_in(MONA), acts(database)
    page = visitor.get(f"/videregiv?stille=6&til={town.users[BO]}")
    assert "1 virksomhed er allerede Bos og bliver stående." in main(page)
    data = {"stille": "6", "user_id": town.users[BO], "reason": "Ny fordeling", "seen": seal(page.text)}
    shown = visitor.follow(visitor.post("/videregiv", data))
    assert "1 virksomhed er givet videre til Bo Birketoft." in main(shown)
    assert "Ærlig & Åben I/S" in main(shown).replace("&amp;", "&")
    assert responsible(database, town.protected) == BO
    assert acts(database) == before + 1


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"user_id": ""}, "user_id", "Vælg en kollega"),
        ({"user_id": "ingen"}, "user_id", "Vælg en kollega"),
        ({"reason": ""}, "reason", "Skriv kort hvorfor"),
        ({"reason": "070761-4285"}, "reason", "CPR"),
        ({"mail": "1", "mail_subject": ""}, "mail_subject", "Skriv, hvad"),
        ({"mail": "1", "mail_body": "Kære {firma}"}, "mail_body", "{firma} kendes ikke"),
        ({"mail": "1", "protected_reason": "fordi"}, "protected_reason", "fra listen"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_moves_nothing(
    sign_in: SignIn, town: Town, database: Database, changed: dict[str, str], field: str, said: str
) -> None:
    visitor, before = sign_in(MONA), fingerprint(database)
    data = {"fra": town.users[ANNA], "user_id": town.users[BO], "reason": "Barsel", "mail_subject": "Hej",
            "mail_body": "Kære {virksomhed}"}  # fmt: skip
    page = visitor.post("/videregiv", data | changed, status=422).text
    found = re.search(rf'id="f-{field}-error">(.*?)</p>', page, re.DOTALL)
    assert found
    assert said in found[1]
    assert f'name="fra" value="{town.users[ANNA]}"' in page
    assert fingerprint(database) == before


@pytest.mark.parametrize("data", [{}, {"stille": "mange"}, {"antal": "0", "postnr": "3450"}])
def test_nothing_moves_before_something_is_chosen(
    sign_in: SignIn, town: Town, database: Database, data: dict[str, str]
) -> None:
    visitor, before = sign_in(MONA), fingerprint(database)
    visitor.post("/videregiv", data | {"user_id": town.users[BO], "reason": "Alt"}, status=422)
    assert fingerprint(database) == before


def test_a_key_of_nobody_is_not_found(sign_in: SignIn) -> None:
    visitor = sign_in(MONA)
    for query in ("fra=987654", "koncern=987654", "fra=1&til=987654"):
        visitor.get(f"/videregiv?{query}", status=404)


# --- A leaver -----------------------------------------------------------------------------------


def test_a_leavers_page_shows_all_and_gives_it_on(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor, anna = sign_in(ADAM), town.users[ANNA]
    page = visitor.get(f"/videregiv?fra={anna}&alt=1")
    assert "2 virksomheder, 1 åben henvendelse, 1 opfølgning og 1 aftale" in main(page)
    data = {"fra": anna, "alt": "1", "user_id": town.users[BO], "reason": "Nyt job", "seen": seal(page.text)}
    shown = visitor.follow(visitor.post("/videregiv", data))
    assert f'href="/opsaetning/brugere/{anna}">Luk Anna Kildeskov</a>' in shown.text
    visitor.post(f"/opsaetning/brugere/{anna}/luk")
    with database.read() as db:
        assert db.get_one(User, anna).is_active == 0


def test_a_refused_closing_lists_what_is_held_and_offers_the_handover(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor, anna = sign_in(ADAM), town.users[ANNA]
    page = visitor.post(f"/opsaetning/brugere/{anna}/luk", status=409)
    assert "Anna Kildeskov har stadig 2 virksomheder, 1 åben henvendelse, 1 opfølgning og 1 aftale" in main(
        page
    )
    assert f'href="/videregiv?fra={anna}&amp;alt=1"' in page.text
    visitor.post(f"/opsaetning/brugere/{anna}/luk", {"hand_over_to": anna}, status=422)
    visitor.post(f"/opsaetning/brugere/{anna}/luk", {"hand_over_to": town.users[BO]})
    with database.read() as db:
        assert db.get_one(User, anna).is_active == 0
    assert responsible(database, town.bakery) == BO


def test_a_consultant_gives_everything_of_their_own_and_nobody_elses(sign_in: SignIn, town: Town) -> None:
    visitor, anna, bo = sign_in(ANNA), town.users[ANNA], town.users[BO]
    visitor.get(f"/videregiv?fra={anna}&alt=1")
    visitor.get(f"/videregiv?fra={bo}&alt=1", status=403)
    data = {"alt": "1", "fra": bo, "user_id": anna, "reason": "Mine"}
    visitor.post("/videregiv", data, status=403)


# --- The companies are written to -----------------------------------------------------------------


def test_the_mail_is_read_before_it_is_sent_and_protected_companies_get_none(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(MONA)
    usual = visitor.get(f"/videregiv?fra={town.users[ANNA]}").text
    assert "Fremover er din indgang til kommunen" in usual
    body = re.search(r'name="mail_body".*?>\s*(.*?)</textarea>', usual, re.DOTALL)
    assert body
    data = {"fra": town.users[ANNA], "user_id": town.users[BO], "reason": "Barsel", "op": "vis",
            "mail_subject": "Jeres indgang", "mail_body": body[1]}  # fmt: skip
    before = fingerprint(database)
    page = visitor.post("/videregiv", data, status=200)
    assert "Kære Blovstrød Bageri ApS" in page.text
    assert "Ring på 48 15 20 11 eller skriv til bo@kommune.test" in page.text
    assert "1 mail 1 reklamebeskyttet får ingen" in main(page)
    assert fingerprint(database) == before
    visitor.post("/videregiv", data | {"op": "giv", "mail": "1", "seen": seal(page.text)})
    with database.read() as db:
        mails = {mail.recipient: mail.subject for mail in db.scalars(select(Mail))}
    assert mails["lone@bageri.test"] == "Jeres indgang"
    assert {ANNA, BO, "lone@bageri.test"} == set(mails)


def test_a_single_companys_mail_is_read_first_too(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor, path = sign_in(ANNA), f"/virksomheder/{town.bakery}/ansvarlig/skift"
    data = {
        "user_id": town.users[BO],
        "op": "vis",
        "mail_subject": "Hej",
        "mail_body": "Fremover: {konsulent}",
    }
    page = visitor.post(path, data, status=200)
    assert "Fremover: Bo Birketoft" in page.text
    assert responsible(database, town.bakery) == ANNA
    wrong = visitor.post(path, data | {"mail_body": "{hvem}"}, status=422).text
    assert 'id="f-mail_body-error"' in wrong


def test_no_company_is_written_to_unless_it_is_asked_for(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(MONA)
    data = {"user_id": town.users[BO], "reason": "Barsel", "mail_subject": "Hej", "mail_body": "Hej"}
    visitor.post(f"/virksomheder/{town.bakery}/ansvarlig/skift", data)
    with database.read() as db:
        assert set(db.scalars(select(Mail.recipient))) == {ANNA, BO}


# --- What was done ------------------------------------------------------------------------------


def _handed_over(visitor: Visitor, town: Town) -> str:
    data = {"fra": town.users[ANNA], "user_id": town.users[BO], "reason": "Ny fordeling"}
    return str(visitor.post("/videregiv", data).headers["location"])


def test_the_list_is_there_for_both_and_says_why_it_cannot_be_undone(
    sign_in: SignIn, town: Town, database: Database, clock_on_the_wall: Clock
) -> None:
    mona = sign_in(MONA)
    url = _handed_over(mona, town)
    for email in (ANNA, BO):
        page = main(sign_in(email).get(url))
        for what in ("fra Anna Kildeskov", "til Bo Birketoft", "Ny fordeling", "Blovstrød Bageri ApS", "2 bagere",
                     "Send profiler", "To unge i bageriet"):  # fmt: skip
            assert what in page, what
        assert "Fortryd det hele" not in page
    assert "Fortryd det hele" in main(mona.get(url))
    clock_on_the_wall.now = LATER + timedelta(hours=1)
    sign_in(BO).post(f"/henvendelser/{town.request}/skridt", {"to": "taken"})
    page = main(mona.get(url))
    assert "Det kan ikke fortrydes længere: henvendelsen »2 bagere« er ændret." in page
    refused = mona.post(f"{url}/fortryd", status=409)
    assert "henvendelsen »2 bagere« er ændret" in main(refused)
    assert responsible(database, town.bakery) == BO


def test_whoever_did_it_takes_it_back_and_others_may_not(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    anna = sign_in(ANNA)
    url = _handed_over(anna, town)
    sign_in(BO).post(f"{url}/fortryd", status=403)
    assert responsible(database, town.bakery) == BO
    anna.post(f"{url}/fortryd")
    assert responsible(database, town.bakery) == ANNA
    assert "Fortrudt" in main(anna.get(url))
    anna.post(f"{url}/fortryd", status=409)


def test_a_colleagues_page_says_who_had_them_in_march(
    sign_in: SignIn, town: Town, database: Database, clock_on_the_wall: Clock
) -> None:
    mona = sign_in(MONA)
    clock_on_the_wall.now = NOW + timedelta(days=150)
    # A session lasts twelve hours.
    mona = sign_in(MONA)
    _handed_over(mona, town)
    anna, bo = f"/kolleger/{town.users[ANNA]}", f"/kolleger/{town.users[BO]}"
    assert "15. marts 2027 var Anna indgang for 2 virksomheder" in main(mona.get(f"{anna}?dag=15. marts"))
    assert "15. marts 2027 var Bo indgang for 2 virksomheder" in main(mona.get(f"{bo}?dag=15-03-2027"))
    assert "var Bo indgang for 4 virksomheder" in main(mona.get(f"{bo}?dag=i dag"))
    assert "Givet videre Til Bo Birketoft" in main(mona.get(anna))
    company = main(mona.get(f"/virksomheder/{town.bakery}/ansvarlig?dag=15. marts"))
    assert "15. marts 2027: Anna Kildeskov ." in company
    assert "var Anna indgang for 0 virksomheder." in main(mona.get(f"{anna}?dag=1-1-2000"))
    mona.get(f"{anna}?dag=engang", status=422)


def test_the_municipalitys_contact_of_an_agreement_is_shown_and_changed(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor, url = sign_in(ANNA), f"/aftaler/{town.agreement}"
    page = visitor.get(url).text
    assert f'<option value="{town.users[ANNA]}" selected>Anna Kildeskov</option>' in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    data = {"title": "To unge", "version": version[1], "signed_on": "24-10-2026", "valid_from": "24-10-2026",
            "consultant": town.users[BO]}  # fmt: skip
    shown = visitor.follow(visitor.post(url, data))
    assert "kontakt: Bo Birketoft" in main(shown)
    made = visitor.post(
        f"/virksomheder/{town.bakery}/aftaler",
        {"programme": "code_of_care", "title": "Ny", "consultant": town.users[MONA]},
    )
    with database.read() as db:
        id = int(made.headers["location"].rpartition("/")[2])
        assert db.get_one(Agreement, id).consultant_id == town.users[MONA]


# --- Proposals ----------------------------------------------------------------------------------


def _propose(sign_in: SignIn, town: Town, reason: str = "De ringer til mig") -> Visitor:
    visitor = sign_in(ANNA)
    data = {"user_id": town.users[ANNA], "reason": reason}
    visitor.post(f"/virksomheder/{town.garden}/ansvarlig/skift", data)
    return visitor


def _proposal(database: Database, town: Town) -> TransferProposal:
    with database.read() as db:
        return db.scalars(select(TransferProposal).join(Company).where(Company.cvr == town.garden)).one()


def test_a_consultant_proposes_and_a_manager_approves(
    sign_in: SignIn, town: Town, database: Database, approved: None
) -> None:
    anna, mona = sign_in(ANNA), sign_in(MONA)
    form = main(anna.get(f"/virksomheder/{town.garden}/ansvarlig/skift"))
    assert "Foreslå en ny indgang" in form
    assert "Mail til virksomheden" not in form
    _propose(sign_in, town)
    assert responsible(database, town.garden) == BO
    assert "Venter på en leder" in main(anna.get(f"/virksomheder/{town.garden}/ansvarlig"))
    assert "De ringer til mig" in main(mona.get("/forslag"))
    shown = mona.follow(mona.post(f"/forslag/{_proposal(database, town).id}/godkend"))
    assert "Anna Kildeskov er nu indgang hos Søndergård Planteskole A/S." in main(shown)
    assert responsible(database, town.garden) == ANNA
    assert "Godkendt" in main(anna.get(f"/virksomheder/{town.garden}/ansvarlig"))


def test_a_manager_declines_with_a_word_that_the_proposer_reads(
    sign_in: SignIn, town: Town, database: Database, approved: None
) -> None:
    anna, mona = _propose(sign_in, town), sign_in(MONA)
    id = _proposal(database, town).id
    page = mona.post(f"/forslag/{id}/afvis", {"note": ""}, status=422).text
    assert f'id="n{id}-note-error"' in page
    mona.post(f"/forslag/{id}/afvis", {"note": "Bo er midt i en sag"})
    assert "Svar: Bo er midt i en sag" in main(anna.get(f"/virksomheder/{town.garden}/ansvarlig"))
    assert responsible(database, town.garden) == BO
    assert "allerede afgjort" in main(mona.post(f"/forslag/{id}/godkend", status=409))


def test_the_proposer_withdraws_and_nobody_else(
    sign_in: SignIn, town: Town, database: Database, approved: None
) -> None:
    anna = _propose(sign_in, town)
    path = f"/forslag/{_proposal(database, town).id}/traek-tilbage"
    sign_in(BO).post(path, status=403)
    assert "trukket tilbage" in main(anna.follow(anna.post(path)))
    assert _proposal(database, town).state == "withdrawn"


def test_one_proposal_lies_open_at_a_time(
    sign_in: SignIn, town: Town, database: Database, approved: None
) -> None:
    _propose(sign_in, town)
    data = {"user_id": town.users[MONA], "reason": "Hellere Mona"}
    page = sign_in(ANNA).post(f"/virksomheder/{town.garden}/ansvarlig/skift", data, status=409)
    assert "Der ligger allerede et forslag" in main(page)


@pytest.mark.parametrize("who", [BO, MONA])
def test_ones_own_company_and_a_managers_word_need_no_approval(
    sign_in: SignIn, town: Town, database: Database, approved: None, who: str
) -> None:
    data = {"user_id": town.users[ANNA], "reason": "Barsel"}
    sign_in(who).post(f"/virksomheder/{town.garden}/ansvarlig/skift", data)
    assert responsible(database, town.garden) == ANNA


def test_where_transfers_are_approved_a_consultants_list_is_their_own(
    sign_in: SignIn, town: Town, approved: None
) -> None:
    visitor = sign_in(ANNA)
    page = visitor.get("/videregiv?navn=s").text
    assert "Søndergård" not in page
    assert 'name="fra"' in page
    assert '<select class="form-select" id="v-fra"' not in page
    visitor.get(f"/videregiv?fra={town.users[BO]}", status=403)
    data = {"fra": town.users[BO], "user_id": town.users[ANNA], "reason": "Mine"}
    visitor.post("/videregiv", data, status=403)


def test_the_companys_page_tells_of_a_proposal_and_the_proposer_of_its_answer(
    sign_in: SignIn, town: Town, database: Database, approved: None
) -> None:
    home, anna = f"/virksomheder/{town.garden}", _propose(sign_in, town)
    for email in (ANNA, BO, MONA):
        assert "Forslag om ny indgang venter" in main(sign_in(email).get(home))
    sign_in(MONA).post(f"/forslag/{_proposal(database, town).id}/afvis", {"note": "Ikke nu"})
    assert "Dit forslag er afvist" in main(anna.get(home))
    assert "forslag" not in main(sign_in(BO).get(home)).lower()


def test_min_dag_reminds_of_what_waits_and_of_what_was_given_on(
    sign_in: SignIn, town: Town, clock_on_the_wall: Clock
) -> None:
    mona = sign_in(MONA)
    assert "1 forslag venter på dig" in main(mona.get("/"))
    _handed_over(mona, town)
    anna = sign_in(ANNA)
    assert "Givet videre til Bo i dag" in main(anna.get("/"))
    assert "forslag" not in main(anna.get("/"))
    assert "Givet videre til Bo" not in main(sign_in(BO).get("/"))
    clock_on_the_wall.now = LATER + timedelta(days=15)
    assert "Givet videre" not in main(sign_in(ANNA).get("/"))


# --- The whole of it ----------------------------------------------------------------------------


def test_all_items_of_an_act_are_counted_in_the_database(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    url = _handed_over(sign_in(MONA), town)
    with database.read() as db:
        id = int(url.rpartition("/")[2])
        kinds = db.execute(
            select(HandoverItem.kind, func.count())
            .where(HandoverItem.handover_id == id)
            .group_by(HandoverItem.kind)
        ).all()
    assert dict(kinds) == {"company": 2, "request": 1, "follow_up": 1, "agreement": 1}
