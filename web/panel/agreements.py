"""The company's own agreements and their documents."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from crm.panel import seen
from web.downloads import download
from web.panel.doors import Reads, page

router = APIRouter(prefix="/panel")


@router.get("/aftaler/{id}")
def show(here: Reads, id: int) -> Response:
    """One of the company's agreements."""
    return page(here, "agreement.html", agreement=seen.agreement(here.db, here.member, id, here.today))


@router.get("/dokumenter/{id}")
def fetch(here: Reads, id: int) -> Response:
    """A document of one of them, to be kept by the browser and never shown as a page."""
    found = seen.document(here.db, here.member, id)
    return download(found.content, found.media_type, found.name)
