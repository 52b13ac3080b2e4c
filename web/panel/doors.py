"""Who is at the panel's door: the holder of a seat, looked up anew at every request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, Response

from crm.access_log.models import ActorKind
from crm.db import Session
from crm.errors import CrmError, NotAllowed
from crm.panel import members
from crm.panel.members import Member
from crm.panel.signing import SESSION
from web.access_log import as_actor
from web.deps import OLD_PAGE, house_of, read_form, reading_turn, writing_turn
from web.forms import Form
from web.house import House
from web.render import public_page, redirect_to

HOME = "/panel/"
SIGN_IN = "/panel/log-ind"


class SeatNeeded(CrmError):
    """Nobody who has a seat is signed in. `typed` is what they had written, so that it is not lost."""

    status = 401

    def __init__(self, typed: str | None = None) -> None:
        super().__init__("Log ind for at fortsætte.")
        self.typed = typed


@dataclass
class Here:
    """One request from a member: its session, its member and its moment."""

    request: Request
    house: House
    db: Session
    member: Member
    now: datetime
    form: Form = field(default_factory=Form)

    @property
    def today(self) -> date:
        """Which day it is in the municipality."""
        return self.house.today(self.now)


def cookie_name(house: House) -> str:
    """The name of the panel's cookie. The prefix makes browsers refuse it without https."""
    return "__Host-panel" if house.secure else "panel"


def _cookie(house: House, request: Request) -> str:
    return request.cookies.get(cookie_name(house), "")


def csrf(house: House, request: Request) -> str:
    """Ties a form to this browser's log-in at the panel."""
    return house.sign("panel-csrf", _cookie(house, request))


def member_of(house: House, request: Request, db: Session, now: datetime) -> Member | None:
    """Whose browser this is; None when nobody with a seat is signed in."""
    cookie = _cookie(house, request)
    return members.member(db, cookie, now=now, today=house.today(now)) if cookie else None


def is_here(request: Request) -> bool:
    """Whether this is an address of the panel's."""
    return request.url.path.startswith(HOME)


class Seat:
    """What stands before a route of the panel's: whoever holds a seat, and nobody else."""

    roles = ("panel",)

    @staticmethod
    def admitted(request: Request, house: House, db: Session, form: Form | None) -> Here:
        """The visit, if a member is at the door."""
        now = house.clock()
        member = member_of(house, request, db, now)
        if member is None:
            raise SeatNeeded(form.text("text") if form else None)
        as_actor(request, ActorKind.PANEL, member.seat_id)
        if form is not None and not house.signed(
            form.data.get("csrf", ""), "panel-csrf", _cookie(house, request)
        ):
            raise NotAllowed(OLD_PAGE)
        return Here(request, house, db, member, now, form or Form())


class Reading(Seat):
    """Reads, in a session that cannot write."""

    def __call__(
        self, request: Request, _turn: Annotated[None, Depends(reading_turn, scope="function")]
    ) -> Iterator[Here]:
        house = house_of(request)
        with house.database.read() as db:
            yield self.admitted(request, house, db, None)


class Writing(Seat):
    """Writes what a member may say: an answer, a remark, that they have read. Committed before the answer is sent."""

    def __call__(
        self, request: Request, form: Annotated[Form, Depends(writing_turn, scope="function")]
    ) -> Iterator[Here]:
        house = house_of(request)
        with house.database.write("panel") as db:
            here = self.admitted(request, house, db, form)
            db.info.update(actor=f"panel:{here.member.seat_id}")
            yield here


Reads = Annotated[Here, Depends(Reading(), scope="function")]
Writes = Annotated[Here, Depends(Writing(), scope="function")]
Houses = Annotated[House, Depends(house_of)]
Posted = Annotated[Form, Depends(writing_turn, scope="function")]
Sent = Annotated[Form, Depends(read_form)]


def page(here: Here, template: str, *, status: int = 200, **context: Any) -> Response:
    """A page of the panel's for the member who is signed in."""
    own: dict[str, Any] = {
        "form": here.form,
        "member": here.member,
        "csrf": csrf(here.house, here.request),
    }
    answer = public_page(here.house, here.request, f"panel/{template}", status=status, **(own | context))
    if "flash" in here.request.cookies:
        answer.delete_cookie("flash")
    return answer


def redirect(here: Here, path: str, said: str | None = None) -> Response:
    """Go to a page of the panel's after something was kept, with a word of what was done."""
    return redirect_to(
        here.house, f"{HOME}{path}", {"text": said, "kind": "ok", "undo": None} if said else None
    )


def remember(house: House, answer: Response, token: str) -> None:
    """Let this browser be a new session's."""
    answer.set_cookie(
        cookie_name(house), token, max_age=int(SESSION.total_seconds()), httponly=True, samesite="lax",
        secure=house.secure,
    )  # fmt: skip


def forget(house: House, answer: Response) -> None:
    """Take the cookie away."""
    answer.delete_cookie(cookie_name(house), secure=house.secure, httponly=True, samesite="lax")


def error_page(request: Request, status: int, message: str) -> HTMLResponse:
    """What went wrong, in the panel's own frame: nothing of the staff's house is seen here."""
    house = house_of(request)
    return public_page(
        house, request, "panel/error.html", status=status, code=status, message=message, member=None, csrf=""
    )


def seat_needed(request: Request, error: SeatNeeded) -> Response:
    """Ask who it is; what was written and not kept is shown, so that it can be copied."""
    if request.method == "GET" or not error.typed:
        return redirect_to(house_of(request), SIGN_IN)
    return public_page(
        house_of(request),
        request,
        "panel/signed_out.html",
        status=401,
        typed=error.typed,
        member=None,
        csrf="",
    )
