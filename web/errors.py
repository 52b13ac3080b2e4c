"""What goes wrong, said in plain Danish: as a page to people, as a problem to programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from crm.access.submissions import Repeated
from crm.db import BUSY, LOST_RACE
from crm.errors import Conflict, CrmError, NotFound, Refused
from web.api.problems import UNREADABLE, FieldError, field_errors, problem
from web.deps import BUSY_SENTENCE, SignInNeeded, TooBusy, by_program, house_of, signed_in
from web.middleware import HEADERS, LOG
from web.panel import doors as panel
from web.panel.doors import SeatNeeded
from web.render import public_page, redirect_to
from web.routing import allowed

FIRST = "En kollega nåede at ændre det samme. Hent siden igen og se den nye udgave."
WRONG = "Noget gik galt hos os. Prøv igen; sker det igen, så sig det til jeres it-afdeling."
UNKNOWN = "Kaldet mangler en gyldig nøgle."
PLAIN = {
    400: UNREADABLE,
    404: "Vi kan ikke finde siden. Måske er adressen skrevet forkert.",
    405: "Det kan man ikke gøre med den adresse.",
    413: "Det sendte er for stort.",
    415: "Indholdet skal være JSON: send Content-Type: application/json.",
}


def install(app: FastAPI) -> None:
    """Answer every kind of error."""
    app.exception_handler(SignInNeeded)(_sign_in_needed)
    app.exception_handler(SeatNeeded)(panel.seat_needed)
    app.exception_handler(Repeated)(_repeated)
    app.exception_handler(CrmError)(_refused)
    app.exception_handler(RequestValidationError)(_unreadable)
    app.exception_handler(HTTPException)(_plain)
    app.exception_handler(Exception)(_wrong)
    for lost in LOST_RACE:
        app.exception_handler(lost)(_lost_race)
    for busy in (*BUSY, TooBusy):
        app.exception_handler(busy)(_busy)


def _answer(
    request: Request,
    status: int,
    message: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    if by_program(request):
        return problem(status, message, errors, headers)
    if panel.is_here(request):
        page = panel.error_page(request, status, message)
        page.headers.update(headers or {})
        return page
    me = signed_in(request) if status < HTTPStatus.INTERNAL_SERVER_ERROR else None
    page = public_page(
        house_of(request), request, "error.html", me=me, status=status, code=status, message=message
    )
    page.headers.update(headers or {})
    return page


def _sign_in_needed(request: Request, _error: SignInNeeded) -> Response:
    if by_program(request):
        return problem(HTTPStatus.UNAUTHORIZED, UNKNOWN)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    after = quote(here, safe="/") if request.method == "GET" else "/"
    target = f"/log-ind?videre={after}" if after != "/" else "/log-ind"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": "/log-ind"})
    return RedirectResponse(target, status_code=303)


def _repeated(request: Request, error: Repeated) -> Response:
    """What was answered the first time, to the letter."""
    found = error.answer
    if "url" in found:
        return redirect_to(house_of(request), found["url"], found["flash"])
    return Response(found["body"], found["status"], found["headers"], media_type="application/json")


def _refused(request: Request, error: CrmError) -> Response:
    errors = [FieldError(field=error.field, message=error.message)] if isinstance(error, Refused) else []
    return _answer(request, error.status, error.message, errors=errors)


def _lost_race(request: Request, _error: Exception) -> Response:
    return _answer(request, Conflict.status, FIRST)


def _busy(request: Request, error: Exception) -> Response:
    # The database's own words: whoever runs the house must see whether it is busy or broken.
    LOG.warning("database", error=type(error).__name__, said=str(getattr(error, "orig", None) or error)[:500])
    return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, BUSY_SENTENCE, headers={"Retry-After": "2"})


def _unreadable(request: Request, error: RequestValidationError) -> Response:
    # Pydantic's own text would repeat what was sent; only the place of the error is told on.
    found = error.errors()
    if any(each["loc"][0] == "path" for each in found):
        # A key that cannot be one leads nowhere.
        return _refused(request, NotFound())
    if by_program(request):
        torn = any(each["type"] == "json_invalid" for each in found)
        return problem(400 if torn else 422, UNREADABLE, field_errors(found))
    return _answer(request, 422, "Adressen eller formularen kan ikke læses.")


def _plain(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # The framework names the methods of the first route only.
        headers["Allow"] = ", ".join(allowed(request.url.path)) or headers.get("Allow", "GET, HEAD")
    return _answer(request, error.status_code, PLAIN.get(error.status_code, WRONG), headers=headers)


def _wrong(request: Request, _error: Exception) -> Response:
    message = f"{WRONG} Fejlen har nummer {request.state.number}."
    # This answer is made outside the layers that add these.
    return _answer(request, 500, message, headers={**HEADERS, "Cache-Control": "no-store"})
