"""A provider of our own, and the house that is set up with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from crm.db import Database
from crm.settings import Settings
from tests.own_provider import CLIENT, SECRET, OwnProvider, served
from tests.web.conftest import Clock
from web.app import create_app


@pytest.fixture
def provider(clock_on_the_wall: Clock) -> Iterator[OwnProvider]:
    with served(OwnProvider(clock_on_the_wall)) as made:
        yield made


@pytest.fixture
def settings(provider: OwnProvider, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path, oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET,
        oidc_consultant_groups="crm-konsulenter", oidc_manager_groups="crm-ledere,crm-chefer",
        oidc_admin_groups="crm-admin",
    )  # fmt: skip


@pytest.fixture
def app(database: Database, settings: Settings, clock_on_the_wall: Clock) -> FastAPI:
    made = create_app(settings, database)
    made.state.house.clock = clock_on_the_wall
    return made
