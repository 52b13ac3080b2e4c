"""The API for programs, one module for each room (design, part 6)."""

from __future__ import annotations

from fastapi import APIRouter

from web.api import system

ROUTERS: tuple[APIRouter, ...] = (system.router,)
