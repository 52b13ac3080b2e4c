"""Builds documents as the business register sends them: its exact keys, and nothing but invented values.

`company(n)` and `unit(n)` are whole documents of the n-th invented company. Keyword arguments replace keys
of the root, so that a test states just what it is about: `company(3, reklamebeskyttet=True)`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from crm.numbers import demo_cvr

Json = dict[str, Any]
STREETS = ("Bækmosevej", "Drivhusvænget", "Egernhøjparken", "Lyngbakkestien", "Ærtemarken", "Ålekistevej")
TRADES = (
    ("561110", "Servering af mad i restauranter og på caféer", "Køkken"),
    ("692000", "Bogføring og revision, skatterådgivning", "Revision"),
    ("433200", "Tømrer- og bygningssnedkervirksomhed", "Tømrer"),
    ("011110", "Dyrkning af korn", "Landbrug"),
    ("881030", "Hjemmehjælp", "Omsorg"),
)
PLACES = (
    (3450, "Allerød", 201, "ALLERØD"),
    (3540, "Lynge", 201, "ALLERØD"),
    (2990, "Nivå", 210, "FREDENSBORG"),
)
BANDS = ("ANTAL_0_0", "ANTAL_1_1", "ANTAL_2_4", "ANTAL_5_9", "ANTAL_10_19", "ANTAL_20_49", "ANTAL_50_99")
SAID = "2024-02-23T12:34:29.462+01:00"


def period(first: str = "2014-03-01", last: str | None = None) -> Json:
    """The two keys every row of the register ends with."""
    return {"periode": {"gyldigFra": first, "gyldigTil": last}, "sidstOpdateret": SAID}


def name_of(n: int) -> str:
    """The n-th company's name."""
    return f"{STREETS[n % len(STREETS)][:5]}gårdens {TRADES[n % len(TRADES)][2]} nr. {n} ApS"


def p_number_of(n: int) -> str:
    """The n-th place of work's number; no P-number begins like that yet."""
    return str(1_900_000_000 + n)


def said(value: str, **more: Any) -> Json:
    """A row of telephone numbers, e-mail addresses or websites."""
    return {"kontaktoplysning": value, "hemmelig": False, **period(), **more}


def address(n: int, **more: Any) -> Json:
    """Where the n-th company lies."""
    code, city, municipality, shouted = PLACES[n % len(PLACES)]
    return {
        "landekode": "DK", "fritekst": None, "vejkode": 205 + n % 500,
        "kommune": {"kommuneKode": municipality, "kommuneNavn": shouted, **period("2007-01-01")},
        "husnummerFra": 1 + n % 140, "husnummerTil": None, "bogstavFra": None, "bogstavTil": None,
        "etage": "st" if n % 3 == 0 else None, "sidedoer": "th" if n % 3 == 0 else None, "conavn": None,
        "postboks": None, "vejnavn": STREETS[n % len(STREETS)], "bynavn": None, "postnummer": code,
        "postdistrikt": city, "adresseId": f"0a3f50b0-0000-4000-8000-{n:012d}",
        "sidstValideret": "2018-10-26T15:31:24.736+02:00", **period("2018-10-26"), **more,
    }  # fmt: skip


def employment(year: int, band: str | None, employees: int | None = None, **when: int) -> Json:
    """A row of one of the four series of employees."""
    return {
        "aar": year, **when, "antalAarsvaerk": 23.5, "antalAnsatte": employees,
        "intervalKodeAntalAarsvaerk": band, "intervalKodeAntalAnsatte": band, "sidstOpdateret": SAID,
    }  # fmt: skip


