"""Companies over the API."""

from __future__ import annotations

from crm.companies.queries import by_cvr
from crm.db import Database
from crm.numbers import demo_cvr
from tests.conftest import NOW
from tests.town import ANNA, BO, CLOSED, Town
from tests.web.api.conftest import Program

NEW = {"cvr": demo_cvr(60), "name": "Nordstjernen Maskinfabrik A/S"}
WHOLE = NEW | {
    "street": "Sortemosevej 2", "city_part": "Blovstrød", "postal_code": "3450", "city": "Allerød",
    "phone": "48 15 66 77", "email": "kontakt@nordstjernen.test", "website": "nordstjernen.test",
    "industry_code": "284100", "industry_text": "Værktøjsmaskiner", "employees_from": 20, "employees_to": 49,
}  # fmt: skip


def test_a_company_is_shown_with_its_one_way_in(anna: Program, town: Town) -> None:
    found = anna.get(f"companies/{town.bakery}")
    assert found.json()["responsible"] == {"name": "Anna Kildeskov", "email": ANNA}
    assert (
        found.json()
        | {
            "name": "Blovstrød Bageri ApS",
            "city": "Allerød",
            "phone": "48 15 00 01",
            "industry_code": "107120",
            "employees_from": 20,
            "active": True,
            "advertising_protected": False,
            "standing_in": None,
            "absent_until": None,
            "created_at": "2026-11-23T09:00:00Z",
        }
        == found.json()
    )
    assert anna.get(f"companies/{town.protected}").json()["advertising_protected"] is True
    assert anna.get(f"companies/{town.ceased}").json()["active"] is False


def test_a_new_company_is_what_was_sent(anna: Program) -> None:
    made = anna.post("companies", WHOLE | {"responsible": BO})
    assert made.headers["location"] == f"/api/v1/companies/{NEW['cvr']}"
    assert made.json() | WHOLE == made.json()
    assert made.json()["responsible"]["email"] == BO
    again = anna.get(made.headers["location"])
    assert (again.json(), again.headers["etag"]) == (made.json(), made.headers["etag"])


def test_a_company_given_to_nobody_is_distributed_by_the_rules(anna: Program) -> None:
    bakery = {"cvr": demo_cvr(61), "name": "Et bageri", "industry_code": "107120"}
    anna.post("companies", bakery)
    given = anna.get(f"companies/{bakery['cvr']}/responsible").json()
    assert (given["email"], given["reason"]) == (ANNA, "Fordelt efter regel 1")


def test_a_cvr_number_is_read_however_it_is_written(anna: Program) -> None:
    cvr = demo_cvr(62)
    made = anna.post("companies", {"cvr": f"DK {cvr[:2]} {cvr[2:4]} {cvr[4:6]} {cvr[6:]}", "name": "Ny"})
    assert made.json()["cvr"] == cvr


def test_a_company_exists_once(anna: Program, town: Town) -> None:
    answer = anna.post("companies", {"cvr": town.bakery, "name": "Igen"}, status=409)
    assert answer.json()["detail"] == "Virksomheden findes allerede."


IMPOSSIBLE: list[tuple[str, object, str]] = [
    ("cvr", "1234567", "otte cifre"),
    ("cvr", "12345678", "ikke et gyldigt CVR-nummer"),
    ("cvr", 90000006, "skal være tekst"),
    ("cvr", "9" * 21, "CVR-nummer"),
    ("name", "", "udfyldes"),
    ("name", "  ", "udfyldes"),
    ("name", None, "skal være tekst"),
    ("name", "x" * 301, "plads til 300 tegn"),
    ("name", "Ring 010190-1234", "ligner et CPR-nummer"),
    ("street", "Ring 010190-1234", "ligner et CPR-nummer"),
    ("phone", "hos chefen", "telefonnummer"),
    ("email", "hos chefen", "e-mailadresse"),
    ("employees_from", -1, "mindst 0"),
    ("employees_from", 10**40, "højst være 1.000.000"),
    ("employees_from", "20", "helt tal"),
    ("employees_from", True, "helt tal"),
    ("employees_to", 5, "mindre end det laveste"),
    ("responsible", "ingen@kommune.test", "kender ingen kollega"),
    ("responsible", CLOSED, "er lukket"),
    ("responsible", "", "udfyldes"),
]


def test_what_no_company_can_have_is_refused_beside_its_field(anna: Program) -> None:
    with anna.changing_nothing():
        for field, value, said in IMPOSSIBLE:
            assert said in anna.refused("POST", "companies", WHOLE | {field: value}, field)


