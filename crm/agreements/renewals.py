"""Renewing an agreement, and correcting the days of its periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.agreements.models import Agreement, Programme
from crm.agreements.periods import AgreementPeriod
from crm.agreements.touching import touch
from crm.errors import Conflict, Refused
from crm.periods import DAY, months_after

AHEAD = timedelta(days=366)
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 12, 31)
WRONG_DAY = "Datoen ser forkert ud. Skriv den som 23-11-2026."
DAYS = ("signed_on", "valid_from", "valid_to")
# Where nobody has said how long, an agreement is renewed for a year.
YEAR = 12


def check_day(field: str, day: date | None, today: date) -> None:
    """Refuses a day that is a slip of the keys: years ahead, or before such agreements were made."""
    if day is not None and not EARLIEST <= day <= today + AHEAD:
        raise Refused(field, WRONG_DAY)


def check_period(valid_from: date | None, valid_to: date | None, field: str = "valid_to") -> None:
    """Refuses a period that ends before it begins."""
    if valid_from and valid_to and valid_to < valid_from:
        raise Refused(field, "Aftalen kan ikke slutte, før den begynder.")
    if valid_to and not EARLIEST <= valid_to <= LATEST:
        raise Refused("valid_to", WRONG_DAY)


def periods(db: Session, agreement: Agreement) -> Sequence[AgreementPeriod]:
    """The agreement's periods, the first first. What triggers wrote is read anew."""
    return db.scalars(
        select(AgreementPeriod)
        .where(AgreementPeriod.agreement_id == agreement.id)
        .order_by(AgreementPeriod.seq)
        .execution_options(populate_existing=True)
    ).all()


def last_day(begins: date, months: int) -> date:
    """The last day of so many months: from 1 February for a year is 31 January."""
    return months_after(begins, months) - DAY


def suggested(newest: AgreementPeriod, programme: Programme, today: date) -> tuple[date, date]:
    """The period a renewal today would be: as long as the programme's agreements are."""
    begins = next_beginning(newest, today)
    return begins, last_day(begins, programme.standard_months or YEAR)


def next_beginning(newest: AgreementPeriod, on: date) -> date:
    """The day after the last; where that is past, or there is none, the day of the renewal.

    So no day is without an agreement that was renewed in time, and none is counted that had none.
    """
    return on if newest.valid_to is None else max(on, newest.valid_to + DAY)


def close_for_renewal(db: Session, newest: AgreementPeriod, on: date, valid_to: date) -> date:
    """Make room for a new period that ends on `valid_to`; the day it begins. Refuses one that cannot be."""
    check_period(None, valid_to)
    begins = next_beginning(newest, on)
    if valid_to < begins:
        raise Refused("valid_to", f"Den nye periode begynder {begins:%d-%m-%Y} og kan ikke slutte før.")
    if newest.valid_to is None:
        if newest.valid_from is None or begins <= newest.valid_from:
            raise Refused("on", "Aftalen er ikke begyndt endnu. Ret slutdatoen i stedet for at forny.")
        newest.valid_to = begins - DAY
        db.flush()
    return begins


def correct(
    db: Session,
    *,
    agreement: Agreement,
    seq: int,
    values: Mapping[str, date | None],
    today: date,
    seen: int | None = None,
) -> AgreementPeriod:
    """Correct the days of one period: a wrong date, or a signature that was older than we knew.

    `seen` is the agreement's version the writer had before them. What was and what became of it stands in the
    audit log.
    """
    db.refresh(agreement, with_for_update={"of": Agreement})
    if seen is not None and seen != agreement.version:
        raise Conflict("En kollega har rettet imens. Hent siden igen for at se de nye datoer.")
    known = {each.seq: each for each in periods(db, agreement)}
    if seq not in known:
        raise Refused("seq", "Vælg en af aftalens perioder.")
    fresh = {name: values[name] if name in values else getattr(known[seq], name) for name in DAYS}
    _check_correction(agreement, known, seq, fresh, today)
    for name, day in fresh.items():
        setattr(known[seq], name, day)
    db.flush()
    touch(db, agreement.id)
    db.refresh(agreement, DAYS)
    return known[seq]


def _check_correction(
    agreement: Agreement,
    known: Mapping[int, AgreementPeriod],
    seq: int,
    fresh: Mapping[str, date | None],
    today: date,
) -> None:
    signed, begins, ends = (fresh[name] for name in DAYS)
    check_day("signed_on", signed, today)
    # A renewal may be made long before it begins.
    if seq == 1:
        check_day("valid_from", begins, today)
    check_period(begins, ends)
    if agreement.signed_on is not None:
        for name in ("signed_on", "valid_from"):
            if fresh[name] is None:
                raise Refused(name, "En underskrevet aftale skal have datoen.")
    elif signed is not None:
        raise Refused("signed_on", "Aftalen er ikke underskrevet endnu. Brug trinnet i stedet.")
    if signed and agreement.ended_on and agreement.ended_on < signed:
        raise Refused("signed_on", "Aftalen kan ikke være underskrevet, efter den sluttede.")
    before, after = known.get(seq - 1), known.get(seq + 1)
    if before and before.valid_to and begins and begins <= before.valid_to:
        raise Refused("valid_from", f"Perioden før slutter {before.valid_to:%d-%m-%Y}.")
    if after and after.valid_from and (ends is None or ends >= after.valid_from):
        raise Refused("valid_to", f"Den næste periode begynder {after.valid_from:%d-%m-%Y}.")
