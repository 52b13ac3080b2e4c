"""What the doctor says of the identity provider that was set up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm.db import Database
from crm.settings import Settings
from scripts.doctor import examine
from tests.own_provider import CLIENT, SECRET, OwnProvider, served
from web.house import utc_now


def findings(sqlite_url: str, folder: Path, issuer: str, **more: Any) -> str:
    database = Database(sqlite_url)
    values = {"oidc_consultant_groups": "crm-konsulenter", **more}
    settings = Settings(
        data_dir=folder, oidc_issuer=issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET, **values
    )
    found = examine(settings, database)
    database.close()
    return "\n".join(found)


def test_a_provider_that_answers_and_fits_is_nothing_to_speak_of(sqlite_url: str, tmp_path: Path) -> None:
    with served(OwnProvider(utc_now)) as provider:
        assert findings(sqlite_url, tmp_path, provider.issuer) == ""


def test_a_provider_that_is_down_is_named(sqlite_url: str, tmp_path: Path) -> None:
    said = findings(sqlite_url, tmp_path, "http://127.0.0.1:9")
    assert "ENINDGANG_OIDC_ISSUER" in said
    assert "http://127.0.0.1:9" in said
    assert SECRET not in said


@pytest.mark.parametrize(("about", "more", "sentence"), [
    ({"issuer": "https://ond.test"}, {}, "another name"),
    ({"scopes_supported": ["openid", "email"]}, {}, "kender ikke profile"),
    ({}, {"oidc_consultant_groups": ""}, "ingen gruppe giver adgang"),
    ({}, {"oidc_admin_groups": "crm-konsulenter"}, "Gruppen crm-konsulenter står ved flere roller"),
    ({}, {"oidc_local_roles": "consultant"}, "Ingen kan være administrator"),
])  # fmt: skip
def test_what_does_not_fit_together_is_said(
    sqlite_url: str, tmp_path: Path, about: dict[str, Any], more: dict[str, Any], sentence: str
) -> None:
    with served(OwnProvider(utc_now, about=about)) as provider:
        assert sentence in findings(sqlite_url, tmp_path, provider.issuer, **more)


@pytest.mark.parametrize("wrong", [
    {"oidc_issuer": "http://idp.kommune.test"}, {"oidc_issuer": "https://idp.test/?a=b"}, {"oidc_client_id": ""},
    {"oidc_scopes": "email"}, {"oidc_parameters": "state=x"}, {"oidc_parameters": "ikke et par"},
    {"oidc_local_roles": "konge"}, {"panel_oidc_issuer": "https://mitid.test"},
])  # fmt: skip
def test_settings_that_cannot_be_meant_stop_the_program_and_repeat_no_secret(wrong: dict[str, str]) -> None:
    right = {"oidc_issuer": "https://idp.test", "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    with pytest.raises(ValueError, match=r"oidc|belong together") as refused:
        Settings(**(right | wrong))
    assert SECRET not in str(refused.value)


def test_a_second_provider_for_the_panel_is_set_up_alike_and_apart() -> None:
    settings = Settings(
        panel_oidc_issuer="https://broker.test", panel_oidc_client_id="panel", panel_oidc_client_secret="h",
        panel_oidc_parameters="acr_values=urn:a&idp=mitid",
    )  # fmt: skip
    assert settings.staff_provider is None
    assert settings.panel_provider
    assert settings.panel_provider.parameters == {"acr_values": "urn:a", "idp": "mitid"}
    assert "h'" not in repr(settings.panel_provider).replace("https", "")
