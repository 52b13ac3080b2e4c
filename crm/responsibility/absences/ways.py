"""Who answers for a company on a day: the responsible, or whoever stands in, or plainly nobody.

Nothing is written when a day passes. Every answer is read from the dates, so it begins and ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, and_, bindparam, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from crm.access.models import Role, User
from crm.companies.models import Company
from crm.responsibility.models import Absence, AbsenceException
from crm.types import Among

# Above this many companies their exceptions are read together with everybody else's.
NAMED = 500
SATURDAY = 5
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Way:
    """Who answers for a company on a day.

    `absent_until` is the last day the responsible is away, None when they are in. `path` goes from the
    responsible through everyone who stands in but is away too, to whoever answers.
    """

    responsible: User
    absent_until: date | None = None
    stand_in: User | None = None
    path: tuple[User, ...] = ()

    @property
    def nobody(self) -> bool:
        """Whether nobody is in."""
        return self.absent_until is not None and self.stand_in is None

    @property
    def also_away(self) -> tuple[User, ...]:
        """Those who should have stood in, and are away themselves."""
        return self.path[1:-1] if self.stand_in else self.path[1:]


@dataclass(frozen=True)
class Cover:
    """A colleague whom someone stands in for, through how much of the absence, and for which companies.

    `only` names the companies; None is all of them but those in `but`.
    """

    colleague: User
    since: date
    until: date
    only: frozenset[int] | None = None
    but: frozenset[int] = frozenset()


@dataclass
class Roster:
    """Who is away on a day, by user, and who stands in for them at single companies."""

    away: dict[int, Absence]
    exceptions: dict[tuple[int, int], User]

    def answers(self, user: User, company_id: int | None) -> tuple[User | None, tuple[User, ...]]:
        """Who answers in a user's place, None for nobody, and the path there.

        An exception for the company goes before the general stand-in at every link. Someone who has been
        closed answers nobody, and a chain that comes back to itself leads nowhere.
        """
        path = [user]
        while absence := self.away.get(path[-1].id):
            following = self.exceptions.get((absence.id, company_id or 0), absence.stand_in)
            if following is None or not following.is_active or following.id in {each.id for each in path}:
                return None, tuple(path)
            path.append(following)
        return path[-1], tuple(path)

    def until(self, path: Iterable[User]) -> date:
        """The last day on which this very chain holds."""
        return min(self.away[user.id].last_day for user in path if user.id in self.away)


# Ready beforehand, since every page asks: to build a statement takes longer than to ask it.
_ON = and_(Absence.first_day <= bindparam("day"), Absence.last_day >= bindparam("day"))
_AWAY = (
    select(Absence)
    .options(joinedload(Absence.user), joinedload(Absence.stand_in))
    .where(_ON)
    .order_by(Absence.id)
)
_TEAM = (
    select(User, Absence)
    .outerjoin(Absence, and_(Absence.user_id == User.id, _ON))
    .options(contains_eager(Absence.user), joinedload(Absence.stand_in))
    .where(User.is_active == 1)
    .order_by(User.name, User.id)
)


def _exceptions(*at: ColumnElement[bool]) -> Select[int, int, date, date, int, User]:
    stand_in = aliased(User)
    return (
        select(Absence.id, Absence.user_id, Absence.first_day, Absence.last_day,
               AbsenceException.company_id, stand_in)
        .outerjoin(AbsenceException, and_(AbsenceException.absence_id == Absence.id, *at))
        .outerjoin(stand_in, stand_in.id == AbsenceException.stand_in_id)
        .where(Among(Absence.user_id, "gone"), Absence.last_day >= bindparam("day"))
        .order_by(Absence.user_id, Absence.first_day)
    )  # fmt: skip


_EXCEPTIONS = _exceptions()
_EXCEPTIONS_AT = _exceptions(Among(AbsenceException.company_id, "companies"))


def away(db: Session, on: date) -> Sequence[Absence]:
    """The absences of a day, with the one who is away and the one who stands in."""
    return db.scalars(_AWAY, {"day": on}).all()


def team(db: Session, on: date) -> tuple[Sequence[User], Sequence[Absence]]:
    """Everyone who can be given something, by name, and the absences of a day; both in one question."""
    rows = db.execute(_TEAM, {"day": on}).all()
    return [row[0] for row in rows], list(filter(None, (row[1] for row in rows)))


def leaders(colleagues: Iterable[User], absences: Iterable[Absence], *, of: User) -> list[User]:
    """Whom to call when nobody stands in: the leaders who are in, of the user's own team if it has any."""
    gone = {absence.user_id for absence in absences}
    there = [user for user in colleagues if user.role == Role.MANAGER and user.id not in gone]
    return [user for user in there if user.team_id == of.team_id] or there


