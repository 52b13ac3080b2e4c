"""The pages about agreements: what each form does, what is refused beside its field, and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from crm.access.queries import by_email
from crm.agreements import actions, commitments, documents, fields, queries, renewals
from crm.agreements.documents import Document
from crm.agreements.models import Agreement, Programme
from crm.agreements.queries import programme
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.interactions.models import FollowUp
from tests.conftest import NOW, TODAY
from tests.crm.test_documents import HTML, PNG
from tests.statements import counted
from tests.town import ANNA, BO, MONA, PDF, Town
from tests.web.conftest import SignIn, Visitor, main

DAY = timedelta(days=1)
MEGABYTE = 1024 * 1024


def _agreement(database: Database, town: Town) -> Agreement:
    with database.read() as db:
        return queries.get(db, town.agreement)


def _send(visitor: Visitor, path: str, name: str, content: bytes, *, status: int = 303, **data: str):  # type: ignore[no-untyped-def]
    fields = {"csrf": visitor.csrf, "kind": "signed"} | data
    answer = visitor.client.post(
        path, data=fields, files={"file": (name, content, "text/html")}, follow_redirects=False
    )
    assert answer.status_code == status, main(answer)
    return answer


@pytest.fixture
def page(town: Town) -> str:
    return f"/aftaler/{town.agreement}"


def test_what_was_agreed_promised_and_said_stands_on_the_page(
    sign_in: SignIn, town: Town, database: Database, page: str
) -> None:
    anna = sign_in(ANNA)
    seen = main(anna.get(page))
    assert "lovet 2, blevet til 1" in seen
    anna.post(f"{page}/aftalt", {"own_young_people": "3", "own_tasks": "Bagning", "own_mentor": "company"})
    anna.post(f"{page}/loefter", {"what": "i fritidsjob", "promised": "4", "due": "01-06-2027"})
    promised = {"promised": "2", "fulfilled": "2", "why": "Begge er begyndt", "seen": "1"}
    anna.post(f"{page}/loefter/{town.commitment}", promised)
    anna.post(f"{page}/noter", {"text": "De er glade"})
    anna.post(f"{page}/opfoelgning", {"what": "Ring om status", "due": "fredag"})
    seen = main(anna.get(page))
    for said in ("Bagning", "i fritidsjob", "lovet 4, blevet til 0", "Begge er begyndt", "De er glade"):
        assert said in seen
    with database.read() as db:
        held = fields.values(db, queries.get(db, town.agreement))
        assert held == {"young_people": 3, "tasks": "Bagning", "mentor": "company"}
        promise = db.scalars(select(FollowUp).order_by(FollowUp.id.desc())).first()
        assert promise is not None
        assert (promise.text, promise.owner_id) == ("Ring om status", town.users[ANNA])


@pytest.mark.parametrize(
    ("part", "data", "sentence"),
    [
        ("aftalt", {"own_young_people": "mange"}, "helt tal"),
        ("aftalt", {"own_young_people": "900000"}, "mellem 0 og"),
        ("aftalt", {"own_mentor": "måske"}, "Vælg fra listen"),
        ("loefter", {"what": "", "promised": "2"}, "hvad der er lovet"),
        ("loefter", {"what": "unge", "promised": ""}, "hvor mange"),
        ("noter", {"text": " "}, "Skriv notatet"),
        ("opfoelgning", {"what": "Ring", "due": ""}, "Skriv hvornår"),
        ("opfoelgning", {"what": "", "due": "fredag"}, "hvad der skal følges op"),
        ("skridt", {"to": "ended"}, "hvorfor aftalen slutter"),
        ("skridt", {"to": "ended", "cause": "other"}, "hvorfor aftalen slutter"),
        ("perioder/1", {"valid_to": "01-01-2020"}, "kan ikke slutte, før"),
        ("perioder/1", {"valid_to": "engang"}, "Skriv datoen"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_changes_nothing(
    sign_in: SignIn, town: Town, page: str, part: str, data: dict[str, str], sentence: str
) -> None:
    anna = sign_in(ANNA)
    before = main(anna.get(page))
    refused = anna.post(f"{page}/{part}", data, status=422)
    assert sentence in main(refused)
    for typed in data.values():
        # What no list has is not there to be chosen again.
        assert typed in refused.text or typed == "måske"
    assert main(anna.get(page)) == before


def test_a_colleagues_newer_figure_is_not_overwritten(
    sign_in: SignIn, town: Town, page: str, database: Database
) -> None:
    anna, bo = sign_in(ANNA), sign_in(BO)
    for visitor in (anna, bo):
        visitor.get(page)
    path = f"{page}/loefter/{town.commitment}"
    bo.post(path, {"promised": "2", "fulfilled": "2", "seen": "1"})
    refused = anna.post(path, {"promised": "2", "fulfilled": "0", "seen": "1"}, status=409)
    assert "En kollega har rettet imens: 2 af 2" in main(refused)


def test_an_agreement_is_renewed_on_its_page_and_the_old_period_stays(
    sign_in: SignIn, town: Town, page: str, database: Database
) -> None:
    anna = sign_in(ANNA)
    anna.get(page)
    anna.post(f"{page}/skridt", {"to": "in_force", "on": "23-11-2026"})
    assert "Den nye periode begynder" in main(anna.get(page))
    assert "hvornår den nye periode slutter" in main(
        anna.post(f"{page}/skridt", {"to": "renewed"}, status=422)
    )
    anna.post(f"{page}/skridt", {"to": "renewed", "valid_to": "31-12-2028"})
    assert "Ret datoerne" in main(anna.get(page))
    with database.read() as db:
        first, second = renewals.periods(db, queries.get(db, town.agreement))
        version = queries.get(db, town.agreement).version
    assert first.valid_to == TODAY + 300 * DAY
    assert second.valid_from == TODAY + 301 * DAY
    earlier = {"valid_to": f"{TODAY + 290 * DAY:%d-%m-%Y}", "version": str(version)}
    anna.post(f"{page}/perioder/1", earlier)
    assert "imens" in main(anna.post(f"{page}/perioder/1", earlier, status=409))
    anna.post(f"{page}/perioder/3", earlier, status=404)
    # The details say nothing of days any more, and leave them alone.
    version = _agreement(database, town).version
    anna.post(page, {"title": "Tre unge", "consultant": town.users[ANNA], "version": str(version)})
    assert (_agreement(database, town).title, _agreement(database, town).valid_from) == (
        "Tre unge", TODAY - 30 * DAY,
    )  # fmt: skip


def test_signing_takes_the_programmes_usual_length_unless_told_otherwise(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    anna = sign_in(ANNA)
    anna.get(f"/virksomheder/{town.garden}/aftaler/ny")
    ends = []
    for more in ({}, {"open_ended": "1"}, {"valid_to": "31-12-2026"}):
        made = anna.post(
            f"/virksomheder/{town.garden}/aftaler",
            {"programme": "after_school_job", "title": "Job", "signed_on": "23-11-2026"} | more,
        )
        with database.read() as db:
            ends.append(queries.get(db, int(made.headers["location"].split("/")[2])).valid_to)
    assert [str(each) for each in ends] == ["2027-11-22", "None", "2026-12-31"]


# --- Documents ----------------------------------------------------------------------------------


def test_a_document_is_kept_and_comes_back_as_it_was_and_inert(
    sign_in: SignIn, town: Town, page: str, database: Database
) -> None:
    anna = sign_in(ANNA)
    anna.get(page)
    name = 'Æble "grød" på dåse.pdf'
    _send(anna, f"{page}/dokumenter", name, PDF + b"\n")
    with database.read() as db:
        made = documents.of_agreement(db, queries.get(db, town.agreement))[0]
    assert name in anna.get(page).text.replace("&#34;", '"')
    answer = anna.client.get(f"/dokumenter/{made.id}")
    assert answer.content == PDF + b"\n"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    said = answer.headers["content-disposition"]
    assert said == (
        'attachment; filename="AEble _groed_ paa daase.pdf"; '
        "filename*=UTF-8''%C3%86ble%20%22gr%C3%B8d%22%20p%C3%A5%20d%C3%A5se.pdf"
    ).replace("AEble", "Aeble")


def test_a_name_cannot_break_out_of_its_header(
    sign_in: SignIn, town: Town, page: str, database: Database
) -> None:
    with database.write() as db:
        anna = by_email(db, ANNA)
        made = documents.add(
            db, agreement=queries.get(db, town.agreement), kind="other", by=anna, now=NOW, megabytes=1,
            upload=documents.Upload('a"; x=y\r\nSet-Cookie: session=1\r\n\r\n<script>.png', PNG),
        )  # fmt: skip
    answer = sign_in(ANNA).client.get(f"/dokumenter/{made.id}")
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].count('"') == 2
    assert "\r" not in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("aftale.pdf", HTML, "kan ikke læses som det"),
        ("aftale.png", PDF, "passer ikke sammen"),
        ("aftale.exe", PDF, "PNG eller JPEG"),
        ("stor.pdf", b"%PDF-" + b"x" * (10 * MEGABYTE) + b"%%EOF", "højst fylde 10 MB"),
    ],
)
def test_what_is_no_document_is_refused_in_words(
    sign_in: SignIn, town: Town, page: str, database: Database, name: str, content: bytes, sentence: str
) -> None:
    anna = sign_in(ANNA)
    anna.get(page)
    assert sentence in main(_send(anna, f"{page}/dokumenter", name, content, status=422))
    assert "Vælg en fil" in main(anna.post(f"{page}/dokumenter", {"kind": "signed"}, status=422))
    with database.read() as db:
        assert db.scalars(select(Document.id)).all() == [town.document]


def test_what_no_page_can_hold_is_refused_before_it_is_read(sign_in: SignIn, town: Town, page: str) -> None:
    anna = sign_in(ANNA)
    anna.get(page)
    _send(anna, f"{page}/dokumenter", "stor.pdf", b"x" * (65 * MEGABYTE), status=413)
    _send(anna, f"{page}/noter", "stor.pdf", b"x" * (2 * MEGABYTE), status=413)


def test_a_version_replaces_and_a_manager_deletes_with_a_reason(
    sign_in: SignIn, town: Town, page: str, database: Database
) -> None:
    anna, mona = sign_in(ANNA), sign_in(MONA)
    for visitor in (anna, mona):
        visitor.get(page)
    _send(anna, f"/dokumenter/{town.document}/version", "aftale 2.pdf", PDF)
    assert "version 2" in main(anna.get(page))
    anna.post(f"/dokumenter/{town.document}/slet", {"reason": "Fejl"}, status=403)
    assert "hvorfor" in main(mona.post(f"/dokumenter/{town.document}/slet", {"reason": ""}, status=422))
    mona.post(f"/dokumenter/{town.document}/slet", {"reason": "Forkert virksomhed"})
    assert "Forkert virksomhed" in main(anna.get(page))
    anna.get(f"/dokumenter/{town.document}", status=404)


# --- Under way, organisations, programmes -------------------------------------------------------


def test_those_under_way_are_moved_and_followed_up_in_place(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    bo, here = sign_in(BO), "/aftaler/paa-vej?hvem=mig"
    with database.read() as db:
        (line,) = db.scalars(select(Agreement).where(Agreement.state == "prospect"))
    seen = main(bo.get(here))
    assert "Emne 1" in seen
    assert "bliver nr. 2 af 10" in seen
    assert "intet aftalt" in seen
    moved = bo.post(f"/aftaler/{line.id}/skridt", {"to": "in_dialogue", "tilbage": here})
    assert moved.headers["location"] == here
    bo.post(f"/aftaler/{line.id}/opfoelgning", {"what": "Send tilbud", "due": "i morgen", "tilbage": here})
    seen = main(bo.follow(moved))
    assert "I dialog 1" in seen
    assert "Næste: Send tilbud i morgen" in seen
    assert "Ingen aftaler på vej" in main(sign_in(ANNA).get(here))
    away = bo.post(f"/aftaler/{line.id}/skridt", {"to": "offered", "tilbage": "https://ond.test/"})
    assert away.headers["location"] == f"/aftaler/{line.id}"


def test_the_list_of_those_under_way_asks_as_often_for_few_as_for_many(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    bo = sign_in(BO)
    bo.get("/aftaler/paa-vej")

    def ask() -> int:
        with counted(database) as asked:
            bo.get("/aftaler/paa-vej")
        return len(asked)

    few = ask()
    with database.write() as db:
        for number in range(40):
            actions.create(
                db, company=by_cvr(db, town.garden), programme=programme(db, "code_of_care"), title=f"{number}",
                by=by_email(db, BO), now=NOW, today=TODAY,
            )  # fmt: skip
    assert few == ask() <= 12


def test_an_agreements_page_asks_as_often_for_few_as_for_many(
    sign_in: SignIn, town: Town, page: str, database: Database
) -> None:
    anna = sign_in(ANNA)
    anna.get(page)

    def ask() -> int:
        with counted(database) as asked:
            anna.get(page)
        return len(asked)

    few = ask()
    with database.write() as db:
        by, agreement = by_email(db, ANNA), queries.get(db, town.agreement)
        for number in range(20):
            made = commitments.promise(db, agreement=agreement, what=f"{number}", promised=2, by=by, now=NOW)
            commitments.count(db, commitment=made, promised=2, fulfilled=1, by=by, now=NOW)
            documents.add(
                db,
                agreement=agreement,
                upload=documents.Upload("a.pdf", PDF),
                kind="other",
                by=by,
                now=NOW,
                megabytes=1,
            )
    assert few == ask() <= 12


def test_an_organisation_and_its_agreement_are_written_down_and_corrected(
    sign_in: SignIn, town: Town
) -> None:
    anna = sign_in(ANNA)
    anna.get("/aftaler/partnere")
    assert "Skriv organisationens navn" in main(anna.post("/aftaler/partnere", {"name": ""}, status=422))
    made = anna.post("/aftaler/partnere", {"name": "Ungeforeningen", "contact_name": "Ib Holm"})
    home = made.headers["location"]
    assert "Ib Holm" in main(anna.follow(made))
    wrong = {"title": "Mentorer", "agreed": "Ti mentorer", "valid_from": ""}
    refused = anna.post(f"{home}/aftaler", wrong, status=422)
    assert "hvornår aftalen begynder" in main(refused)
    assert "Ti mentorer" in refused.text
    anna.post(f"{home}/aftaler", wrong | {"valid_from": "01-11-2026"})
    assert "gælder" in main(anna.get(home))
    agreed = f"/partneraftaler/{town.partner_agreement + 1}"
    anna.get(agreed)
    ended = wrong | {"valid_from": "01-11-2026", "valid_to": "10-11-2026", "version": "1"}
    anna.post(agreed, ended)
    assert "udløbet" in main(anna.get("/aftaler/partnere"))
    assert "imens" in main(anna.post(agreed, ended, status=409))
    anna.post(home, {"name": "Ungeforeningen Nord", "version": "1"})
    assert "imens" in main(anna.post(home, {"name": "x", "version": "1"}, status=409))


def test_a_manager_decides_what_a_programme_is_and_a_consultant_may_not(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    mona, home = sign_in(MONA), "/opsaetning/programmer"
    assert "Code of Care" in main(mona.get(home))
    mona.get(f"{home}/nyt")
    new = {"key": "ny_start", "name": "Ny start", "kind": "company", "ask_tasks": "1", "standard_months": "6",
           "template": "{virksomhed} hjælper.", "panel_sees": "1"}  # fmt: skip
    refused = mona.post(home, new | {"template": "Kære {borger}"}, status=422)
    assert "Vi kender ikke {borger}" in main(refused)
    mona.post(home, new)
    with database.read() as db:
        made = db.scalars(select(Programme).where(Programme.key == "ny_start")).one()
    assert (made.asks, made.standard_months, made.panel_sees) == (["tasks"], 6, 1)
    mona.get(f"{home}/{made.id}")
    mona.post(f"{home}/{made.id}", new | {"name": "Ny begyndelse", "version": "1"})
    assert "imens" in main(mona.post(f"{home}/{made.id}", new | {"version": "1"}, status=409))
    assert "Ny begyndelse (6 måneder)" in sign_in(ANNA).get(f"/virksomheder/{town.garden}/aftaler/ny").text
    sign_in(ANNA).get(home, status=403)


def test_illegal_steps_by_form_are_refused_and_none_is_stored(
    sign_in: SignIn, town: Town, page: str, database: Database
) -> None:
    anna = sign_in(ANNA)
    anna.get(page)
    for to in ("prospect", "in_dialogue", "offered", "signed", "renewed", "-", "", "IN_FORCE", "ended; DROP"):
        status = 409 if to in {"prospect", "in_dialogue", "offered", "signed", "renewed"} else 422
        anna.post(f"{page}/skridt", {"to": to, "valid_to": "31-12-2028"}, status=status)
    with database.read() as db:
        count = text("SELECT count(*) FROM agreement_step WHERE agreement_id = :id")
        assert db.scalar(count, {"id": town.agreement}) == 1
        assert _agreement(database, town).valid_to == TODAY + 300 * DAY
