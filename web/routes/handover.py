"""Handing over: choosing what, seeing what follows, doing it, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.access import queries as users
from crm.access.models import User
from crm.companies import groups
from crm.companies import queries as companies
from crm.companies.narrowing import Filter
from crm.errors import NotAllowed, renamed
from crm.handover import actions, letters, queries, scope
from crm.handover.letters import Letter
from crm.handover.models import Handover, HandoverKind, ItemKind
from crm.handover.preview import Preview, preview
from crm.handover.scope import Scope
from crm.handover.undo import changes, may_undo, undo
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter()
MONTH = timedelta(days=365.25 / 12)
# So many companies go in one act, and so many months back one can look.
MOST, MONTHS = 10_000, 600
FILTER = ("fra", "branche", "postnr", "navn", "stille", "koncern", "antal", "valgte")
# So many companies can be ticked in a list and handed over: they stand in the address.
TICKED = 500
NAMES = {"to": "user_id", "note": "reason"}
# Why a company that is protected from advertising is written to all the same.
REASONS = [
    ("consent", "De har givet samtykke"),
    ("own_request", "De har selv henvendt sig"),
    ("agreement", "Det følger af vores aftale"),
]


@dataclass
class Choice:
    """What is to be handed over, as the address or the form says it. No scope: nothing is chosen yet."""

    giver: User | None = None
    everything: bool = False
    scope: Scope | None = None
    kind: HandoverKind = HandoverKind.LIST
    typed: dict[str, str] = field(default_factory=dict)


def _number(text: str, most: int) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 and 0 < int(text) <= most else None


def _chosen(visit: Visit, raw: Mapping[str, str], form: Form) -> Choice:
    """Read what is meant. Where transfers are approved, a consultant hands over what is their own."""
    typed = {name: raw.get(name, "").strip() for name in FILTER if raw.get(name, "").strip()}
    key = _number(typed.get("fra", ""), 10**9)
    giver = users.get(visit.db, key) if key else None
    everything = raw.get("alt") == "1" and giver is not None
    leads = visit.may("handover.any")
    if giver is not None and giver.id != visit.me.id and everything and not leads:
        raise NotAllowed
    if not leads and visit.house.settings.approve_transfers:
        if giver is not None and giver.id != visit.me.id:
            raise NotAllowed
        giver = visit.me
        typed["fra"] = str(giver.id)
    if everything:
        return Choice(giver, True, Scope(leaver=giver), HandoverKind.LEAVER, typed)
    if not typed:
        return Choice()
    if "valgte" in typed:
        return Choice(
            giver, False, Scope(ids=_ticked(visit, typed["valgte"], giver)), HandoverKind.LIST, typed
        )
    found = companies.ids(visit.db, _filter(visit, typed, giver, form), MOST + 1)
    if len(found) > MOST:
        form.refuse(
            "", f"Der kan højst gives {danish.number(MOST)} virksomheder videre ad gangen. Vælg færre."
        )
        return Choice(giver, typed=typed)
    if most := _most(typed, form):
        found = queries.quietest(visit.db, found, most)
    kind = HandoverKind.GROUP if typed.keys() <= {"koncern"} else HandoverKind.LIST
    return Choice(giver, False, Scope(ids=found), kind, typed)


def _ticked(visit: Visit, text: str, giver: User | None) -> list[int]:
    """The companies ticked in a list that are there, and the giver's where only those may be given."""
    keys = sorted({key for part in text.split(",") if (key := _number(part, 10**9))})[:TICKED]
    there = companies.lines(visit.db, keys).values()
    return sorted(each.id for each in there if giver is None or each.responsible.id == giver.id)


def _most(typed: Mapping[str, str], form: Form) -> int | None:
    most = _number(typed.get("antal", ""), MOST)
    if "antal" in typed and most is None:
        form.refuse("antal", f"Skriv et antal fra 1 til {danish.number(MOST)}.")
    return most


def _filter(visit: Visit, typed: Mapping[str, str], giver: User | None, form: Form) -> Filter:
    months = _number(typed.get("stille", ""), MONTHS)
    if "stille" in typed and months is None:
        form.refuse("stille", f"Skriv et antal måneder fra 1 til {MONTHS}.")
    group = _number(typed.get("koncern", ""), 10**9)
    return Filter(
        responsible_id=giver.id if giver else None,
        name=typed.get("navn"),
        industry=typed.get("branche"),
        postal_code=typed.get("postnr"),
        quiet_since=visit.now - months * MONTH if months else None,
        group_id=groups.group(visit.db, group).id if group else None,
    )


def receiver(visit: Visit, form: Form) -> User | None:
    """The colleague chosen in the form, if they are one."""
    key = form.number("user_id", "Vælg en kollega.")
    if key is None:
        form.refuse("user_id", "Vælg en kollega.")
        return None
    return users.get(visit.db, key)


def letter_of(form: Form) -> Letter | None:
    """What the companies are to be written, if anything."""
    if form.text("mail") != "1":
        return None
    return Letter(
        form.data.get("mail_subject", ""), form.data.get("mail_body", ""), form.text("protected_reason")
    )


def with_letter(form: Form) -> Form:
    """The form with the usual letter in it, for who may want to send one."""
    form.data = {"mail_subject": letters.SUBJECT, "mail_body": letters.BODY} | form.data
    return form


