"""The application: rooms' routes, errors in plain Danish, and the layers around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from crm.access.submissions import Repeated
from crm.db import BUSY, LOST_RACE, Database
from crm.errors import Conflict, CrmError, Refused
from crm.settings import Settings
from web import api, routes
from web.deps import API, SignInNeeded
from web.house import STATIC, House
from web.middleware import AccessLog, Protect
from web.render import public_page, redirect_to

BUSY_SENTENCE = "Der er travlt lige nu. Vent et øjeblik og prøv igen; det, du skrev, er ikke gået tabt."
FIRST = "En kollega nåede at ændre det samme. Hent siden igen og se den nye udgave."
WRONG = "Noget gik galt hos os. Prøv igen; sker det igen, så sig det til jeres it-afdeling."
PLAIN = {
    404: "Vi kan ikke finde siden. Måske er adressen skrevet forkert.",
    405: "Det kan man ikke gøre med den adresse.",
    413: "Det sendte er for stort.",
}


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The whole application. With no database given it opens the one the settings name."""
    house = House(settings, database or Database(settings.url, readers=settings.threads))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        yield
        house.database.close()

    app = FastAPI(
        title="Én indgang",
        version="1",
        description="One person to call for every company in the municipality.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.house = house
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in (*routes.ROUTERS, *api.ROUTERS):
        app.include_router(router)
    _errors(app, house)
    hosts = [*settings.allowed_hosts, urlsplit(settings.base_url).hostname or "localhost"]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    app.add_middleware(Protect, secure=house.secure, host=urlsplit(settings.base_url).netloc)
    app.add_middleware(AccessLog)
    return app


def problem(status: int, detail: str, errors: list[dict[str, str]] | None = None) -> JSONResponse:
    """An error as RFC 9457 describes it, with our `errors: [{field, message}]`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": errors or [],
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(body, status, media_type="application/problem+json", headers=headers)


def _errors(app: FastAPI, house: House) -> None:
    def answer(request: Request, status: int, message: str, field: str | None = None) -> Response:
        if request.url.path.startswith(API):
            return problem(
                status, message, [{"field": field, "message": message}] if field is not None else []
            )
        return public_page(house, request, "error.html", status=status, code=status, message=message)

    @app.exception_handler(SignInNeeded)
    def _(request: Request, error: SignInNeeded) -> Response:
        if request.url.path.startswith(API):
            return problem(401, "Kaldet mangler en gyldig nøgle.")
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        after = quote(here, safe="/") if request.method == "GET" else "/"
        target = f"/log-ind?videre={after}" if after != "/" else "/log-ind"
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": "/log-ind"})
        return RedirectResponse(target, status_code=303)

    @app.exception_handler(Repeated)
    def _(request: Request, repeated: Repeated) -> Response:
        found = repeated.answer
        if "url" in found:
            return redirect_to(house, found["url"], found["flash"])
        return JSONResponse(found["body"], found["status"], headers=found["headers"])

    @app.exception_handler(CrmError)
    def _(request: Request, error: CrmError) -> Response:
        return answer(
            request, error.status, error.message, error.field if isinstance(error, Refused) else None
        )

    def lost_race(request: Request, _error: Exception) -> Response:
        return answer(request, Conflict.status, FIRST)

    def busy(request: Request, _error: Exception) -> Response:
        later = answer(request, 503, BUSY_SENTENCE)
        later.headers["Retry-After"] = "2"
        return later

    for kind in LOST_RACE:
        app.add_exception_handler(kind, lost_race)
    for kind in BUSY:
        app.add_exception_handler(kind, busy)

    @app.exception_handler(RequestValidationError)
    def _(request: Request, error: RequestValidationError) -> Response:
        # Pydantic's own text would repeat what was sent; only the place of the error is told on.
        errors = [
            {"field": ".".join(str(part) for part in each["loc"][1:]), "message": _sentence(each["type"])}
            for each in error.errors()
        ]
        if request.url.path.startswith(API):
            return problem(422, "Kaldet kan ikke læses.", errors)
        return answer(request, 422, "Adressen eller formularen kan ikke læses.")

    @app.exception_handler(HTTPException)
    def _(request: Request, error: HTTPException) -> Response:
        return answer(request, error.status_code, PLAIN.get(error.status_code, WRONG))

    @app.exception_handler(Exception)
    def _(request: Request, _error: Exception) -> Response:
        return answer(request, 500, WRONG)


def _sentence(kind: str) -> str:
    """What is wrong with a field of a call, in Danish."""
    known = {
        "missing": "Feltet mangler.",
        "extra_forbidden": "Feltet kendes ikke.",
        "json_invalid": "Det sendte er ikke gyldig JSON.",
        "string_too_long": "Teksten er for lang.",
        "literal_error": "Værdien er ikke en af de mulige.",
        "enum": "Værdien er ikke en af de mulige.",
        "string_type": "Feltet skal være tekst.",
    }
    if kind in known:
        return known[kind]
    if kind.startswith(("date", "time")):
        return "Feltet skal være en dato som 2026-11-23 eller et tidspunkt med zone."
    if kind.startswith("int"):
        return "Feltet skal være et helt tal."
    return "Feltet kan ikke læses."
