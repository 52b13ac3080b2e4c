"""The one search box over the API."""

from __future__ import annotations

from urllib.parse import quote

from tests.statements import counted
from tests.town import ANNA, BO, Town
from tests.web.api.conftest import Program

ODD = [
    "", " ", "%", "_", "*", '"', "'", "' OR '1'='1", '" OR "" : "', "NEAR(a b)", "a AND", "(", "-", "\\", "ﷺ",
    "🥖", "\u202e", "\u0301" * 50, "x" * 200, "a" * 100 + " " + "b" * 99, "0" * 200, "<script>",
]  # fmt: skip


def cvrs(anna: Program, query: str) -> list[str]:
    """Which companies a query finds, best first."""
    return [hit["company"]["cvr"] for hit in anna.get(f"search?q={quote(query)}").json()["items"]]


def test_a_hit_says_which_company_by_what_and_who_to_call(anna: Program, town: Town) -> None:
    assert anna.get("search?q=blovstrød").json()["items"][0] == {
        "kind": "name",
        "matched": "Blovstrød Bageri ApS",
        "company": {"cvr": town.bakery, "name": "Blovstrød Bageri ApS", "city": "Allerød"},
        "responsible": {"name": "Anna Kildeskov", "email": ANNA},
        "standing_in": None,
    }
    assert anna.get("search?q=plantesk").json()["items"][0]["responsible"]["email"] == BO


def test_a_company_is_found_by_whatever_is_known_of_it(anna: Program, town: Town) -> None:
    cvr = town.bakery
    spaced = f"{cvr[:2]} {cvr[2:4]} {cvr[4:6]} {cvr[6:]}"
    by_number = (cvr, spaced, f"DK{cvr}", "48150001", "+45 48 15 00 01", "20114567", "1012345678")
    by_name = (
        "blovstrød",
        "BLOVSTROED",
        "ageri",
        "blovstrd",
        "Lone Krogh",
        "lone",
        "Sortemosevej",
        "bageriet lynge",
    )
    for query in by_number + by_name:
        assert cvrs(anna, query)[:1] == [cvr], query


def test_any_text_is_a_question_and_nothing_breaks(anna: Program) -> None:
    for query in ODD:
        assert isinstance(cvrs(anna, query), list)


def test_what_is_no_question_is_refused(anna: Program) -> None:
    assert "mangler" in anna.refused("GET", "search", None, "q")
    assert "plads til 200 tegn" in anna.refused("GET", "search?q=" + "x" * 201, None, "q")
    assert "CPR-nummer" in anna.refused("GET", "search?q=010190-1234", None, "q")
    assert "ikke kan gemmes" in anna.refused("GET", "search?q=a%00b", None, "q")


def test_a_search_is_a_fixed_number_of_questions(anna: Program, town: Town) -> None:
    with counted(anna.database) as few:
        anna.client.get("/api/v1/search?q=bageri", headers={"Authorization": f"Bearer {anna.token}"})
    assert len(few) <= 8