def example(visit: Visit, form: Form, to: User | None, found: Preview) -> dict[str, Any] | None:
    """The letter as one real company would read it, and how many would get one; None when none is asked for."""
    letter = letter_of(form)
    if letter is None or to is None:
        return None

    def read() -> dict[str, Any] | None:
        letters.check(letter, to)
        audience = letters.audience(visit.db, found.company_ids, letter)
        first = next(iter(audience.people.items()), None)
        written = letters.written(letter, first[1], to) if first else None
        return {"audience": audience, "to": first[0] if first else None, "written": written}

    return form.act(visit.db, read)


# --- A list, or everything of a leaver ------------------------------------------------------------


def _show(visit: Visit, form: Form, choice: Choice, *, to: User | None = None, mail: Any = None) -> Response:
    team = users.colleagues(visit.db)
    found = preview(visit.db, choice.scope, today=visit.today, to=to) if choice.scope else None
    return page(
        visit,
        "handover/choose.html",
        status=form.status if form.errors else 200,
        section="companies",
        form=with_letter(form),
        choice=choice,
        chosen=Form.of(choice.typed),
        preview=found,
        kinds=ItemKind,
        to=to,
        mail=mail,
        reasons=REASONS,
        colleagues=[
            (each.id, each.name) for each in team if choice.giver is None or each.id != choice.giver.id
        ],
        givers=[(each.id, each.name) for each in team],
        groups=[] if choice.everything else [(each.id, each.name) for each in groups.all_groups(visit.db)],
        own_only=not visit.may("handover.any") and visit.house.settings.approve_transfers,
    )


@router.get("/videregiv")
def choose(visit: Annotated[Visit, reading("responsibility.write")], til: str = "") -> Response:
    """Choose what to hand over, and see what follows."""
    form = Form.of({"user_id": til} if til else {})
    choice = _chosen(visit, visit.request.query_params, form)
    key = _number(til, 10**9)
    return _show(visit, form, choice, to=users.get(visit.db, key) if key else None)


@router.post("/videregiv")
def hand_over(visit: Annotated[Visit, writing("responsibility.write")]) -> Response:
    """Hand over what was seen, or show the letter to the companies first."""
    form = visit.form
    choice = _chosen(visit, form.data, form)
    if choice.scope is None:
        form.refuse("", "Vælg først, hvad der skal gives videre.")
    to = receiver(visit, form)
    if form.text("op") == "vis" and choice.scope is not None and to is not None:
        found = preview(visit.db, choice.scope, today=visit.today, to=to)
        form.data["mail"] = "1"
        return _show(visit, form, choice, to=to, mail=example(visit, form, to, found))
    done = form.act(visit.db, partial(_act, visit, choice, to)) if to else None
    if done is None:
        return _show(visit, form, choice, to=to)
    return handed_over(visit, done, f"/videregivelser/{done.id}")


def _act(visit: Visit, choice: Choice, to: User) -> Handover:
    values: dict[str, Any] = {
        "to": to, "note": visit.form.data.get("reason", ""), "by": visit.me, "now": visit.now,
        "home": visit.house.settings.base_url, "seen": visit.form.text("seen"), "letter": letter_of(visit.form),
    }  # fmt: skip
    with renamed(**NAMES):
        if choice.giver is not None and choice.everything:
            return actions.hand_over_leaver(visit.db, leaver=choice.giver, today=visit.today, **values)
        ids = choice.scope.ids if choice.scope else ()
        return actions.hand_over_list(visit.db, company_ids=ids, kind=choice.kind, **values)


def handed_over(visit: Visit, done: Handover, url: str, text: str | None = None) -> Response:
    """Say what was done, with the way back."""
    moved = scope.told(queries.counts(visit.db, done))
    to = users.get(visit.db, done.to_id).name
    said = text or f"{moved} er givet videre til {to}."
    return redirect(visit, url, flash=said, undo=f"/videregivelser/{done.id}/fortryd")


# --- An act that was done -------------------------------------------------------------------------


@router.get("/videregivelser/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """What moved in an act, for whoever had it and whoever has it now."""
    done = queries.get(visit.db, id)
    counts = queries.counts(visit.db, done)
    return page(
        visit,
        "handover/show.html",
        section="companies",
        act=done,
        told=scope.told(counts),
        counts=counts,
        kinds=ItemKind,
        items=queries.companies(visit.db, done) if ItemKind.COMPANY in counts else (),
        others={kind: queries.others(visit.db, done, kind) for kind in counts if kind != ItemKind.COMPANY},
        changes=changes(visit.db, done) if done.undone_at is None and may_undo(visit.me, done) else [],
        may_undo=done.undone_at is None and may_undo(visit.me, done),
    )


@router.post("/videregivelser/{id}/fortryd")
def take_back(visit: Annotated[Visit, writing("responsibility.write")], id: int) -> Response:
    """Give everything back, if nobody has built on it."""
    done = queries.get(visit.db, id)
    gone = undo(visit.db, act=done, by=visit.me, now=visit.now)
    text = "Det er fortrudt. Alt er, som det var før."
    if gone:
        text += f" {danish.count(gone, 'mail', 'mails')} om det var sendt allerede."
    return redirect(visit, f"/videregivelser/{id}", flash=text)
