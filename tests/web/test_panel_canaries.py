"""Two hundred companies full of canaries, and a panel member who looks everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import select

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements import commitments, documents, notes
from crm.agreements.documents import Upload
from crm.agreements.models import Agreement
from crm.agreements.queries import programme
from crm.companies import actions as companies
from crm.db import Database
from crm.interactions import actions as interactions
from crm.panel import meetings, questions, remarks, seats
from crm.panel.members import Member
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company
from tests.town import ANNA, MONA, PDF, Town
from tests.web.conftest import Visitor
from tests.web.panelling import pages

DAY = timedelta(days=1)
CANARY = "kanarie"


def _plant(database: Database, town: Town, app: FastAPI) -> None:
    """Two hundred companies with a canary in every field a company can have; a few are on the shared list."""
    with database.write("canaries") as db:
        anna, mona = (db.get_one(User, town.users[email]) for email in (ANNA, MONA))
        hours = WorkingHours.of(Settings())
        for number in range(200):
            word = f"{CANARY}{number}"
            company = add_company(
                db, 500 + number, f"{word} ApS", responsible=mona, street=f"{word}vej 1", city=word, postal_code="3450",
                phone="48159999", email=f"{word}@fugle.test",
            )  # fmt: skip
            person: dict[str, str | None] = {
                "name": f"{word} Person",
                "title": word,
                "email": f"p@{word}.test",
            }
            companies.add_contact(db, company=company, now=NOW, values=person)
            made = agreements.create(
                db, company=company, programme=programme(db, "code_of_care"), title=f"{word} titel", by=mona, now=NOW,
                today=TODAY, signed_on=TODAY - DAY,
            )  # fmt: skip
            if number % 20:
                continue
            commitments.promise(db, agreement=made, what=word, promised=77, fulfilled=1, by=mona, now=NOW)
            notes.write_note(db, agreement=made, text=f"{word} note", by=mona, now=NOW)
            documents.add(
                db,
                agreement=made,
                upload=Upload(f"{word}.pdf", PDF),
                kind="signed",
                by=mona,
                now=NOW,
                megabytes=1,
            )
            interactions.log(
                db, company=company, by=mona, now=NOW, kind="call", direction="in", summary=f"{word} sagde"
            )
            requests.log_call(
                db, company=company, by=anna, now=NOW, clock=hours, kind="call", direction="in", summary=word,
                request=NewRequest("recruitment", f"{word} folk"),
            )  # fmt: skip
            seat = seats.add(
                db, company=company, email=f"panel@{word}.test", name=f"{word} Medlem", home="https://x.test", now=NOW,
                today=TODAY,
            )  # fmt: skip
            questions.answer(
                db,
                question_id=town.question,
                seat_id=seat.id,
                text=f"{word} svar",
                based_on=0,
                now=NOW,
                today=TODAY,
            )
            remarks.make(
                db, member=Member(seat.id, seat.name, seat.email, company.id, company.name), about=None,
                text=f"{word} fejl", now=NOW, today=TODAY,
            )  # fmt: skip
        # What is only planned is nobody's to see.
        meetings.plan(db, now=NOW, today=TODAY, on=TODAY + DAY, starts_at=480, ends_at=500, place=f"{CANARY}sal",
                      agenda=CANARY)  # fmt: skip
        held = meetings.plan(
            db, now=NOW, today=TODAY, on=TODAY, starts_at=480, ends_at=500, place="Her", agenda=None
        )
        meetings.write_minutes(db, meeting=held, text=f"{CANARY} kladde", based_on=held.version, today=TODAY)
        held.announced_at = NOW
        questions.write(db, now=NOW, today=TODAY, question=f"{CANARY}?", about=CANARY, closes_on=TODAY + DAY)
        agreement = db.get_one(Agreement, town.agreement)
        notes.write_note(db, agreement=agreement, text=f"{CANARY} om bageriet", by=anna, now=NOW)
        documents.add(
            db,
            agreement=agreement,
            upload=Upload(f"{CANARY}-kladde.pdf", PDF),
            kind="draft",
            by=anna,
            now=NOW,
            megabytes=1,
        )


def _crawl(visitor: Visitor, town: Town) -> Iterator[tuple[str, str]]:
    """Every page, file and error a member can come to: by links, by counting up, by asking and by sending forms."""
    ahead, seen = ["/panel/", *pages(town)], set[str]()
    ahead += [
        f"/panel/{room}/{id}"
        for room in ("aftaler", "dokumenter", "moeder", "spoergsmaal")
        for id in range(1, 260)
    ]
    ahead += [f"/panel/moeder/{id}/kalender.ics" for id in range(1, 10)]
    ahead += ["/panel/soeg?q=aps", "/panel/ret?om=7", "/panel/virksomheder", "/panel/findes-ikke", "/was",
              "/soeg?q=aps", "/soeg/hits?q=aps", "/virksomheder.csv", "/api/v1/search?q=aps"]  # fmt: skip
    while ahead:
        address = ahead.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = visitor.client.get(address, follow_redirects=False)
        yield address, f"{answer.status_code} {answer.headers} {answer.text}"
        found = re.findall(r'(?:href|action)="(/panel/[^"#]*)"', answer.text)
        ahead += [each for each in found if "log-ud" not in each]
    for address in (
        f"/panel/spoergsmaal/{town.question}",
        "/panel/ret",
        "/panel/moeder/2/referat",
        "/panel/moeder/3/referat",
    ):
        for data in ({"text": ""}, {"text": "070761-4285"}, {"text": "Fint", "about": "7"}):
            answer = visitor.client.post(address, data={"csrf": visitor.csrf, **data}, follow_redirects=False)
            yield address, f"{answer.status_code} {answer.headers} {answer.text}"


def test_of_two_hundred_companies_full_of_canaries_a_member_finds_none(
    lone: Visitor, town: Town, database: Database, app: FastAPI
) -> None:
    _plant(database, town, app)
    heard = {address for address, said in _crawl(lone, town) if CANARY in said.lower()}
    assert heard == set()
    # The one thing that is meant to be seen is seen: a name on the shared list.
    with database.write() as db:
        marked = db.scalars(select(Agreement).where(Agreement.title == f"{CANARY}20 titel")).one()
        marked.shown_to_panel = 1
    heard = {address for address, said in _crawl(lone, town) if CANARY in said.lower()}
    assert heard == {"/panel/faelles"}
    shared = lone.get("/panel/faelles").text.lower()
    assert re.findall(rf"{CANARY}\w*[^<]*", shared) == [f"{CANARY}20 aps"]
