"""Planning, moving and calling off meetings, freezing what stands on the board, and writing minutes."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import danish
from crm.access.models import User
from crm.board.calendar import ahead
from crm.board.content import Period, content, digest, written
from crm.board.models import BoardAction, BoardMeeting, BoardMinutes, BoardPlan, BoardSnapshot
from crm.board.queries import FORTNIGHT, plan, snapshot_before
from crm.errors import Conflict, Refused
from crm.periods import DAY
from crm.requests.clock import WorkingHours

# Half a year of meetings every fourteen days.
AHEAD = 12
RHYTHMS = (7, 14, 21, 28)
DEFAULT_START = 9 * 60
YEARS = range(2020, 2101)
TAKEN = "Der er allerede et tavlemøde den dag."
OTHER_MINUTES = (
    "{} har rettet referatet, mens du skrev. Det, du skrev, står her stadig; den anden udgave står nedenunder. "
    "Saml dem, og gem igen."
)


# --- Planning -----------------------------------------------------------------------------------


def lay_plan(
    db: Session,
    *,
    first_on: date,
    every_days: int,
    starts_at: int,
    agenda: str | None,
    hours: WorkingHours,
    today: date,
    now: datetime,
) -> BoardPlan:
    """Set the rhythm, and plan by it. Meetings planned before that nobody has touched give way to the new ones."""
    _check_year("first_on", first_on)
    if not hours.open_on(first_on):
        raise Refused("first_on", "Vælg en dag, hvor huset er åbent. Helligdage senere flyttes af sig selv.")
    if every_days not in RHYTHMS:
        raise Refused("every_days", "Vælg hver uge, hver anden, hver tredje eller hver fjerde uge.")
    if not 0 <= starts_at < 24 * 60:
        raise Refused("starts_at", danish.TIME_SENTENCE)
    found = plan(db)
    if found is None:
        found = BoardPlan(id=1)
        db.add(found)
    moved = (found.first_on, found.every_days) != (first_on, every_days)
    found.first_on, found.every_days, found.starts_at, found.agenda = first_on, every_days, starts_at, agenda
    db.flush()
    for meeting in _untouched(db, today):
        if moved:
            db.delete(meeting)
        else:
            meeting.starts_at = starts_at
    db.flush()
    plan_ahead(db, hours=hours, today=today, now=now)
    return found


def _untouched(db: Session, today: date) -> list[BoardMeeting]:
    """Meetings to come that came of the rhythm and stand as it laid them."""
    bound = (
        exists().where(BoardSnapshot.meeting_id == BoardMeeting.id),
        exists().where(BoardMinutes.meeting_id == BoardMeeting.id),
        exists().where(BoardAction.meeting_id == BoardMeeting.id),
    )
    return list(
        db.scalars(
            select(BoardMeeting).where(
                BoardMeeting.on > today,
                BoardMeeting.slot_on.is_not(None),
                BoardMeeting.cancelled_at.is_(None),
                BoardMeeting.moved_from.is_(None),
                *(~each for each in bound),
            )
        )
    )


def plan_ahead(db: Session, *, hours: WorkingHours, today: date, now: datetime) -> int:
    """Plan the rhythm's meetings until there are enough ahead; returns how many came.

    A place in the rhythm is filled once: one that was moved or called off stays so. A day on which there is a
    meeting already is left as it is.
    """
    found = plan(db)
    if found is None:
        return 0
    wanted = ahead(found.first_on, found.every_days, hours, after=today - DAY, number=AHEAD)
    slots = set(
        db.scalars(select(BoardMeeting.slot_on).where(BoardMeeting.slot_on.in_([s.regular for s in wanted])))
    )
    taken = set(
        db.scalars(
            select(BoardMeeting.on).where(BoardMeeting.on >= today, BoardMeeting.cancelled_at.is_(None))
        )
    )
    new = [slot for slot in wanted if slot.regular not in slots and slot.held not in taken]
    for slot in new:
        meeting = BoardMeeting(
            on=slot.held, slot_on=slot.regular, starts_at=found.starts_at, stands=1, created_at=now
        )
        try:
            with db.begin_nested():
                db.add(meeting)
                db.flush()
        except IntegrityError:
            # Another machine planned it at this very moment.
            continue
    return len(new)


def add(db: Session, *, on: date, now: datetime, starts_at: int | None = None) -> BoardMeeting:
    """A single meeting beside the rhythm, on whatever day someone asks for."""
    _check_year("on", on)
    _demand_free(db, on)
    if starts_at is None:
        found = plan(db)
        starts_at = found.starts_at if found else DEFAULT_START
    meeting = BoardMeeting(on=on, starts_at=starts_at, stands=1, created_at=now)
    db.add(meeting)
    _flush_day(db)
    db.refresh(meeting, ["snapshot", "minutes"])
    return meeting


def move(db: Session, *, meeting: BoardMeeting, on: date, reason: str | None) -> None:
    """Hold a meeting on another day."""
    _check_year("on", on)
    _demand_open(db, meeting)
    if on == meeting.on:
        raise Refused("on", "Mødet ligger allerede den dag.")
    _demand_free(db, on)
    if meeting.moved_from is None:
        meeting.moved_from = meeting.on
    meeting.on, meeting.reason = on, reason
    _flush_day(db)


def cancel(db: Session, *, meeting: BoardMeeting, reason: str | None, now: datetime) -> None:
    """Call a meeting off. What was agreed is carried on to the next."""
    if not (reason or "").strip():
        raise Refused("reason", "Skriv kort hvorfor, så alle ved det.")
    _demand_open(db, meeting)
    meeting.cancelled_at, meeting.stands, meeting.reason = now, 0, reason
    db.flush()


def _check_year(field: str, day: date) -> None:
    if day.year not in YEARS:
        raise Refused(field, "Skriv en dag inden for de næste år.")


def _demand_free(db: Session, on: date) -> None:
    taken = select(BoardMeeting.id).where(BoardMeeting.on == on, BoardMeeting.cancelled_at.is_(None))
    if db.scalar(taken) is not None:
        raise Conflict(TAKEN)


def _flush_day(db: Session) -> None:
    """Of two at once who take the same day, the second is told."""
    try:
        with db.begin_nested():
            db.flush()
    except IntegrityError as error:
        raise Conflict(TAKEN) from error


def _demand_open(db: Session, meeting: BoardMeeting) -> None:
    db.refresh(meeting, with_for_update={"of": BoardMeeting})
    if meeting.cancelled_at is not None:
        raise Conflict("Mødet er aflyst.")
    if db.get(BoardSnapshot, meeting.id) is not None:
        raise Conflict("Tavlen er frosset for det møde, så det kan hverken flyttes eller aflyses.")


# --- Freezing -----------------------------------------------------------------------------------


def freeze(
    db: Session, *, meeting: BoardMeeting, by: User | None, now: datetime, today: date, zone: ZoneInfo
) -> tuple[BoardSnapshot, bool]:
    """Freeze what stands on the board at a meeting, and whether it was done now.

    Frozen twice it is the same; of two at once the second gets what the first froze.
    """
    db.refresh(meeting, with_for_update={"of": BoardMeeting})
    found = db.get(BoardSnapshot, meeting.id)
    if found is not None:
        # It may have been loaded before a colleague froze it, while we waited.
        db.refresh(meeting, ["snapshot"])
        return found, False
    if meeting.cancelled_at is not None:
        raise Conflict("Mødet er aflyst. Aftal et nyt, eller brug et andet møde.")
    if meeting.on > today:
        raise Conflict(
            f"Mødet er først {danish.long_date(meeting.on)}. Flyt det til i dag, hvis det holdes nu."
        )
    period = Period.of(meeting.on, now, snapshot_before(db, meeting.on), zone=zone, first=FORTNIGHT)
    text = written(content(db, period))
    made = BoardSnapshot(
        meeting_id=meeting.id,
        on=meeting.on,
        stands=1,
        until_at=period.until,
        frozen_at=now,
        by_id=by.id if by else None,
        content=text,
        hash=digest(meeting.id, meeting.on, text),
    )
    db.add(made)
    db.flush()
    db.refresh(meeting, ["snapshot", "minutes"])
    return made, True


def broken(db: Session) -> list[str]:
    """Frozen boards that are not what was frozen, as sentences: someone went past the database's own rule."""
    return [
        f"Tavlen fra {danish.long_date(each.on)} er ændret, siden den blev frosset."
        for each in db.scalars(
            select(BoardSnapshot).order_by(BoardSnapshot.on).execution_options(yield_per=50)
        )
        if each.hash != digest(each.meeting_id, each.on, each.content)
    ]


