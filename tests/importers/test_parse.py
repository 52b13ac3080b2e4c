"""Every trap of the register's documents, and that no document whatever can break the reader."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.companies.register import RegisterAddress, RegisterCompany, RegisterUnit
from crm.numbers import demo_cvr
from importers.cvr.parse import DocumentRefused, NoDocument, parse
from tests.importers import register_documents as register
from tests.importers.register_documents import address, employment, period, said


def company(**changed: Any) -> RegisterCompany:
    return cast("RegisterCompany", parse(register.company(0, **changed)))


def unit(**changed: Any) -> RegisterUnit:
    return cast("RegisterUnit", parse(register.unit(0, **changed)))


def test_a_whole_company() -> None:
    assert parse(register.company(0)) == RegisterCompany(
        cvr=demo_cvr(0),
        name="Bækmogårdens Køkken nr. 0 ApS",
        aliases=("Køkkenhuset 0",),
        address=RegisterAddress(
            street="Bækmosevej 1, st. th.", postal_code="3450", city="Allerød", municipality_code="0201",
            address_id="0a3f50b0-0000-4000-8000-000000000000",
        ),
        phone="48000000", email="post@virksomhed-0.test", website="www.virksomhed-0.test",
        industry_code="561110", industry_text="Servering af mad i restauranter og på caféer",
        legal_form="APS", employees_from=0, employees_to=0, employees_at=date(2023, 12, 1),
        status="NORMAL", active=True, advertising_protected=False, founded_on=date(2014, 3, 1),
        ceased_on=None,
        updated_at=datetime(2024, 2, 23, 11, 34, 29, 462000, UTC),
    )  # fmt: skip


def test_a_whole_place_of_work() -> None:
    found = parse(register.unit(3, of=5))
    assert isinstance(found, RegisterUnit)
    assert (found.p_number, found.cvr, found.status, found.active) == (
        "1900000003",
        demo_cvr(5),
        "Aktiv",
        True,
    )
    assert (found.industry_code, found.employees_from, found.employees_to) == ("011110", 5, 9)


NEWEST = (
    "nyesteNavn", "nyesteBinavne", "nyesteBeliggenhedsadresse", "nyesteHovedbranche", "nyesteVirksomhedsform",
    "nyesteErstMaanedsbeskaeftigelse", "nyesteMaanedsbeskaeftigelse", "nyesteKvartalsbeskaeftigelse",
    "nyesteAarsbeskaeftigelse", "stiftelsesDato", "sammensatStatus",
)  # fmt: skip


@pytest.mark.parametrize("key", NEWEST)
def test_without_a_newest_the_row_that_holds_says_the_same(key: str) -> None:
    assert company(newest={key: None}) == company()
    if key.endswith(("Navn", "adresse", "branche", "form", "beskaeftigelse")):
        assert company(newest={key: {}}) == company()


def test_without_any_metadata_the_lists_say_the_same() -> None:
    document = register.company(0)
    del document["Vrvirksomhed"]["virksomhedMetadata"]
    assert parse(document) == company()
    document = register.unit(0)
    document["VrproduktionsEnhed"]["produktionsEnhedMetadata"] = None
    assert parse(document).name == unit().name


def test_of_several_rows_that_hold_the_one_that_began_last_counts() -> None:
    names = [{"navn": "Ny", **period("2020-01-01")}, {"navn": "Gammel", **period("2010-01-01")}]
    assert company(navne=names, newest={"nyesteNavn": None}).name == "Ny"


def test_when_no_row_holds_the_one_that_began_last_counts() -> None:
    names = [
        {"navn": "Sidst", **period("2015-01-01", "2016-01-01")},
        {"navn": "Først", **period("2010", "2015")},
    ]
    assert company(navne=names, newest={"nyesteNavn": None}).name == "Sidst"


@pytest.mark.parametrize("secret", [True, None, "nej", 0])
@pytest.mark.parametrize(
    ("series", "field"), [("telefonNummer", "phone"), ("elektroniskPost", "email"), ("hjemmeside", "website")]
)
def test_what_may_be_secret_is_left_out(series: str, field: str, secret: object) -> None:
    rows = [said("hemmeligt", hemmelig=secret)]
    assert getattr(company(**{series: rows}), field) is None


def test_a_contact_detail_that_has_ended_is_left_out() -> None:
    assert company(telefonNummer=[said("48100100", **period("2014-01-01", "2015-01-01"))]).phone is None


def test_the_mixed_contact_details_of_the_metadata_are_not_used() -> None:
    found = company(telefonNummer=[], elektroniskPost=[], hjemmeside=[])
    assert "hemmelig" not in repr(found)
    assert "70000000" not in repr(found)
    assert "myndighed" not in repr(company())


BANDS = [
    ("ANTAL_0_0", 0, 0), ("ANTAL_1_1", 1, 1), ("ANTAL_2_4", 2, 4), ("ANTAL_50_99", 50, 99),
    ("ANTAL_500_999", 500, 999), ("ANTAL_1000_999999", 1000, None),
]  # fmt: skip


@pytest.mark.parametrize(("band", "least", "most"), BANDS)
def test_bands_of_employees(band: str, least: int, most: int | None) -> None:
    found = company(newest={"nyesteErstMaanedsbeskaeftigelse": employment(2024, band, maaned=2)})
    assert (found.employees_from, found.employees_to, found.employees_at) == (least, most, date(2024, 2, 1))


def test_without_a_band_the_number_counts() -> None:
    found = company(newest={"nyesteErstMaanedsbeskaeftigelse": employment(2024, None, 28, maaned=2)})
    assert (found.employees_from, found.employees_to) == (28, 28)


def test_the_series_that_goes_on_counts_even_where_the_others_are_full() -> None:
    found = company(newest={"nyesteErstMaanedsbeskaeftigelse": None},
                    erstMaanedsbeskaeftigelse=[employment(2020, "ANTAL_1_1", maaned=3),
                                               employment(2020, "ANTAL_2_4", maaned=7)])  # fmt: skip
    assert (found.employees_from, found.employees_at) == (2, date(2020, 7, 1))


def test_of_the_series_that_stopped_the_newest_counts() -> None:
    found = company(erstMaanedsbeskaeftigelse=[], maanedsbeskaeftigelse=[],
                    kvartalsbeskaeftigelse=[employment(2017, "ANTAL_1_1", kvartal=4)])  # fmt: skip
    assert (found.employees_from, found.employees_to, found.employees_at) == (5, 9, date(2018, 1, 1))
    found = company(erstMaanedsbeskaeftigelse=[], maanedsbeskaeftigelse=[])
    assert found.employees_at == date(2019, 7, 1)


def test_a_company_without_employees_in_the_register_has_none_known() -> None:
    found = company(erstMaanedsbeskaeftigelse=[], maanedsbeskaeftigelse=[], kvartalsbeskaeftigelse=[],
                    aarsbeskaeftigelse=[])  # fmt: skip
    assert (found.employees_from, found.employees_to, found.employees_at) == (None, None, None)


def test_hidden_numbers_of_the_newest_month_give_way_to_older_ones() -> None:
    rows = [employment(2023, "ANTAL_2_4", maaned=1), employment(2023, None, maaned=2)]
    assert company(erstMaanedsbeskaeftigelse=rows).employees_from == 2


STATUSES = [
    ("NORMAL", True), ("normal", True), ("Aktiv", True), ("UNDERREKONSTRUKTION", True),
    ("UNDER REKONSTRUKTION", True), ("OMDANNET", True), ("Ophørt", False), ("TVANGSOPLØST", False),
    ("UNDER KONKURS", False), ("OPLØST EFTER FUSION", False), ("SLETTET", False), ("noget nyt", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "active"), STATUSES)
def test_which_are_still_there(status: str, active: bool) -> None:
    assert (company(status=status).status, company(status=status).active) == (status, active)
    assert unit(status=status).active == active


def test_without_a_status_the_list_of_statuses_says_it() -> None:
    assert company(status="UNDER KONKURS", newest={"sammensatStatus": None}).status == "UNDER KONKURS"
    assert company(virksomhedsstatus=[], newest={"sammensatStatus": None}).status == "NORMAL"


def test_who_has_no_open_period_has_ceased() -> None:
    lives = [period("2001-05-01", "2010-01-01"), period("2012-01-01", "2020-06-30")]
    found = company(
        livsforloeb=lives, virksomhedsstatus=[], newest={"sammensatStatus": None, "stiftelsesDato": None}
    )
    assert (found.founded_on, found.ceased_on, found.active) == (date(2001, 5, 1), date(2020, 6, 30), False)
    assert found.status == "Ophørt"


def test_who_closes_later_is_still_there() -> None:
    found = company(livsforloeb=[period("2001-05-01", "2030-01-01")])
    assert (found.ceased_on, found.active) == (date(2030, 1, 1), True)


def test_zeros_that_json_took_are_put_back() -> None:
    where = address(0, postnummer=800, kommune={"kommuneKode": 101, "kommuneNavn": "KØBENHAVN", **period()})
    trade = {"branchekode": 11110, "branchetekst": "Dyrkning af korn", **period()}
    found = company(beliggenhedsadresse=[where], hovedbranche=[trade])
    assert (found.address.postal_code, found.address.municipality_code) == ("0800", "0101")
    assert found.industry_code == "011110"


STREETS = [
    ({"etage": None, "sidedoer": None}, "Bækmosevej 1"),
    ({"etage": "2", "sidedoer": "tv"}, "Bækmosevej 1, 2. tv."),
    ({"etage": "kl", "sidedoer": None}, "Bækmosevej 1, kl."),
    ({"bogstavFra": "B", "etage": None, "sidedoer": None}, "Bækmosevej 1B"),
    ({"husnummerTil": 5, "bogstavTil": "C", "etage": None, "sidedoer": None}, "Bækmosevej 1-5C"),
    ({"husnummerFra": None, "etage": None, "sidedoer": None}, "Bækmosevej"),
    ({"vejnavn": None, "postboks": "12"}, "Postboks 12"),
    ({"vejnavn": None, "postboks": 12}, "Postboks 12"),
    ({"vejnavn": None, "postboks": "12 A"}, "Postboks 12 A"),
    ({"vejnavn": None, "fritekst": "1 Main Street\nLondon", "landekode": "GB"}, "1 Main Street, London"),
    ({"vejnavn": None}, None),
]


@pytest.mark.parametrize(("parts", "street"), STREETS)
def test_addresses_on_one_line(parts: dict[str, Any], street: str | None) -> None:
    assert company(beliggenhedsadresse=[address(0, **parts)]).address.street == street


def test_a_company_without_address() -> None:
    assert company(beliggenhedsadresse=[]).address == RegisterAddress()


def test_secondary_names_are_told_once_and_not_without_end() -> None:
    many = [f"Binavn nummer {n:04}" for n in range(2000)]
    found = company(newest={"nyesteBinavne": ["Køkken", "Køkken ", None, *many]})
    assert found.aliases[:2] == ("Køkken", "Binavn nummer 0000")
    assert len("\n".join(found.aliases)) <= 4000
    assert company(newest={"nyesteBinavne": [company().name]}).aliases == ()


@pytest.mark.parametrize(("flag", "protected"), [(True, True), (False, False), (None, True)])
def test_who_does_not_say_is_treated_as_protected(flag: bool | None, protected: bool) -> None:
    assert company(reklamebeskyttet=flag).advertising_protected is protected
    assert unit(reklamebeskyttet=flag).advertising_protected is protected


def test_when_the_register_said_it() -> None:
    assert company(sidstOpdateret=None).updated_at == datetime(2024, 2, 24, 1, 0, tzinfo=UTC)
    assert company(sidstOpdateret="2024-07-01T12:00:00").updated_at == datetime(2024, 7, 1, 10, 0, tzinfo=UTC)
    assert company(sidstOpdateret=None, sidstIndlaest=None).updated_at is None


def test_a_place_of_work_belongs_to_whom_it_belongs_to_now() -> None:
    before = {"cvrNummer": int(demo_cvr(1)), **period("2010-01-01", "2020-01-01")}
    now = {"cvrNummer": int(demo_cvr(2)), **period("2020-01-01")}
    assert unit(virksomhedsrelation=[now, before]).cvr == demo_cvr(2)
    assert unit(virksomhedsrelation=[before], newest={"nyesteCvrNummerRelation": None}).cvr == demo_cvr(1)
    assert unit(virksomhedsrelation=[], newest={"nyesteCvrNummerRelation": int(demo_cvr(3))}).cvr == demo_cvr(
        3
    )


@pytest.mark.parametrize(
    "key", ["VrproduktionsEnhed", "Vrproduktionsenhed", "VrProduktionsEnhed", "vrproduktionsenhed"]
)
def test_however_the_root_is_spelt(key: str) -> None:
    assert parse({key: register.unit(0)["VrproduktionsEnhed"]}) == unit()


def test_a_document_without_its_root() -> None:
    assert parse(register.company(0)["Vrvirksomhed"]) == company()
    assert parse(register.unit(0)["VrproduktionsEnhed"]) == unit()


def counted(newest: dict[str, Any]) -> dict[str, Any]:
    """A company whose newest number of employees is this."""
    return register.company(0, newest={"nyesteErstMaanedsbeskaeftigelse": newest})


REFUSED = {
    "a person": (register.person(), "private adresser"),
    "a participant": ({"Vrdeltager": {}}, "private adresser"),
    "registered by mistake": (register.company(0, fejlRegistreret=True), "fejl"),
    "no name": (register.company(0, navne=[]), "navn"),
    "an empty name": (register.company(0, name="  "), "navn"),
    "a name that is null": (register.company(0, newest={"nyesteNavn": {"navn": None}}), "navn"),
    "no CVR number": (register.company(0, cvrNummer=None), "cvrNummer"),
    "a CVR number of seven digits": (register.company(0, cvrNummer=1234567), "CVR-nummer"),
    "a CVR number that fails its check": (register.company(0, cvrNummer=12345678), "CVR-nummer"),
    "a CVR number below zero": (register.company(0, cvrNummer=-12345674), "cvrNummer"),
    "a CVR number that is a truth": (register.company(0, cvrNummer=True), "cvrNummer"),
    "a CVR number with a fraction": (register.company(0, cvrNummer=1.5), "cvrNummer"),
    "a P-number of nine digits": (register.unit(0, pNummer=100999999), "P-nummer"),
    "a place of nobody": (register.unit(0, virksomhedsrelation=[]), "ikke til nogen"),
    "a place of no company": (
        register.unit(0, virksomhedsrelation=[{"cvrNummer": 1, **period()}]), "CVR-nummer"),
    "nothing under the root": ({"Vrvirksomhed": None}, "Vrvirksomhed"),
    "a list under the root": ({"Vrvirksomhed": []}, "Vrvirksomhed"),
    "a text for the names": (register.company(0, navne="Navn", newest={"nyesteNavn": None}), "navne"),
    "a number for a name": (register.company(0, name=cast("str", 7)), "navn"),
    "texts for rows": (register.company(0, telefonNummer=["48100100"]), "telefonNummer"),
    "a list for an address": (register.company(0, newest={"nyesteBeliggenhedsadresse": []}), "adresse"),
    "a text for the metadata": (register.company(0) | {"Vrvirksomhed": register.company(0)["Vrvirksomhed"]
                                | {"virksomhedMetadata": "nej"}}, "virksomhedMetadata"),
    "an unknown band": (counted(employment(2024, "MANGE", maaned=1)), "Ansatte"),
    "a band the wrong way": (counted(employment(2024, "ANTAL_9_5", maaned=1)), "Ansatte"),
    "more employees than people": (counted(employment(2024, None, 10**30, maaned=1)), "Ansatte"),
    "a thirteenth month": (counted(employment(2024, "ANTAL_1_1", maaned=13)), "aar"),
    "a day that is none": (register.company(0, newest={"stiftelsesDato": "2014-02-30"}), "stiftelsesDato"),
    "a moment that is none": (register.company(0, sidstOpdateret="i går"), "sidstOpdateret"),
    "a moment before all time": (
        register.company(0, sidstOpdateret="0001-01-01T00:00:00+14:00"), "sidstOpdateret"),
    "a truth in words": (register.company(0, reklamebeskyttet="ja"), "reklamebeskyttet"),
    "a mistake in words": (register.company(0, fejlRegistreret="nej"), "fejlRegistreret"),
    "secondary names in one text": (register.company(0, newest={"nyesteBinavne": "Et, To"}), "nyesteBinavne"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "word"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_a_reason(document: dict[str, Any], word: str) -> None:
    with pytest.raises(DocumentRefused) as refusal:
        parse(document)
    assert word in str(refusal.value)
    assert not isinstance(refusal.value, NoDocument)


@pytest.mark.parametrize("document", [None, 7, "x", [], {}, {"navn": "Noget andet"}, {"cvrNummer": 12345674}])
def test_anything_else_is_no_document(document: object) -> None:
    with pytest.raises(NoDocument):
        parse(document)


# --- Whatever a document may hold -------------------------------------------------------------------

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-3, 3), st.floats(), st.text(max_size=8),
    st.sampled_from(["", " ", "ANTAL_", "ANTAL_1_1", "2024-13-01", "2024-01-01", "\ud800", "\x00", "NORMAL"]),
    st.just(10**400), st.lists(st.none(), max_size=2), st.just({}), st.just([{}]), st.just([[]]),
    st.just({"periode": None}), st.just([{"periode": 3}]), st.just([{"periode": {"gyldigTil": []}}]),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inside for place in places(each, (*path, key)))]


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with something else in one place."""
    if not path:
        return copy.deepcopy(value)
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = copy.deepcopy(value)
    return document


@pytest.mark.parametrize("make", [register.company, register.unit, register.person])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_document_breaks_the_reader(make: Any, data: st.DataObject) -> None:
    document = make(data.draw(st.integers(0, 20)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(places(document)))
        if data.draw(st.booleans()) and place:
            taken = document
            for key in place[:-1]:
                taken = taken[key]
            del taken[place[-1]]
        else:
            document = put(document, place, data.draw(ODD))
    with suppress(DocumentRefused):
        found = parse(document)
        assert found.name
        assert found.employees_from is None or 0 <= found.employees_from <= 1_000_000


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        ODD,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Vrvirksomhed", "cvrNummer", "navne", "virksomhedMetadata", "pNummer"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_no_json_at_all_breaks_the_reader(value: Any) -> None:
    with pytest.raises(DocumentRefused):
        parse({"Vrvirksomhed": value} if isinstance(value, dict) else value)


def test_the_builders_documents_are_json() -> None:
    for document in (register.company(1), register.unit(1), register.person(1)):
        assert json.loads(register.line(document)) == document
