"""Taking a request in, moving it on, and writing down the call it came with, all in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.errors import Conflict, Refused, renamed
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp, Interaction
from crm.interactions.repeating import Repeat
from crm.requests import kinds, own, receipts
from crm.requests.clock import WorkingHours
from crm.requests.models import NEXT, START, Request, RequestState, RequestStep
from crm.requests.receipts import Receipt
from crm.responsibility.chain import way_in

FIGURES = ("wanted", "presented", "hired")
# What the trigger moves with a step.
MOVED = (
    "state", "step_no", "answer_due_at", "answered_at", "paused_since", "closed_at", "owner_id", "version",
    "in_time",
)  # fmt: skip


@dataclass(frozen=True)
class NewRequest:
    """What a company asks for. `own` are its kind's own fields by name, the scheme as such."""

    kind: str
    title: str
    description: str | None = None
    wanted: int | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    receipt: Receipt | None = None

    @property
    def filled(self) -> dict[str, Any]:
        """The own fields that were filled in."""
        given = {name: value for name, value in self.own.items() if value is not None}
        return given if self.wanted is None else given | {"wanted": self.wanted}


@dataclass(frozen=True)
class Promise:
    """A follow-up that rides along with a call. Without an owner it is the writer's own."""

    due: date
    text: str
    owner: User | None = None
    call_back: bool = False
    repeat: Repeat | None = None


@dataclass(frozen=True)
class Logged:
    """What one form wrote down."""

    interaction: Interaction
    request: Request | None
    follow_up: FollowUp | None


# How a call's form names the fields of the request that rides along.
RIDING = ("kind", "title", "description", "owner", "receipt_to", *kinds.OWN)


def _demand_active(owner: User) -> None:
    if not owner.is_active:
        raise Refused("owner", f"{owner.name} er lukket. Vælg en anden.")


def take_in(
    db: Session,
    *,
    company: Company,
    asked: NewRequest,
    by: User,
    now: datetime,
    clock: WorkingHours,
    received_at: datetime | None = None,
    owner: User | None = None,
    contact: CompanyContact | None = None,
    interaction: Interaction | None = None,
) -> Request:
    """Write down what a company asks for. Its owner is the company's one way in unless another is named.

    A kind and a scheme must be in force today. The receipt, if the company wants one, is put down with it.
    """
    today = now.astimezone(clock.zone).date()
    kind = kinds.to_choose(db, asked.kind, today)
    if not asked.title.strip():
        raise Refused("title", "Skriv kort, hvad virksomheden beder om.")
    received = received_at or now
    if received > now + interactions.AHEAD:
        raise Refused("received_at", "Tidspunktet ligger i fremtiden.")
    if received < interactions.EARLIEST:
        raise Refused("received_at", interactions.TOO_EARLY)
    if owner is not None:
        _demand_active(owner)
    request = Request(
        company_id=company.id,
        kind=kind.key,
        title=asked.title,
        description=asked.description,
        state=RequestState.NEW,
        step_no=1,
        received_at=received,
        answer_due_at=clock.due(received, kind.answer_hours),
        owner_id=owner.id if owner else way_in(db, company),
        interaction_id=interaction.id if interaction else None,
        company_contact_id=contact.id if contact else None,
        created_at=now,
    )
    own.put(request, kind, asked.filled, today)
    db.add(request)
    db.flush()
    db.add(_step(request, START, RequestState.NEW, 1, by, now, None))
    db.flush()
    if asked.receipt is not None:
        receipts.put(
            db, request=request, receipt=asked.receipt, company=company, contact=contact, zone=clock.zone,
            owner=owner or db.get_one(User, request.owner_id), now=now,
        )  # fmt: skip
    return request


def _step(
    request: Request, old: str, new: str, seq: int, by: User, now: datetime, note: str | None
) -> RequestStep:
    return RequestStep(
        request_id=request.id, seq=seq, from_state=old, to_state=new, at=now, by_id=by.id, note=note
    )


def log_call(
    db: Session,
    *,
    company: Company,
    by: User,
    now: datetime,
    clock: WorkingHours,
    kind: str,
    summary: str,
    direction: str | None = None,
    happened_at: datetime | None = None,
    contact: CompanyContact | None = None,
    request: NewRequest | None = None,
    request_owner: User | None = None,
    follow_up: Promise | None = None,
    only_team: bool = False,
) -> Logged:
    """Write down a call with the request and the follow-up that came of it: all of it or nothing."""
    if request and not request_owner:
        # Held before the company is touched, in the order of whoever passes it on.
        request_owner = db.get_one(User, way_in(db, company))
    entry = interactions.log(
        db, company=company, by=by, now=now, kind=kind, summary=summary, direction=direction,
        happened_at=happened_at, contact=contact, only_team=only_team,
    )  # fmt: skip
    asked = promised = None
    if request:
        with renamed(**{name: f"request_{name}" for name in RIDING}):
            asked = take_in(
                db, company=company, asked=request, by=by, now=now, clock=clock,
                received_at=entry.happened_at, owner=request_owner, contact=contact, interaction=entry,
            )  # fmt: skip
    if follow_up:
        with renamed(text="follow_up_text"):
            promised = interactions.promise(
                db, company=company, owner=follow_up.owner or by, due=follow_up.due, text=follow_up.text,
                now=now, interaction=entry, call_back=follow_up.call_back, repeat=follow_up.repeat,
            )  # fmt: skip
    return Logged(entry, asked, promised)


