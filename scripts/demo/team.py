"""The team of ten, and the rules companies are given to them by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from crm import danish
from crm.access.models import Role, Team, User
from crm.access.passwords import hash_password
from crm.db import Session
from crm.responsibility.models import AssignmentRule

PASSWORD = "Demo-indgang-2026"  # noqa: S105  # It is shown to everyone who tries the demo.
SERVICE, YOUTH = "Job & Virksomhedsservice", "Social, Uddannelse & Beskæftigelse"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Someone in the house, and the rules that send companies their way."""

    name: str
    title: str
    phone: str
    role: Role = Role.CONSULTANT
    team: str = SERVICE
    rules: tuple[dict[str, Any], ...] = ()

    @property
    def email(self) -> str:
        """Their log-in; the domain is one that can never exist (RFC 2606)."""
        return f"{danish.fold(self.name.split()[0])}@demo.test"


COLLEAGUES = (
    Colleague("Anna Kildeskov", "Virksomhedskonsulent", "48 15 20 11",
              rules=({"employees_min": 100},)),
    Colleague("Bo Birketoft", "Virksomhedskonsulent, byggeri", "48 15 20 12",
              rules=({"industry_prefix": "41"}, {"industry_prefix": "43"})),
    Colleague("Cecilie Ravnholt", "Fastholdelseskonsulent", "48 15 20 13",
              rules=({"industry_prefix": "86"}, {"industry_prefix": "87"}, {"industry_prefix": "88"})),
    Colleague("Dennis Tvedager", "Jobkonsulent, handel", "48 15 20 14",
              rules=({"industry_prefix": "47"}, {"industry_prefix": "96"})),
    Colleague("Eva Mosebæk", "Virksomhedskonsulent, industri og transport", "48 15 20 15",
              rules=({"industry_prefix": "2"}, {"industry_prefix": "3"}, {"industry_prefix": "49"},
                     {"industry_prefix": "52"})),
    Colleague("Farid Østerløkke", "Rekrutteringskonsulent", "48 15 20 16",
              rules=({"postal_from": "3540", "postal_to": "3540"},)),
    Colleague("Grethe Lindevang", "Virksomhedskonsulent, kontor og it", "48 15 20 17",
              rules=({"industry_prefix": "62", "employees_min": 2}, {"industry_prefix": "69"})),
    Colleague("Hassan Engekrog", "Ungekonsulent, fritidsjob og Code of Care", "48 15 20 18", team=YOUTH,
              rules=({"industry_prefix": "56"},)),
    Colleague("Inge Stendahl", "Teamleder", "48 15 20 10", role=Role.MANAGER),
    Colleague("Jakob Sandgren", "Digitaliseringskonsulent", "48 15 20 19", role=Role.ADMIN),
)  # fmt: skip


def add(db: Session, created_at: datetime) -> list[User]:
    """The two teams, the ten colleagues in the order above, and their rules."""
    # Both are the plan's own and come with the schema.
    teams = {team.name: team for team in db.scalars(select(Team))}
    password_hash = hash_password(PASSWORD)
    users = [
        User(email=each.email, name=each.name, role=each.role, phone=each.phone, title=each.title,
             team_id=teams[each.team].id, password_hash=password_hash, created_at=created_at)
        for each in COLLEAGUES
    ]  # fmt: skip
    db.add_all(users)
    db.flush()
    rules = [(user, rule) for user, each in zip(users, COLLEAGUES, strict=True) for rule in each.rules]
    db.add_all(
        AssignmentRule(position=position, user_id=user.id, **rule)
        for position, (user, rule) in enumerate(rules, 1)
    )
    db.flush()
    return users
