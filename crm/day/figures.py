"""A consultant's own figures beside the team's. No colleague is named, and nobody is ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, and_, case, func, literal, or_, select, true
from sqlalchemy.orm import Session, joinedload, load_only

from crm.access.models import User
from crm.companies.queries import LINE
from crm.interactions.models import Interaction, Kind
from crm.interactions.sealed import open_for
from crm.periods import begins, months_after, quarter_of
from crm.requests.models import Request, overdue

CONTACTS = (Kind.CALL, Kind.MEETING, Kind.VISIT)
MONTHS = 6
SHOWN = 200


@dataclass(frozen=True)
class Period:
    """From the first moment, to the one after the last."""

    since: datetime
    until: datetime

    def holds(self, column: Any) -> ColumnElement[bool]:
        """Whether a moment lies in it."""
        return and_(column >= self.since, column < self.until)


@dataclass(frozen=True)
class Share:
    """First answers given in time, and those that were not or are late by now."""

    in_time: int
    late: int

    @property
    def number(self) -> int:
        """How many there are to judge by."""
        return self.in_time + self.late

    @property
    def percent(self) -> int | None:
        """In time of all, in whole per cent; None without any."""
        return round(100 * self.in_time / self.number) if self.number else None


@dataclass(frozen=True)
class Requests:
    """Requests open now, received and closed in the quarter, and how their answers came."""

    open: int
    new: int
    closed: int
    answers: Share


@dataclass(frozen=True)
class Month:
    """Contacts of one month, by kind: one's own, and the team's."""

    first: date
    mine: dict[str, int]
    team: dict[str, int]

    @property
    def my_total(self) -> int:
        """All one's own."""
        return sum(self.mine.values())

    @property
    def team_total(self) -> int:
        """All of the team, one's own among them."""
        return sum(self.team.values())


@dataclass(frozen=True)
class Figures:
    """Everything the page shows. `people` is how many the team is."""

    people: int
    quarter: date
    mine: Requests
    team: Requests
    months: list[Month]


def the_quarter(today: date, zone: ZoneInfo) -> Period:
    """The quarter it is."""
    first = quarter_of(today)
    return Period(begins(first, zone), begins(months_after(first, 3), zone))


def the_month(first: date, zone: ZoneInfo) -> Period:
    """A whole month."""
    return Period(begins(first, zone), begins(months_after(first, 1), zone))


def months(today: date) -> list[date]:
    """The first days of the months shown, the newest first."""
    return [months_after(today.replace(day=1), -back) for back in range(MONTHS)]


def team_of(db: Session, user: User) -> Sequence[int]:
    """The keys of those who work with this user: the active ones of the team, of the house without one."""
    same = User.team_id == user.team_id if user.team_id else true()
    return db.scalars(select(User.id).where(User.is_active == 1, same).order_by(User.id)).all()


def figures(db: Session, user: User, *, now: datetime, zone: ZoneInfo) -> Figures:
    """The figures of this user and of the team."""
    today = now.astimezone(zone).date()
    team = team_of(db, user)
    mine, all_of_us = _requests(db, user, team, the_quarter(today, zone), now)
    return Figures(
        people=len(team),
        quarter=quarter_of(today),
        mine=mine,
        team=all_of_us,
        months=_contacts(db, user, team, today, zone),
    )


def _answered(quarter: Period, now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """In time, and late, of the requests received in the quarter; counted as everywhere in the house."""
    received = quarter.holds(Request.received_at)
    return and_(received, Request.in_time == 1), and_(received, or_(Request.in_time == 0, overdue(now)))


def _requests(
    db: Session, user: User, team: Sequence[int], quarter: Period, now: datetime
) -> tuple[Requests, Requests]:
    in_time, late = _answered(quarter, now)
    counted = (
        Request.closed_at.is_(None), quarter.holds(Request.received_at), quarter.holds(Request.closed_at),
        in_time, late,
    )  # fmt: skip
    lately = or_(
        Request.closed_at.is_(None),
        Request.received_at >= quarter.since - timedelta(days=366),
    )
    row = db.execute(
        select(*(_number(which) for which in counted), *(_number(which, user) for which in counted)).where(
            Request.owner_id.in_(team), lately
        )
    ).one()
    theirs, own = [[value or 0 for value in part] for part in (row[:5], row[5:])]
    return _made(own), _made(theirs)


def _made(row: Sequence[int]) -> Requests:
    return Requests(row[0], row[1], row[2], Share(row[3], row[4]))


def _number(which: ColumnElement[bool], user: User | None = None) -> Any:
    condition = and_(which, Request.owner_id == user.id) if user else which
    return func.sum(case((condition, 1), else_=0))


def _contacts(db: Session, user: User, team: Sequence[int], today: date, zone: ZoneInfo) -> list[Month]:
    firsts = months(today)
    periods = [the_month(first, zone) for first in firsts]
    number = case(
        *((Interaction.happened_at >= period.since, literal(index)) for index, period in enumerate(periods)),
        else_=literal(MONTHS),
    )
    own = func.sum(case((Interaction.by_id == user.id, 1), else_=0))
    rows = db.execute(
        select(number.cast(Integer), Interaction.kind, func.count(), own)
        .where(
            Interaction.by_id.in_(team),
            Interaction.happened_at >= periods[-1].since,
            Interaction.happened_at < periods[0].until,
            Interaction.kind.in_(CONTACTS),
        )
        .group_by(number.cast(Integer), Interaction.kind)
    ).all()
    found = [Month(first, dict.fromkeys(CONTACTS, 0), dict.fromkeys(CONTACTS, 0)) for first in firsts]
    for index, kind, all_of_us, mine in rows:
        found[index].team[kind], found[index].mine[kind] = all_of_us, mine
    return found


# --- The rows behind them -------------------------------------------------------------------------


def my_requests(db: Session, user: User, which: str, *, now: datetime, zone: ZoneInfo) -> Sequence[Request]:
    """The rows of one of one's own figures: "open", "new", "closed", "in_time" or "late"."""
    quarter = the_quarter(now.astimezone(zone).date(), zone)
    in_time, late = _answered(quarter, now)
    conditions = {
        "open": Request.closed_at.is_(None), "new": quarter.holds(Request.received_at),
        "closed": quarter.holds(Request.closed_at), "in_time": in_time, "late": late,
    }  # fmt: skip
    return db.scalars(_lines().where(Request.owner_id == user.id, conditions[which])).all()


def _lines() -> Select[Request]:
    company = joinedload(Request.company, innerjoin=True).load_only(*LINE, raiseload=True)
    return (
        select(Request)
        .options(
            load_only(
                Request.title, Request.state, Request.received_at, Request.answer_due_at, Request.answered_at,
                Request.closed_at, raiseload=True,
            ),
            company,
        )
        .order_by(Request.received_at.desc(), Request.id.desc())
        .limit(SHOWN)
    )  # fmt: skip


def my_contacts(db: Session, user: User, month: date, zone: ZoneInfo) -> Sequence[Interaction]:
    """One's own contacts of a month, the newest first."""
    rows = db.scalars(
        select(Interaction)
        .options(joinedload(Interaction.company, innerjoin=True).load_only(*LINE, raiseload=True))
        .where(
            Interaction.by_id == user.id,
            the_month(month, zone).holds(Interaction.happened_at),
            Interaction.kind.in_(CONTACTS),
        )
        .order_by(Interaction.happened_at.desc(), Interaction.id.desc())
        .limit(SHOWN)
    ).all()
    open_for(db, user, rows)
    return rows
