"""A team and its companies, for everything about who has what."""

from __future__ import annotations

import pytest

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Session
from tests.conftest import add_company, add_user
from tests.crm.handing_over import busy


@pytest.fixture
def team(db: Session) -> dict[str, User]:
    """Anna, Bo and Carl are consultants, Mona is their manager."""
    found = {
        name: add_user(db, f"{name}@kommune.test", phone="48 15 20 11") for name in ("anna", "bo", "carl")
    }
    return found | {"mona": add_user(db, "mona@kommune.test", "manager", name="Mona Lindevang")}


@pytest.fixture
def firms(db: Session, team: dict[str, User]) -> list[Company]:
    """Three of Anna's companies and one of Bo's, each with an open request, a follow-up and an agreement."""
    owners = ("anna", "anna", "anna", "bo")
    found = [add_company(db, number, responsible=team[owner]) for number, owner in enumerate(owners)]
    for company, owner in zip(found, owners, strict=True):
        busy(db, company, team[owner])
    return found
