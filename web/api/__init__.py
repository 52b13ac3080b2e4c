"""The API for programs, one module for each room."""

from __future__ import annotations

from fastapi import APIRouter

from web.api import (
    agreements,
    board,
    companies,
    contacts,
    goals,
    interactions,
    requests,
    responsibility,
    search,
    system,
)

ROUTERS: tuple[APIRouter, ...] = (
    search.router, companies.router, contacts.router, responsibility.router, interactions.router,
    requests.router, agreements.router, goals.router, board.router, system.router,
)  # fmt: skip
