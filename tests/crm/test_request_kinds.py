"""Kinds and schemes as data: from when to when they can be chosen, what they ask for, and whom they never name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from crm.access.models import User
from crm.companies import actions as companies
from crm.companies.models import Company
from crm.db import Session
from crm.errors import Conflict, NotFound, Refused
from crm.outbox import actions as outbox
from crm.outbox.models import Mail
from crm.requests import actions, kinds, queries, receipts
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.kinds import OWN
from crm.requests.models import Request, RequestKind
from crm.requests.receipts import Receipt
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.test_types import CPR

DAY = timedelta(days=1)


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db, phone="48 15 20 11")


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


Ask = dict[str, object]


def _ask(db: Session, company: Company, by: User, clock: WorkingHours, kind: str, **own: object) -> Request:
    asked = NewRequest(kind, "To svende", own=own)
    return actions.take_in(db, company=company, asked=asked, by=by, now=NOW, clock=clock)


def _scheme(db: Session, key: str) -> kinds.Scheme:
    found = kinds.scheme_by_key(db, key)
    assert found
    return found


VALUES: Ask = {
    "wanted": 2, "hours_from": 30, "hours_to": 37, "start_on": TODAY + 30 * DAY, "deadline_on": TODAY + 9 * DAY,
    "place": "Lageret", "response": "Mail", "presented": 2, "hired": 1, "persons": 1,
    "case_reference": "26/004512", "topic": "VITAS", "held_on": TODAY + 40 * DAY,
}  # fmt: skip


def test_the_kinds_of_the_plan_ship_and_each_asks_for_its_own(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    assert [each.key for each in kinds.kinds(db, TODAY)] == [str(kind) for kind in RequestKind]
    for kind in kinds.kinds(db, TODAY):
        for name in OWN:
            value = _scheme(db, "flex_job") if name == "scheme" else VALUES[name]
            if name in kind.fields:
                request = _ask(db, company, anna, clock, kind.key, **{name: value})
                assert getattr(request, "scheme_id" if name == "scheme" else name)
            else:
                with pytest.raises(Refused, match="hører ikke til") as refusal:
                    _ask(db, company, anna, clock, kind.key, **{name: value})
                assert refusal.value.field == name


def test_retention_asks_for_a_number_and_never_for_a_name(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    kind = kinds.kind(db, "retention")
    assert set(kind.fields) == {"persons", "case_reference", "scheme"}
    assert "Skriv aldrig navn" in (kind.hint or "")
    for good in ("26/004512", "SAG-2026-17", "a1", "26.4512_B"):
        assert _ask(db, company, anna, clock, "retention", case_reference=good).case_reference == good
    for name in ("Per Hansen", "Per", "sag 17", "17, Per", CPR, "-17", "Åse"):
        with pytest.raises(Refused) as refusal:
            _ask(db, company, anna, clock, "retention", case_reference=name)
        assert refusal.value.field == "case_reference", name


def test_what_is_over_or_to_come_cannot_be_chosen_and_what_was_asked_stays(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    old = _ask(db, company, anna, clock, "ips", wanted=1)
    other = _ask(db, company, anna, clock, "guidance")
    kinds.change(db, thing=kinds.kind(db, "ips"), values={"valid_to": TODAY - DAY})
    with pytest.raises(Refused, match=r"ophørte 22\. november 2026") as refusal:
        _ask(db, company, anna, clock, "ips")
    assert refusal.value.field == "kind"
    with pytest.raises(Refused, match="ophørte"):
        actions.change(db, request=other, values={"kind": "ips"}, now=NOW, clock=clock)
    actions.change(db, request=old, values={"kind": "ips", "wanted": 3}, now=NOW, clock=clock)
    actions.move(db, request=old, to="resolved", by=anna, now=NOW, clock=clock)
    assert (old.kind_name, old.wanted) == ("IPS, job med støtte", 3)
    assert "ips" not in {each.key for each in kinds.kinds(db, TODAY)}
    assert "ips" in {each.key for each in kinds.kinds(db)}
    # The last day is one of its days; the first too.
    kinds.change(db, thing=kinds.kind(db, "ips"), values={"valid_to": TODAY, "valid_from": TODAY})
    _ask(db, company, anna, clock, "ips")
    kinds.change(db, thing=kinds.kind(db, "ips"), values={"valid_to": None, "valid_from": TODAY + DAY})
    with pytest.raises(Refused, match=r"først vælges fra 24\. november 2026"):
        _ask(db, company, anna, clock, "ips")


def test_jobrotation_is_over_with_the_reform_and_its_requests_are_not(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    rotation = _scheme(db, "job_rotation")
    assert rotation.valid_to == date(2026, 6, 30)
    before = datetime(2026, 6, 30, 12, tzinfo=UTC)
    asked = NewRequest("work_placement", "En vikar", own={"scheme": rotation})
    request = actions.take_in(db, company=company, asked=asked, by=anna, now=before, clock=clock)
    for now in (before + timedelta(hours=10, minutes=1), NOW):
        with pytest.raises(Refused, match=r"Jobrotation ophørte 30\. juni 2026") as refusal:
            actions.take_in(db, company=company, asked=asked, by=anna, now=now, clock=clock)
        assert refusal.value.field == "scheme"
    same = {"scheme": rotation, "wanted": 1}
    actions.change(db, request=request, values=same, now=NOW, clock=clock)
    actions.change(db, request=request, values={"scheme": None}, now=NOW, clock=clock)
    with pytest.raises(Refused, match="ophørte"):
        actions.change(db, request=request, values=same, now=NOW, clock=clock)


def test_a_kind_of_the_managers_own_is_used_like_the_others(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    made = kinds.add_kind(db, values={"name": "Grønne job", "asks": ["wanted", "hours"], "answer_hours": 4})
    assert (made.key, made.position, made.fields) == ("gronne_job", 11, ("wanted", "hours_from", "hours_to"))
    request = _ask(db, company, anna, clock, "gronne_job", wanted=2)
    assert request.answer_due_at == NOW + timedelta(hours=4)
    assert kinds.add_kind(db, values={"name": "GRØNNE job"}).key == "gronne_job_2"
    assert kinds.add_kind(db, values={"name": "Ny"}).key == "ny_2"
    assert kinds.add_kind(db, values={"name": "§"}).key == "andet"
    kinds.change(db, thing=made, values={"name": "Grøn omstilling", "asks": []})
    db.expire(request)
    # What it holds already stays, though it is not asked for any more.
    assert (queries.get(db, request.id).kind_name, request.wanted) == ("Grøn omstilling", 2)
    with pytest.raises(Refused):
        _ask(db, company, anna, clock, "gronne_job", wanted=2)


def test_what_a_kind_cannot_be_is_refused_beside_its_field(db: Session) -> None:
    impossible: list[tuple[str, Ask]] = [
        ("name", {"name": " "}), ("name", {"name": CPR}), ("answer_hours", {"answer_hours": 0}),
        ("answer_hours", {"answer_hours": 201}), ("asks", {"asks": ["cpr"]}), ("key", {"key": "x"}),
        ("valid_to", {"valid_from": TODAY, "valid_to": TODAY - DAY}), ("position", {"position": -1}),
        ("valid_from", {"valid_from": date(1900, 1, 1)}),
    ]  # fmt: skip
    for field, wrong in impossible:
        with pytest.raises(Refused) as refusal:
            kinds.add_kind(db, values={"name": "Noget", **wrong})
        assert refusal.value.field == field
        with pytest.raises(Refused) as refusal:
            kinds.change(db, thing=kinds.kind(db, "ips"), values=wrong)
        assert refusal.value.field == field
        db.expire_all()
    kinds.change(db, thing=kinds.kind(db, "ips"), values={"valid_from": TODAY})
    with pytest.raises(Refused):
        kinds.change(db, thing=kinds.kind(db, "ips"), values={"valid_to": TODAY - DAY})
    for key in ("", "x", "\x00", "ips'"):
        with pytest.raises(NotFound):
            kinds.kind(db, key)
    with pytest.raises(NotFound):
        kinds.scheme(db, 999)


def test_another_kind_forgets_what_it_does_not_ask_for(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    flex = _scheme(db, "flex_job")
    request = _ask(db, company, anna, clock, "recruitment", wanted=2, place="Lageret", scheme=flex)
    values = {"kind": "retention", "persons": 1}
    actions.change(db, request=request, values=values, now=NOW, clock=clock)
    found = queries.get(db, request.id)
    assert (found.kind_name, found.wanted, found.place, found.persons) == ("Fastholdelse", None, None, 1)
    assert found.scheme_id == flex.id


def test_figures_that_cannot_be_together_are_refused(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    request = _ask(db, company, anna, clock, "recruitment", wanted=1, hours_from=30)
    for field, values in (
        ("hired", {"presented": 1, "hired": 2}), ("hours_to", {"hours_to": 29}), ("hours_from", {"hours_from": 61}),
        ("hours_to", {"hours_to": 0}), ("presented", {"presented": -1}), ("start_on", {"start_on": date(1999, 1, 1)}),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            actions.change(db, request=request, values=values, now=NOW, clock=clock)
        assert refusal.value.field == field
        db.expire_all()
    # More may be hired than were looked for, and hired may be told alone.
    actions.change(db, request=request, values={"hired": 3}, now=NOW, clock=clock)
    assert (request.wanted, request.presented, request.hired) == (1, None, 3)


# --- The receipt --------------------------------------------------------------------------------


def _with_receipt(
    db: Session, company: Company, by: User, clock: WorkingHours, to: str, **more: object
) -> Request:
    asked = NewRequest(
        "recruitment", "To svende", own={"wanted": 2, "hours_from": 30, "hours_to": 37},
        receipt=Receipt(to, "Eksempel Kommune"),
    )  # fmt: skip
    return actions.take_in(db, company=company, asked=asked, by=by, now=NOW, clock=clock, **more)  # type: ignore[arg-type]


def test_the_company_reads_what_it_asked_for_when_it_hears_and_from_whom(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    contact = companies.add_contact(db, company=company, now=NOW, values={"name": "Lone Krogh"})
    request = _with_receipt(db, company, anna, clock, " Lone@Bageri.test ", contact=contact)
    mail = receipts.of(db, request)
    assert mail
    assert (mail.act, mail.recipient) == (f"request-receipt:{request.id}", "lone@bageri.test")
    assert mail.subject == "Vi har modtaget jeres henvendelse: To svende"
    assert mail.body == (
        "Hej Lone Krogh\n\nTak for jeres henvendelse. Vi har skrevet ned, at I spørger om:\n\n"
        "To svende\nAntal: 2\nTimer om ugen: 30-37\n\n"
        "I hører fra os senest tirsdag 24. november kl. 10.00.\n\n"
        "Jeres person hos os er Anna. Ring på 48 15 20 11 eller skriv til anna@kommune.test.\n\n"
        "Venlig hilsen\nEksempel Kommune"
    )


def test_a_receipt_tells_no_case_number_and_whoever_takes_the_request(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    bo = add_user(db, "bo@kommune.test")
    asked = NewRequest(
        "retention", "Hjælp til fastholdelse", own={"persons": 1, "case_reference": "26/004512"},
        receipt=Receipt("lone@bageri.test", "Eksempel Kommune"),
    )  # fmt: skip
    request = actions.take_in(db, company=company, asked=asked, by=anna, now=NOW, clock=clock, owner=bo)
    mail = receipts.of(db, request)
    assert mail
    assert "26/004512" not in mail.body
    assert "Jeres person hos os er Bo. Skriv til bo@kommune.test." in mail.body


def test_an_address_that_is_none_takes_the_request_with_it(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    with pytest.raises(Refused) as refusal, db.begin_nested():
        _with_receipt(db, company, anna, clock, "lone")
    assert refusal.value.field == "receipt_to"
    assert queries.of_company(db, company) == []
    assert db.query(Mail).count() == 0


def test_a_call_that_is_taken_back_takes_its_receipt_along(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    def call() -> actions.Logged:
        asked = NewRequest("recruitment", "To svende", receipt=Receipt("lone@bageri.test", "Kommunen"))
        return actions.log_call(
            db, company=company, by=anna, now=NOW, clock=clock, kind="call", direction="in", summary="Talte",
            request=asked,
        )  # fmt: skip

    actions.take_back(db, entry=call().interaction, by=anna, now=NOW)
    assert db.query(Mail).count() == 0
    # The next request may have the same number on SQLite, and gets a receipt of its own.
    again = call()
    assert again.request
    mail = outbox.lease(db, now=NOW)
    assert mail is not None
    with pytest.raises(Conflict, match="kvitteringen"):
        actions.take_back(db, entry=again.interaction, by=anna, now=NOW)
