"""What Min dag needs beyond the plan of the day: the greeting, and the note box beside its list."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from crm import danish
from crm.access import queries as users
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.day import actions
from crm.day.actions import Moment
from crm.day.models import Reason
from crm.day.tasks import Line
from crm.errors import NotFound
from crm.interactions import queries as interactions
from web import own_fields, words
from web.deps import Visit
from web.forms import Form
from web.render import in_part, instead_of, page
from web.timeline import entries

# So much of what happened before stands under the note box.
LATELY = 3
# What saving an entry does with the line, in the words of the box's own choice.
CLEARED = {
    Reason.FOLLOW_UP: "Opfølgningen er klaret",
    Reason.ANSWER: "Virksomheden har fået svar",
    Reason.EXPIRY: "Vis først aftalen igen om en uge",
    Reason.OFFER: "Vis først aftalen igen om en uge",
    Reason.QUIET: "Tag virksomheden af listen",
    Reason.COMMENT: "Kommentaren er fulgt op",
}
DONE = {
    Reason.FOLLOW_UP: "Klaret.",
    Reason.ANSWER: "Svaret er noteret.",
    Reason.EXPIRY: "Taget af listen.",
    Reason.OFFER: "Aftalen vises igen om en uge.",
    Reason.QUIET: "Taget af listen.",
    Reason.COMMENT: "Kommentaren er fulgt op.",
}


def greeting(now: datetime, zone: ZoneInfo) -> str:
    """As one says it at this hour."""
    hour = now.astimezone(zone).hour
    if hour < 5 or hour >= 22:
        return "Godnat"
    if hour < 10:
        return "Godmorgen"
    return "God formiddag" if hour < 12 else "God eftermiddag" if hour < 18 else "God aften"


def spoken_end(day: date, today: date) -> str:
    """A day at the end of a sentence: a month cut short has its full stop already."""
    return f"{danish.spoken_day(day, today).removesuffix('.')}."


def moment_of(visit: Visit) -> Moment:
    """Who does something with a line, and when."""
    return Moment(visit.me, visit.now, visit.house.settings)


def read_line(text: str) -> Line:
    """The line an address names, or NotFound."""
    found = Line.read(text)
    if found is None:
        raise NotFound
    return found


def line_of(form: Form) -> Line | None:
    """The line an entry was written from; None for one from elsewhere."""
    text = form.text("linje")
    return read_line(text) if text else None


def finished(visit: Visit, line: Line, company: Company, *, note: str) -> str:
    """The line an entry about this company was written from is finished with it; a word about it."""
    if actions.company_of(visit.db, line).id != company.id:
        raise NotFound
    return finish(visit, line, note=note)


def finish(visit: Visit, line: Line, *, note: str | None = None) -> str:
    """The line is finished; a word about it."""
    again = actions.finish(visit.db, line=line, moment=moment_of(visit), note=note)
    if line.reason == Reason.EXPIRY and note is not None:
        return DONE[Reason.OFFER]
    return f"Klaret. Igen {spoken_end(again, visit.today)}" if again else DONE[line.reason]


def log_beside(visit: Visit, line: Line, form: Form | None = None) -> Response:
    """The note box of a line's company: a part to stand beside the list, or a page of its own."""
    card = companies.card(visit.db, actions.company_of(visit.db, line).cvr)
    company = card.company
    if form is None:
        found = users.drafts(visit.db, visit.me, f"log:{company.cvr}", "last")
        values = {"kind": "call", "direction": "out"} | found.get("last", {})
        form = Form.of(values | found.get(f"log:{company.cvr}", {}) | {"linje_klaret": "1"})
    happened, older = interactions.timeline(visit.db, company, reader=visit.me, limit=LATELY)
    answer = page(
        visit,
        "day/_log.html" if in_part(visit) else "day/log.html",
        status=form.status if form.errors else 200,
        section="day",
        line=line,
        cleared=CLEARED[line.reason],
        company=company,
        contacts=card.contacts,
        kinds=words.choices(words.KINDS),
        directions=words.choices(words.DIRECTIONS),
        request_kinds=own_fields.kind_choices(visit),
        asking=own_fields.asking(visit, form.data.get("request_kind")),
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
        form=form,
        entries=entries(happened, zone=visit.house.settings.zone, whole=older is None),
    )
    return instead_of(answer, "#log-side") if in_part(visit) else answer
