"""Where a manager approves transfers, a consultant's call about a colleague's company is a proposal."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from tests.town import ANNA, BO, MONA, Town
from tests.web.api.conftest import Calling, Program


@pytest.fixture(autouse=True)
def _approved(app: FastAPI) -> None:
    house = app.state.house
    house.settings = house.settings.model_copy(update={"approve_transfers": True})


def test_a_colleagues_company_stays_until_a_manager_says_yes(anna: Program, town: Town) -> None:
    path = f"companies/{town.garden}"
    made = anna.put(
        f"{path}/responsible",
        {"email": ANNA, "reason": "De ringer til mig"},
        match=anna.tag(path),
        status=202,
    ).json()
    assert made | {"to": {"name": "Anna Kildeskov", "email": ANNA}, "reason": "De ringer til mig"} == made
    assert made["state"] == "open"
    assert anna.get(f"{path}/responsible").json()["email"] == BO
    again = {"email": ANNA, "reason": "Igen"}
    assert anna.put(f"{path}/responsible", again, match=anna.tag(path), status=202).json()["id"] == made["id"]
    other = {"email": MONA, "reason": "Hellere Mona"}
    refused = anna.put(f"{path}/responsible", other, match=anna.tag(path), status=409)
    assert "allerede et forslag" in refused.json()["detail"]


def test_ones_own_and_a_managers_are_given_on_at_once(anna: Program, calling: Calling, town: Town) -> None:
    path = f"companies/{town.bakery}"
    anna.put(f"{path}/responsible", {"email": BO, "reason": "Barsel"}, match=anna.tag(path))
    calling(MONA).put(f"{path}/responsible", {"email": ANNA, "reason": "Tilbage"}, match=anna.tag(path))
    assert anna.get(f"{path}/responsible").json()["email"] == ANNA


def test_what_is_open_there_goes_along(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}"
    anna.put(f"{path}/responsible", {"email": BO, "reason": "Barsel"}, match=anna.tag(path))
    assert anna.get(f"requests/{town.request}").json()["owner"]["email"] == BO
