"""Writing down who is away and who stands in. Why is nobody's business, and there is no place to write it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from crm import danish
from crm.access.models import User
from crm.companies.models import Company
from crm.errors import Conflict, NotFound, Refused
from crm.responsibility.absences.queries import overlapping
from crm.responsibility.models import Absence, AbsenceException

LONGEST = 400
AHEAD = timedelta(days=3 * 366)
UNDO_WITHIN = timedelta(minutes=15)
DAY = timedelta(days=1)
OVER = "Fraværet er allerede slut og står som historik."
BACKWARDS = "Sidste dag kan ikke ligge før første dag."
TOO_LONG = f"Et fravær kan højst vare {LONGEST} dage. Bliver det længere, så giv virksomhederne videre."
PAST = "Fraværet er slut før i dag. Skriv en sidste dag fra i dag og frem."


def add(
    db: Session,
    *,
    user: User,
    first_day: date,
    last_day: date,
    stand_in: User | None,
    by: User | None,
    today: date,
    now: datetime,
    calendar_key: str | None = None,
) -> Absence:
    """Write down that someone is away from the first to the last day, and who stands in."""
    if not user.is_active:
        raise Refused("user_id", f"{user.name} er lukket.")
    check_days(first_day, last_day, today)
    _check_free(db, user, first_day, last_day)
    _check_stand_in(user, stand_in)
    absence = Absence(
        user_id=user.id,
        first_day=first_day,
        last_day=last_day,
        stand_in_id=stand_in.id if stand_in else None,
        source="calendar" if calendar_key else "hand",
        calendar_key=calendar_key,
        by_id=by.id if by else None,
        created_at=now,
    )
    db.add(absence)
    db.flush()
    db.refresh(absence, ["user", "stand_in"])
    return absence


def check_days(first_day: date, last_day: date, today: date) -> None:
    """Raise Refused unless these days can be an absence."""
    if last_day < first_day:
        raise Refused("last_day", BACKWARDS)
    if (last_day - first_day).days >= LONGEST:
        raise Refused("last_day", TOO_LONG)
    if last_day < today:
        raise Refused("last_day", PAST)
    if first_day > today + AHEAD:
        raise Refused("first_day", "Skriv en dag inden for de næste tre år.")


def _check_free(db: Session, user: User, first: date, last: date, but: int | None = None) -> None:
    if other := overlapping(db, user, first, last, but=but):
        raise Refused("first_day", overlap(other))


def overlap(other: Absence) -> str:
    """Why there is no room: the absence that is there already."""
    days = danish.long_date(other.first_day)
    if other.last_day != other.first_day:
        days += f" til {danish.long_date(other.last_day)}"
    return f"Der er allerede et fravær {days}. Ret det, eller vælg andre dage."


def _check_stand_in(user: User, stand_in: User | None, field: str = "stand_in") -> None:
    if stand_in is None:
        return
    if stand_in.id == user.id:
        raise Refused(field, "Man kan ikke være sin egen stedfortræder. Vælg en anden.")
    if not stand_in.is_active:
        raise Refused(field, f"{stand_in.name} er lukket. Vælg en anden.")


def _demand_running(absence: Absence, today: date) -> None:
    if absence.last_day < today:
        raise Conflict(OVER)


def change(
    db: Session, *, absence: Absence, first_day: date, last_day: date, stand_in: User | None, today: date
) -> Absence:
    """Move an absence or let another stand in. The first day of one that has begun stays where it is."""
    _demand_running(absence, today)
    if first_day != absence.first_day and absence.first_day <= today:
        raise Refused("first_day", "Fraværet er begyndt. Første dag kan ikke flyttes mere.")
    check_days(first_day, last_day, today)
    _check_free(db, absence.user, first_day, last_day, but=absence.id)
    # A stand-in who was closed later may stay, until someone chooses another.
    if stand_in is None or stand_in.id != absence.stand_in_id:
        _check_stand_in(absence.user, stand_in)
    absence.first_day, absence.last_day = first_day, last_day
    absence.stand_in_id = stand_in.id if stand_in else None
    db.flush()
    db.refresh(absence, ["stand_in"])
    return absence


def end_early(db: Session, *, absence: Absence, last_day: date, today: date) -> Absence:
    """End an absence that has begun, with today or yesterday as its last day. What has passed stays.

    One that began today lasts the day out: an absence is counted in whole days.
    """
    _demand_running(absence, today)
    if absence.first_day > today:
        raise Conflict("Fraværet er ikke begyndt endnu. Aflys det i stedet.")
    if last_day not in {today, today - DAY}:
        raise Refused("last_day", "Et fravær kan slutte i dag eller i går. Ellers kan datoerne rettes.")
    absence.last_day = min(absence.last_day, max(last_day, absence.first_day))
    db.flush()
    return absence


def reopen(db: Session, *, absence: Absence, last_day: date, today: date) -> Absence:
    """It was not ended early after all. For as long as it is not quite over."""
    if absence.last_day < today - DAY:
        raise Conflict(OVER)
    check_days(absence.first_day, last_day, today)
    _check_free(db, absence.user, absence.first_day, last_day, but=absence.id)
    absence.last_day = last_day
    db.flush()
    return absence


def cancel(db: Session, *, absence: Absence, today: date) -> bool:
    """Call an absence off. True when it had not begun and is gone; one that has begun is ended instead."""
    _demand_running(absence, today)
    if absence.first_day > today:
        db.delete(absence)
        db.flush()
        return True
    end_early(db, absence=absence, last_day=today - DAY, today=today)
    return False


def take_back(db: Session, *, absence: Absence, by: User, now: datetime) -> None:
    """Undo what one has just written down, also when it begins today."""
    if absence.by_id != by.id or now - absence.created_at > UNDO_WITHIN:
        raise Conflict("Det kan ikke fortrydes længere. Ret eller aflys fraværet i stedet.")
    db.delete(absence)
    db.flush()


def set_exception(
    db: Session, *, absence: Absence, company: Company, stand_in: User | None, today: date
) -> AbsenceException:
    """Let somebody else stand in for this one company, in the place of whoever was chosen for it before."""
    _demand_running(absence, today)
    if stand_in is None:
        raise Refused("exception_stand_in", "Vælg, hvem der svarer for virksomheden.")
    _check_stand_in(absence.user, stand_in, "exception_stand_in")
    found = db.get(AbsenceException, (absence.id, company.id))
    if found is None:
        found = AbsenceException(absence_id=absence.id, company_id=company.id, stand_in_id=stand_in.id)
        db.add(found)
    else:
        found.stand_in_id = stand_in.id
    db.flush()
    return found


def drop_exception(db: Session, *, absence: Absence, company_id: int, today: date) -> None:
    """Let the general stand-in answer for this company too."""
    found = db.get(AbsenceException, (absence.id, company_id))
    if found is None:
        raise NotFound("Undtagelsen findes ikke længere.")
    _demand_running(absence, today)
    db.delete(found)
    db.flush()
