"""Min dag as pages: the list, what is done with a line where it stands, and how it is taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from httpx2 import Response
from sqlalchemy import select

from crm.day.models import PutOff
from crm.db import Database
from crm.interactions.models import FollowUp, Interaction
from crm.requests.models import Request
from tests import busy_day
from tests.conftest import NOW, TODAY
from tests.statements import counted
from tests.town import ANNA, BO, MONA, Town
from tests.web.conftest import SignIn, Visitor, main

HTMX = {"HX-Request": "true"}
DAY = timedelta(days=1)


@pytest.fixture
def anna(sign_in: SignIn, town: Town, database: Database) -> Visitor:
    """Anna on a busy morning, with Min dag open."""
    busy_day.fill(database, NOW)
    visitor = sign_in(ANNA)
    visitor.get("/")
    return visitor


def _lines(answer: Response) -> list[str]:
    """The lines as they stand: "why company"."""
    found = re.findall(
        r'data-line="([^"]+)".*?class="state \w+">([^<]+)</span>.*?<strong>([^<]+)</strong>',
        answer.text,
        re.DOTALL,
    )
    return [f"{why}: {company}" for _, why, company in found]


def _now(answer: Response) -> list[str]:
    """Those of them that are to be done now."""
    later = re.findall(r'data-line="', answer.text.partition('class="later-lines"')[2])
    return _lines(answer)[: -len(later)] if later else _lines(answer)


def _line(visitor: Visitor, company: str) -> str:
    text = visitor.get("/").text
    found = next(part for part in text.split("data-line=")[1:] if f"<strong>{company}</strong>" in part)
    return found.split('"')[1]


def _undo(answer: Response, visitor: Visitor) -> Response:
    page = visitor.follow(answer)
    address = re.search(
        r'<form method="post" action="([^"]+)">\s*<input[^>]+>\s*<button[^>]+>Fortryd', page.text
    )
    assert address, main(page)
    return visitor.follow(visitor.post(address[1].replace("&amp;", "&")))


def test_the_list_is_one_and_says_why(anna: Visitor) -> None:
    page = anna.get("/")
    assert _lines(page) == [
        "Svar mangler: Egevang Logistik A/S",
        "Ring tilbage: Nordlys Tandklinik",
        "I dag: Lynge Maskinværksted ApS",
        "Skal have svar: Blovstrød Bageri ApS",
        "Aftale udløber: Engholm Bageri",
        "Længe siden: Kongevejens Planteskole",
        "Tæt på aftale: Allerød Stål A/S",
        "Kommer: Blovstrød Bageri ApS",
    ]
    said = main(page)
    assert "7 ting i dag, 1 haster" in said
    assert "Du dækker for Bo til og med onsdag" in said
    assert "Lone Krogh 20 11 45 67" in said


@pytest.mark.parametrize(
    ("company", "said"),
    [("Nordlys Tandklinik", "Klaret. Igen 30. nov."), ("Lynge Maskinværksted ApS", "Klaret."),
     ("Engholm Bageri", "Taget af listen."), ("Kongevejens Planteskole", "Taget af listen.")],
)  # fmt: skip
def test_a_line_is_done_where_it_stands_and_that_can_be_undone(
    anna: Visitor, company: str, said: str
) -> None:
    before = _now(anna.get("/"))
    answer = anna.post(f"/dag/{_line(anna, company)}/faerdig")
    page = anna.follow(answer)
    assert said in main(page)
    assert _now(page) == [each for each in before if not each.endswith(company)]


def test_undoing_brings_the_line_back(anna: Visitor) -> None:
    before = _lines(anna.get("/"))
    for company in ("Nordlys Tandklinik", "Engholm Bageri", "Kongevejens Planteskole"):
        answer = anna.post(f"/dag/{_line(anna, company)}/faerdig")
        assert _lines(_undo(answer, anna)) == before


@pytest.mark.parametrize(
    ("fields", "day"),
    [({"om": "1"}, "i morgen"), ({"om": "7"}, "30. nov."), ({"due": "fredag"}, "fredag"),
     ({"om": "dag", "due": "1-12"}, "1. dec.")],
)  # fmt: skip
def test_a_line_is_moved_to_a_day_and_back(anna: Visitor, fields: dict[str, str], day: str) -> None:
    before = _lines(anna.get("/"))
    for company in ("Nordlys Tandklinik", "Egevang Logistik A/S", "Allerød Stål A/S"):
        line = _line(anna, company)
        answer = anna.post(f"/dag/{line}/udskyd", fields)
        page = anna.follow(answer)
        assert f"Udskudt til {day.removesuffix('.')}." in main(page)
        assert not any(each.endswith(company) for each in _lines(page) if not each.startswith("Ring"))
        anna.client.cookies.delete("flash")
        assert _lines(_undo(anna.post(f"/dag/{line}/udskyd", fields), anna)) != []
        anna.post(f"/dag/{line}/fortryd?til={TODAY}")
        anna.client.cookies.delete("flash")
    assert _lines(anna.get("/")) == before


@pytest.mark.parametrize("due", ["", "i går", "noget", "23-11-2026", "1-1-2199"])
def test_a_day_that_cannot_be_is_said_beside_the_line_with_what_was_typed(
    anna: Visitor, database: Database, due: str
) -> None:
    for company in ("Nordlys Tandklinik", "Kongevejens Planteskole"):
        if due == "1-1-2199" and company != "Nordlys Tandklinik":
            continue
        line = _line(anna, company)
        answer = anna.post(f"/dag/{line}/udskyd", {"om": "dag", "due": due}, status=422)
        row = answer.text.split(f'data-line="{line}"')[1].partition("</tr>")[0]
        assert "field-error" in row
        assert f'value="{due}"' in row
        assert '<details class="move" open>' in row
    with database.read() as db:
        assert db.scalars(select(PutOff)).all() == []


def test_an_answer_is_given_once_and_for_all(anna: Visitor, database: Database) -> None:
    answer = anna.post(f"/dag/{_line(anna, 'Egevang Logistik A/S')}/faerdig")
    page = anna.follow(answer)
    assert "Svaret er noteret." in main(page)
    assert "Fortryd" not in main(page)
    assert "I gang: Egevang Logistik A/S" in _lines(page)
    with database.read() as db:
        assert db.scalars(select(Request).where(Request.answered_at == NOW)).one().state == "in_progress"


def test_an_offer_can_only_be_moved_or_spoken_about(anna: Visitor) -> None:
    line = _line(anna, "Allerød Stål A/S")
    anna.post(f"/dag/{line}/faerdig", status=409)
    row = anna.get("/").text.split(f'data-line="{line}"')[1].partition("</tr>")[0]
    assert 'data-row-key="f"' not in row
    assert 'data-row-key="u"' in row


def test_the_box_beside_the_list_is_a_part_and_a_page_when_asked_for_by_itself(anna: Visitor) -> None:
    line = _line(anna, "Nordlys Tandklinik")
    part = anna.get(f"/dag/{line}/log", headers=HTMX, whole=False)
    assert part.text.lstrip().startswith('<aside id="log-side"')
    assert "Ringede om en delvis raskmelding." in part.text
    assert f'name="linje" value="{line}"' in part.text
    whole = anna.get(f"/dag/{line}/log")
    assert "Skriv om Nordlys Tandklinik" in main(whole)
    assert "hx-retarget" not in whole.headers


def _log(visitor: Visitor, company: str, *, cleared: bool = True, **fields: object) -> Response:
    line = _line(visitor, company)
    text = visitor.get("/").text.split(f'data-line="{line}"')[1]
    cvr = re.search(r"/virksomheder/(\d+)", text)
    assert cvr
    values = {"kind": "call", "direction": "out", "summary": "Talte med dem.", "linje": line}
    values |= {"linje_klaret": "1"} if cleared else {}
    status = int(fields.pop("status", 303))  # type: ignore[call-overload]
    return visitor.post(
        f"/virksomheder/{cvr[1]}/samtaler", values | fields, headers=HTMX, status=status, whole=False
    )


@pytest.mark.parametrize(
    "company",
    ["Egevang Logistik A/S", "Nordlys Tandklinik", "Lynge Maskinværksted ApS", "Engholm Bageri",
     "Kongevejens Planteskole", "Allerød Stål A/S"],
)  # fmt: skip
def test_what_was_written_about_a_line_takes_it_off_the_list(anna: Visitor, company: str) -> None:
    answer = _log(anna, company)
    assert answer.headers["location"] == "/"
    page = anna.follow(answer)
    assert f"Gemt hos {company}." in main(page)
    now, _, later = page.text.partition('class="later-lines"')
    assert f"<strong>{company}</strong>" not in now
    assert later


def test_what_was_written_can_leave_the_line_where_it_is(anna: Visitor) -> None:
    before = _lines(anna.get("/"))
    for company in ("Nordlys Tandklinik", "Engholm Bageri"):
        assert _lines(anna.follow(_log(anna, company, cleared=False))) == before


def test_undoing_what_was_written_brings_the_line_back_and_keeps_the_text(
    anna: Visitor, database: Database
) -> None:
    before = _lines(anna.get("/"))
    with database.read() as db:
        entries = len(db.scalars(select(Interaction.id)).all())
    for company in ("Nordlys Tandklinik", "Engholm Bageri", "Kongevejens Planteskole"):
        page = _undo(_log(anna, company), anna)
        assert _lines(page) == before
        part = anna.get(f"/dag/{_line(anna, company)}/log", headers=HTMX, whole=False)
        assert "Talte med dem." in part.text
    with database.read() as db:
        assert len(db.scalars(select(Interaction.id)).all()) == entries


def test_what_is_refused_comes_back_as_the_box_with_what_was_typed(anna: Visitor, database: Database) -> None:
    answer = _log(anna, "Nordlys Tandklinik", summary="Hedder 070761-4285", status=422)
    assert answer.headers["hx-retarget"] == "#log-side"
    assert 'id="log-side"' in answer.text
    assert "Hedder 070761-4285" in answer.text
    assert "Det ligner et CPR-nummer" in answer.text
    assert 'name="linje_klaret" value="1" checked' in answer.text.replace('"\n', '" ')
    with database.read() as db:
        assert db.scalars(select(FollowUp).where(FollowUp.done_at.is_not(None))).all() == []


def test_an_entry_about_one_company_never_finishes_anothers_line(anna: Visitor, town: Town) -> None:
    line = _line(anna, "Nordlys Tandklinik")
    before = _lines(anna.get("/"))
    values = {"kind": "call", "direction": "out", "summary": "Talte", "linje": line, "linje_klaret": "1"}
    anna.post(f"/virksomheder/{town.bakery}/samtaler", values, status=404)
    assert _lines(anna.get("/")) == before


def test_the_note_box_promises_to_call_back_and_to_come_again(
    anna: Visitor, town: Town, database: Database
) -> None:
    values = {
        "kind": "call", "direction": "in", "summary": "Ringer igen", "follow_up_call_back": "1",
        "follow_up_due": "i dag", "follow_up_repeat_unit": "month",
    }  # fmt: skip
    anna.post(f"/virksomheder/{town.garden}/samtaler", values)
    with database.read() as db:
        promised = db.scalars(select(FollowUp).order_by(FollowUp.id.desc()).limit(1)).one()
        assert (promised.text, promised.call_back, promised.due) == ("Ring tilbage", 1, TODAY)
        assert (promised.repeat_every, promised.repeat_unit, promised.repeat_day) == (1, "month", 23)
    assert "Ring tilbage: Søndergård Planteskole A/S" in _lines(anna.get("/"))


@pytest.mark.parametrize(
    ("every", "unit"), [("0", "week"), ("367", "week"), ("x", "week"), ("2", ""), ("2", "year")]
)
def test_what_is_no_repetition_is_said_beside_its_field(
    anna: Visitor, town: Town, every: str, unit: str
) -> None:
    values = {
        "kind": "call", "direction": "in", "summary": "Ringer", "follow_up_text": "Ring", "follow_up_due": "i dag",
        "follow_up_repeat_every": every, "follow_up_repeat_unit": unit,
    }  # fmt: skip
    answer = anna.post(f"/virksomheder/{town.garden}/samtaler", values, status=422)
    assert 'id="f-follow_up_repeat_every-error"' in answer.text
    assert f'value="{every}"' in answer.text


def test_a_follow_up_is_changed_on_its_own_page(anna: Visitor, town: Town, database: Database) -> None:
    address = f"/opfoelgninger/{town.follow_up}"
    anna.get(address)
    fields = {"text": "Send tre profiler", "due": "1-12-2026", "call_back": "1", "repeat_every": "2",
              "repeat_unit": "week"}  # fmt: skip
    anna.post(address, fields)
    with database.read() as db:
        found = db.get_one(FollowUp, town.follow_up)
        assert (found.text, str(found.due), found.call_back) == ("Send tre profiler", "2026-12-01", 1)
        assert (found.repeat_every, found.repeat_unit) == (2, "week")
    assert "gentages hver 2. uge" in main(anna.get(address))
    for wrong in ({"text": ""}, {"due": "noget"}, {"due": ""}, {"repeat_every": "999"}):
        answer = anna.post(address, fields | wrong, status=422)
        assert "field-error" in answer.text


def test_a_follow_up_done_elsewhere_comes_again_too(anna: Visitor, town: Town, database: Database) -> None:
    anna.post(f"/opfoelgninger/{town.follow_up}", {"text": "Ring", "due": "i dag", "repeat_unit": "day"})
    page = anna.follow(anna.post(f"/opfoelgninger/{town.follow_up}/faerdig"))
    assert "Klaret. Igen i morgen." in main(page)
    assert "Klaret" in main(anna.get(f"/opfoelgninger/{town.follow_up}"))
    with database.read() as db:
        assert db.scalars(select(FollowUp.due).where(FollowUp.follows_id == town.follow_up)).all() == [
            TODAY + DAY
        ]


@pytest.mark.parametrize("line", ["svar-987654", "stille-987654", "kommentar-987654", "noget-1", "svar", "1"])
def test_a_line_about_nothing_is_not_found(anna: Visitor, line: str) -> None:
    anna.get(f"/dag/{line}/log", status=404)
    for act in ("faerdig", "udskyd", "fortryd"):
        anna.post(f"/dag/{line}/{act}", {"om": "1"}, status=404)


def test_a_full_day_asks_no_more_than_it_may(
    anna: Visitor, sign_in: SignIn, database: Database, town: Town
) -> None:
    with counted(database) as seen:
        anna.get("/")
    assert len(seen) <= 12
    line = _line(anna, "Nordlys Tandklinik")
    with counted(database) as seen:
        anna.get(f"/dag/{line}/log", headers=HTMX, whole=False)
    assert len(seen) <= 12
    for email in (BO, MONA):
        other = sign_in(email)
        with counted(database) as seen:
            other.get("/")
        assert len(seen) <= 12
