"""Changing what is aimed for. The plan calls its goals provisional, so they are data."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from crm.errors import Refused
from crm.goals.models import Objective, Target


def set_target(db: Session, *, objective: Objective, due: date, value: int) -> Target:
    """Set how many by when; a target for the same day is replaced."""
    most = 100 if objective.counts == "share" else 100_000
    if not 1 <= value <= most:
        raise Refused("value", f"Skriv et tal mellem 1 og {most}.")
    if not date(2020, 1, 1) <= due <= date(2100, 1, 1):
        raise Refused("due", "Datoen ser forkert ud. Skriv den som 31-12-2026.")
    for target in objective.targets:
        if target.due == due:
            target.value = value
            break
    else:
        target = Target(objective_id=objective.id, due=due, value=value)
        objective.targets.append(target)
    db.flush()
    return target


def drop_target(db: Session, *, objective: Objective, target: Target) -> None:
    """Take a target away. An objective keeps at least one."""
    if len(objective.targets) == 1:
        raise Refused("due", "Et mål skal have mindst ét måltal.")
    objective.targets.remove(target)
    db.delete(target)
    db.flush()
