"""Taking a request in, moving it on, and writing down the call it came with, all in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.errors import Conflict, Refused, renamed
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp, Interaction
from crm.requests.clock import WorkingHours
from crm.requests.models import NEXT, OPEN, Request, RequestKind, RequestState, RequestStep
from crm.responsibility.chain import way_in

FIGURES = ("wanted", "presented", "hired")


@dataclass(frozen=True)
class NewRequest:
    """What a company asks for."""

    kind: str
    title: str
    description: str | None = None
    wanted: int | None = None


@dataclass(frozen=True)
class Promise:
    """A follow-up that rides along with a call. Without an owner it is the writer's own."""

    due: date
    text: str
    owner: User | None = None


@dataclass(frozen=True)
class Logged:
    """What one form wrote down."""

    interaction: Interaction
    request: Request | None
    follow_up: FollowUp | None


def _check_figures(values: dict[str, int | None]) -> None:
    for field, value in values.items():
        if value is not None and not 0 <= value <= 10_000:
            raise Refused(field, "Skriv et antal mellem 0 og 10.000.")


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
    """Write down what a company asks for. Its owner is the company's one way in unless another is named."""
    if asked.kind not in set(RequestKind):
        raise Refused("kind", "Vælg, hvad henvendelsen handler om.")
    if not asked.title.strip():
        raise Refused("title", "Skriv kort, hvad virksomheden beder om.")
    _check_figures({"wanted": asked.wanted})
    received = received_at or now
    if received > now + interactions.AHEAD:
        raise Refused("received_at", "Tidspunktet ligger i fremtiden.")
    if received < interactions.EARLIEST:
        raise Refused("received_at", interactions.TOO_EARLY)
    if owner is not None:
        _demand_active(owner)
    request = Request(
        company_id=company.id,
        kind=asked.kind,
        title=asked.title,
        description=asked.description,
        wanted=asked.wanted,
        state=RequestState.NEW,
        received_at=received,
        answer_due_at=clock.due(received),
        owner_id=owner.id if owner else way_in(db, company),
        interaction_id=interaction.id if interaction else None,
        company_contact_id=contact.id if contact else None,
        created_at=now,
    )
    db.add(request)
    db.flush()
    db.add(RequestStep(request_id=request.id, seq=1, to_state=RequestState.NEW, at=now, by_id=by.id))
    db.flush()
    return request


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
) -> Logged:
    """Write down a call with the request and the follow-up that came of it: all of it or nothing."""
    if request and not request_owner:
        # Held before the company is touched, in the order of whoever passes it on.
        request_owner = db.get_one(User, way_in(db, company))
    entry = interactions.log(
        db, company=company, by=by, now=now, kind=kind, summary=summary, direction=direction,
        happened_at=happened_at, contact=contact,
    )  # fmt: skip
    asked = promised = None
    if request:
        with renamed(
            kind="request_kind",
            title="request_title",
            description="request_description",
            wanted="request_wanted",
            owner="request_owner",
        ):
            asked = take_in(
                db, company=company, asked=request, by=by, now=now, clock=clock,
                received_at=entry.happened_at, owner=request_owner, contact=contact, interaction=entry,
            )  # fmt: skip
    if follow_up:
        with renamed(text="follow_up_text"):
            promised = interactions.promise(
                db, company=company, owner=follow_up.owner or by, due=follow_up.due, text=follow_up.text,
                now=now, interaction=entry,
            )  # fmt: skip
    return Logged(entry, asked, promised)


def move(
    db: Session,
    *,
    request: Request,
    to: str,
    by: User,
    now: datetime,
    note: str | None = None,
) -> Request:
    """Move a request on, along `NEXT`. The same state again changes nothing.

    The clock stops the first time someone does more than take it.
    """
    if to not in set(RequestState):
        raise Refused("state", "Vælg en tilstand fra listen.")
    if to == request.state:
        return request
    if to not in NEXT[RequestState(request.state)]:
        raise Conflict(_no_way(request, RequestState(to)))
    if to == RequestState.UNRESOLVED and not (note or "").strip():
        raise Refused("note", "Skriv hvorfor den ikke blev løst, så vi kan lære af det.")
    last = db.scalar(select(func.max(RequestStep.seq)).where(RequestStep.request_id == request.id)) or 0
    if request.closed_at is not None and not db.get_one(User, request.owner_id).is_active:
        # Whoever solved it has left; whoever takes it up again has it.
        request.owner_id = by.id
    request.state = to
    request.closed_at = None if to in OPEN else now
    if to != RequestState.TAKEN and request.answered_at is None:
        request.answered_at = now
    db.add(RequestStep(request_id=request.id, seq=last + 1, to_state=to, at=now, by_id=by.id, note=note))
    db.flush()
    return request


def _no_way(request: Request, to: RequestState) -> str:
    if to == RequestState.NEW:
        return "En henvendelse kan ikke blive ny igen."
    if request.closed_at is not None:
        return "Henvendelsen er allerede afsluttet. Tag den op igen først."
    return "Arbejdet med henvendelsen er allerede begyndt."


def change(db: Session, *, request: Request, values: dict[str, object]) -> Request:
    """Correct title, description, owner or figures."""
    allowed = {"title", "description", "owner", *FIGURES}
    if unknown := set(values) - allowed:
        raise Refused(min(unknown), "Det felt kan ikke rettes.")
    if "title" in values and not str(values["title"] or "").strip():
        raise Refused("title", "Skriv kort, hvad virksomheden beder om.")
    _check_figures({field: values[field] for field in FIGURES if field in values})  # type: ignore[misc]
    for field, value in values.items():
        if isinstance(value, User):
            _demand_active(value)
            request.owner_id = value.id
        else:
            setattr(request, field, value)
    db.flush()
    return request


def take_back(db: Session, *, entry: Interaction, by: User, now: datetime) -> None:
    """Undo a call just written down, with the untouched request that came with it."""
    interactions.demand_fresh(entry=entry, by=by, now=now)
    for request in db.scalars(select(Request).where(Request.interaction_id == entry.id)):
        if request.state != RequestState.NEW:
            raise Conflict("Henvendelsen er allerede taget. Skriv et notat med rettelsen i stedet.")
        db.execute(delete(RequestStep).where(RequestStep.request_id == request.id))
        db.delete(request)
    db.flush()
    interactions.take_back(db, entry=entry, by=by, now=now)
