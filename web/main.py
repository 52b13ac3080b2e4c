"""What the server starts: one application for each worker, from the environment's settings."""

from __future__ import annotations

from fastapi import FastAPI

from crm.settings import Settings
from web.app import create_app


def create() -> FastAPI:
    """A new application."""
    return create_app(Settings())
