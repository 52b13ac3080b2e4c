"""Whom a list means by an e-mail address or a name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm.access.models import User
from crm.access.queries import get, users
from crm.companies.models import Company
from crm.errors import Refused


@dataclass(frozen=True)
class Staff:
    """Everyone who works or has worked in the house."""

    db: Session
    known: dict[str, list[User]]

    @classmethod
    def read(cls, db: Session) -> Staff:
        """As it stands in the database now."""
        known: dict[str, list[User]] = defaultdict(list)
        for user in users(db):
            known[user.email].append(user)
            known[user.name.casefold()].append(user)
        return cls(db, dict(known))

    def named(self, said: str, field: str, *, active: bool = False) -> User:
        """The one that is meant. Raises Refused beside `field` when it is nobody, or could be two."""
        found = self.known.get(said.strip().casefold(), [])
        if active:
            found = [user for user in found if user.is_active]
        if len(found) != 1:
            who = "ingen aktiv bruger" if active else "ingen bruger"
            raise Refused(field, f"Der er {who if not found else 'flere brugere'}, der hedder {said}.")
        return found[0]

    def writer(self, said: str | None, field: str, user_id: int | None, company: Company) -> User:
        """Who did it: whom the list names, else who imports it, else the company's responsible consultant."""
        if said:
            return self.named(said, field)
        return get(self.db, user_id) if user_id is not None else company.responsible
