"""The audit log on a page: found, read in plain Danish, fetched as a file, and without what is secret."""

from __future__ import annotations

import csv
import io

import pytest

from crm import trail
from crm.access import actions as access
from crm.access import queries as users
from crm.audit import AuditEvent
from crm.db import Base, Database
from crm.jobs.models import Job
from tests.conftest import NOW
from tests.statements import counted
from tests.town import ADAM, ANNA, BO, MONA, Town
from tests.web.conftest import SignIn, main
from web.log_words import FIELDS, THINGS, UNSAID

PAGE = "/opsaetning/log"


def test_every_table_and_column_of_the_log_has_its_word() -> None:
    assert set(trail.kinds()) - set(THINGS) == set()
    columns = {
        attribute.key
        for mapper in Base.registry.mappers
        if mapper.class_.__audited__
        for attribute in mapper.column_attrs
        if attribute.key not in getattr(mapper.class_, "__secret__", ())
    }
    assert columns - set(FIELDS) - UNSAID == set()


def test_a_change_is_told_with_what_it_was_and_what_it_became(
    sign_in: SignIn, database: Database, town: Town
) -> None:
    with database.write(ADAM, town.users[ADAM]) as db:
        bo = users.by_email(db, BO)
        access.change_user(db, user=bo, name="Bo Birk", role="manager", phone=bo.phone, title=bo.title)
    said = main(sign_in(ADAM).get(f"{PAGE}?slags=user_account&handling=change"))
    assert "Adam Sandgren ændrede bruger »Bo Birk«" in said
    assert "Navn : Bo Birketoft → Bo Birk" in said
    assert "Rolle : Konsulent → Leder" in said


def test_it_is_searched_by_each_field(sign_in: SignIn, town: Town) -> None:
    adam = sign_in(ADAM)
    assert "henvendelse" in main(adam.get(f"{PAGE}?slags=request"))
    assert "Blovstrød Bageri" in main(adam.get(f"{PAGE}?cvr={town.bakery}"))
    assert "Ingen linjer passer" in main(adam.get(f"{PAGE}?hvem={MONA}&slags=team"))
    assert "Ingen linjer passer" in main(adam.get(f"{PAGE}?til=1-1-2020"))
    for wrong in ("cvr=99999999", "fra=hesteost", "slags=ukendt", "handling=ukendt"):
        assert 'class="field-error"' in adam.get(f"{PAGE}?{wrong}", status=422).text
    adam.get(f"{PAGE}?efter=vrøvl")


def test_no_secret_is_in_it(sign_in: SignIn, database: Database, town: Town) -> None:
    with database.write(ANNA) as db:
        anna = users.by_email(db, ANNA)
        token = access.add_token(db, user=anna, now=NOW)
        access.set_password(db, user=anna, password="en helt ny og lang sætning")
        hashed = anna.password_hash
    seen = ""
    page = sign_in(ADAM).get(PAGE)
    while True:
        seen += page.text
        rest = page.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        if 'rel="next"' not in page.text:
            break
        page = sign_in(ADAM).get(rest.replace("&amp;", "&"))
    assert hashed
    for secret in (token, users.token_hash(token), hashed, "argon2"):
        assert secret not in seen


def test_it_is_fetched_as_a_file_and_that_stands_in_it(
    sign_in: SignIn, database: Database, town: Town
) -> None:
    adam = sign_in(ADAM)
    answer = adam.post(f"{PAGE}/hent", {"slags": "request", "format": "csv"}, status=200)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:4] == ["Nr.", "Hvornår", "Hvem", "Hvad"]
    assert all("henvendelse" in row[3] for row in rows[1:])
    assert len(rows) > 1
    assert adam.post(f"{PAGE}/hent", {"format": "xlsx"}, status=200).content[:2] == b"PK"
    adam.post(f"{PAGE}/hent", {"format": "exe"}, status=422)
    with database.read() as db:
        last = trail.last(db)
        assert last is not None
        assert (last.action, last.object_id, last.actor) == ("export", "log", ADAM)
        assert isinstance(last, AuditEvent)


def test_the_page_says_whether_the_chain_held_and_does_not_read_it_all(
    sign_in: SignIn, database: Database, town: Town
) -> None:
    adam = sign_in(ADAM)
    assert "Ikke efterset endnu" in main(adam.get(PAGE))
    with database.write() as db:
        job = db.get_one(Job, "log_checked")
        job.ended_at, job.figure = NOW, 0
    assert "Hel Efterset i dag" in main(adam.get(PAGE))
    with database.write() as db:
        job = db.get_one(Job, "log_checked")
        job.failures, job.last_error = 1, "Loggen er brudt. Linje 3 er ændret."
    assert "Brudt Loggen er brudt. Linje 3 er ændret." in main(adam.get(PAGE))


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}?slags=request"])
def test_a_page_of_it_takes_a_handful_of_statements(
    sign_in: SignIn, database: Database, town: Town, address: str
) -> None:
    adam = sign_in(ADAM)
    adam.get(address)
    with counted(database) as statements:
        adam.get(address)
    assert len(statements) <= 12
