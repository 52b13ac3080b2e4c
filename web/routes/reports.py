"""The yearly and quarterly report to the political committee: a page, a PDF and a workbook."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.errors import Refused
from crm.goals.report import FIRST_YEAR, Period, Report, report
from web import goal_report
from web.deps import Visit, reading, working
from web.forms import Form
from web.goal_files import send
from web.render import page

router = APIRouter(prefix="/maal/rapport")


def _period(form: Form, today: date) -> Period:
    """The period asked for; the quarter it is when none is named."""
    year = form.number("aar", "Skriv et årstal.")
    quarter = form.number("kvartal", "Vælg et kvartal fra 1 til 4.")
    if year is None:
        year, quarter = today.year, quarter or (today.month + 2) // 3
    return Period.of(year, quarter)


def _report(visit: Visit, period: Period, *, with_rows: bool = False) -> Report:
    zone = visit.house.settings.zone
    return report(
        visit.db,
        period,
        today=visit.today,
        zone=zone,
        now=visit.now,
        with_rows=with_rows,
        least=visit.house.settings.survey_min_n,
    )


@router.get("")
def show(visit: Annotated[Visit, reading()], aar: str = "", kvartal: str = "") -> Response:
    """A year or a quarter on one page."""
    form = Form.of({"aar": aar, "kvartal": kvartal})
    found: Report | None = None
    try:
        period = _period(form, visit.today)
        if not form.errors:
            found = _report(visit, period)
            form.data = {"aar": str(period.year), "kvartal": str(period.quarter or "")}
    except Refused as refusal:
        form.refuse(refusal.field, refusal.message)
    return page(
        visit,
        "goals/report.html",
        status=form.status if form.errors else 200,
        section="goals",
        form=form,
        report=found,
        told=goal_report,
        years=[(str(year), str(year)) for year in range(visit.today.year, FIRST_YEAR - 1, -1)],
        quarters=[(str(number), f"{number}. kvartal") for number in (1, 2, 3, 4)],
    )


@router.post("/hent")
def fetch(visit: Annotated[Visit, working("exports.run")]) -> Response:
    """The report as a file, PDF or XLSX."""
    form = visit.form
    period = _period(form, visit.today)
    if form.errors:
        raise Refused("", " ".join(form.errors.values()))
    kind = form.data.get("format", "")
    if kind not in {"pdf", "xlsx"}:
        raise Refused("format", "Vælg PDF eller Excel.")
    found = _report(visit, period, with_rows=kind == "xlsx")
    house = visit.house.settings

    def make(path: Path) -> None:
        if kind == "pdf":
            path.write_bytes(goal_report.as_pdf(found, house.municipality, visit.today))
        else:
            goal_report.as_book(path, found, house.zone)

    name = f"rapport-{period.year}" + (f"-kvartal-{period.quarter}" if period.quarter else "")
    return send(visit, name, kind, make, {"until": found.until.isoformat()})
