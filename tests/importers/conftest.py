"""A house with two consultants and nothing else, files to take in, and a picture of all that is stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from crm.access.models import User
from crm.agreements.models import Agreement, AgreementStep
from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.db import Base, Database
from crm.interactions.models import Interaction
from crm.numbers import demo_cvr
from crm.responsibility.models import CompanyAssignment
from crm.search.models import SearchEntry
from crm.settings import Settings
from importers.commands import KINDS
from importers.receipt import Receipt
from importers.undo import undo
from tests.conftest import NOW, add_user
from tests.importers import register_documents as register

# Everything an import can leave traces in, but for its own bookkeeping.
STORED: tuple[type[Base], ...] = (
    Company, ProductionUnit, CompanyAssignment, CompanyContact, Agreement, AgreementStep, Interaction,
)  # fmt: skip


@dataclass
class House:
    """The database and what the tests do with it."""

    database: Database
    folder: Path
    now: datetime = NOW

    def write(self, content: str | bytes, name: str) -> Path:
        """A file with this content."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(self, kind: str, content: str | bytes | Path, name: str = "fil", **more: Any) -> Receipt:
        """Take a file in, an hour after the one before."""
        path = content if isinstance(content, Path) else self.write(content, name)
        self.now += timedelta(hours=1)
        return KINDS[kind](self.database, path, now=self.now, settings=Settings(), **more)

    def take_documents(self, *documents: Any, **more: Any) -> Receipt:
        """Take documents of the register in, one a line."""
        return self.take("cvr", register.lines(documents), **more)

    def take_back(self, receipt: Receipt) -> None:
        """Undo an import."""
        assert receipt.batch is not None
        with self.database.write("test") as db:
            undo(db, batch_id=receipt.batch, now=self.now)

    def count(self, *models: type[Base]) -> tuple[int, ...]:
        """How many rows there are."""
        with self.database.read() as db:
            return tuple(db.scalar(select(func.count()).select_from(model)) or 0 for model in models)

    def company(self, n: int = 0) -> Company:
        """The n-th invented company, as it is stored."""
        with self.database.read() as db:
            found = db.scalars(select(Company).where(Company.cvr == demo_cvr(n))).one()
            db.expunge_all()
            return found

    def units_of(self, n: int) -> list[str]:
        """The P-numbers of the n-th company."""
        with self.database.read() as db:
            query = select(ProductionUnit.p_number).join(Company, Company.id == ProductionUnit.company_id)
            return sorted(db.scalars(query.where(Company.cvr == demo_cvr(n))))

    def responsible(self, n: int = 0) -> str:
        """Whose the n-th company is."""
        with self.database.read() as db:
            query = (
                select(User.email)
                .join(CompanyAssignment, CompanyAssignment.user_id == User.id)
                .join(Company, Company.current_assignment_id == CompanyAssignment.id)
            )
            return db.scalars(query.where(Company.cvr == demo_cvr(n))).one()

    def found_by(self, word: str) -> list[str]:
        """The CVR numbers of the companies the search index knows by this text."""
        with self.database.read() as db:
            query = select(Company.cvr).join(SearchEntry, SearchEntry.company_id == Company.id)
            return sorted(set(db.scalars(query.where(SearchEntry.text.contains(word)))))

    def picture(self, *, without: frozenset[str] = frozenset()) -> str:
        """A hash over every row that matters. The index is compared by its content: its keys are nobody's."""
        print_of = hashlib.sha256()
        with self.database.read() as db:
            for model in STORED:
                names = [column.key for column in model.__table__.columns if column.key not in without]
                key = list(model.__table__.primary_key)
                for row in db.execute(select(model.__table__).order_by(*key)).mappings():
                    print_of.update(repr([(name, row[name]) for name in names]).encode())
            entries = select(SearchEntry.company_id, SearchEntry.kind, SearchEntry.ref_id, SearchEntry.text)
            print_of.update(repr(sorted(map(tuple, db.execute(entries)))).encode())
        return print_of.hexdigest()


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    """Anna and Bo, and no company."""
    with database.write("test") as db:
        add_user(db, "anna@kommune.test", name="Anna Bech")
        add_user(db, "bo@kommune.test", name="Bo Dahl")
    folder = tmp_path / "files"
    folder.mkdir()
    return House(database, folder)


def adds_up(receipt: Receipt) -> bool:
    """Every row read is accounted for."""
    return receipt.read == receipt.created + receipt.changed + receipt.unchanged + receipt.refused
