"""For those who run the house: is it alive, is it ready, how busy is it, and what can be asked of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse, Response

from crm import migrations
from web.api.answers import BEARER, V1
from web.api.metrics import Metrics
from web.api.problems import problem
from web.deps import Visit, house_of, reading
from web.house import House

router = APIRouter(tags=["System"])
NOT_READY = "Databasen er ikke bragt ajour. Kør: enindgang migrate"


class Health(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"


@router.get(f"{V1}/openapi.json", include_in_schema=False)
def description(request: Request) -> Response:
    """What can be asked, as OpenAPI 3.1."""
    found: dict[str, Any] = request.app.openapi()
    return JSONResponse(found)


@router.get("/health/live", response_model=Health)
def live() -> Health:
    """Whether the program runs."""
    return Health()


@router.get("/health/ready", response_model=Health)
def ready(house: Annotated[House, Depends(house_of)]) -> Any:
    """Whether the program can work: the database answers and has the schema this program knows."""
    with house.database.reader.connect() as connection:
        stands = migrations.current(connection)
    return Health() if stands == migrations.HEAD else problem(503, NOT_READY)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    dependencies=[BEARER],
    responses={200: {"description": "Prometheus' text format."}},
)
def metrics(visit: Annotated[Visit, reading("metrics.read")]) -> Response:
    """Requests and their duration by route and status. For administrators' tokens."""
    found: Metrics = visit.request.app.state.metrics
    return Response(found.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
