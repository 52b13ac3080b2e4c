"""Every page that shows somebody has exactly one row before it is sent; without the row there is no page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.testclient import TestClient

from crm.access import actions as access
from crm.access.queries import by_email
from crm.access_log import queries
from crm.access_log.models import WITHHELD, ActorKind, Outcome
from crm.access_log.store import log_of
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.merging.actions import merge
from tests.access_log import entries, last
from tests.conftest import NOW, TODAY
from tests.town import ADAM, ANNA, BO, CALENDAR, MONA, Town
from tests.web.conftest import BASE, SignIn, Visitor, main
from tests.web.matrix import address_of
from tests.web.panelling import seated
from tests.web.test_who_may import ROLES
from web import logged
from web.looks import LOOKS, NOTHING, decided, look_of
from web.routing import all_routes, table

ROUTES = table()
# Not JSON, not a page: a program's or a link's own.
APART = ("/metrics", "/health/", "/svar/", "/ny-adgangskode/", "/log-ind", "/glemt")


# --- The decisions --------------------------------------------------------------------------------


def test_somebody_has_decided_about_every_route() -> None:
    undecided = sorted({row["path"] for row in ROUTES if not decided(row["path"])})
    assert undecided == [], "Say in web/looks.py what these show: a look, or NOTHING."


def test_no_decision_is_about_a_route_that_is_gone() -> None:
    paths = {route.path for route in all_routes()}
    idle = [
        pattern
        for pattern in LOOKS
        if not any(
            path == pattern or (pattern[-1] == "*" and path.startswith(pattern[:-1])) for path in paths
        )
    ]
    assert [*idle, *sorted(NOTHING - paths)] == []


def test_a_look_takes_its_key_from_the_path() -> None:
    looks = {path: look_of(path) for path in {row["path"] for row in ROUTES}}
    # A list's file names its list; others have none.
    wrong = [path for path, look in looks.items() if look and look.key and f"{{{look.key}}}" not in path]
    assert wrong == []


def test_a_secret_in_an_address_is_no_key() -> None:
    secret = ("token", "noegle")
    assert [path for row in ROUTES if (look := look_of(path := row["path"])) and look.key in secret] == []


# --- One row, and only one ------------------------------------------------------------------------


def _program(app: object, database: Database, email: str) -> TestClient:
    with database.write() as db:
        token = access.add_token(db, user=by_email(db, email), now=NOW, days=1)
    return TestClient(app, base_url=BASE, headers={"Authorization": f"Bearer {token}"})  # type: ignore[arg-type]


@pytest.mark.parametrize("who", ROLES)
def test_every_page_a_role_reads_gives_exactly_one_row(
    sign_in: SignIn, app: object, town: Town, database: Database, who: str
) -> None:
    me, program = sign_in(ROLES[who]), _program(app, database, ROLES[who])
    for row in ROUTES:
        path = str(row["path"])
        if path.startswith("/panel/"):
            continue
        address = address_of(path, town)
        if row["method"] != "GET" or row["who"] == ["public"] or address is None or path.startswith(APART):
            continue
        before = last(database)
        client = program if path.startswith("/api/") else me.client
        status = client.get(address, follow_redirects=False).status_code
        new, allowed, look = entries(database, before), who in row["who"], look_of(path)
        assert status == (200 if allowed else 403) or (allowed and status in {303, 422}), (path, status)
        if not allowed:
            assert [(each.outcome, each.route) for each in new] == [(Outcome.REFUSED, f"GET {path}")], path
        elif look is None:
            assert new == [], path
        else:
            (found,) = new
            assert (found.actor_kind, found.actor_id) == (ActorKind.USER, town.users[ROLES[who]]), path
            assert (found.outcome, found.route, found.object_kind) == (
                Outcome.SHOWN,
                f"GET {path}",
                look.kind,
            )
            assert found.at == NOW
            if "{cvr}" in path:
                assert found.company == town.bakery, path


def test_every_page_a_member_of_the_panel_reads_gives_exactly_one_row(
    app: FastAPI, town: Town, database: Database
) -> None:
    lone = seated(app, database, town.seat)
    for row in ROUTES:
        path = str(row["path"])
        if row["method"] != "GET" or row["who"] != ["panel"]:
            continue
        before = last(database)
        lone.get(address_of(path, town) or path)
        (found,) = entries(database, before)
        assert (found.actor_kind, found.actor_id) == (ActorKind.PANEL, town.seat), path
        assert (found.outcome, found.route) == (Outcome.SHOWN, f"GET {path}")


def test_what_is_under_a_company_is_about_that_company(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    me = sign_in(ANNA)
    for address in (
        f"/virksomheder/{town.bakery}", f"/virksomheder/{town.bakery}/kontakter/{town.contact}",
        f"/henvendelser/{town.request}", f"/aftaler/{town.agreement}", f"/opfoelgninger/{town.follow_up}",
        f"/dokumenter/{town.document}", f"/maal/tilfredshed/besvarelser/{town.survey_reply}",
        f"/dag/opfoelgning-{town.follow_up}/log", f"/aftaler/{town.agreement}/aftale.pdf",
    ):  # fmt: skip
        before = last(database)
        me.get(address, whole=False)
        (found,) = entries(database, before)
        assert found.company == town.bakery, address


def test_a_search_keeps_its_words_and_never_a_cpr_number(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    me, before = sign_in(ANNA), last(database)
    me.get("/soeg/hits?q=bager", whole=False)
    me.get("/soeg?q=blovstr%C3%B8d")
    me.get("/soeg?q=bageri&aabn=1", status=303)
    me.get("/opkald?nummer=48150001", status=303)
    me.get("/virksomheder?navn=bageri&postnr=3450")
    me.get("/soeg?q=070761-4285")
    asked = [each.criterion for each in entries(database, before)]
    assert asked[:5] == ["bager", "blovstrød", "bageri", "nummer: 48150001", "navn: bageri, postnr: 3450"]
    assert asked[5] == WITHHELD
    with log_of(database).read() as rows:
        everything = str(rows.execute(text("SELECT * FROM access_entry")).all())
    assert "070761" not in everything
    assert "Lone" not in everything


def test_a_file_that_leaves_says_which_list_it_was(sign_in: SignIn, town: Town, database: Database) -> None:
    me, before = sign_in(ANNA), last(database)
    me.post("/lister/virksomheder/hent", {"format": "csv", "udvalg": "navn=bageri"}, status=200, whole=False)
    (found,) = entries(database, before)
    assert (found.object_kind, found.object_key, found.criterion) == (
        "export",
        "virksomheder",
        "Navnet begynder med: bageri",
    )


def test_a_form_shown_again_shows_and_a_redirect_does_not(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    me, before = sign_in(ANNA), last(database)
    me.post(f"/virksomheder/{town.bakery}/kontakter", {"name": ""}, status=422)
    me.post(f"/virksomheder/{town.bakery}/kontakter", {"name": "Ny Person"})
    (found,) = entries(database, before)
    assert (found.route, found.company) == ("POST /virksomheder/{cvr}/kontakter", town.bakery)


def test_whoever_is_turned_away_is_named_and_nobody_is_not(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    before = last(database)
    sign_in().get(f"/virksomheder/{town.bakery}", status=303)
    sign_in(ANNA).get("/opsaetning/adgangslog", status=403)
    sign_in(ANNA).post("/opsaetning/brugere", {"name": "x"}, status=403)
    assert [(each.outcome, each.actor_id, each.route) for each in entries(database, before)] == [
        (Outcome.REFUSED, town.users[ANNA], "GET /opsaetning/adgangslog"),
        (Outcome.REFUSED, town.users[ANNA], "POST /opsaetning/brugere"),
    ]


def test_a_screen_and_a_calendar_are_readers_too(sign_in: SignIn, town: Town, database: Database) -> None:
    before = last(database)
    sign_in().get(f"/tavle/skaerm/{town.wall_token}")
    sign_in().get(f"/kalender/{CALENDAR}.ics", whole=False)
    sign_in().get("/tavle/skaerm/gaettet", status=404)
    screen, calendar = entries(database, before)
    assert (screen.actor_kind, screen.actor_id) == (ActorKind.SCREEN, town.wall_link)
    assert (calendar.actor_kind, calendar.actor_id) == (ActorKind.CALENDAR, town.users[ANNA])
    assert town.wall_token not in str(vars(screen))
    assert CALENDAR not in str(vars(calendar))


# --- No log, no page ------------------------------------------------------------------------------


@contextmanager
def _gone(database: Database) -> Iterator[None]:
    """The log is not where it should be: a folder stands in its place, or its table has another name."""
    log = log_of(database)
    if log.file is None:
        _said(log.database, "ALTER TABLE access_entry RENAME TO hidden")
        yield
        _said(log.database, "ALTER TABLE hidden RENAME TO access_entry")
        return
    aside = log.file.with_name("aside")
    log.database.close()
    log.file.rename(aside)
    log.file.mkdir()
    yield
    log.file.rmdir()
    aside.rename(log.file)


@contextmanager
def _locked(database: Database) -> Iterator[None]:
    """Somebody else holds the log for as long as they like."""
    other = Database(log_of(database).database.url, schema="access_log")
    with other.writer.connect() as connection, connection.begin():
        if database.dialect == "postgresql":
            connection.execute(text("LOCK TABLE access_entry IN ACCESS EXCLUSIVE MODE"))
        yield
    other.close()


def _said(database: Database, statement: str) -> None:
    with database.writer.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("broken", [_gone, _locked])
def test_without_the_log_nothing_is_shown(
    sign_in: SignIn,
    app: object,
    town: Town,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[Database], Iterator[None]],
) -> None:
    monkeypatch.setattr(logged, "PATIENCE", 1.0)
    monkeypatch.setattr("crm.access_log.writer.FLUSH", 0.05)
    me, program = sign_in(ANNA), _program(app, database, ANNA)
    me.get(f"/virksomheder/{town.bakery}")
    with broken(database):  # type: ignore[attr-defined]
        page = me.get(f"/virksomheder/{town.bakery}", status=503)
        assert logged.UNLOGGED in page.text
        assert page.headers["retry-after"]
        assert "bageri" not in page.text.lower()
        hits = me.get("/soeg/hits?q=bageri", status=503, whole=False)
        assert "blovstrød" not in hits.text.lower()
        answer = program.get(f"/api/v1/companies/{town.bakery}")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert town.bakery not in answer.text
        file = me.get(f"/dokumenter/{town.document}", status=503, whole=False)
        assert b"%PDF" not in file.content
        # What shows nothing of anybody is there as before.
        me.get("/was")
        me.get("/konto")
        # Trouble that lasts until the rows are flushed does not end the thread that writes them.
        time.sleep(0.3)
    monkeypatch.setattr(logged, "PATIENCE", 20.0)
    me.get(f"/virksomheder/{town.bakery}")


# --- The page, and the file for the person --------------------------------------------------------


def _look(visitor: Visitor, *addresses: str) -> None:
    for address in addresses:
        visitor.get(address)


def test_the_page_tells_who_saw_a_company_and_a_person_there(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    home = f"/virksomheder/{town.bakery}"
    _look(sign_in(BO), home, f"{home}/kontakter/{town.contact}", f"/virksomheder/{town.garden}")
    admin = sign_in(ADAM)
    page = admin.get(f"/opsaetning/adgangslog?virksomhed={town.bakery}").text
    rows = page.partition("<tbody>")[2]
    assert rows.count("Bo Birketoft") == 2
    assert "Søndergård" not in rows
    person = admin.get(f"/opsaetning/adgangslog?virksomhed={town.bakery}&kontakt={town.contact}").text
    assert person.partition("<tbody>")[2].count("Bo Birketoft") == 2
    mine = admin.get(f"/opsaetning/adgangslog?bruger={town.users[BO]}").text
    assert mine.partition("<tbody>")[2].count("Bo Birketoft") == 3
    nothing = admin.get("/opsaetning/adgangslog?fra=01-01-2020&til=02-01-2020").text
    assert "Ingen opslag" in nothing
    # Whoever reads the log stands in it.
    assert "Adgangsloggen" in admin.get(f"/opsaetning/adgangslog?bruger={town.users[ADAM]}").text


def test_a_person_at_the_company_is_not_seen_on_a_colleagues_own_page(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    me, home = sign_in(ANNA), f"/virksomheder/{town.bakery}"
    me.post(f"{home}/kontakter", {"name": "En Anden"})
    _look(me, f"{home}/kontakter/{town.contact + 1}", f"{home}/kontakter/{town.contact}")
    page = sign_in(ADAM).get(f"/opsaetning/adgangslog?virksomhed={town.bakery}&kontakt={town.contact}").text
    rows = page.partition("<tbody>")[2]
    shown = re.findall(r"Kontaktperson (\d+)", rows)
    assert shown == [str(town.contact)]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("virksomhed=12", "Skriv CVR-nummeret"),
        ("virksomhed=070761-4285", "Skriv CVR-nummeret"),
        ("fra=igår+engang", "dato"),
        ("fra=02-02-2026&til=01-02-2026", "slutter, før den begynder"),
        ("bruger=x", "Vælg fra listen"),
    ],
)
def test_what_cannot_be_looked_up_is_said_beside_its_field(
    sign_in: SignIn, town: Town, query: str, sentence: str
) -> None:
    page = sign_in(ADAM).get(f"/opsaetning/adgangslog?{query}", status=422).text
    assert sentence.lower() in page.lower()
    assert "<tbody>" not in page


def test_older_rows_follow_page_by_page_without_a_gap(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    me = sign_in(ANNA)
    for _ in range(60):
        me.client.get(f"/virksomheder/{town.garden}")
    admin = sign_in(ADAM)
    first = admin.get(f"/opsaetning/adgangslog?virksomhed={town.garden}").text
    further = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = admin.get(further).text
    assert [page.partition("<tbody>")[2].count("<time") for page in (first, second)] == [50, 10]


def test_the_file_for_the_person_names_no_colleague_unless_asked_to(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    _look(sign_in(BO), f"/virksomheder/{town.bakery}")
    _look(sign_in(MONA), f"/virksomheder/{town.bakery}")
    admin, asked = sign_in(ADAM), {"udvalg": f"virksomhed={town.bakery}", "format": "csv"}
    plain = admin.post("/opsaetning/adgangslog/hent", asked, status=200, whole=False).text
    assert "Medarbejder 1" in plain
    assert "Medarbejder 2" in plain
    assert not any(name in plain for name in ("Bo Birketoft", "Mona", "kommune.test"))
    named = admin.post("/opsaetning/adgangslog/hent", asked | {"navne": "1"}, status=200, whole=False).text
    assert "Bo Birketoft" in named
    assert entries(database)[-1].criterion == f"Virksomhed: Blovstrød Bageri ApS ({town.bakery})"
    book = admin.post("/opsaetning/adgangslog/hent", asked | {"format": "xlsx"}, status=200, whole=False)
    assert book.content[:2] == b"PK"


# --- Spot checks ----------------------------------------------------------------------------------


def test_a_manager_marks_what_was_drawn_as_seen_once(sign_in: SignIn, town: Town, database: Database) -> None:
    manager, where = sign_in(MONA), "/opsaetning/stikproever"
    assert "Bo Birketoft" in manager.get(where).text
    # A number in the remark is refused, what was typed stays.
    wrong = manager.post(f"{where}/{town.spot_check}/set", {"remark": "070761-4285"}, status=422)
    assert "CPR" in wrong.text
    manager.follow(manager.post(f"{where}/{town.spot_check}/set", {"remark": "Vikar den dag"}))
    page = manager.get(where).text
    assert "Vikar den dag" in page
    assert "Mona Lindevang" in page
    manager.post(f"{where}/{town.spot_check}/set", status=409)
    manager.get(f"{where}?maaned=2020-01")


def test_a_screen_without_anything_drawn_says_so(sign_in: SignIn, town: Town, database: Database) -> None:
    with database.write() as db:
        db.execute(text("DELETE FROM spot_check_look"))
        db.execute(text("DELETE FROM spot_check"))
    assert "ikke trukket noget endnu" in sign_in(MONA).get("/opsaetning/stikproever").text


def test_the_clock_of_the_log_is_the_houses(
    sign_in: SignIn, town: Town, database: Database, app: object
) -> None:
    app.state.house.clock = lambda: NOW + timedelta(hours=1)  # type: ignore[attr-defined]
    sign_in(ANNA).get("/")
    assert entries(database)[-1].at == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_a_company_that_went_on_in_another_was_looked_at_under_its_own_number(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    sign_in(ANNA).get(f"/virksomheder/{town.bakery}")
    with database.write() as db:
        mona = by_email(db, MONA)
        merge(
            db,
            company=by_cvr(db, town.bakery),
            into=by_cvr(db, town.garden),
            on=TODAY,
            by=mona,
            now=NOW,
            today=TODAY,
        )
    with database.read() as db:
        assert queries.cvrs_of(db, by_cvr(db, town.garden)) == (town.garden, town.bakery)
    page = sign_in(ADAM).get(f"/opsaetning/adgangslog?virksomhed={town.garden}")
    assert "Anna Kildeskov" in main(page)
