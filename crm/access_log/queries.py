"""Reading the access log: who has looked at a company, a person there, or what a colleague has looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.access_log.models import AccessAlarm, AccessEntry, AccessHorizon, ActorKind
from crm.companies.models import Company, CompanyContinuation

PAGE = 50
Key = tuple[datetime, int]
# Whose key `actor_id` is a user's.
OF_USERS = (ActorKind.USER, ActorKind.CALENDAR)


@dataclass(frozen=True)
class Wanted:
    """What is asked for; each that is given narrows it. `companies` are CVR numbers, `until` is exclusive.

    A contact is seen on the company's own pages and on their own, but not on a colleague's at the company.
    """

    companies: tuple[str, ...] = ()
    contact: int | None = None
    user: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """As SQL."""
        if len(self.companies) == 1:
            # By itself it is read in the order of its index.
            yield AccessEntry.company == self.companies[0]
        elif self.companies:
            yield AccessEntry.company.in_(self.companies)
        if self.contact is not None:
            another = and_(AccessEntry.object_kind == "contact", AccessEntry.object_key != str(self.contact))
            yield or_(AccessEntry.object_key.is_(None), ~another)
        if self.user is not None:
            yield AccessEntry.actor_id == self.user
            yield AccessEntry.actor_kind.in_(OF_USERS)
        if self.since is not None:
            yield AccessEntry.at >= self.since
        if self.until is not None:
            yield AccessEntry.at < self.until


def cvrs_of(db: Session, company: Company) -> tuple[str, ...]:
    """The company's number, and those of the companies that go on in it: they were looked at under their own."""
    before = select(Company.cvr).join(CompanyContinuation, CompanyContinuation.company_id == Company.id)
    return (company.cvr, *db.scalars(before.where(CompanyContinuation.by_company_id == company.id)))


def page(
    log: Session, wanted: Wanted, *, after: Key | None = None, limit: int = PAGE
) -> tuple[Sequence[AccessEntry], Key | None]:
    """The newest first, and the key to ask for older with."""
    query = _newest(wanted).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(AccessEntry.at, AccessEntry.id) < after)
    rows = log.scalars(query).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.at, last.id) if last else None


def _newest(wanted: Wanted) -> Select[AccessEntry]:
    return (
        select(AccessEntry).where(*wanted.conditions()).order_by(AccessEntry.at.desc(), AccessEntry.id.desc())
    )


def chunks(log: Session, wanted: Wanted, size: int = 1000) -> Iterator[Sequence[AccessEntry]]:
    """All of it, the newest first, in parts."""
    after: Key | None = None
    while True:
        rows, after = page(log, wanted, after=after, limit=size)
        yield rows
        log.expunge_all()
        if after is None:
            return


def horizon(log: Session) -> datetime:
    """Everything before this moment has been deleted."""
    return log.scalars(select(AccessHorizon.before)).one()


def oldest(log: Session) -> datetime | None:
    """When the first row there is was written."""
    return log.scalar(select(func.min(AccessEntry.at)))


@dataclass(frozen=True)
class Names:
    """What the keys of rows stand for today."""

    users: dict[int, str]
    companies: dict[str, str]

    def actor(self, entry: AccessEntry) -> str | None:
        """The user's name; None when it was none of the users."""
        return self.users.get(entry.actor_id or 0) if entry.actor_kind in OF_USERS else None


def names(db: Session, entries: Iterable[AccessEntry]) -> Names:
    """The users and companies of these rows, from the main database."""
    found = list(entries)
    keys = {each.actor_id for each in found if each.actor_kind in OF_USERS and each.actor_id}
    cvrs = {each.company for each in found if each.company}
    users = select(User.id, User.name).where(User.id.in_(keys))
    companies = select(Company.cvr, Company.name).where(Company.cvr.in_(cvrs))
    return Names(
        {row.id: row.name for row in db.execute(users)} if keys else {},
        {row.cvr: row.name for row in db.execute(companies)} if cvrs else {},
    )


def alarms(db: Session, limit: int = 10) -> Sequence[tuple[AccessAlarm, User]]:
    """The last alarms, the newest first."""
    query = select(AccessAlarm, User).join(User, User.id == AccessAlarm.user_id)
    rows = db.execute(query.order_by(AccessAlarm.until.desc(), AccessAlarm.id.desc()).limit(limit))
    return [(alarm, user) for alarm, user in rows]
