"""A stranger who has only read the description calls everything, well and badly: nothing breaks, nothing lies."""

from __future__ import annotations

import schemathesis
from fastapi import FastAPI
from hypothesis import strategies
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from crm.db import Database
from crm.numbers import demo_cvr
from scripts.doctor import examine
from crm.settings import Settings
from tests.town import ADAM, Town
from tests.web.api.conftest import V1, served, token_of

SECONDS = 40
# A description cannot say that a CVR number has a check digit, that a text must hold no CPR number, which
# colleagues there are, or which version was seen last.
BEYOND_DESCRIPTION = ["409", "412", "422"]


schemathesis.openapi.format("cvr", strategies.integers(1000, 9000).map(demo_cvr))


def config(token: str) -> SchemathesisConfig:
    """All checks, as an administrator, the same calls every time."""
    return SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"Bearer {token}"},
            "seed": 2026,
            "max-time": SECONDS,
            "continue-on-failure": True,
            "generation": {"max-examples": 8, "deterministic": True, "database": "none"},
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "401", "403", "404", *BEYOND_DESCRIPTION]
                },
                # RFC 6585 has a status of its own for a change that does not say which version it is for.
                "missing_required_header": {"expected-statuses": ["404", "422", "428"]},
                "negative_data_rejection": {
                    "expected-statuses": [
                        "400",
                        "401",
                        "403",
                        "404",
                        "405",
                        "409",
                        "412",
                        "415",
                        "422",
                        "428",
                    ]
                },
            },
        }
    )


def test_a_stranger_finds_no_error_and_no_breach_of_the_description(
    app: FastAPI, town: Town, database: Database
) -> None:
    found: dict[str, int] = {}
    examples: list[str] = []
    calls, done = 0, set()
    with served(app) as address:
        schema = schemathesis.openapi.from_url(
            f"{address}{V1}/openapi.json", config=config(token_of(database, ADAM))
        )
        for event in from_schema(schema).execute():
            assert not isinstance(event, events.FatalError), event.exception
            assert not isinstance(event, events.NonFatalError), event.value
            if isinstance(event, events.PhaseFinished):
                done.add(event.phase.name)
            if isinstance(event, events.ScenarioFinished):
                calls += len(event.recorder.interactions)
                for checks in event.recorder.checks.values():
                    for check in checks:
                        if check.failure_info is not None:
                            name = f"{event.label} {check.name}: {check.failure_info.failure}"
                            found[name] = found.get(name, 0) + 1
                            examples.append(check.failure_info.code_sample)
    assert not found, "\n".join([*found, *examples[:20]])
    assert calls > 500
    assert examine(Settings(), database) == []
