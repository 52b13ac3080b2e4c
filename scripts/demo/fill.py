"""Fills an empty database with the invented municipality, in one transaction and in bulk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, cast

from sqlalchemy import Table, insert, select

from crm import audit
from crm.access.models import Installation, Role, User
from crm.agreements.commitments import Commitment, CommitmentChange
from crm.agreements.fields import AgreementValue
from crm.agreements.models import Agreement, AgreementStep, Programme
from crm.agreements.notes import AgreementNote
from crm.agreements.partners import PartnerAgreement, PartnerOrganisation
from crm.agreements.periods import AgreementPeriod
from crm.companies.models import Company, CompanyContact, CompanyProfile, ProductionUnit
from crm.db import Base, Database, Row, Session, reserve
from crm.errors import Conflict
from crm.interactions.models import FollowUp, Interaction, Kind
from crm.requests import kinds
from crm.requests.models import Request, RequestStep
from crm.responsibility.actions import Distribution
from crm.responsibility.models import Absence, CompanyAssignment
from crm.search import index
from scripts.demo import absences, agreed, agreements, board, goals, handovers, panel, surveys, team, today
from scripts.demo.companies import Columns, Firm, Founder
from scripts.demo.days import SINCE, Days
from scripts.demo.requests import Asked, Desk
from scripts.demo.stories import Happening, Teller

# So many companies are held in memory at a time.
CHUNK = 2_000
# Above this it is no demo but a measurement: only the first companies are lively, all the others get the same
# few calls and one contact.
LIVELY = 5_000
SEED = 2026


@dataclass
class Filled:
    """How many rows of each table there are now, and who can log in: e-mail, password, role."""

    counts: dict[str, int] = field(default_factory=dict)
    log_ins: list[tuple[str, str, str]] = field(default_factory=list)


def fill(database: Database, now: datetime, *, companies: int = 1300, seed: int = SEED) -> Filled:
    """Fill an empty, migrated database with an invented municipality; the same one for the same seed and now.

    Raises Conflict when there is already a user or a company.
    """
    with database.write("demo") as db:
        if db.scalar(select(User.id).limit(1)) or db.scalar(select(Company.id).limit(1)):
            raise Conflict("Databasen er ikke tom. Demoen fylder kun en tom database, så intet går tabt.")
        filling = _Filling(db, now, seed)
        for start in range(0, companies, CHUNK):
            filling.lean = companies > LIVELY and start > 0
            filling.chunk(min(CHUNK, companies - start), first=start == 0)
        filling.counts.update(handovers.lay_out(db, filling.days, filling.users))
        filling.counts.update(surveys.lay_out(db, filling.days))
        filling.counts.update(panel.lay_out(db, filling.days))
        filling.counts.update(board.lay_out(db, filling.days, filling.users))
        filling.counts.update(goals.lay_out(db, filling.days.today, now, filling.manager))
        db.get_one(Installation, 1).is_demo = 1
        counts = dict(filling.counts)
        audit.note(db, action="demo", kind="installation", id=1, payload={"seed": seed, "rows": counts})
    log_ins = [(each.email, team.PASSWORD, str(each.role)) for each in team.COLLEAGUES]
    return Filled(counts, log_ins)


class _Filling:
    """One run: the people, the rules and the chance they all draw from."""

    def __init__(self, db: Session, now: datetime, seed: int) -> None:
        self.db, self.lean = db, False
        self.rng = Random(seed)  # noqa: S311  # The demo shall come out alike every time.
        self.days = Days(now)
        self.users = users = team.add(db, self.days.noon(self.days.ago(SINCE + 5)))
        consultants = [user.id for user in users if user.role == Role.CONSULTANT]
        self.manager = next(user for user in users if user.role == Role.MANAGER)
        self.founder = Founder(self.rng, self.days, Distribution.read(db), self.manager.id)
        self.teller = Teller(self.rng, self.days, consultants)
        self.desk = Desk(self.rng, self.days, kinds.schemes(db))
        self.programmes = {programme.key: programme.id for programme in db.scalars(select(Programme))}
        self.known_words: set[str] = set()
        self.counts: Counter[str] = Counter({"user_account": len(users)})
        self._put(Absence, absences.planned(self.days, users))

    def chunk(self, number: int, *, first: bool) -> None:
        """Found so many companies and write down everything about them."""
        firms = [self.founder.found(lean=self.lean) for _ in range(number)]
        self._key(firms)
        happenings = [told for firm in firms for told in self.teller.two_years(firm, lean=self.lean)]
        asked = [self.desk.take_in(told) for told in happenings if told.asks]
        promised = [row for told in happenings if (row := self.teller.promised(told))]
        if first:
            morning = today.lay_out(self.rng, self.days, firms, self.teller, self.desk)
            happenings += morning.happenings
            asked += morning.requests
            promised += morning.follow_ups
        _touch(happenings)
        self._write_firms(firms)
        self._write_stories(happenings, asked, promised)
        self._put(CompanyProfile, [row for firm in firms for row in self.teller.profile(firm)])
        self._write_agreements(firms, agreements.PLANS if first else agreements.PLANS[-4:] * (number // 800))

    def _key(self, firms: list[Firm]) -> None:
        """Give companies, assignments, units and people their keys, and each other's."""
        company_keys = iter(reserve(self.db, Company, len(firms)))
        assignment_keys = self._keys(CompanyAssignment, [firm.assignments for firm in firms])
        unit_keys = self._keys(ProductionUnit, [firm.units for firm in firms])
        contact_keys = self._keys(CompanyContact, [firm.contacts for firm in firms])
        for firm in firms:
            company_id = next(company_keys)
            for rows, keys in (
                (firm.assignments, assignment_keys), (firm.units, unit_keys), (firm.contacts, contact_keys),
            ):  # fmt: skip
                for row in rows:
                    row |= {"id": next(keys), "company_id": company_id}
            for before, after in zip(firm.assignments, firm.assignments[1:], strict=False):
                after["follows_id"] = before["id"]
            firm.values |= {
                "id": company_id, "current_assignment_id": firm.assignments[-1]["id"], "created_at": firm.since,
            }  # fmt: skip

    def _keys(self, table: type[Row], rows: list[list[Columns]]) -> Iterator[int]:
        return iter(reserve(self.db, table, sum(map(len, rows))))

    def _write_firms(self, firms: list[Firm]) -> None:
        self._put(Company, [firm.values for firm in firms])
        self._put(CompanyAssignment, [row for firm in firms for row in firm.assignments])
        self._put(ProductionUnit, [row for firm in firms for row in firm.units])
        people = [row | {"version": 1} for firm in firms for row in firm.contacts]
        self._put(CompanyContact, people)
        index.write(self.db, [entry for firm in firms for entry in _entries(firm)], self.known_words)

    def _write_stories(self, told: list[Happening], asked: list[Asked], promised: list[Columns]) -> None:
        # Keys follow the clock, since "what I wrote down last" is read by key.
        told.sort(key=lambda happening: happening.columns["created_at"])
        asked.sort(key=lambda request: request.columns["created_at"])
        promised.sort(key=lambda row: row["created_at"])
        _number(reserve(self.db, Interaction, len(told)), (happening.columns for happening in told))
        _number(reserve(self.db, Request, len(asked)), (request.columns for request in asked))
        for request in asked:
            request.columns["interaction_id"] = request.happening.columns["id"]
        for row in promised:
            origin = row.pop("told")
            row["interaction_id"] = origin.columns["id"] if origin else None
        steps = [step | {"request_id": request.columns["id"]} for request in asked for step in request.steps]
        self._put(Interaction, [happening.columns for happening in told])
        self._put(Request, [request.columns for request in asked])
        self._put(RequestStep, steps)
        self._put(FollowUp, promised)

    def _write_agreements(self, firms: list[Firm], plans: Iterable[agreements.Plan]) -> None:
        drawn = [
            agreements.draw_up(self.rng, self.days, plan, firm, self.programmes[plan.programme])
            for plan, firm in agreements.choose(self.rng, firms, list(plans))
        ]
        drawn.sort(key=lambda pair: pair[0]["created_at"])
        _number(reserve(self.db, Agreement, len(drawn)), (agreement for agreement, _ in drawn))
        self._put(Agreement, [agreement for agreement, _ in drawn])
        steps = [step | {"agreement_id": agreement["id"]} for agreement, rows in drawn for step in rows]
        self._put(AgreementStep, steps)
        periods = [period for each, rows in drawn if (period := agreements.renewed_period(each, rows))]
        self._put(AgreementPeriod, periods)
        self._put_agreed([agreement for agreement, _ in drawn])

    def _put_agreed(self, drawn: list[Columns]) -> None:
        """What the agreements hold, what they promised, and what was said along the way."""
        told = agreed.tell(Random(SEED), self.days, drawn, {id: key for key, id in self.programmes.items()})  # noqa: S311
        _number(reserve(self.db, Commitment, len(told.commitments)), told.commitments)
        changes = [change | {"commitment_id": each["id"]} for each, rows in told.changes() for change in rows]
        self._put(AgreementValue, told.values)
        self._put(Commitment, told.commitments)
        self._put(CommitmentChange, changes)
        self._put(AgreementNote, told.notes)
        if not self.counts["partner_agreement"]:
            names = {each.name: each.id for each in self.db.scalars(select(PartnerOrganisation))}
            self._put(PartnerAgreement, agreed.with_organisations(self.days, names, self.users))

    def _put(self, model: type[Base], rows: list[dict[str, Any]]) -> None:
        if rows:
            self.db.execute(insert(cast("Table", model.__table__)), rows)
        self.counts[model.__tablename__] += len(rows)


def _number(keys: list[int], rows: Iterable[Columns]) -> None:
    for key, row in zip(keys, rows, strict=True):
        row["id"] = key


def _touch(happenings: list[Happening]) -> None:
    """Let each company's last contact be the newest thing that was no mere note."""
    for happening in happenings:
        values = happening.firm.values
        if happening.columns["kind"] != Kind.NOTE:
            values["last_contact_at"] = max(filter(None, (values["last_contact_at"], happening.at)))


def _entries(firm: Firm) -> Iterator[dict[str, Any]]:
    company_id = firm.values["id"]
    yield from index.company_entries(company_id, firm.values)
    for unit in firm.units:
        yield from index.unit_entries(company_id, unit["id"], unit)
    for contact in firm.contacts:
        if contact["ended_on"] is None:
            yield from index.contact_entries(company_id, contact["id"], contact)
