"""Requests in pages: fields that follow the kind, the clock in words, and kinds a manager keeps."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from crm.companies.queries import by_cvr
from crm.db import Database
from crm.outbox.models import Mail
from crm.requests import actions, kinds, queries
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import Request
from crm.settings import Settings
from tests.conftest import NOW
from tests.fingerprint import fingerprint
from tests.page_guards import complaints
from tests.town import ADAM, ANNA, MONA, Town
from tests.web.conftest import SignIn, main
from web.answering import answering

HOUSE = WorkingHours.of(Settings())
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _fields(page: str) -> set[str]:
    """The names of the fields one can see and fill in."""
    inside = page.partition("<main")[2]
    found = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*name="([^"]+)"', inside)
    return set(found)


# --- Fields that follow the kind ------------------------------------------------------------------


def test_the_form_shows_what_the_chosen_kind_asks_for_and_keeps_what_was_typed(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    anna, home = sign_in(ANNA), f"/virksomheder/{town.bakery}/henvendelser"
    plain = _fields(anna.get(f"{home}/ny").text)
    assert not plain & {"wanted", "persons", "case_reference", "scheme"}
    before = fingerprint(database)
    typed = {"kind": "recruitment", "title": "To svende", "description": "Fra januar"}
    recruiting = anna.post(f"{home}/felter", typed, status=200).text
    own = {"wanted", "hours_from", "hours_to", "start_on", "deadline_on", "place", "response", "scheme"}
    assert own <= _fields(recruiting)
    assert not _fields(recruiting) & {"persons", "case_reference", "presented", "hired"}
    assert 'value="To svende"' in recruiting
    assert "Fra januar" in recruiting
    keeping = anna.post(f"{home}/felter", typed | {"kind": "retention", "wanted": "2"}, status=200).text
    assert {"persons", "case_reference"} <= _fields(keeping)
    assert "wanted" not in _fields(keeping)
    assert "Skriv aldrig navn, CPR-nummer eller diagnose" in keeping
    # What was typed for the other kind comes back with it.
    assert '<input type="hidden" name="wanted" value="2">' in keeping
    assert fingerprint(database) == before


def test_what_another_kind_asks_for_is_not_read(sign_in: SignIn, town: Town, database: Database) -> None:
    anna = sign_in(ANNA)
    data = {"kind": "retention", "title": "Fastholdelse", "persons": "1", "wanted": "mange", "place": "Lynge"}
    made = anna.post(f"/virksomheder/{town.bakery}/henvendelser", data)
    with database.read() as db:
        found = queries.get(db, int(made.headers["location"].rsplit("/", 1)[1]))
        assert (found.kind, found.persons, found.wanted, found.place) == ("retention", 1, None, None)


def test_the_note_box_asks_too_and_its_request_has_what_was_typed(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    anna, home = sign_in(ANNA), f"/virksomheder/{town.bakery}/samtaler"
    chosen = {"summary": "Talte", "request_kind": "guidance", "company_contact_id": str(town.contact)}
    part = anna.post(f"{home}/felter", chosen, status=200, whole=False).text
    assert 'id="henvendelsens-felter"' in part
    assert "<main" not in part
    assert 'name="request_topic"' in part
    assert 'value="lone@bageri.test"' in part
    assert (
        anna.post(f"{home}/felter", {"request_kind": ""}, status=200, whole=False).text.count("<input") == 0
    )
    data = chosen | {
        "kind": "call", "direction": "in", "request_title": "Hjælp til VITAS", "request_topic": "Løntilskud",
        "request_receipt": "1", "request_receipt_to": "lone@bageri.test",
    }  # fmt: skip
    wrong = anna.post(home, data | {"request_topic": "x" * 201, "request_title": ""}, status=422).text
    assert 'id="f-request_title-error"' in wrong
    assert "x" * 201 in wrong
    anna.post(home, data)
    with database.read() as db:
        found = db.scalars(select(Request).order_by(Request.id.desc())).first()
        assert found
        assert (found.title, found.topic) == ("Hjælp til VITAS", "Løntilskud")
        mail = db.scalars(select(Mail)).one()
        assert (mail.act, mail.recipient) == (f"request-receipt:{found.id}", "lone@bageri.test")


def test_a_draft_keeps_the_fields_of_its_request(sign_in: SignIn, town: Town) -> None:
    anna, home = sign_in(ANNA), f"/virksomheder/{town.bakery}"
    data = {"summary": "Talte", "request_kind": "recruitment", "request_place": "Lageret i Lynge"}
    anna.post(f"{home}/kladde", data, status=204)
    page = anna.get(home).text
    assert "request_place" in _fields(page)
    assert 'value="Lageret i Lynge"' in page


def test_the_address_of_a_receipt_is_suggested_and_never_put_in_place_of_another(
    sign_in: SignIn, town: Town
) -> None:
    anna, home = sign_in(ANNA), f"/virksomheder/{town.bakery}/henvendelser"

    def suggested(**typed: str) -> str:
        page = anna.post(f"{home}/felter", typed, status=200).text
        found = re.search(r'name="receipt_to"[^>]*value="([^"]*)"', page)
        return html.unescape(found[1]) if found else ""

    lone = str(town.contact)
    assert suggested() == "kontakt@bageri.test"
    assert suggested(company_contact_id=lone) == "lone@bageri.test"
    assert suggested(company_contact_id=lone, receipt_to="kontakt@bageri.test") == "lone@bageri.test"
    assert suggested(company_contact_id=lone, receipt_to="job@bageri.test") == "job@bageri.test"
    assert 'value="lone@bageri.test"' in anna.get(f"{home}/ny?kontakt={lone}").text


def test_a_receipt_that_nobody_ticked_is_not_sent(sign_in: SignIn, town: Town, database: Database) -> None:
    anna = sign_in(ANNA)
    data = {"kind": "guidance", "title": "Refusion", "receipt_to": "lone@bageri.test"}
    made = anna.post(f"/virksomheder/{town.bakery}/henvendelser", data)
    assert "Kvittering til" not in main(anna.follow(made))
    ticked = anna.post(f"/virksomheder/{town.bakery}/henvendelser", data | {"receipt": "1"})
    assert "Kvittering til lone@bageri.test: på vej." in main(anna.follow(ticked))
    with database.read() as db:
        assert len(db.scalars(select(Mail)).all()) == 1


def test_another_kind_is_chosen_on_the_requests_own_page(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    anna, path = sign_in(ANNA), f"/henvendelser/{town.request}"
    assert {"wanted", "presented", "hired", "kind"} <= _fields(anna.get(path).text)
    with database.read() as db:
        version = queries.get(db, town.request).version
    data = {"kind": "retention", "title": "Fastholdelse", "persons": "1", "case_reference": "Per Hansen",
            "version": str(version)}  # fmt: skip
    shown = anna.post(f"{path}/felter", data, status=200).text
    assert {"persons", "case_reference"} <= _fields(shown)
    refused = anna.post(path, data, status=422).text
    assert 'id="f-case_reference-error"' in refused
    assert 'value="Per Hansen"' in refused
    anna.post(path, data | {"case_reference": "26/004512"})
    with database.read() as db:
        found = queries.get(db, town.request)
        assert (found.kind, found.case_reference, found.wanted) == ("retention", "26/004512", None)


# --- The clock ------------------------------------------------------------------------------------


def test_an_answer_is_given_with_one_button(sign_in: SignIn, town: Town, database: Database) -> None:
    anna, path = sign_in(ANNA), f"/henvendelser/{town.request}"
    page = main(anna.get(path))
    assert "svar inden i morgen 10.00" in page
    assert "8 timer tilbage" in page
    assert "Svar givet" in page
    anna.post(f"{path}/svar")
    answered = main(anna.get(path))
    assert "svar givet i dag 10.00" in answered
    assert "Svar givet" not in answered
    anna.post(f"{path}/svar")
    with database.read() as db:
        assert queries.get(db, town.request).answered_at == NOW


def test_waiting_is_told_as_a_pause_and_the_company_can_come_back(sign_in: SignIn, town: Town) -> None:
    anna, path = sign_in(ANNA), f"/henvendelser/{town.request}"
    anna.post(f"{path}/skridt", {"to": "waiting"})
    waiting = main(anna.get(path))
    assert "på pause siden i dag, mens virksomheden svarer" in waiting
    assert "Virksomheden har svaret" in waiting
    assert "på pause siden i dag" in main(anna.get(f"/virksomheder/{town.bakery}"))
    anna.post(f"{path}/skridt", {"to": "taken"})
    assert "svar inden i morgen 10.00" in main(anna.get(path))


def test_an_illegal_step_by_hand_is_told_and_stores_nothing(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    anna, path = sign_in(ANNA), f"/henvendelser/{town.request}/skridt"
    anna.post(path, {"to": "resolved"})
    before = fingerprint(database)
    for to, status in (
        ("new", 409),
        ("taken", 409),
        ("waiting", 409),
        ("withdrawn", 409),
        ("done", 422),
        ("", 422),
    ):
        page = anna.post(path, {"to": to, "note": "En bemærkning"}, status=status)
        assert "En bemærkning" in page.text
    assert fingerprint(database) == before


def test_the_answer_is_spoken_of_as_it_stands(town: Town, database: Database) -> None:
    """Each in the words and the tone of a badge, at every moment of its way."""
    with database.write() as db:
        bakery = by_cvr(db, town.bakery)
        request = queries.get(db, town.request)
        by = request.owner
        monday = datetime(2026, 11, 23, 10, 0, tzinfo=COPENHAGEN)

        def said(moment: datetime) -> tuple[str, str, str | None]:
            found = answering(request, moment, HOUSE)
            return found.tone, found.text, found.left

        assert said(monday + 6 * HOUR) == ("warn", "svar inden i morgen 10.00", "2 timer tilbage")
        assert said(monday + 23 * HOUR)[2] == "1 time tilbage"
        assert said(monday + DAY - 20 * timedelta(minutes=1))[2] == "20 minutter tilbage"
        assert said(monday + DAY + HOUR) == ("bad", "svar skulle være givet i dag 10.00", None)
        actions.move(db, request=request, to="waiting", by=by, now=monday + HOUR, clock=HOUSE)
        assert said(monday + DAY + HOUR)[:2] == ("neutral", "på pause siden i går, mens virksomheden svarer")
        actions.answer(db, request=request, now=monday + 2 * DAY, clock=HOUSE)
        assert said(monday + 3 * DAY)[:2] == ("ok", "svar givet i går 10.00")
        asked = NewRequest("guidance", "Refusion")
        late = actions.take_in(db, company=bakery, asked=asked, by=by, now=monday, clock=HOUSE)
        actions.move(db, request=late, to="waiting", by=by, now=monday + 2 * DAY, clock=HOUSE)
        assert answering(late, monday + 9 * DAY, HOUSE).tone == "bad"
        actions.answer(db, request=late, now=monday + 9 * DAY, clock=HOUSE)
        found = answering(late, monday + 9 * DAY, HOUSE)
        assert (found.tone, found.text) == ("neutral", "svar givet i dag 10.00, for sent")


# --- Kinds a manager keeps ------------------------------------------------------------------------


def test_a_manager_names_times_and_ends_a_kind(sign_in: SignIn, town: Town, database: Database) -> None:
    mona, anna = sign_in(MONA), sign_in(ANNA)
    path = "/opsaetning/henvendelser/slags/guidance"
    assert 'name="asks_topic" value="1" checked' in mona.get(path).text
    data = {"name": "Hjælp til blanketter", "answer_hours": "2", "asks_topic": "1", "asks_persons": "1",
            "position": "1", "version": "1"}  # fmt: skip
    mona.post(path, data)
    new = anna.get(f"/virksomheder/{town.bakery}/henvendelser/ny?slags=guidance").text
    assert {"topic", "persons"} <= _fields(new)
    assert ">Hjælp til blanketter</option>" in new
    made = anna.post(f"/virksomheder/{town.bakery}/henvendelser", {"kind": "guidance", "title": "Refusion"})
    assert "svar inden i dag 12.00" in main(anna.follow(made))
    assert "Hjælp til blanketter" in main(anna.follow(made))
    # An old page does not overwrite what a colleague has saved since.
    old = mona.post(path, data | {"name": "Andet"}, status=422).text
    assert "En kollega har rettet imens" in old
    mona.post(path, data | {"version": "2", "valid_to": "22-11-2026"})
    assert (
        ">Hjælp til blanketter</option>" not in anna.get(f"/virksomheder/{town.bakery}/henvendelser/ny").text
    )
    assert "ophørt 22. november 2026" in main(mona.get("/opsaetning/henvendelser"))
    refused = anna.post(
        f"/virksomheder/{town.bakery}/henvendelser", {"kind": "guidance", "title": "Refusion"}, status=422
    ).text
    assert "ophørte 22. november 2026" in html.unescape(refused)
    # What was asked before is shown, named and worked on as ever.
    assert "Hjælp til blanketter" in main(anna.follow(made))
    anna.post(f"{made.headers['location']}/skridt", {"to": "resolved"})


def test_a_new_kind_and_a_new_scheme_can_be_chosen_at_once(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    mona, anna = sign_in(MONA), sign_in(ANNA)
    mona.post(
        "/opsaetning/henvendelser/slags", {"name": "Grønne job", "asks_wanted": "1", "asks_scheme": "1"}
    )
    mona.post("/opsaetning/henvendelser/ordninger", {"name": "Grønt tilskud"})
    page = anna.get(f"/virksomheder/{town.bakery}/henvendelser/ny?slags=gronne_job").text
    assert {"wanted", "scheme"} <= _fields(page)
    assert ">Grønt tilskud</option>" in page
    assert ">Jobrotation</option>" not in page
    with database.read() as db:
        scheme = kinds.scheme_by_key(db, "gront_tilskud")
        assert scheme
    data = {"kind": "gronne_job", "title": "To gartnere", "wanted": "2", "scheme": str(scheme.id)}
    made = anna.post(f"/virksomheder/{town.bakery}/henvendelser", data)
    assert "Grønne job" in main(anna.follow(made))
    timeline = main(anna.get(f"/virksomheder/{town.bakery}"))
    assert "Grønne job" in timeline


def test_a_scheme_that_has_ended_stays_with_its_requests(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    adam, anna, path = sign_in(ADAM), sign_in(ANNA), f"/henvendelser/{town.request}"
    with database.write() as db:
        scheme = kinds.scheme_by_key(db, "mentor")
        assert scheme
        actions.change(
            db, request=queries.get(db, town.request), values={"scheme": scheme}, now=NOW, clock=HOUSE
        )
        version = queries.get(db, town.request).version
    data = {"name": "Mentor", "valid_to": "01-11-2026", "version": "1"}
    adam.post(f"/opsaetning/henvendelser/ordninger/{scheme.id}", data)
    page = anna.get(path).text
    assert re.search(rf'value="{scheme.id}" selected>Mentor', page)
    keep = {"kind": "recruitment", "title": "Rettet", "scheme": str(scheme.id), "version": str(version)}
    anna.post(path, keep)
    with database.read() as db:
        found = queries.get(db, town.request)
        assert (found.title, found.scheme_id) == ("Rettet", scheme.id)


@pytest.mark.parametrize("path", ["", "/slags/ny", "/slags/recruitment", "/ordninger/ny", "/ordninger/1"])
def test_the_pages_of_kinds_are_whole(sign_in: SignIn, path: str) -> None:
    assert complaints(sign_in(MONA).get(f"/opsaetning/henvendelser{path}").text) == []