# --- Minutes ------------------------------------------------------------------------------------


class OtherMinutes(Conflict):
    """A colleague saved the minutes meanwhile. `theirs` is what they wrote."""

    def __init__(self, minutes: BoardMinutes) -> None:
        super().__init__(OTHER_MINUTES.format(minutes.changed_by.first_name))
        # Plain text: the row itself is forgotten when the attempt is rolled back.
        self.theirs = minutes.text


def save_minutes(
    db: Session,
    *,
    meeting: BoardMeeting,
    text: str,
    based_on: int,
    by: User,
    now: datetime,
    publish: bool = False,
) -> BoardMinutes:
    """Keep the minutes. `based_on` is the version that was seen, 0 for none; OtherMinutes when there is a newer."""
    if not text.strip():
        raise Refused("text", "Skriv mindst en linje, før referatet gemmes.")
    # Whoever saves at the same moment waits here.
    db.refresh(meeting, with_for_update={"of": BoardMeeting})
    if meeting.cancelled_at is not None:
        raise Conflict("Mødet er aflyst, så der er intet referat.")
    found = db.get(BoardMinutes, meeting.id, populate_existing=True)
    if (found.version if found else 0) != based_on and found is not None:
        db.refresh(found, ["changed_by"])
        raise OtherMinutes(found)
    if found is None:
        found = BoardMinutes(meeting_id=meeting.id)
        db.add(found)
    found.text, found.changed_at, found.changed_by_id = text, now, by.id
    if publish and found.published_at is None:
        found.published_at = now
    db.flush()
    db.refresh(found, ["changed_by"])
    return found