def _common(n: int, name: str) -> Json:
    code, text, _ = TRADES[n % len(TRADES)]
    band = BANDS[n % len(BANDS)]
    trade = {"branchekode": code, "branchetekst": text, **period("2025-01-01")}
    months = [employment(2023, band, None, maaned=month) for month in range(1, 13)]
    return {
        "brancheAnsvarskode": None,
        "reklamebeskyttet": n % 3 != 0,
        "navne": [
            {"navn": f"{name} (tidligere)", **period("2010-01-01", "2014-02-28")},
            {"navn": name, **period()},
        ],
        "postadresse": [],
        "beliggenhedsadresse": [address(n + 1, **period("2014-03-01", "2018-10-25")), address(n)],
        "telefonNummer": [said(f"48{n % 1_000_000:06d}")],
        "telefaxNummer": [],
        "elektroniskPost": [said(f"post@virksomhed-{n}.test")],
        "livsforloeb": [period()],
        "hovedbranche": [{"branchekode": "749090", "branchetekst": "Anden rådgivning",
                          **period("2014-03-01", "2024-12-31")}, trade],
        "bibranche1": [], "bibranche2": [], "bibranche3": [],
        "aarsbeskaeftigelse": [
            {**employment(year, "ANTAL_5_9", 8), "antalInklusivEjere": None,
             "intervalKodeAntalInklusivEjere": None}
            for year in (2017, 2018)
        ],
        "kvartalsbeskaeftigelse": [employment(2019, "ANTAL_5_9", 9, kvartal=n) for n in (1, 2, 3)],
        "erstMaanedsbeskaeftigelse": months,
        "attributter": [{"sekvensnr": 0, "type": "FORMÅL", "vaerditype": "string",
                         "vaerdier": [{"vaerdi": f"At drive {text.lower()} og dermed beslægtet virksomhed.",
                                       **period()}]}],
        "samtId": 186, "fejlRegistreret": False, "dataAdgang": 0, "enhedsNummer": 4_900_000_000 + n,
        "sidstIndlaest": "2024-02-24T02:00:00.000+01:00", "sidstOpdateret": SAID, "fejlVedIndlaesning": False,
        "naermesteFremtidigeDato": None, "fejlBeskrivelse": None, "virkningsAktoer": "BT",
    }  # fmt: skip


def _newest(root: Json, **more: Any) -> Json:
    return {
        "nyesteNavn": root["navne"][-1] if root["navne"] else None,
        "nyesteBeliggenhedsadresse": root["beliggenhedsadresse"][-1] if root["beliggenhedsadresse"] else None,
        "nyesteHovedbranche": root["hovedbranche"][-1] if root["hovedbranche"] else None,
        "nyesteBibranche1": None, "nyesteBibranche2": None, "nyesteBibranche3": None,
        "nyesteKontaktoplysninger": ["70000000", "hemmelig@virksomhed.test"],
        "nyesteAarsbeskaeftigelse": (root["aarsbeskaeftigelse"] or [None])[-1],
        "nyesteKvartalsbeskaeftigelse": (root["kvartalsbeskaeftigelse"] or [None])[-1],
        "nyesteErstMaanedsbeskaeftigelse": (root["erstMaanedsbeskaeftigelse"] or [None])[-1],
        **more,
    }  # fmt: skip


def _of_its_own(document: Json) -> Json:
    """The document with no row standing in two places, as if it had come out of a file."""
    copied: Json = json.loads(json.dumps(document))
    return copied


