"""What a program is told when something is wrong: RFC 9457, with `errors: [{field, message}]` in Danish.

Nothing that was sent is repeated: a rejected text may hold what must not be stored or logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from crm import danish

TYPE = "application/problem+json"
UNREADABLE = "Kaldet kan ikke læses."
# What RFC 9110 calls them; Python has followed since 3.13.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
# The name of a field that does not exist is told on only when it is plainly a name.
_NAME = re.compile(r"[a-z_]{1,40}", re.IGNORECASE)
_SENTENCES = {
    "missing": "Feltet mangler.",
    "extra_forbidden": "Feltet kendes ikke.",
    "json_invalid": "Det sendte er ikke gyldig JSON.",
    "string_too_long": "Teksten er for lang. Der er plads til {max_length} tegn.",
    "string_too_short": "Feltet skal udfyldes.",
    "string_type": "Feltet skal være tekst.",
    "string_unicode": "Teksten har tegn, der ikke kan gemmes. Slet dem og prøv igen.",
    "string_pattern_mismatch": "Feltet er ikke skrevet rigtigt.",
    "bool_parsing": "Feltet skal være true eller false.",
    "bool_type": "Feltet skal være true eller false.",
    "greater_than_equal": "Tallet skal være mindst {ge}.",
    "less_than_equal": "Tallet må højst være {le}.",
    "model_attributes_type": "Her skal stå et JSON-objekt.",
    "model_type": "Her skal stå et JSON-objekt.",
}


class FieldError(BaseModel):
    """What is wrong with one field; "" is the call as a whole."""

    field: str
    message: str


class Problem(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError]


def problem(
    status: int,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a call that was refused or went wrong."""
    found = Problem(
        type="about:blank",
        title=_TITLES.get(status, HTTPStatus(status).phrase),
        status=status,
        detail=detail,
        errors=list(errors),
    )
    more = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return Response(found.model_dump_json(), status, {**(headers or {}), **more}, media_type=TYPE)


def field_errors(found: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """What pydantic found, as a place and a sentence for each."""
    return [FieldError(field=_place(each), message=_sentence(each)) for each in found]


def _place(error: Mapping[str, Any]) -> str:
    parts = [str(part) for part in error["loc"][1:]]
    if error["type"] == "json_invalid" or (parts and not _told(error, parts[-1])):
        parts.pop()
    return ".".join(parts)


def _told(error: Mapping[str, Any], name: str) -> bool:
    return error["type"] != "extra_forbidden" or _NAME.fullmatch(name) is not None


def _sentence(error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if kind == "refused":
        # Our own validators' words.
        return str(error["msg"])
    if kind == "missing" and len(error["loc"]) == 1:
        return "Kaldet mangler et indhold i JSON."
    if kind in _SENTENCES:
        figures = {name: _figure(value) for name, value in (error.get("ctx") or {}).items()}
        return _SENTENCES[kind].format(**figures)
    return "Feltet skal være et helt tal." if kind.startswith("int_") else "Feltet kan ikke læses."


def _figure(value: object) -> object:
    return danish.number(value) if type(value) is int else value
