"""The demo's board: a meeting every fourteen days, the last four frozen with minutes, and what was agreed at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from crm.access.models import User
from crm.board import actions, agreed
from crm.board.calendar import held_on
from crm.board.models import BoardAction, BoardMeeting, BoardMinutes, BoardPlan, BoardSnapshot
from crm.db import Session
from scripts.demo.days import CLOCK, Days

EVERY, STARTS = 14, 9 * 60
HELD = 4
AGENDA = "Barometre\nSiden sidst\nDet, vi aftalte sidst\nHvad gør vi nu?\nEventuelt"
MINUTES = (
    "Barometre: Vi er i gang, men Code of Care går langsomt.\n"
    "Siden sidst: Flere virksomheder spørger til fritidsjob.\nVi gør: Ringer til dem, der har fået et tilbud.",
    "Barometre: To nye aftaler. Sygefravær følger planen.\n"
    "Siden sidst: Svarene kommer hurtigere.\nVi gør: Aftaler et møde med Code of Care om flere virksomheder.",
    "Barometre: Tempoet på unge i job skal op.\n"
    "Siden sidst: Efterårsferien gav færre henvendelser.\nVi gør: Ungekonsulenten går med ud til tre virksomheder.",
    "Barometre: Vi mangler stadig nogle stykker i forhold til årets mål.\n"
    "Siden sidst: Mange spørger efter folk til julehandlen.\n"
    "Vi gør: Ringer til de tre, der er tættest på, og forbereder oplæg til virksomhedspanelet.",
)
# What was agreed: at which of the four meetings, what, by whom (place in the team), how many days from now, done
# so many days ago or not yet.
AGREED = (
    (0, "Ring til alle med et tilbud fra foråret", 0, -30, 28),
    (1, "Møde med Code of Care om flere virksomheder", 7, -12, 15),
    (2, "Gå med ud til tre virksomheder i Lynge", 7, 2, None),
    (3, "Ring til de tre, der er tættest på en aftale", 0, 3, None),
    (3, "Oplæg til virksomhedspanelet", 8, 10, None),
    (3, "Del gode erfaringer med stresskurser", 2, 8, None),
    (3, "Ny skabelon til aftaler", 5, -2, 4),
)


def lay_out(db: Session, days: Days, users: Sequence[User]) -> dict[str, int]:
    """The rhythm with its meetings, frozen and to come. Returns the rows added."""
    regular = _next(days)
    held = [_hold(db, users, regular - timedelta(days=EVERY * back), back) for back in range(HELD, 0, -1)]
    actions.lay_plan(
        db, first_on=regular - timedelta(days=EVERY * HELD), every_days=EVERY, starts_at=STARTS, agenda=AGENDA,
        hours=CLOCK, today=days.today, now=days.now,
    )  # fmt: skip
    for number, text, who, due, done in AGREED:
        meeting = held[number]
        made = agreed.agree(
            db, text=text, owner=users[who], due=days.today + timedelta(days=due), by=users[8],
            now=_at(meeting.on, time(9, 10)), meeting=meeting,
        )  # fmt: skip
        if done is not None:
            agreed.mark_done(db, action=made, by=users[who], now=days.noon(days.working_ago(done)))
    tables = (BoardPlan, BoardMeeting, BoardSnapshot, BoardMinutes, BoardAction)
    return {table.__tablename__: db.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _next(days: Days) -> date:
    """The next meeting is tomorrow, or the first open day after it; those before it are open days too."""
    day = days.working_ahead(1)
    while not CLOCK.open_on(day - timedelta(days=EVERY * HELD)):
        day = days.working_ahead((day - days.today).days + 1)
    return day


def _hold(db: Session, users: Sequence[User], regular: date, back: int) -> BoardMeeting:
    on = held_on(regular, CLOCK) or regular
    meeting = BoardMeeting(
        on=on, slot_on=regular, starts_at=STARTS, stands=1, created_at=_at(on - timedelta(days=90), time(9))
    )
    db.add(meeting)
    db.flush()
    inge, now = users[8], _at(on, time(9, 12))
    actions.freeze(db, meeting=meeting, by=inge, now=now, today=on, zone=CLOCK.zone)
    actions.save_minutes(
        db, meeting=meeting, text=MINUTES[HELD - back], based_on=0, by=inge, now=now + timedelta(minutes=20),
        publish=True,
    )  # fmt: skip
    return meeting


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, CLOCK.zone)
