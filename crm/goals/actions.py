"""Changing what is aimed for. The plan calls its goals provisional, so they are data; each change is kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from crm.access.models import User
from crm.danish import long_date
from crm.errors import Refused
from crm.goals.models import Change, Milestone, Objective, ObjectiveChange, Target

EARLIEST, LATEST = date(2020, 1, 1), date(2100, 1, 1)
ODD_DAY = "Datoen ser forkert ud. Skriv den som 31-12-2026."


def note(
    db: Session,
    objective: Objective,
    what: Change,
    *,
    by: User,
    now: datetime,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Write down who changed what."""
    db.add(
        ObjectiveChange(objective_id=objective.id, at=now, by_id=by.id, what=what, before=before, after=after)
    )
    db.flush()


def said(objective: Objective, value: int, due: date) -> str:
    """A target or a milestone in words."""
    return f"{value}{' %' if objective.counts == 'share' else ''} senest {long_date(due)}"


def _said(objective: Objective, target: Target) -> str:
    line = f", lige linje fra {long_date(target.line_from)}" if target.line_from else ""
    return said(objective, target.value, target.due) + line


def _check(objective: Objective, due: date, value: int) -> None:
    most = 100 if objective.counts == "share" else 100_000
    if not 1 <= value <= most:
        raise Refused("value", f"Skriv et tal mellem 1 og {most}.")
    if not EARLIEST <= due <= LATEST:
        raise Refused("due", ODD_DAY)


def set_target(
    db: Session,
    *,
    objective: Objective,
    due: date,
    value: int,
    by: User,
    now: datetime,
    line_from: date | None = None,
) -> Target:
    """Set how many by when; a target for the same day is replaced.

    With `line_from` a straight line of milestones leads there from that day.
    """
    _check(objective, due, value)
    if line_from is not None:
        _check_line(objective, line_from, due)
    target = next((each for each in objective.targets if each.due == due), None)
    before = _said(objective, target) if target else None
    if target is None:
        target = Target(objective_id=objective.id, due=due, value=value, line_from=line_from, milestones=[])
        objective.targets.append(target)
    else:
        _check_milestones(target, value)
        target.value, target.line_from = value, line_from
    db.flush()
    if before != (after := _said(objective, target)):
        note(db, objective, Change.TARGET_SET, by=by, now=now, before=before, after=after)
    return target


def _check_line(objective: Objective, line_from: date, due: date) -> None:
    if objective.counts == "share":
        raise Refused("line_from", "En andel har ingen lige linje. Sæt delmål på de dage, I vælger.")
    if not EARLIEST <= line_from < due:
        raise Refused("line_from", "Linjen skal begynde før den dag, målet skal være nået.")


def _check_milestones(target: Target, value: int) -> None:
    if any(each.value > value for each in target.milestones):
        raise Refused("value", "Et af delmålene er højere. Ret det først.")


def drop_target(db: Session, *, objective: Objective, target: Target, by: User, now: datetime) -> None:
    """Take a target away, with its milestones. An objective keeps at least one."""
    if len(objective.targets) == 1:
        raise Refused("due", "Et mål skal have mindst ét måltal.")
    before = _said(objective, target)
    objective.targets.remove(target)
    db.delete(target)
    db.flush()
    note(db, objective, Change.TARGET_DROPPED, by=by, now=now, before=before)


def set_milestone(
    db: Session, *, objective: Objective, target: Target, due: date, value: int, by: User, now: datetime
) -> Milestone:
    """Set how many there should be on a day on the way; a milestone for the same day is replaced."""
    _check(objective, due, value)
    if due >= target.due:
        raise Refused("due", "Et delmål skal ligge før målet.")
    if value > target.value:
        raise Refused("value", f"Et delmål kan ikke være højere end målet på {target.value}.")
    found = next((each for each in target.milestones if each.due == due), None)
    before = said(objective, found.value, found.due) if found else None
    if found is None:
        found = Milestone(target_id=target.id, due=due, value=value)
        target.milestones.append(found)
    else:
        found.value = value
    db.flush()
    after = said(objective, value, due)
    if before != after:
        note(db, objective, Change.MILESTONE_SET, by=by, now=now, before=before, after=after)
    return found


def drop_milestone(
    db: Session, *, objective: Objective, target: Target, milestone: Milestone, by: User, now: datetime
) -> None:
    """Take a milestone away."""
    before = said(objective, milestone.value, milestone.due)
    target.milestones.remove(milestone)
    db.flush()
    note(db, objective, Change.MILESTONE_DROPPED, by=by, now=now, before=before)
