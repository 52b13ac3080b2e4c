"""Taking a list of calls, meetings, visits, mails and notes in."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from crm.interactions.actions import log
from crm.interactions.models import Interaction
from importers.bulk import fit
from importers.receipt import Batch
from importers.spreadsheet.interactions import InteractionRow
from importers.spreadsheet.rows import Row
from importers.spreadsheet.table import Table
from importers.staff import Staff
from importers.taking import Taken, company_of, take_rows


def take_interactions(work: Batch, table: Table, rows: Iterable[Row[InteractionRow]]) -> None:
    """Write down what is not written down yet. What is stays as it is: it is never rewritten."""
    staff = Staff.read(work.db)

    def take(said: InteractionRow) -> Taken | None:
        company = company_of(work.db, said.cvr)
        summary = fit(Interaction, {"summary": said.summary})["summary"]
        written = select(Interaction.id).where(
            Interaction.company_id == company.id,
            Interaction.kind == said.kind,
            Interaction.happened_at == said.happened_at,
            Interaction.summary == summary,
        )
        if work.db.scalar(written.limit(1)) is not None:
            return None
        entry = log(
            work.db, company=company, by=staff.writer(said.by, "by", work.user_id, company), now=work.now,
            kind=said.kind, summary=summary, direction=said.direction, happened_at=said.happened_at,
        )  # fmt: skip
        return Taken(Interaction, entry.id, None, None)

    take_rows(work, table, rows, take)
