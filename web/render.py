"""Answers: pages, parts of pages and redirects. The only place that knows Jinja and htmx's headers."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from crm import danish, phones
from crm.access.models import User
from crm.access.rights import may
from crm.periods import quarter_name
from web import charts, trends, words
from web.answering import answering
from web.deps import Visit, csrf_token
from web.forms import Form
from web.house import House

TEMPLATES = Path(__file__).parent / "templates"
FLASH_SECONDS = 60


@cache
def environment() -> Environment:
    """All templates: undefined names are errors, everything is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        long_date=danish.long_date,
        long_day=danish.long_day,
        phone=lambda value: phones.display(value) if value else "",
        tel=lambda value: phones.href(value) if value else None,
        number=danish.number,
        size=danish.size,
        count=danish.count,
        quarter_name=quarter_name,
        decimal=danish.decimal,
        word=words.word,
        beside=words.beside,
    )
    made.globals["charts"] = charts
    made.globals["trends"] = trends
    return made


def _context(house: House, request: Request, now: datetime) -> dict[str, Any]:
    zone, today = house.settings.zone, house.today(now)
    return {
        "request": request,
        "csrf": csrf_token(request, house),
        "demo": house.demo,
        "flash": _read_flash(request, house),
        "municipality": house.settings.municipality,
        "static": house.static,
        "now": now,
        "today": today,
        "me": None,
        "section": "",
        "may": lambda _action: False,
        "form": Form(),
        "spoken_time": lambda moment: danish.spoken_time(moment, now, zone),
        "spoken_day": lambda day: danish.spoken_day(day, today),
        "ago": lambda moment: danish.ago(moment, now, zone),
        "answering": lambda asked: answering(asked, now, house.hours),
        "day_of": lambda moment: moment.astimezone(zone).date(),
        "clock_of": lambda moment: f"{moment.astimezone(zone):%H.%M}",
        "input_day": input_day,
    }


def input_day(day: date | None) -> str:
    """A date as a form field shows it."""
    return f"{day:%d-%m-%Y}" if day else ""


def _body(house: House, request: Request, now: datetime, template: str, context: dict[str, Any]) -> str:
    values = _context(house, request, now) | context
    return environment().get_template(template).render(values)


def page(visit: Visit, template: str, *, status: int = 200, **context: Any) -> Response:
    """A whole page, or the part of it that `template` is."""
    base = {"me": visit.me, "may": visit.may, "form": visit.form}
    answer = HTMLResponse(
        _body(visit.house, visit.request, visit.now, template, base | context), status_code=status
    )
    visit.finish()
    if "flash" in visit.request.cookies:
        answer.delete_cookie("flash")
    return answer


def public_page(
    house: House,
    request: Request,
    template: str,
    *,
    me: User | None = None,
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """A page for anyone; whoever is signed in keeps their menu."""
    if me is not None:
        context |= {"me": me, "may": partial(may, me)}
    return HTMLResponse(_body(house, request, house.clock(), template, context), status_code=status)


def redirect(visit: Visit, url: str, *, flash: str | None = None, undo: str | None = None) -> Response:
    """Go to a page after a change, with a word of what was done and perhaps the address that undoes it."""
    message = {"text": flash, "kind": "ok", "undo": undo} if flash else None
    visit.answer = {"url": url, "flash": message}
    return redirect_to(visit.house, url, message)


def redirect_to(house: House, url: str, message: dict[str, Any] | None = None) -> Response:
    """A redirect that a browser follows with GET."""
    answer = RedirectResponse(url, status_code=303)
    if message:
        text = base64.urlsafe_b64encode(json.dumps(message).encode()).decode()
        signed = f"{text}.{house.sign('flash', text)}"
        answer.set_cookie(
            "flash", signed, max_age=FLASH_SECONDS, httponly=True, samesite="lax", secure=house.secure
        )
    return answer


def _read_flash(request: Request, house: House) -> dict[str, Any] | None:
    text, _, signature = request.cookies.get("flash", "").partition(".")
    if not text or not house.signed(signature, "flash", text):
        return None
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text))
    return found


def in_part(visit: Visit) -> bool:
    """Whether the page that asks wants only a part of itself anew."""
    return "hx-request" in visit.request.headers


def instead_of(answer: Response, part: str) -> Response:
    """Have this part of the page replaced, whatever the form that was sent was to replace."""
    answer.headers.update({"HX-Retarget": part, "HX-Reselect": part, "HX-Reswap": "outerHTML"})
    return answer


def local(url: str | None, default: str = "/") -> str:
    """An address of this very site, so that nobody can be sent elsewhere."""
    if not url or not url.startswith("/") or url.startswith(("//", "/\\")) or "\\" in url:
        return default
    parts = urlsplit(url)
    return default if parts.scheme or parts.netloc or any(ord(ch) < 33 for ch in url) else url
