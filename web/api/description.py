"""The OpenAPI description: what the routes say of themselves, and what may go wrong with any of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from web.api.problems import TYPE, Problem
from web.deps import KEY as KEY_OF_CALL

_TEXT = {"type": "string"}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the version this change was made for, or *.",
    "schema": _TEXT,
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A call sent again with the same key and body is answered alike and done once.",
    "schema": _TEXT | {"pattern": f"^{KEY_OF_CALL.pattern}$"},
}
VERSIONED = {"parameters": [IF_MATCH]}
ONCE = {"parameters": [KEY]}
TAG = {"ETag": {"description": "The version.", "required": True, "schema": _TEXT}}
PLACE = {"Location": {"description": "Where it is found.", "required": True, "schema": _TEXT}}

_EVERYWHERE = {
    "400": "The call cannot be read.",
    "422": "Something in the call is wrong; `errors` says where and what.",
    "500": "Something is wrong with us.",
    "503": "Too busy, or the database is away. Try again.",
}
_GUARDED = {"401": "No valid token.", "403": "The user may not do this."}
_ADDRESSED = {"404": "There is no such thing."}
_WRITING = {
    "409": "Someone else was first, or the step is not legal from here.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
}
_CHANGING = {"412": "It was changed meanwhile.", "428": "If-Match is missing."}


def describe(app: FastAPI, calls: Sequence[BaseRoute]) -> None:
    """Let the application describe these calls of it by this module."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app, calls)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # The way FastAPI's documentation shows.


def _described(app: FastAPI, calls: Sequence[BaseRoute]) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=calls)
    schemas = found["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= own.pop("$defs") | {"Problem": own}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            operation["responses"] |= _refusals(path, method, operation)
    return found


def _refusals(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    said = dict(_EVERYWHERE)
    if "security" in operation:
        said |= _GUARDED
    if "{" in path:
        said |= _ADDRESSED
    if method != "get":
        said |= _WRITING
    if method in {"put", "patch"}:
        said |= _CHANGING
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": sentence, "content": {TYPE: {"schema": schema}}}
        for status, sentence in sorted(said.items())
    }
