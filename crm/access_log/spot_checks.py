"""Every month some look-ups of companies outside one's own are drawn at random, for a manager to look at.

Everyone employed may open every company, since a matter crosses teams. The price of that openness is that
somebody looks now and then at what it is used for (Datatilsynet, on spot checks of logs).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.access_log.models import AccessEntry, ActorKind, Outcome, SpotCheck, SpotCheckLook
from crm.access_log.store import AccessLog
from crm.companies.models import Company
from crm.db import Database
from crm.errors import Conflict, NotAllowed, NotFound
from crm.periods import begins, months_after
from crm.responsibility.models import Absence, AbsenceException, CompanyAssignment, CompanyColleague

OWN = "Dit eget opslag skal en anden se på."
_dice = random.SystemRandom()


@dataclass(frozen=True)
class Look:
    """A user opened a company; the first time that day."""

    at: datetime
    day: date
    user_id: int
    company_id: int
    route: str


@dataclass
class Portfolios:
    """Whose each company was, and when: the responsible, those beside, and whoever stood in for them."""

    had: dict[int, list[tuple[int, datetime, datetime | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    beside: dict[int, list[tuple[int, datetime, datetime | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    stood_in: dict[int, list[tuple[int | None, date, date, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    exceptions: set[tuple[int, int, int]] = field(default_factory=set)

    def owns(self, look: Look) -> bool:
        """Whether the company was one of the user's own, in any of these ways, when they opened it."""
        responsible = self._at(self.had, look)
        if look.user_id in responsible | self._at(self.beside, look):
            return True
        return any(
            stand_in == look.user_id or (absence, look.company_id, look.user_id) in self.exceptions
            for user in responsible
            for stand_in, first, last, absence in self.stood_in[user]
            if first <= look.day <= last
        )

    @staticmethod
    def _at(terms: dict[int, list[tuple[int, datetime, datetime | None]]], look: Look) -> set[int]:
        return {
            user
            for user, begun, ended in terms[look.company_id]
            if begun <= look.at and (ended is None or look.at < ended)
        }


def _portfolios(db: Session) -> Portfolios:
    found = Portfolios()
    for table, kept in ((CompanyAssignment, found.had), (CompanyColleague, found.beside)):
        for company, user, begun, ended in db.execute(
            select(table.company_id, table.user_id, table.valid_from, table.valid_to)
        ):
            kept[company].append((user, begun, ended))
    for absence in db.scalars(select(Absence)):
        found.stood_in[absence.user_id].append(
            (absence.stand_in_id, absence.first_day, absence.last_day, absence.id)
        )
    for row in db.execute(
        select(AbsenceException.absence_id, AbsenceException.company_id, AbsenceException.stand_in_id)
    ):
        found.exceptions.add((row[0], row[1], row[2]))
    return found


def _looks(
    rows: Session, companies: dict[str, int], first: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Look]:
    """Each user's first look at each company on each day of the month."""
    seen: set[tuple[int, int, date]] = set()
    query = (
        select(AccessEntry.at, AccessEntry.actor_id, AccessEntry.company, AccessEntry.route)
        .where(
            AccessEntry.at >= first,
            AccessEntry.at < end,
            AccessEntry.company.is_not(None),
            AccessEntry.actor_kind == ActorKind.USER,
            AccessEntry.outcome == Outcome.SHOWN,
        )
        .order_by(AccessEntry.at, AccessEntry.id)
    )
    for at, user_id, cvr, route in rows.execute(query.execution_options(yield_per=1000)):
        company_id, day = companies.get(cvr or ""), at.astimezone(zone).date()
        if company_id is not None and user_id is not None and (user_id, company_id, day) not in seen:
            seen.add((user_id, company_id, day))
            yield Look(at, day, user_id, company_id, route)


def draw(
    database: Database, log: AccessLog, *, now: datetime, zone: ZoneInfo, number: int, actor: str = "worker"
) -> int:
    """Draw the month before this one, once; how many look-ups there are to look at."""
    this = now.astimezone(zone).date().replace(day=1)
    last = months_after(this, -1)
    month = f"{last:%Y-%m}"
    with database.read() as db:
        if not number or db.get(SpotCheck, month) is not None:
            return 0
        companies = {row.cvr: row.id for row in db.execute(select(Company.cvr, Company.id))}
        portfolios = _portfolios(db)
    with log.read() as rows:
        looks = list(_looks(rows, companies, begins(last, zone), begins(this, zone), zone))
    outside = [look for look in looks if not portfolios.owns(look)]
    drawn = sorted(_dice.sample(outside, min(number, len(outside))), key=lambda look: look.at)
    with database.write(actor) as db:
        db.add(SpotCheck(month=month, drawn_at=now, looks=len(looks), outside=len(outside)))
        db.flush()
        db.add_all(
            SpotCheckLook(
                month=month, at=look.at, user_id=look.user_id, company_id=look.company_id, route=look.route
            )
            for look in drawn
        )
    return len(drawn)


# --- What the manager sees ------------------------------------------------------------------------


def months(db: Session, limit: int = 24) -> Sequence[SpotCheck]:
    """The months that were drawn from, the last first."""
    return db.scalars(select(SpotCheck).order_by(SpotCheck.month.desc()).limit(limit)).all()


def drawn(db: Session, month: str) -> Sequence[SpotCheckLook]:
    """What was drawn in a month, by when it happened."""
    return db.scalars(
        select(SpotCheckLook)
        .options(
            joinedload(SpotCheckLook.user),
            joinedload(SpotCheckLook.company),
            joinedload(SpotCheckLook.seen_by),
        )
        .where(SpotCheckLook.month == month)
        .order_by(SpotCheckLook.at, SpotCheckLook.id)
    ).all()


def unseen(db: Session) -> int:
    """How many nobody has looked at yet, counted no further than a hundred."""
    return len(db.scalars(select(SpotCheckLook.id).where(SpotCheckLook.seen_at.is_(None)).limit(100)).all())


def get(db: Session, id: int) -> SpotCheckLook:
    """One of them, or NotFound."""
    found = db.get(SpotCheckLook, id, with_for_update=True)
    if found is None:
        raise NotFound("Det opslag er der ikke.")
    return found


def see(db: Session, *, look: SpotCheckLook, by: User, remark: str | None, now: datetime) -> SpotCheckLook:
    """A manager has looked at it. Nobody looks at their own."""
    if look.user_id == by.id:
        raise NotAllowed(OWN)
    if look.seen_at is not None:
        raise Conflict("En kollega har allerede set på det opslag.")
    look.seen_at, look.seen_by_id, look.remark = now, by.id, remark
    db.flush()
    return look
