"""Pages anyone may read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from web.deps import house_of, signed_in
from web.house import House
from web.render import public_page

router = APIRouter()


@router.get("/was")
def accessibility(house: Annotated[House, Depends(house_of)], request: Request) -> Response:
    """The accessibility statement (lov om webtilgængelighed)."""
    return public_page(
        house,
        request,
        "statements/accessibility.html",
        me=signed_in(request),
        url=house.settings.accessibility_url,
    )
