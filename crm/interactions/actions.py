"""Writing down what happened, and what was promised."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.errors import Conflict, Refused, renamed
from crm.interactions.models import SEALED, Direction, FollowUp, Interaction, Kind, TeamNote
from crm.interactions.repeating import Repeat, RepeatUnit, next_day
from crm.interactions.sealed import open_for
from crm.responsibility.models import CompanyAssignment

# Clocks differ a little between machines; more than this ahead is a typing mistake.
AHEAD = timedelta(minutes=5)
UNDO_WITHIN = timedelta(minutes=15)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
TOO_EARLY = "Tidspunktet ligger for langt tilbage. Er der en tastefejl?"


def log(
    db: Session,
    *,
    company: Company,
    by: User,
    now: datetime,
    kind: str,
    summary: str,
    direction: str | None = None,
    happened_at: datetime | None = None,
    contact: CompanyContact | None = None,
    only_team: bool = False,
) -> Interaction:
    """Write down a call, meeting, visit, mail or note. The company's last contact follows.

    With `only_team` the text is for the writer's team alone; that there is one, when and by whom, all see.
    """
    if kind not in set(Kind):
        raise Refused("kind", "Vælg opkald, møde, besøg, mail eller notat.")
    if kind == Kind.NOTE:
        direction = None
    elif direction not in set(Direction):
        raise Refused("direction", "Vælg om det var indgående eller udgående.")
    if not summary.strip():
        raise Refused("summary", "Skriv kort, hvad I talte om.")
    if happened_at is not None and happened_at > now + AHEAD:
        raise Refused(
            "happened_at", "Tidspunktet ligger i fremtiden. Brug en opfølgning til det, der kommer."
        )
    if happened_at is not None and happened_at < EARLIEST:
        raise Refused("happened_at", TOO_EARLY)
    if only_team and by.team_id is None:
        raise Refused("only_team", "Du er ikke i et team. En administrator kan sætte dig i et.")
    entry = Interaction(
        company_id=company.id,
        kind=kind,
        direction=direction,
        summary=SEALED if only_team else summary,
        only_team_id=by.team_id if only_team else None,
        happened_at=happened_at or now,
        company_contact_id=contact.id if contact else None,
        by_id=by.id,
        created_at=now,
    )
    db.add(entry)
    db.flush()
    if only_team:
        with renamed(text="summary"):
            db.add(TeamNote(interaction_id=entry.id, text=summary))
            db.flush()
        open_for(db, by, [entry])
    if kind != Kind.NOTE:
        _touch(db, company, entry.happened_at)
    return entry


# Past the ORM: the last contact is derived, and must not count as a colleague's edit of the company.
_company = cast("Table", Company.__table__)
_TOUCH = (
    update(_company)
    .where(
        _company.c.id == bindparam("company_id"),
        or_(_company.c.last_contact_at.is_(None), _company.c.last_contact_at < bindparam("moment")),
    )
    .values(last_contact_at=bindparam("moment"))
)


def _touch(db: Session, company: Company, moment: datetime) -> None:
    db.execute(_TOUCH, {"company_id": company.id, "moment": moment})


def promise(
    db: Session,
    *,
    company: Company,
    owner: User,
    due: date,
    text: str,
    now: datetime,
    interaction: Interaction | None = None,
    call_back: bool = False,
    repeat: Repeat | None = None,
) -> FollowUp:
    """Promise the company something for a day: to call back, or something else; once or over and over."""
    if not owner.is_active:
        raise Refused("follow_up_owner", f"{owner.name} er lukket. Vælg en anden.")
    if not text.strip():
        raise Refused("follow_up_text", "Skriv, hvad der skal følges op på.")
    _check_due("follow_up_due", due)
    entry = FollowUp(
        company_id=company.id,
        interaction_id=interaction.id if interaction else None,
        owner_id=owner.id,
        due=due,
        text=text,
        created_at=now,
        call_back=int(call_back),
    )
    _set_repeat(entry, repeat)
    db.add(entry)
    db.flush()
    return entry


def _set_repeat(follow_up: FollowUp, repeat: Repeat | None) -> None:
    follow_up.repeat_every = repeat.every if repeat else None
    follow_up.repeat_unit = repeat.unit if repeat else None
    follow_up.repeat_day = follow_up.due.day if repeat and repeat.unit == RepeatUnit.MONTH else None


def _check_due(field: str, due: date) -> None:
    if not date(2000, 1, 1) <= due <= date(2100, 1, 1):
        raise Refused(field, "Skriv en dag inden for de næste år.")


def mark_done(
    db: Session, *, follow_up: FollowUp, by: User, now: datetime, today: date | None = None
) -> FollowUp | None:
    """It is done. Done twice is done. The next one is made when it repeats, and handed back.

    `today` is the day in the municipality: the next one never lies before it.
    """
    # Of two at once the second waits here, and then sees that it is done.
    db.refresh(follow_up, [*_TURN, "owner_id"], with_for_update=True)
    if follow_up.done_at is not None:
        return None
    follow_up.done_at, follow_up.done_by_id = now, by.id
    following = _next(follow_up, now, today or now.date())
    if following is not None:
        db.add(following)
    db.flush()
    return following


# What decides about the next turn, read anew before it is made.
_TURN = ("done_at", "done_by_id", "due", "repeat_every", "repeat_unit", "repeat_day")


def _next(follow_up: FollowUp, now: datetime, today: date) -> FollowUp | None:
    if (repeat := follow_up.repeat) is None:
        return None
    return FollowUp(
        company_id=follow_up.company_id,
        interaction_id=follow_up.interaction_id,
        owner_id=follow_up.owner_id,
        due=next_day(follow_up.due, repeat, today, follow_up.repeat_day),
        text=follow_up.text,
        created_at=now,
        call_back=follow_up.call_back,
        repeat_every=repeat.every,
        repeat_unit=repeat.unit,
        repeat_day=follow_up.repeat_day,
        follows_id=follow_up.id,
    )


def reopen(db: Session, *, follow_up: FollowUp) -> None:
    """It was not done after all, so the next one was made too early and goes.

    Where its owner has left, it is the company's way in who must.
    """
    following = db.scalars(select(FollowUp).where(FollowUp.follows_id == follow_up.id)).first()
    if following is not None:
        if following.done_at is not None:
            raise Conflict("Den næste opfølgning er allerede klaret. Lav en ny i stedet.")
        db.delete(following)
        db.flush()
    if not db.get_one(User, follow_up.owner_id).is_active:
        follow_up.owner_id = db.scalars(
            select(CompanyAssignment.user_id).where(
                CompanyAssignment.company_id == follow_up.company_id, CompanyAssignment.is_open == 1
            )
        ).one()
    follow_up.done_at = follow_up.done_by_id = None
    db.flush()


def postpone(db: Session, *, follow_up: FollowUp, due: date) -> None:
    """Promise it for another day. One that repeats counts on from there."""
    if follow_up.done_at is not None:
        raise Conflict("Opfølgningen er allerede klaret.")
    _check_due("due", due)
    if due == follow_up.due:
        return
    follow_up.due, follow_up.moves = due, follow_up.moves + 1
    _set_repeat(follow_up, follow_up.repeat)
    db.flush()


def change(
    db: Session, *, follow_up: FollowUp, text: str, due: date, call_back: bool, repeat: Repeat | None
) -> None:
    """Correct a promise that is still to be kept, and how it repeats."""
    if not text.strip():
        raise Refused("text", "Skriv, hvad der skal følges op på.")
    postpone(db, follow_up=follow_up, due=due)
    follow_up.text, follow_up.call_back = text, int(call_back)
    if repeat != follow_up.repeat:
        _set_repeat(follow_up, repeat)
    db.flush()


def demand_fresh(*, entry: Interaction, by: User, now: datetime) -> None:
    """Raise Conflict unless `by` has just written this down. A quarter of an hour later it stands."""
    if entry.by_id != by.id or now - entry.created_at > UNDO_WITHIN:
        raise Conflict("Det kan ikke fortrydes længere. Skriv et notat med rettelsen i stedet.")


def take_back(db: Session, *, entry: Interaction, by: User, now: datetime) -> None:
    """Undo what one has just written down, with its follow-ups."""
    demand_fresh(entry=entry, by=by, now=now)
    theirs = select(FollowUp).where(FollowUp.interaction_id == entry.id).order_by(FollowUp.id.desc())
    for follow_up in db.scalars(theirs).all():
        db.delete(follow_up)
        # One by one, since each turn of one that repeats points at the one before.
        db.flush()
    if entry.only_team_id is not None:
        db.delete(db.get_one(TeamNote, entry.id))
        db.flush()
    db.delete(entry)
    db.flush()
    latest = (
        select(func.max(Interaction.happened_at))
        .where(Interaction.company_id == entry.company_id, Interaction.kind != Kind.NOTE)
        .scalar_subquery()
    )
    db.execute(
        update(Company)
        .where(Company.id == entry.company_id)
        .values(last_contact_at=latest)
        .execution_options(synchronize_session=False)
    )
