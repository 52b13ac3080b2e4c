"""Taking a list of agreements in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select

from crm import danish
from crm.access.models import User
from crm.agreements import actions
from crm.agreements.models import Agreement, AgreementState, Programme
from crm.agreements.queries import programmes
from crm.companies.models import Company
from crm.errors import Refused
from importers.bulk import fit, plain
from importers.receipt import Batch
from importers.spreadsheet.agreements import AgreementRow
from importers.spreadsheet.rows import Row
from importers.spreadsheet.table import Table
from importers.staff import Staff
from importers.taking import Taken, company_of, take_rows

ORDER = tuple(AgreementState)
# From where an agreement is entered to where the list says it stands.
WAYS: dict[AgreementState, tuple[AgreementState, ...]] = {
    AgreementState.PROSPECT: (),
    AgreementState.IN_DIALOGUE: (AgreementState.IN_DIALOGUE,),
    AgreementState.OFFERED: (AgreementState.IN_DIALOGUE, AgreementState.OFFERED),
    AgreementState.SIGNED: (),
    AgreementState.IN_FORCE: (AgreementState.IN_FORCE,),
    AgreementState.RENEWED: (AgreementState.IN_FORCE, AgreementState.RENEWED),
    AgreementState.ENDED: (AgreementState.ENDED,),
}
UNSIGNED = frozenset(ORDER[: ORDER.index(AgreementState.SIGNED)])


def take_agreements(work: Batch, table: Table, rows: Iterable[Row[AgreementRow]], today: date) -> None:
    """Enter the agreements that are new; of the known ones correct title and last day."""
    staff = Staff.read(work.db)
    frames = {danish.fold(said): each for each in programmes(work.db) for said in (each.key, each.name)}

    def take(said: AgreementRow) -> Taken | None:
        company = company_of(work.db, said.cvr)
        frame = frames.get(danish.fold(said.programme))
        if frame is None:
            raise Refused("programme", f"Vi kender ikke programmet {said.programme}.")
        title = fit(Agreement, {"title": said.title or frame.name})["title"]
        if (known := _known(work, company, frame, said, title)) is not None:
            return _change(work, known, said, today)
        by = staff.writer(said.by, "by", work.user_id, company)
        return _create(work, company, frame, said, title, by, today)

    take_rows(work, table, rows, take)


def _known(
    work: Batch, company: Company, frame: Programme, said: AgreementRow, title: str
) -> Agreement | None:
    """The same company, programme and days; before it is signed it has no days, and the title tells."""
    query = select(Agreement).where(Agreement.company_id == company.id, Agreement.programme_id == frame.id)
    if said.signed_on is None:
        query = query.where(Agreement.title == title)
    else:
        query = query.where(Agreement.signed_on == said.signed_on, Agreement.valid_from == said.valid_from)
    found: Sequence[Agreement] = work.db.scalars(query.order_by(Agreement.id)).all()
    return next((each for each in found if each.title == title), found[0] if found else None)


def _change(work: Batch, agreement: Agreement, said: AgreementRow, today: date) -> Taken | None:
    if said.state and ORDER.index(said.state) > ORDER.index(AgreementState(agreement.state)):
        stands = actions.NAMES[AgreementState(agreement.state)]
        raise Refused("state", f"Aftalen findes og er {stands}. Flyt den på dens egen side.")
    told = {"title": said.title, "valid_to": said.valid_to}
    fresh = fit(Agreement, {name: value for name, value in told.items() if value is not None})
    fresh = {name: value for name, value in fresh.items() if value != getattr(agreement, name)}
    if not fresh:
        return None
    before = plain({name: getattr(agreement, name) for name in fresh}, fresh)
    actions.change(work.db, agreement=agreement, values=fresh, today=today)
    return Taken(Agreement, agreement.id, before, plain(fresh, fresh))


def _create(
    work: Batch, company: Company, frame: Programme, said: AgreementRow, title: str, by: User, today: date
) -> Taken:
    _check_state(said, today)
    agreement = actions.create(
        work.db, company=company, programme=frame, title=title, by=by, now=work.now, today=today,
        signed_on=said.signed_on, valid_from=said.valid_from, valid_to=said.valid_to,
    )  # fmt: skip
    for state in WAYS[said.state] if said.state else ():
        actions.step(
            work.db, agreement=agreement, to=state, on=_day_of(state, said, today), by=by, now=work.now,
            today=today,
        )  # fmt: skip
    still = {"step_no": agreement.step_no, "version": agreement.version}
    return Taken(Agreement, agreement.id, None, still)


def _check_state(said: AgreementRow, today: date) -> None:
    """Refuses a state that the days of the row speak against."""
    if said.state in UNSIGNED and said.signed_on:
        raise Refused("state", f"Aftalen er underskrevet, så den kan ikke være {actions.NAMES[said.state]}.")
    if said.state in {AgreementState.SIGNED, AgreementState.IN_FORCE, AgreementState.RENEWED}:
        if said.signed_on is None:
            raise Refused("signed_on", "En underskrevet aftale skal have datoen.")
        if said.state != AgreementState.SIGNED and said.valid_from and said.valid_from > today:
            raise Refused("state", "Aftalen gælder ikke endnu.")
    if said.state == AgreementState.ENDED and not (said.valid_to and said.valid_to <= today):
        raise Refused("valid_to", "Skriv, hvornår aftalen sluttede.")


def _day_of(state: AgreementState, said: AgreementRow, today: date) -> date:
    """When a step was taken, as far as the list knows."""
    if state == AgreementState.ENDED and said.valid_to:
        return said.valid_to
    return max((day for day in (said.signed_on, said.valid_from) if day), default=today)
