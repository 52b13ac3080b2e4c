"""What the server starts: one application for each worker, from the environment's settings."""

from __future__ import annotations

import sys

from fastapi import FastAPI

from crm.settings import Settings
from web.app import create_app


def create() -> FastAPI:
    """A new application."""
    # While one thread makes a page, another writes that it is being read. By Python's own measure the second would
    # wait five milliseconds for each of its turns.
    sys.setswitchinterval(0.001)
    return create_app(Settings())
