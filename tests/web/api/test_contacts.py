"""People at companies over the API."""

from __future__ import annotations

from tests.town import Town
from tests.web.api.conftest import Program

PIA = {"name": "Pia Holm", "title": "Direktør", "phone": "48 15 01 02", "mobile": "+46 8 123 456 78",
       "email": "pia@bageri.test"}  # fmt: skip
IMPOSSIBLE: list[tuple[str, object, str]] = [
    ("name", "", "udfyldes"),
    ("name", None, "tekst"),
    ("name", "x" * 101, "plads til 100 tegn"),
    ("name", "Pia, 010190-1234", "ligner et CPR-nummer"),
    ("title", "010190-1234", "ligner et CPR-nummer"),
    ("phone", "hos chefen", "telefonnummer"),
    ("mobile", "12", "telefonnummer"),
    ("email", "hos chefen", "e-mailadresse"),
    ("email", 7, "tekst"),
]


def test_a_person_is_what_was_sent(anna: Program, town: Town) -> None:
    made = anna.post(f"companies/{town.bakery}/contacts", PIA)
    found = made.json()
    assert found | PIA | {"ended_on": None, "created_at": "2026-11-23T09:00:00Z"} == found
    assert made.headers["location"].endswith(f"/companies/{town.bakery}/contacts/{found['id']}")
    again = anna.get(made.headers["location"])
    assert (again.json(), again.headers["etag"]) == (found, made.headers["etag"])
    listed = anna.get(f"companies/{town.bakery}/contacts").json()["items"]
    assert [each["name"] for each in listed] == ["Lone Krogh", "Pia Holm"]
    assert listed[1] == found


def test_what_no_person_can_have_is_refused_beside_its_field(anna: Program, town: Town) -> None:
    with anna.changing_nothing():
        for field, value, said in IMPOSSIBLE:
            body = PIA | {field: value}
            assert said in anna.refused("POST", f"companies/{town.bakery}/contacts", body, field)
            path = f"companies/{town.bakery}/contacts/{town.contact}"
            assert said in anna.refused("PATCH", path, {field: value}, field, match="*")


def test_only_what_is_sent_is_changed(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts/{town.contact}"
    before = anna.get(path).json()
    after = anna.patch(path, {"phone": "48 15 01 02", "title": None}, match=anna.tag(path)).json()
    assert after == before | {"phone": "48 15 01 02", "title": None}


def test_a_person_leaves_and_comes_back(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts/{town.contact}"
    left = anna.patch(path, {"ended_on": "2026-11-30"}, match="*")
    assert left.json()["ended_on"] == "2026-11-30"
    assert anna.get("search?q=lone krogh").json()["items"] == []
    assert len(anna.get(f"companies/{town.bakery}/contacts").json()["items"]) == 1
    back = anna.patch(path, {"ended_on": None, "title": "Formand"}, match=left.headers["etag"]).json()
    assert (back["ended_on"], back["title"]) == (None, "Formand")
    for wrong in ("30-11-2026", "2026-02-30", "0001-01-01", 1764460800, "2026-11-30T00:00:00Z"):
        assert "2026-11-23" in anna.refused("PATCH", path, {"ended_on": wrong}, "ended_on", match="*")


def test_a_person_of_another_company_is_not_there(anna: Program, town: Town) -> None:
    path = f"companies/{town.garden}/contacts/{town.contact}"
    anna.get(path, status=404)
    anna.patch(path, {"title": "Direktør"}, status=404, match="*")
