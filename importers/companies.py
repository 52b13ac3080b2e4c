"""Taking companies in: new ones with their responsible consultant, known ones where there is something new.

The register decides over what it knows, except where a person has corrected it. A list kept by hand fills
in what is missing, and corrects only companies that were themselves entered by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from crm.access.models import User
from crm.companies.actions import BY_HAND, company_values
from crm.companies.models import Company
from crm.companies.register import RegisterCompany
from crm.db import reserve
from crm.errors import Refused
from crm.responsibility.actions import Distribution, hand_over
from crm.responsibility.models import CompanyAssignment
from crm.search import index
from importers.bulk import Change, Columns, fit, put
from importers.receipt import RESPONSIBLE, Batch
from importers.staff import Staff
from importers.store import Incoming, Store, differing, digest, is_news, is_old_news

# What follows from another column goes where that one goes.
DERIVED = {"name": "sort_key", "phone": "phone_e164"}
FROM_A_LIST = "Fra en importeret liste"


class Companies(Store):
    """The companies of one file. `trusted` means that the file is the register's own word."""

    model = Company
    key = "cvr"

    def __init__(self, batch: Batch, *, trusted: bool) -> None:
        super().__init__(batch)
        self.trusted = trusted
        self.staff = Staff.read(self.db)
        self.distribution = Distribution.read(self.db)

    def take(self, chunk: Sequence[Incoming]) -> None:
        """Take a chunk in, in which no company stands twice."""
        said = [(row, row.said) for row in chunk if isinstance(row.said, RegisterCompany)]
        known = self.known(company.cvr for _, company in said)
        fresh: list[tuple[Columns, User | None]] = []
        changes: list[tuple[Change, User | None]] = []
        for row, company in said:
            try:
                values, receiver = fit(Company, company_values(company)), self._receiver(row)
            except Refused as refusal:
                self.refuse(row, refusal)
                continue
            if (old := known.get(company.cvr)) is None:
                fresh.append((values, receiver))
            else:
                changes.append((Change(old["id"], old, differing(old, self._news(old, values))), receiver))
        self._create(fresh)
        self._apply(changes)

    def _receiver(self, row: Incoming) -> User | None:
        """Whom a list gives the company to."""
        return self.staff.named(row.responsible, "responsible", active=True) if row.responsible else None

    def _create(self, fresh: Sequence[tuple[Columns, User | None]]) -> None:
        ids = reserve(self.db, Company, len(fresh))
        assignment_ids = reserve(self.db, CompanyAssignment, len(fresh))
        now = self.batch.now
        companies: list[Columns] = []
        assignments: list[Columns] = []
        entries: list[index.Entry] = []
        for (values, receiver), id, assignment_id in zip(fresh, ids, assignment_ids, strict=True):
            user, reason = (receiver, FROM_A_LIST) if receiver else self.distribution.pick(values)
            companies.append(values | {
                "id": id, "current_assignment_id": assignment_id, "has_responsible": 1, "created_at": now,
                "version": 1, "kept_by_hand": {}, "source": "register" if self.trusted else "hand",
                "register_digest": digest(values) if self.trusted else None,
                "register_read_at": now if self.trusted else None,
            })  # fmt: skip
            assignments.append({
                "id": assignment_id, "company_id": id, "user_id": user.id, "valid_from": now,
                "reason": reason,
            })  # fmt: skip
            entries += index.company_entries(id, values)
        self.add(companies, entries)
        put(self.db, CompanyAssignment, assignments)

    def _news(self, old: Columns, values: Columns) -> Columns:
        """What the row says about a known company and we have not heard."""
        if not self.trusted:
            return _filled_in(old, values)
        if is_old_news(old, values):
            return {}
        said_at, words = values["register_said_at"] or old["register_said_at"], digest(values)
        if words == old["register_digest"]:
            return {"register_said_at": said_at}
        marks = {
            "register_said_at": said_at,
            "register_digest": words,
            "register_read_at": self.batch.now,
            "source": "register",
        }
        return _beside_what_is_kept(old, values) | marks

    def _apply(self, changes: Sequence[tuple[Change, User | None]]) -> None:
        moves = self._moves({change.id: receiver for change, receiver in changes if receiver})
        self.change([change for change, _ in changes if change.new])
        for change, _ in changes:
            self.batch.receipt.count("changed" if is_news(change) or change.id in moves else "unchanged")
        for id, (before, to) in moves.items():
            company = self.db.get_one(Company, id, populate_existing=True)
            hand_over(self.db, company=company, to=to, reason=FROM_A_LIST, by=None, now=self.batch.now)
            self.batch.record(RESPONSIBLE, id, {"user_id": before}, {"user_id": to.id})

    def _moves(self, receivers: dict[int, User]) -> dict[int, tuple[int, User]]:
        """Company → whose it is and whose it becomes, where the list names somebody else."""
        if not receivers:
            return {}
        open_ones = select(CompanyAssignment.company_id, CompanyAssignment.user_id).where(
            CompanyAssignment.is_open == 1, CompanyAssignment.company_id.in_(list(receivers))
        )
        current: dict[int, int] = {row.company_id: row.user_id for row in self.db.execute(open_ones)}
        return {id: (current[id], to) for id, to in receivers.items() if current[id] != to.id}


def _with_derived(names: set[str]) -> set[str]:
    return names | {DERIVED[name] for name in names if name in DERIVED}


def _beside_what_is_kept(old: Columns, values: Columns) -> Columns:
    """The register's words, except where a person has corrected it; these are noted beside the correction.

    What a company was entered with by hand stands where the register has nothing to say.
    """
    kept = old["kept_by_hand"] or {}
    silent = {name for name in BY_HAND if values[name] is None} if old["source"] == "hand" else set()
    left = _with_derived({*kept, *silent})
    new = {name: value for name, value in values.items() if name not in left}
    return new | {"kept_by_hand": {name: values[name] for name in kept}}


def _filled_in(old: Columns, values: Columns) -> Columns:
    """What a list knows and we do not; of a company the register brought, it is noted as a correction."""
    by_hand = old["source"] == "hand"
    names = {name for name in BY_HAND if values[name] is not None and (by_hand or old[name] is None)}
    new = {name: values[name] for name in _with_derived(names)}
    if names and not by_hand:
        new["kept_by_hand"] = (old["kept_by_hand"] or {}) | dict.fromkeys(names)
    return new
