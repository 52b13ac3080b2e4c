"""The plan's goals over the API: the figure, and the companies it counts."""

from __future__ import annotations

from tests.town import Town
from tests.web.api.conftest import Program


def value(anna: Program, on: str = "") -> dict[str, object]:
    """How the youth goal stands."""
    items = anna.get(f"goals{on}").json()["items"]
    found: dict[str, object] = next(each for each in items if each["key"] == "youth_employment")
    return found


def test_a_figure_comes_with_the_companies_it_counts(anna: Program, town: Town) -> None:
    items = anna.get("goals").json()["items"]
    assert [each["key"] for each in items] == [
        "youth_employment",
        "sick_leave_prevention",
        "easy_recruitment",
    ]
    assert items[0] | {"value": 1, "target": 10, "due": "2026-12-31", "companies": [town.bakery]} == items[0]
    assert (items[1]["value"], items[1]["companies"]) == (0, [])
    assert (items[2]["value"], items[2]["target"]) == (None, 75)
    # One has answered of the two that were asked: too few to tell.
    assert (items[2]["n"], items[2]["response_rate"]) == (1, 50)
    assert items[0]["n"] is None
    assert items[0]["forecast"].startswith("I dette tempo nås målet ikke inden 31. december; der mangler 9.")
    assert (len(items[0]["hash"]), items[2]["hash"]) == (64, None)


def test_a_company_counts_once_however_many_agreements_it_has(anna: Program, town: Town) -> None:
    for programme in ("code_of_care", "after_school_job"):
        body = {"programme": programme, "title": "Flere", "signed_on": "2026-11-20"}
        anna.post(f"companies/{town.bakery}/agreements", body)
    assert value(anna)["value"] == 1


def test_any_day_can_be_asked_for(anna: Program, town: Town) -> None:
    body = {
        "programme": "code_of_care", "title": "Kort", "signed_on": "2026-11-01", "valid_from": "2026-11-10",
        "valid_to": "2026-11-12",
    }  # fmt: skip
    anna.post(f"companies/{town.garden}/agreements", body)
    figures = {day: value(anna, f"?on={day}")["value"] for day in (
        "2026-10-23", "2026-10-24", "2026-11-09", "2026-11-10", "2026-11-12", "2026-11-13", "2027-09-20",
    )}  # fmt: skip
    assert list(figures.values()) == [0, 1, 1, 2, 2, 1, 0]
    assert value(anna, "?on=2027-01-01")["target"] == 25


def test_a_day_that_is_none_is_refused(anna: Program) -> None:
    for day in ("i dag", "2026-02-30", "0001-01-01", "9999-12-31", "1764460800", "", "%00"):
        assert "2026-11-23" in anna.refused("GET", f"goals?on={day}", None, "on")