def company(n: int = 0, *, name: str | None = None, status: str = "NORMAL", newest: Json | None = None,
            **changed: Any) -> Json:  # fmt: skip
    """The whole document of the n-th company. `newest` replaces keys of `virksomhedMetadata`."""
    name = name or name_of(n)
    root = {
        "cvrNummer": int(demo_cvr(n)), "regNummer": [], **_common(n, name), "enhedstype": "VIRKSOMHED",
        "binavne": [{"navn": f"Gammelt binavn {n}", **period("2015-01-01", "2016-12-31")},
                    {"navn": f"{TRADES[n % len(TRADES)][2]}huset {n}", **period("2023-10-26")}],
        "sekundaertTelefonNummer": [], "sekundaertTelefaxNummer": [],
        "hjemmeside": [said(f"www.virksomhed-{n}.test")],
        "obligatoriskEmail": [said(f"myndighed@virksomhed-{n}.test")],
        "status": [], "virksomhedsstatus": [{"status": status, **period()}],
        "virksomhedsform": [{"virksomhedsformkode": 80, "kortBeskrivelse": "APS",
                             "langBeskrivelse": "Anpartsselskab", "ansvarligDataleverandoer": "E&S",
                             **period()}],
        "maanedsbeskaeftigelse": [employment(2019, "ANTAL_5_9", 9, maaned=9)],
        "penheder": [{"pNummer": int(p_number_of(n)), **period()}],
        "deltagerRelation": [], "fusioner": [], "spaltninger": [],
    } | changed  # fmt: skip
    root["virksomhedMetadata"] = _newest(
        root,
        nyesteBinavne=[row["navn"] for row in root["binavne"] if row["periode"]["gyldigTil"] is None],
        nyesteVirksomhedsform=root["virksomhedsform"][-1] if root["virksomhedsform"] else None,
        nyesteStatus=None, antalPenheder=len(root["penheder"]),
        nyesteMaanedsbeskaeftigelse=(root["maanedsbeskaeftigelse"] or [None])[-1],
        sammensatStatus=status, stiftelsesDato="2014-03-01", virkningsDato="2014-03-01",
    ) | (newest or {})  # fmt: skip
    return _of_its_own({"Vrvirksomhed": root})


def unit(n: int = 0, *, of: int | None = None, name: str | None = None, status: str = "Aktiv",
         newest: Json | None = None, **changed: Any) -> Json:  # fmt: skip
    """The whole document of the n-th place of work, which belongs to company `of` (the n-th if not said)."""
    owner = int(demo_cvr(n if of is None else of))
    root = {
        "pNummer": int(p_number_of(n)), **_common(n, name or f"{name_of(n)}, værksted"),
        "enhedstype": "PRODUKTIONSENHED",
        "virksomhedsrelation": [{"cvrNummer": int(demo_cvr(899_999)), **period("2010-01-01", "2014-02-28")},
                                {"cvrNummer": owner, **period()}],
    } | changed  # fmt: skip
    relations = root["virksomhedsrelation"]
    root["produktionsEnhedMetadata"] = _newest(
        root,
        nyesteCvrNummerRelation=relations[-1]["cvrNummer"] if relations else None, sammensatStatus=status,
    ) | (newest or {})  # fmt: skip
    return _of_its_own({"VrproduktionsEnhed": root})


def person(n: int = 0) -> Json:
    """A participant: a person with a home address, whom nobody may take in."""
    return {
        "Vrdeltagerperson": {
            "enhedsNummer": 4_800_000_000 + n, "enhedstype": "PERSON",
            "navne": [{"navn": f"Opdigtet Person {n}", **period()}], "beliggenhedsadresse": [address(n)],
            "telefonNummer": [], "elektroniskPost": [], "stilling": "direktør",
            "virksomhedSummariskRelation": [],
            "deltagerpersonMetadata": {
                "nyesteBeliggenhedsadresse": address(n), "nyesteKontaktoplysninger": [],
            },
        }
    }  # fmt: skip


def hit(document: Json) -> Json:
    """The document as it stands in a search answer."""
    index = "cvr-p-20200115" if "VrproduktionsEnhed" in document else "cvr-v-20220630"
    return {"_index": index, "_type": "_doc", "_id": "4900000001", "_score": 11.7, "_source": document}


def answer(documents: Iterable[Json]) -> Json:
    """A whole `_search` answer."""
    hits = [hit(each) for each in documents]
    return {
        "took": 7,
        "timed_out": False,
        "_shards": {"total": 6, "successful": 6, "skipped": 0, "failed": 0},
        "hits": {"total": len(hits), "max_score": 11.7, "hits": hits},
    }


def line(document: Any) -> str:
    """One document on one line."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def lines(documents: Iterable[Any]) -> str:
    """One document a line; a string stands as it is, broken or not."""
    return "".join((each if isinstance(each, str) else line(each)) + "\n" for each in documents)