def move(
    db: Session,
    *,
    request: Request,
    to: str,
    by: User,
    now: datetime,
    clock: WorkingHours | None = None,
    note: str | None = None,
) -> Request:
    """Move a request on, along `NEXT`. The same state again changes nothing.

    The clock stops the first time someone does more than take it. It stands still while we wait for the
    company: to leave that takes `clock`, which says how long it was.
    """
    if to not in set(RequestState):
        raise Refused("state", "Vælg en tilstand fra listen.")
    # Of two at once the second waits here, and then sees where it stands.
    db.refresh(request, MOVED, with_for_update={"of": Request})
    if to == request.state:
        return request
    if to not in NEXT[RequestState(request.state)]:
        raise Conflict(_no_way(request, RequestState(to)))
    if to == RequestState.UNRESOLVED and not (note or "").strip():
        raise Refused("note", "Skriv hvorfor den ikke blev løst, så vi kan lære af det.")
    if request.closed_at is not None and not db.get_one(User, request.owner_id).is_active:
        # Whoever solved it has left; whoever takes it up again has it.
        request.owner_id = by.id
    _resume(request, now, clock)
    db.flush()
    db.add(_step(request, request.state, to, request.step_no + 1, by, now, note))
    db.flush()
    # The trigger has moved it.
    db.refresh(request, MOVED)
    return request


def _resume(request: Request, now: datetime, clock: WorkingHours | None) -> None:
    if request.paused_since is None:
        return
    if clock is None:
        raise ValueError("A paused request needs the clock to go on.")
    request.answer_due_at = clock.resumed(request.answer_due_at, request.paused_since, now)


def _no_way(request: Request, to: RequestState) -> str:
    if to == RequestState.NEW:
        return "En henvendelse kan ikke blive ny igen."
    if request.closed_at is not None:
        return "Henvendelsen er allerede afsluttet. Tag den op igen først."
    return "Arbejdet med henvendelsen er allerede begyndt."


def answer(db: Session, *, request: Request, now: datetime, clock: WorkingHours) -> Request:
    """The company has its first answer, wherever the request stands. Given once; a second changes nothing."""
    db.refresh(request, MOVED, with_for_update={"of": Request})
    if request.answered_at is not None:
        return request
    _resume(request, now, clock)
    request.paused_since, request.answered_at = None, now
    db.flush()
    db.refresh(request, MOVED)
    return request


def change(
    db: Session,
    *,
    request: Request,
    values: Mapping[str, Any],
    now: datetime | None = None,
    clock: WorkingHours | None = None,
) -> Request:
    """Correct title, description, owner, kind or the kind's own fields.

    To choose a kind or a scheme takes `now` and `clock`, which say what is in force and when it is due.
    """
    values = dict(values)
    if unknown := set(values) - {"title", "description", "owner", "kind", *kinds.OWN}:
        raise Refused(min(unknown), "Det felt kan ikke rettes.")
    if "title" in values and not str(values["title"] or "").strip():
        raise Refused("title", "Skriv kort, hvad virksomheden beder om.")
    today = now.astimezone(clock.zone).date() if now and clock else None
    if values.get("kind", request.kind) != request.kind:
        if now is None or clock is None:
            raise ValueError("Another kind is due at another moment: say when it is.")
        _become(db, request, str(values["kind"] or ""), now, clock)
    values.pop("kind", None)
    if (owner := values.pop("owner", None)) is not None:
        _demand_active(owner)
        request.owner_id = owner.id
    if fields := {name: values.pop(name) for name in kinds.OWN if name in values}:
        own.put(request, kinds.kind(db, request.kind), fields, today)
    for name, value in values.items():
        setattr(request, name, value)
    db.flush()
    return request


def _become(db: Session, request: Request, key: str, now: datetime, clock: WorkingHours) -> None:
    """Make it a request of another kind. While it has no answer, the new kind's hours count from the start.

    What is late already is not saved by it.
    """
    kind = kinds.to_choose(db, key, now.astimezone(clock.zone).date())
    request.kind = kind.key
    own.forget_others(request, kind)
    if request.answered_at is None:
        due = clock.due_after(request.received_at, kind.answer_hours, _pauses(db, request))
        request.answer_due_at = min(due, request.answer_due_at) if request.is_overdue(now) else due
    db.flush()
    db.refresh(request, ["kind_name"])


def _pauses(db: Session, request: Request) -> list[tuple[datetime, datetime]]:
    """When a request without an answer waited for the company, and no longer does."""
    columns = (RequestStep.to_state, RequestStep.at)
    query = select(*columns).where(RequestStep.request_id == request.id).order_by(RequestStep.seq)
    steps = db.execute(query).all()
    return [
        (step.at, following.at)
        for step, following in pairwise(steps)
        if step.to_state == RequestState.WAITING
    ]


def take_back(db: Session, *, entry: Interaction, by: User, now: datetime) -> None:
    """Undo a call just written down, with the untouched request that came with it and its receipt."""
    interactions.demand_fresh(entry=entry, by=by, now=now)
    for request in db.scalars(select(Request).where(Request.interaction_id == entry.id)):
        if request.state != RequestState.NEW or request.answered_at is not None:
            raise Conflict("Henvendelsen er allerede taget. Skriv et notat med rettelsen i stedet.")
        receipts.withdraw(db, request)
        # A step goes only with its request.
        id = request.id
        db.delete(request)
        db.flush()
        db.execute(delete(RequestStep).where(RequestStep.request_id == id))
    db.flush()
    interactions.take_back(db, entry=entry, by=by, now=now)
