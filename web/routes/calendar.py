"""A consultant's day in their own calendar program, at an address that is a secret."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from crm.access_log.models import ActorKind
from crm.day import actions
from crm.day.queries import user_of_calendar, with_days
from crm.errors import NotFound
from web.access_log import as_actor
from web.deps import Visit, house_of, writing
from web.house import House
from web.ics import calendar
from web.render import redirect
from web.routes.account import account_page

router = APIRouter()
Houses = Annotated[House, Depends(house_of)]
# A secret has 43 signs; whatever is much longer is not even looked up.
LONGEST = 100
HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Disposition": 'inline; filename="min-dag.ics"',
}


@router.get("/kalender/{noegle}.ics")
def feed(house: Houses, request: Request, noegle: str) -> Response:
    """The calendar whose secret this is. For any other address, and for a user who was closed, nothing."""
    now, settings = house.clock(), house.settings
    with house.database.read() as db:
        user = user_of_calendar(db, noegle) if len(noegle) <= LONGEST else None
        if user is None:
            raise NotFound
        as_actor(request, ActorKind.CALENDAR, user.id)
        tasks = with_days(db, user, settings=settings, now=now)
    home = settings.base_url.rstrip("/")
    made = calendar(tasks, name=f"Min dag, {user.first_name}", home=home, now=now, zone=settings.zone)
    return Response(made, media_type="text/calendar; charset=utf-8", headers=HEADERS)


@router.post("/konto/kalender")
def open_feed(visit: Annotated[Visit, writing("own")]) -> Response:
    """A new address, shown this once. An older one ends."""
    token = actions.open_calendar(visit.db, user=visit.me, now=visit.now)
    home = visit.house.settings.base_url.rstrip("/")
    return account_page(visit, calendar_address=f"{home}/kalender/{token}.ics")


@router.post("/konto/kalender/luk")
def close_feed(visit: Annotated[Visit, writing("own")]) -> Response:
    """No calendar any more."""
    actions.close_calendar(visit.db, user=visit.me)
    return redirect(visit, "/konto", flash="Kalenderen er lukket. Den gamle adresse viser ikke noget mere.")


@router.post("/konto/morgenmail")
def morning_mail(visit: Annotated[Visit, writing("own")]) -> Response:
    """A mail about the day in the morning, or none."""
    on = visit.form.data.get("morning_mail") == "1"
    actions.choose_morning_mail(visit.db, user=visit.me, on=on)
    return redirect(
        visit, "/konto", flash="Du får en mail om morgenen." if on else "Du får ingen mail om morgenen."
    )
