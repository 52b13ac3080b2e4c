"""The report to the political committee as a PDF and as a workbook, from the same figures as its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from crm.danish import decimal, long_date
from crm.goals.models import IndicatorValue
from crm.goals.queries import Progress
from crm.goals.report import Aim, OfKind, Reading, Report
from web import charts, paper
from web.goal_files import ROWS, STAMP, row, stamp
from web.sheets import Cell, Heading, Sheet, write_book

TEMPLATE = Path(__file__).parent / "templates" / "goals" / "report.typ"
NO_FIGURE = "–"
# A committee wants to read who came and went, not leaf through them; the workbook has them all.
MOST_NAMES = 30


def value(each: Progress) -> str:
    """An objective's figure with its unit."""
    if each.value is None:
        return NO_FIGURE
    return f"{each.value} %" if each.objective.counts == "share" else str(each.value)


def target(each: Progress) -> str:
    """What was aimed for."""
    if each.target is None:
        return NO_FIGURE
    unit = " %" if each.objective.counts == "share" else ""
    return f"{each.target.value}{unit} senest {long_date(each.target.due)}"


def answers(each: Progress) -> str:
    """How many answers a share stands on, where they are counted."""
    share = getattr(each, "share", None)
    if share is None:
        return ""
    rate = f"; {share.response_rate} % af de spurgte har svaret" if share.response_rate is not None else ""
    return f"{share.n} svar{rate}"


def reading(found: IndicatorValue | None, unit: str) -> str:
    """An indicator with its unit and day."""
    return f"{decimal(found.value)} {unit} ({long_date(found.on)})" if found else NO_FIGURE


def share_of(part: int, whole: int) -> str:
    """A part of a whole with its per cent."""
    return f"{part} ({round(100 * part / whole)} %)" if whole else str(part)


# --- PDF ------------------------------------------------------------------------------------------


def as_pdf(report: Report, municipality: str, made_on: date) -> bytes:
    """The report on A4, tagged for screen readers."""
    return paper.pdf(TEMPLATE, _told(report, municipality, made_on))


def _told(report: Report, municipality: str, made_on: date) -> dict[str, Any]:
    return {
        "title": f"Mål og resultater, {report.period.name}",
        "municipality": municipality,
        "made": long_date(made_on),
        "first": long_date(report.period.first),
        "until": long_date(report.until),
        "aims": [_aim(each) for each in report.aims],
        "new": [
            [each.company.name, each.programme.name, long_date(each.signed_on)]
            for each in report.new
            if each.signed_on
        ],
        "ended": [[each.company.name, each.programme.name, long_date(last)] for each, last in report.ended],
        "kinds": [_kind(each.kind, each) for each in report.kinds],
        "all_kinds": _kind("I alt", report.all_kinds),
        "readings": [_reading(each) for each in report.readings],
    }


def _aim(each: Aim) -> dict[str, Any]:
    end = each.end
    drawing = charts.development(
        end.points, [(end.target.due, end.target.value)] if end.target else [], reached_on=end.reached_on,
        width=760, height=220, milestones=end.line,
    )  # fmt: skip
    definition = end.definition.words if end.definition else ""
    return {
        "name": end.objective.name,
        "definition": definition,
        "start": value(each.start),
        "end": value(end),
        "target": target(end),
        "sentence": end.forecast.words,
        "answers": answers(end),
        "chart": paper.svg(drawing) if drawing else "",
        "alt": _alt(end),
        "course": [[long_date(day), str(number)] for day, number in charts.steps(end.points)],
        "came": _names(each, [move.company_id for move in each.came]),
        "went": _names(each, [move.company_id for move in each.went]),
        "hash": end.hash or "",
    }


def _alt(end: Progress) -> str:
    if not end.points:
        return ""
    (first, before), (last, now) = end.points[0], end.points[-1]
    course = f"fra {before} {long_date(first)} til {now} {long_date(last)}"
    return f"{end.objective.name}: {course}. Tallene står i tabellen."


def _names(each: Aim, ids: Sequence[int]) -> str:
    names = [each.companies[id].name for id in ids[:MOST_NAMES]]
    more = f" og {len(ids) - MOST_NAMES} til" if len(ids) > MOST_NAMES else ""
    return ", ".join(names) + more


def _kind(name: str, each: OfKind) -> list[str]:
    return [
        name,
        str(each.received),
        share_of(each.in_time, each.received),
        share_of(each.resolved, each.received),
    ]


def _reading(each: Reading) -> list[str]:
    about = each.course.indicator
    return [about.name, reading(each.start, about.unit), reading(each.end, about.unit), about.source]


# --- The workbook -----------------------------------------------------------------------------------


