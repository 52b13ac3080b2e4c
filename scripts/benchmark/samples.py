"""What is asked for: companies, people and numbers drawn from the database that is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import func, select

from crm import danish
from crm.access import actions as access
from crm.access.models import Role, User
from crm.companies.models import Company, CompanyContact
from crm.db import Database, Session
from crm.interactions.models import Interaction
from crm.requests.models import Request
from crm.responsibility.queries import loads

DRAWN = 60
BUSY = 10
SEED = 7


@dataclass(frozen=True)
class Someone:
    """Who is signed in: the consultant with the most open requests. Cookie and token are real ones."""

    id: int
    cookie: str
    token: str


@dataclass(frozen=True)
class Samples:
    """Lists to draw from. `queries` are search queries by their kind."""

    me: Someone
    usual: list[str]
    busy: list[str]
    queries: dict[str, list[str]]
    consultants: list[int]
    idle: list[int]
    industries: list[str]
    divisions: list[str]
    postal_codes: list[str]
    name_starts: list[str]
    callers: list[str]

    @property
    def every_query(self) -> list[str]:
        """Queries of all kinds, one kind after another."""
        return [query for queries in zip(*self.queries.values(), strict=False) for query in queries]


def draw(database: Database, now: datetime) -> Samples:
    """Draw the samples, the same ones from the same database, and sign the consultant in."""
    rng = Random(SEED)  # noqa: S311  # What is drawn shall be the same in every run.
    with database.write("bench") as db:
        me = _someone(db, now)
    with database.read() as db:
        companies = _companies(db, rng)
        people = _people(db, rng)
        loaded = loads(db)
        everyone = db.scalars(select(User.id).order_by(User.id)).all()
        industries = _values(db, Company.industry_code)
        return Samples(
            me,
            usual=[each.cvr for each in companies],
            busy=_busy(db),
            queries=_queries(rng, companies, people),
            consultants=[id for id in everyone if loaded.get(id)],
            idle=[id for id in everyone if not loaded.get(id)],
            industries=industries,
            divisions=sorted({code[:2] for code in industries}),
            postal_codes=_values(db, Company.postal_code),
            name_starts=[each.name[:3] for each in companies],
            callers=[each.mobile for each in people if each.mobile],
        )


def _someone(db: Session, now: datetime) -> Someone:
    busiest = (
        select(Request.owner_id)
        .join(User, User.id == Request.owner_id)
        .where(Request.closed_at.is_(None), User.role == Role.CONSULTANT)
        .group_by(Request.owner_id)
        .order_by(func.count().desc(), Request.owner_id)
        .limit(1)
    )
    user = db.get_one(User, db.scalars(busiest).one())
    cookie = access.sign_in(db, user=user, now=now, hours=72)
    return Someone(user.id, cookie, access.add_token(db, user=user, now=now, days=3))


def _some_ids(db: Session, rng: Random, key: Any) -> list[int]:
    last = db.scalar(select(func.max(key))) or 0
    return [rng.randint(1, last) for _ in range(5 * DRAWN)]


def _companies(db: Session, rng: Random) -> list[Company]:
    wanted = Company.id.in_(_some_ids(db, rng, Company.id)), Company.active == 1
    return list(db.scalars(select(Company).where(*wanted).order_by(Company.cvr).limit(DRAWN)))


def _people(db: Session, rng: Random) -> list[CompanyContact]:
    wanted = CompanyContact.id.in_(_some_ids(db, rng, CompanyContact.id)), CompanyContact.ended_on.is_(None)
    return list(db.scalars(select(CompanyContact).where(*wanted).order_by(CompanyContact.id).limit(DRAWN)))


def _busy(db: Session) -> list[str]:
    """The companies most is written down about: their pages are as full as pages get."""
    most = (
        select(Interaction.company_id)
        .group_by(Interaction.company_id)
        .order_by(func.count().desc(), Interaction.company_id)
        .limit(BUSY)
    )
    return list(db.scalars(select(Company.cvr).where(Company.id.in_(most)).order_by(Company.cvr)))


def _values(db: Session, column: Any) -> list[str]:
    return [str(value) for value in db.scalars(select(column).distinct().order_by(column)) if value]


def _queries(
    rng: Random, companies: Sequence[Company], people: Sequence[CompanyContact]
) -> dict[str, list[str]]:
    """Every kind of thing a colleague types while the telephone is at the ear."""
    names = [each.name for each in companies]
    return {
        "beginning of a name": [name[:4] for name in names],
        "part of a word": [_inside(name) for name in names],
        "whole name": names,
        "one letter wrong": [_mistyped(rng, name.split()[0]) for name in names],
        "two words": [f"{name.split()[0]} {_trade(name)[:4]}" for name in names],
        "trade many have": [_trade(name) for name in names],
        "name and town": [f"{each.name.split()[0]} {each.city}" for each in companies],
        "street": [f"{(each.street or '').split(',')[0]}" for each in companies],
        "contact": [each.name for each in people],
        "CVR number": [" ".join(each.cvr[at : at + 2] for at in range(0, 8, 2)) for each in companies],
        "telephone": [each.phone or "" for each in companies],
        "mobile of a contact": [f"+45 {each.mobile}" for each in people if each.mobile],
        "nothing found": [_nonsense(rng) for _ in companies],
        "two words, nothing found": [f"{_nonsense(rng)} {_trade(name)}" for name in names],
    }


def _inside(name: str) -> str:
    """Five letters out of the middle of the first word."""
    return danish.fold_company(name).split()[0][1:6]


def _trade(name: str) -> str:
    """The last word before the legal form, such as Tømrerforretning."""
    return danish.fold_company(name).split()[-1]


def _mistyped(rng: Random, word: str) -> str:
    place = rng.randrange(2, len(word) - 1)
    return word[:place] + rng.choice("bdfgklmnprst") + word[place + 1 :]


def _nonsense(rng: Random) -> str:
    """A word that no name holds, long enough to be looked for with one letter wrong."""
    return "".join(rng.choice("qwxzvj") for _ in range(7))