def ways(
    db: Session, companies: Iterable[Company], on: date, *, absences: Sequence[Absence] | None = None
) -> dict[int, Way]:
    """Who answers for each of these companies on a day. Needs their responsible loaded.

    One question when nobody is away, two otherwise; one less when the day's absences are given.
    """
    companies = list(companies)
    if not companies:
        return {}
    gone = {absence.user_id: absence for absence in (away(db, on) if absences is None else absences)}
    wanting = {company.id for company in companies if company.responsible.id in gone}
    if not wanting:
        return {company.id: Way(company.responsible) for company in companies}
    exceptions, periods = _particulars(db, gone, on, wanting)
    roster = Roster(gone, exceptions)
    found = {}
    for company in companies:
        user = company.responsible
        found[company.id] = Way(user)
        if user.id in gone:
            stand_in, path = roster.answers(user, company.id)
            found[company.id] = Way(user, _back_after(periods[user.id]), stand_in, path)
    return found


def covers(db: Session, user: User, on: date, *, absences: Sequence[Absence] | None = None) -> list[Cover]:
    """Whom this user stands in for on a day, through others' absences too, the first to come back first.

    Whoever is away stands in for nobody.
    """
    gone = {absence.user_id: absence for absence in (away(db, on) if absences is None else absences)}
    if not gone or user.id in gone:
        return []
    exceptions, _ = _particulars(db, gone, on, None)
    roster = Roster(gone, exceptions)
    excepted = sorted({company_id for _, company_id in exceptions})
    found = [cover for absence in gone.values() if (cover := _cover(roster, absence, excepted, user))]
    return sorted(found, key=lambda cover: (cover.until, cover.colleague.name, cover.colleague.id))


def _cover(roster: Roster, absence: Absence, excepted: Sequence[int], user: User) -> Cover | None:
    colleague = absence.user
    general, path = roster.answers(colleague, None)
    mine, others, last = set(), set(), set()
    for company_id in excepted:
        answering, its_path = roster.answers(colleague, company_id)
        if answering == user:
            mine.add(company_id)
            last.add(roster.until(its_path))
        else:
            others.add(company_id)
    if general == user:
        return Cover(colleague, absence.first_day, roster.until(path), None, frozenset(others))
    return Cover(colleague, absence.first_day, max(last), frozenset(mine)) if mine else None


Period = tuple[date, date]


def _particulars(
    db: Session, gone: dict[int, Absence], on: date, company_ids: set[int] | None
) -> tuple[dict[tuple[int, int], User], dict[int, list[Period]]]:
    """The exceptions of the day's absences, and all absences to come of whoever is away; in one question."""
    asked: dict[str, object] = {"gone": sorted(gone), "day": on}
    if company_ids is None or len(company_ids) > NAMED:
        rows = db.execute(_EXCEPTIONS, asked)
    else:
        rows = db.execute(_EXCEPTIONS_AT, asked | {"companies": sorted(company_ids)})
    exceptions: dict[tuple[int, int], User] = {}
    periods: dict[int, list[Period]] = {}
    for id, user_id, first, last, company_id, user in rows:
        if (known := periods.setdefault(user_id, [])) == [] or known[-1] != (first, last):
            known.append((first, last))
        if user is not None:
            exceptions[id, company_id] = user
    return exceptions, periods


def _back_after(periods: Sequence[Period]) -> date:
    """The last day away. Absences with nothing but a weekend between are one to whoever calls."""
    last = periods[0][1]
    for first, end in periods[1:]:
        day = last + DAY
        while day < first and day.weekday() >= SATURDAY:
            day += DAY
        if day < first:
            break
        last = end
    return last
