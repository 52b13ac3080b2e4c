"""Teams: made, given another name, and who is in them. Each reads the others' companies."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.access.models import Team, User
from crm.errors import NotFound, Refused


def get(db: Session, id: int) -> Team:
    """The team with this key, or NotFound."""
    found = db.get(Team, id)
    if found is None:
        raise NotFound("Det team findes ikke.")
    return found


def members(db: Session) -> Sequence[User]:
    """Everybody who is not closed, by name."""
    return db.scalars(select(User).where(User.is_active == 1).order_by(User.name, User.id)).all()


def add(db: Session, *, name: str) -> Team:
    """A new team."""
    made = Team(name=_free(db, name, None))
    db.add(made)
    db.flush()
    return made


def rename(db: Session, *, team: Team, name: str) -> None:
    """Another name for the same team; what it wrote for itself stays its own."""
    team.name = _free(db, name, team.id)
    db.flush()


def move(db: Session, *, user: User, to: Team | None) -> None:
    """This user is in that team from now on, or in none. Notes for the team left are no longer theirs to read."""
    user.team_id = to.id if to else None
    db.flush()


def _free(db: Session, name: str, own: int | None) -> str:
    plain = " ".join(name.split())
    if not plain:
        raise Refused("name", "Skriv teamets navn.")
    taken = db.scalar(select(Team.id).where(func.lower(Team.name) == plain.lower()))
    if taken is not None and taken != own:
        raise Refused("name", "Der er allerede et team med det navn.")
    return plain
