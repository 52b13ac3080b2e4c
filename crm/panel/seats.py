"""Giving a company a seat, changing it and ending it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.companies.models import Company, CompanyContact
from crm.errors import Conflict, NotFound, Refused, renamed
from crm.outbox import actions as outbox
from crm.panel import signing
from crm.panel.models import PanelIdentity, PanelSeat, PanelSession

TAKEN = "{} har allerede en plads i panelet for {}. Afslut den først."


def add(
    db: Session,
    *,
    company: Company,
    email: str,
    home: str,
    now: datetime,
    today: date,
    name: str | None = None,
    begins_on: date | None = None,
    ends_on: date | None = None,
) -> PanelSeat:
    """Give a person a seat for their company and mail them the way in. `home` is the house's address.

    Without a name it is that of the company's contact with this e-mail, or the e-mail itself. Raises Refused
    beside "email", "name" or a day.
    """
    with renamed(to="email"):
        address = outbox.address(email)
    if held := standing(db, address, today):
        raise Refused("email", TAKEN.format(address, held.company.name))
    seat = PanelSeat(
        company_id=company.id, email=address, name=name or _known(db, company, address) or address,
        begins_on=begins_on or today, created_at=now,
    )  # fmt: skip
    _set_end(seat, ends_on)
    if seat.ends_on is not None and seat.ends_on < today:
        raise Refused("ends_on", "Pladsen er slut, før den begynder. Vælg en dag, der ikke er gået.")
    db.add(seat)
    db.flush()
    signing.invite(db, seat=seat, home=home, now=now)
    return seat


def standing(db: Session, address: str, today: date) -> PanelSeat | None:
    """The seat this address has, or will have; one whose last day has passed is ended on the way."""
    found = db.scalars(
        select(PanelSeat)
        .join(PanelSeat.company)
        .where(PanelSeat.email == address, PanelSeat.ended_at.is_(None))
        .with_for_update(of=PanelSeat)
    ).first()
    if found is None:
        return None
    if is_over(db, found, today):
        return None
    db.refresh(found, ["company"])
    return found


def is_over(db: Session, seat: PanelSeat, today: date) -> bool:
    """Whether the seat has ended; one whose last day has passed is ended on the way, with all it opened."""
    if seat.ended_at is None and seat.ends_on is not None and seat.ends_on < today:
        seat.ended_at = max(seat.created_at, datetime.combine(seat.ends_on + timedelta(days=1), time(), UTC))
        db.flush()
    return seat.ended_at is not None


def _known(db: Session, company: Company, address: str) -> str | None:
    named = select(CompanyContact.name).where(
        CompanyContact.company_id == company.id,
        CompanyContact.email == address,
        CompanyContact.ended_on.is_(None),
    )
    return db.scalars(named.order_by(CompanyContact.id)).first()


def _set_end(seat: PanelSeat, ends_on: date | None) -> None:
    if ends_on is not None and ends_on < seat.begins_on:
        raise Refused("ends_on", "Den sidste dag ligger før den første.")
    seat.ends_on = ends_on


def change(db: Session, *, seat: PanelSeat, name: str | None, email: str, ends_on: date | None) -> PanelSeat:
    """Correct the name or the e-mail, or plan the last day. With another e-mail every log-in ends."""
    # Whoever is coming in at this moment is waited for.
    db.refresh(seat, ["ended_at", "email", "version"], with_for_update={"of": PanelSeat})
    _demand_standing(seat)
    if not name:
        raise Refused("name", "Skriv navnet.")
    with renamed(to="email"):
        address = outbox.address(email)
    if address != seat.email:
        taken = select(PanelSeat.id).where(PanelSeat.email == address, PanelSeat.ended_at.is_(None))
        if db.scalar(taken) is not None:
            raise Refused("email", f"{address} har allerede en plads i panelet.")
        seat.email = address
        _shut(db, seat)
        # Whoever holds it now has not said yes to anything yet, and comes in by a log-in of their own.
        seat.terms = seat.terms_accepted_at = None
        for identity in db.scalars(select(PanelIdentity).where(PanelIdentity.seat_id == seat.id)):
            db.delete(identity)
    seat.name = name
    _set_end(seat, ends_on)
    db.flush()
    return seat


def end(db: Session, *, seat: PanelSeat, now: datetime, today: date) -> PanelSeat:
    """End a seat at once: its log-ins, its links, everything it opened."""
    _demand_standing(seat)
    seat.ended_at = now
    # One that had not begun ends the day it was to begin.
    seat.ends_on = (
        max(today, seat.begins_on) if seat.ends_on is None else max(min(seat.ends_on, today), seat.begins_on)
    )
    _shut(db, seat)
    db.flush()
    return seat


def end_by_email(db: Session, *, email: str, now: datetime, today: date) -> PanelSeat:
    """End the seat this e-mail has; NotFound when it has none."""
    found = standing(db, email.strip().lower(), today)
    if found is None:
        raise NotFound(f"{email} har ingen plads i panelet.")
    return end(db, seat=found, now=now, today=today)


def demand_held(seat: PanelSeat, today: date) -> None:
    """Raise Conflict unless the seat opens something today."""
    if not seat.is_held(today):
        raise Conflict("Pladsen er ikke begyndt endnu, eller den er slut. Linket ville ikke virke.")


def _demand_standing(seat: PanelSeat) -> None:
    if seat.ended_at is not None:
        raise Conflict("Pladsen er afsluttet.")


def _shut(db: Session, seat: PanelSeat) -> None:
    # In this order: a link that is being used at this moment is waited for, and its session is found.
    signing.end_links(db, seat)
    db.execute(delete(PanelSession).where(PanelSession.seat_id == seat.id))