def test_everything_wrong_is_said_at_once(anna: Program) -> None:
    answer = anna.post("companies", {"cvr": "1", "employees_from": -1, "hej": 1}, status=422)
    assert {each["field"] for each in answer.json()["errors"]} == {"cvr", "name", "employees_from", "hej"}


def test_only_what_is_sent_is_changed(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}"
    before = anna.get(path).json()
    after = anna.patch(path, {"city": "Lynge", "website": None}, match=anna.tag(path)).json()
    assert after == before | {"city": "Lynge"}
    assert anna.patch(path, {}, match="*").json() == after
    cleared = anna.patch(path, {"phone": None, "street": ""}, match="*").json()
    assert (cleared["phone"], cleared["street"]) == (None, None)


def test_a_change_is_found_by_its_new_name_at_once(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}"
    anna.patch(path, {"name": "Æblehuset ApS"}, match="*")
    assert [hit["company"]["cvr"] for hit in anna.get("search?q=aeblehus").json()["items"]] == [town.bakery]
    assert anna.get("search?q=Blovstrød Bageri").json()["items"] == []


def test_the_registers_word_is_kept_beside(anna: Program, town: Town, database: Database) -> None:
    anna.patch(f"companies/{town.protected}", {"phone": "48 15 99 99"}, match="*")
    with database.read() as db:
        assert by_cvr(db, town.protected).kept_by_hand == {"phone": "48 15 00 03"}


def test_what_cannot_be_corrected_is_no_field(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}"
    for field in ("cvr", "status", "active", "source", "kept_by_hand", "last_contact_at"):
        anna.refused("PATCH", path, {field: "x"}, field, match="*")
    assert "udfyldes" in anna.refused("PATCH", path, {"name": ""}, "name", match="*")
    assert "tekst" in anna.refused("PATCH", path, {"name": None}, "name", match="*")
    assert "laveste" in anna.refused("PATCH", path, {"employees_to": 1}, "employees_to", match="*")


def test_the_list_is_in_danish_order_and_can_be_narrowed(anna: Program, town: Town) -> None:
    def names(query: str = "") -> list[str]:
        return [each["name"] for each in anna.get(f"companies{query}").json()["items"]]

    everything = ["Blovstrød Bageri ApS", "Søndergård Planteskole A/S", "Ærlig & Åben I/S"]
    assert names() == everything
    assert names(f"?responsible={BO}") == everything[1:2]
    assert names(f"?responsible={BO.upper()}") == everything[1:2]
    assert names("?name=sønder") == names("?name=SØNDER") == everything[1:2]
    assert names("?industry=10") == names("?postal_code=3450") == everything[:1]
    assert names("?industry=99") == []
    assert names("?ceased=true") == ["Fortid Transport ApS"]
    assert names(f"?name=b&responsible={ANNA}&postal_code=3450&industry=107120") == everything[:1]


SENSELESS = [
    ("limit=0", "limit"),
    ("limit=201", "limit"),
    ("limit=1000000000", "limit"),
    ("limit=alle", "limit"),
    ("cursor=nonsense", "cursor"),
    ("cursor=", "cursor"),
    ("cursor=WzFd", "cursor"),
    ("cursor=WyJcdWQ4MDAiLDFd", "cursor"),
    ("cursor=" + "W" * 5000, "cursor"),
    ("responsible=ingen@kommune.test", "responsible"),
    ("industry=abc", "industry"),
    ("industry=12345678901", "industry"),
    ("postal_code=34500", "postal_code"),
    ("postal_code=%00", "postal_code"),
    ("name=%00", "name"),
    ("name=010190-1234", "name"),
    ("name=" + "x" * 101, "name"),
    ("ceased=ja", "ceased"),
]


def test_a_list_that_cannot_be_made_says_why(anna: Program) -> None:
    with anna.changing_nothing():
        for query, field in SENSELESS:
            assert anna.refused("GET", f"companies?{query}", None, field)


def test_a_name_of_strange_letters_fits_the_indexes(anna: Program) -> None:
    for number, name in enumerate(("ﷺ" * 300, "株" * 300, "Å" * 300, "🏭" * 300)):
        cvr = demo_cvr(70 + number)
        anna.post("companies", {"cvr": cvr, "name": name, "city": "Allerød"})
        assert anna.get(f"companies/{cvr}").json()["name"]
    assert len(anna.get("companies").json()["items"]) == 7


def test_times_are_utc(anna: Program, town: Town) -> None:
    found = anna.get(f"companies/{town.bakery}").json()
    assert found["last_contact_at"] == NOW.isoformat().replace("+00:00", "Z")
