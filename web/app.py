"""The application: the rooms' pages and API, and the layers around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import anyio.to_thread
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from crm.db import Database
from crm.settings import Settings
from web import api, errors
from web.afterwards import Afterwards
from web.api.description import describe
from web.api.metrics import Measure, Metrics
from web.house import LOOK, STATIC, House
from web.logged import KeepAccessLog
from web.middleware import LOG, AccessLog, Head, Protect
from web.routing import Signpost, all_routes

# Connections beyond one for each visit, for what a visit reads or notes in a session of its own.
SPARE = 2


async def _follow_settings(house: House) -> None:
    """What was chosen on a page at another worker holds here too, and no visit asks for it."""
    while True:
        await anyio.sleep(LOOK)
        try:
            await run_in_threadpool(house.read_settings)
        except Exception as error:  # The house must stand, whatever keeps it from looking.
            LOG.warning("settings", error=type(error).__name__)


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The whole application. With no database given it opens the one the settings name."""
    house = House(settings, database or Database(settings.url, readers=settings.threads + SPARE))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_follow_settings, house)
            yield
            tasks.cancel_scope.cancel()
        house.database.close()

    app = FastAPI(
        title="Én indgang",
        version="1",
        description="One person to call for every company in the municipality.",
        openapi_url=None,
        lifespan=lifespan,
    )
    app.state.house = house
    app.state.metrics = Metrics()
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.router.routes.append(Signpost(all_routes()))
    describe(app, [route for router in api.ROUTERS for route in router.routes])
    errors.install(app)
    hosts = [*settings.allowed_hosts, urlsplit(settings.base_url).hostname or "localhost"]
    # Innermost: what the layers outside answer by themselves shows nothing of anybody.
    app.add_middleware(KeepAccessLog, house=house)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    app.add_middleware(Head)
    app.add_middleware(Protect, secure=house.secure, host=urlsplit(settings.base_url).netloc)
    app.add_middleware(Measure, metrics=app.state.metrics)
    app.add_middleware(AccessLog)
    app.add_middleware(Afterwards, house=house)
    return app
