"""A stranger who has only read the description calls everything, well and badly. Nothing breaks or lies."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import schemathesis
from fastapi import FastAPI
from hypothesis import strategies
from pydantic import SecretStr
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from crm.db import Database
from crm.numbers import demo_cvr
from crm.settings import Settings
from scripts.doctor import examine
from tests.conftest import NOW
from tests.town import ADAM, ANNA, BO, CLOSED, Town
from tests.web.api.conftest import V1, served, token_of

# Long enough to meet every rule once. ./scripts/prove gives it two minutes.
SECONDS = int(os.environ.get("ENINDGANG_TEST_FUZZ_SECONDS", "12"))
# A description cannot say that a CVR number has a check digit, that a text must hold no CPR number, which
# colleagues there are, or which version was seen last.
BEYOND_DESCRIPTION = ["409", "412", "422"]


# What a stranger may well know: real numbers, colleagues, and days that have been.
ZONES = strategies.sampled_from(
    [UTC, timezone(timedelta(hours=1)), timezone(timedelta(hours=-9, minutes=-30))]
)
BEGAN = datetime(2024, 1, 1)  # noqa: DTZ001  # hypothesis puts the zone to it
MOMENTS = strategies.datetimes(BEGAN, NOW.replace(tzinfo=None) - timedelta(days=1), timezones=ZONES)
FORMATS = {
    "cvr": strategies.integers(1000, 9000).map(demo_cvr),
    "email": strategies.sampled_from([ANNA, BO, ADAM, CLOSED, "ingen@kommune.test"]),
    "date": strategies.dates(date(2024, 1, 1), date(2028, 1, 1)).map(str),
    "date-time": MOMENTS.map(datetime.isoformat),
}
for name, values in FORMATS.items():
    schemathesis.openapi.format(name, values)


def config(token: str) -> SchemathesisConfig:
    """All checks, as an administrator, the same calls every time."""
    return SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"Bearer {token}"},
            "seed": 2026,
            "max-time": SECONDS,
            "continue-on-failure": True,
            "generation": {"max-examples": max(8, SECONDS // 4), "deterministic": True, "database": "none"},
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
    app: FastAPI, town: Town, database: Database, tmp_path: Path
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
    assert calls > 100
    settings = Settings(data_dir=tmp_path, secret_key=SecretStr("x" * 64))
    assert examine(settings, database) == []