def as_book(path: Path, report: Report, zone: Any) -> None:
    """A sheet of figures, and a sheet of rows for each figure."""
    write_book(path, list(_pages(report, zone)))


def _pages(report: Report, zone: Any) -> Iterator[Sheet]:
    def sheet(name: str, heads: Sequence[tuple[str, int]], rows: Sequence[Sequence[Cell]]) -> Sheet:
        return Sheet(name, [Heading(text, width) for text, width in heads], rows, zone)

    counted = [each for each in report.aims if each.end.objective.counts == "companies"]
    yield sheet(
        "Tal",
        [("Tal", 54), ("Ved start", 14), ("Ved slut", 14), ("Mål", 10), ("Senest", 13), ("Dag", 13),
         ("Prognose", 60), ("Kontrolsum", 68), ("Rækker i arket", 18)],
        list(_figures(report, counted)),
    )  # fmt: skip
    for number, each in enumerate(counted, 1):
        marks = stamp(each.end)
        rows = [[*row(one), *marks] for one in each.rows]
        yield Sheet(f"Mål {number}", [*ROWS, *STAMP], rows, zone)
        yield sheet(
            f"Til og fra {number}",
            [("CVR", 10), ("Virksomhed", 34), ("Dag", 13), ("Hvad", 12), ("Mål", 40)],
            [
                [each.companies[move.company_id].cvr, each.companies[move.company_id].name, move.on,
                 "kom til" if move.by > 0 else "gik", each.end.objective.name]
                for move in each.end.moves
            ],
        )  # fmt: skip
    heads = [("CVR", 10), ("Virksomhed", 34), ("Program", 34), ("Aftale nr.", 10), ("Dag", 13)]
    yield sheet(
        "Nye aftaler", heads,
        [[each.company.cvr, each.company.name, each.programme.name, each.id, each.signed_on] for each in report.new],
    )  # fmt: skip
    yield sheet(
        "Ophørte aftaler", heads,
        [[each.company.cvr, each.company.name, each.programme.name, each.id, last] for each, last in report.ended],
    )  # fmt: skip
    yield sheet(
        "Henvendelser",
        [("Nr.", 10), ("Slags", 28), ("CVR", 10), ("Modtaget", 13), ("Svarfrist", 13), ("Besvaret", 13),
         ("Til tiden", 10), ("Løst", 10)],
        [
            [each.id, each.kind, each.cvr, _day(each.received_at, zone), _day(each.due_at, zone),
             _day(each.answered_at, zone), "ja" if each.in_time else "nej",
             "ja" if each.state == "resolved" else "nej"]
            for each in report.asked
        ],
    )  # fmt: skip
    yield sheet(
        "Nøgletal",
        [("Nøgletal", 40), ("Dag", 13), ("Tal", 14), ("Enhed", 14), ("Kilde", 40)],
        [
            [each.course.indicator.name, found.on, decimal(found.value), each.course.indicator.unit,
             each.course.indicator.source]
            for each in report.readings
            for found in each.course.values
            if found.on <= report.until
        ],
    )  # fmt: skip


def _day(moment: Any, zone: Any) -> date | None:
    day: date | None = moment.astimezone(zone).date() if moment else None
    return day


def _figures(report: Report, counted: Sequence[Aim]) -> Iterator[list[Cell]]:
    for each in report.aims:
        end = each.end
        aim = [end.target.value, end.target.due] if end.target else [None, None]
        place = f"Mål {counted.index(each) + 1}" if each in counted else ""
        yield [
            end.objective.name,
            each.start.value,
            end.value,
            *aim,
            end.on,
            end.forecast.words,
            end.hash,
            place,
        ]
    yield ["Nye aftaler", None, len(report.new), None, None, report.until, None, None, "Nye aftaler"]
    yield [
        "Ophørte aftaler",
        None,
        len(report.ended),
        None,
        None,
        report.until,
        None,
        None,
        "Ophørte aftaler",
    ]
    for kind in [*report.kinds, report.all_kinds]:
        name = kind.kind or "alle"
        parts: list[tuple[str, Callable[[OfKind], int]]] = [
            ("modtaget", lambda one: one.received), ("besvaret til tiden", lambda one: one.in_time),
            ("løst", lambda one: one.resolved),
        ]  # fmt: skip
        for what, part in parts:
            yield [f"Henvendelser, {name}: {what}", None, part(kind), None, None, report.until, None, None,
                   "Henvendelser"]  # fmt: skip
    for each_reading in report.readings:
        about = each_reading.course.indicator
        before, now = each_reading.start, each_reading.end
        yield [
            f"{about.name} ({about.unit})", decimal(before.value) if before else None,
            decimal(now.value) if now else None, None, None, now.on if now else None, None, None, "Nøgletal",
        ]  # fmt: skip
