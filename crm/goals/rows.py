"""The agreements behind a figure: the rows it can be traced to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from crm.agreements.models import Agreement
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.goals.queries import Basis, Progress
from crm.types import Among

_BY_KEYS = (
    select(Agreement)
    .options(
        joinedload(Agreement.programme),
        joinedload(Agreement.company).load_only(*LINE, raiseload=True),
    )
    .where(Among(Agreement.id, "ids"))
)


@dataclass(frozen=True)
class Behind:
    """An agreement that counts, with the days it does."""

    agreement: Agreement
    first: date
    last: date | None

    @property
    def company(self) -> Company:
        """Whose it is."""
        return self.agreement.company


def behind(db: Session, basis: Basis, found: Sequence[Progress]) -> dict[str, list[Behind]]:
    """The agreements that make companies count, by the objective's key, in order of the companies' names.

    A company may have several. One statement, however many figures.
    """
    spans = {
        each.objective.key: [span for span in basis.counted(each.definition) if span.holds(each.on)]
        for each in found
        if each.definition and each.objective.counts == "companies"
    }
    ids = sorted({span.agreement_id for some in spans.values() for span in some})
    agreements = {each.id: each for each in db.scalars(_BY_KEYS, {"ids": ids})}
    return {
        key: sorted(
            (Behind(agreements[span.agreement_id], span.first, span.last) for span in some), key=_place
        )
        for key, some in spans.items()
    }


def _place(each: Behind) -> tuple[str, str, int]:
    return each.company.sort_key, each.company.cvr, each.agreement.id
