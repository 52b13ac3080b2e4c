"""What one document of the register says, as the rest of the house understands it.

The register keeps every row that ever held. What holds now stands in the metadata under `nyeste…`, but any
of these may be null; then it is the row of the list whose period has no end, or else the newest one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from crm import numbers
from crm.companies.register import RegisterAddress, RegisterCompany, RegisterUnit
from crm.errors import Refused

Keys = dict[str, Any]
T = TypeVar("T")

# Of all that a company or a place of work can be, these are still there; the register is not of one mind
# about blanks and capitals.
ACTIVE = frozenset({"normal", "aktiv", "underrekonstruktion", "omdannet"})
# The four series of employees. The register has stopped all but the first, in 2018 and 2019.
LIVE_SERIES = "rstMaanedsbeskaeftigelse"
OLD_SERIES = ("Maanedsbeskaeftigelse", "Kvartalsbeskaeftigelse", "Aarsbeskaeftigelse")
AND_ABOVE = 999_999
MOST_EMPLOYEES = 1_000_000
# A company may have hundreds of secondary names; what is beyond this is left out.
ALIASES_LONGEST = 4000
DANISH_TIME = ZoneInfo("Europe/Copenhagen")


class DocumentRefused(Exception):
    """This document stays out, for this reason (in Danish)."""


class NoDocument(DocumentRefused):
    """It is not a document of the register at all."""


def parse(source: Any) -> RegisterCompany | RegisterUnit:
    """The company or place of work of a document. Raises DocumentRefused."""
    read, root = _root(source)
    if _flag(root, "fejlRegistreret"):
        raise DocumentRefused("Registreret ved en fejl, skriver CVR selv.")
    try:
        return read(root)
    except Refused as refusal:
        raise DocumentRefused(refusal.message) from refusal


# --- Reading keys -------------------------------------------------------------------------------


def _wrong(key: str) -> DocumentRefused:
    return DocumentRefused(f"»{key}« er ikke, som CVR skriver det.")


def _dict(of: Keys, key: str) -> Keys | None:
    value = of.get(key)
    if value is None or type(value) is dict:
        return value
    raise _wrong(key)


def _rows(of: Keys, key: str) -> list[Keys]:
    value = of.get(key)
    if value is None:
        return []
    if type(value) is not list:
        raise _wrong(key)
    for row in value:
        if type(row) is not dict:
            raise _wrong(key)
    return value


def _text(of: Keys | None, key: str) -> str | None:
    value = of.get(key) if of else None
    if value is None:
        return None
    if type(value) is not str:
        raise _wrong(key)
    return value.strip() or None


def _digits(of: Keys | None, key: str, width: int = 0) -> str | None:
    """A number that the register may have robbed of its leading zeros."""
    value = of.get(key) if of else None
    if value is None or value == "":
        return None
    if type(value) is int and value >= 0:
        return str(value).zfill(width)
    if type(value) is str and value.strip().isascii() and value.strip().isdecimal():
        return value.strip().zfill(width)
    raise _wrong(key)


def _flag(of: Keys, key: str) -> bool | None:
    value = of.get(key)
    if value is None or type(value) is bool:
        return value
    raise _wrong(key)


def _day(of: Keys | None, key: str) -> date | None:
    value = _text(of, key)
    if value is None:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise _wrong(key) from None


def _moment(of: Keys, key: str) -> datetime | None:
    value = _text(of, key)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=DANISH_TIME)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(key) from None


def _begins(row: Keys) -> str:
    return _text(_dict(row, "periode"), "gyldigFra") or ""


def _holds(row: Keys) -> bool:
    when = row.get("periode")
    return when is None or (type(when) is dict and when.get("gyldigTil") is None)


def _current(rows: Sequence[Keys]) -> Keys | None:
    """The row whose period has no end; of several the one that began last."""
    holding = [row for row in rows if _holds(row)]
    return max(holding, key=_begins) if len(holding) > 1 else holding[0] if holding else None


def _newest(root: Keys, meta: Keys, nyeste: str, series: str) -> Keys | None:
    """What the metadata calls the newest, or the list's row that holds, or the one that began last."""
    if found := _dict(meta, nyeste):
        return found
    rows = _rows(root, series)
    return _current(rows) or max(rows, key=_begins, default=None)


# --- The parts companies and places of work have in common ---------------------------------------


def _name(root: Keys, meta: Keys) -> str:
    name = _text(_newest(root, meta, "nyesteNavn", "navne"), "navn")
    if name is None:
        raise DocumentRefused("Der er intet navn i dokumentet.")
    return name


def _address(root: Keys, meta: Keys) -> RegisterAddress:
    where = _newest(root, meta, "nyesteBeliggenhedsadresse", "beliggenhedsadresse")
    if not where:
        return RegisterAddress()
    return RegisterAddress(
        street=_street(where),
        city_part=_text(where, "bynavn"),
        postal_code=_digits(where, "postnummer", 4),
        city=_text(where, "postdistrikt"),
        co_name=_text(where, "conavn"),
        country=_text(where, "landekode") or "DK",
        municipality_code=_digits(_dict(where, "kommune"), "kommuneKode", 4),
        address_id=_text(where, "adresseId"),
    )


def _street(where: Keys) -> str | None:
    """Road, number, floor and door on one line; abroad whatever the register has."""
    road = _text(where, "vejnavn")
    if road is None:
        box, free = _name_or_number(where, "postboks"), _text(where, "fritekst")
        return f"Postboks {box}" if box else free and ", ".join(free.split("\n"))
    first = f"{_digits(where, 'husnummerFra') or ''}{_text(where, 'bogstavFra') or ''}"
    last = f"{_digits(where, 'husnummerTil') or ''}{_text(where, 'bogstavTil') or ''}"
    line = f"{road} {first}-{last}" if first and last else f"{road} {first}".rstrip()
    inside = " ".join(_dotted(part) for key in ("etage", "sidedoer") if (part := _name_or_number(where, key)))
    return f"{line}, {inside}" if inside else line


def _name_or_number(where: Keys, key: str) -> str | None:
    return str(where[key]) if type(where.get(key)) is int else _text(where, key)


def _dotted(part: str) -> str:
    return part if part.endswith(".") else f"{part}."


def _open_to_all(root: Keys, series: str) -> str | None:
    """The contact detail that holds now and is not secret. What the metadata mixes together may be secret."""
    rows = [row for row in _rows(root, series) if row.get("hemmelig") is False]
    return _text(_current(rows), "kontaktoplysning")


_BAND = re.compile(r"ANTAL_(\d{1,7})_(\d{1,7})")
Employees = tuple[int | None, int | None, date | None]


def _employees(root: Keys, meta: Keys) -> Employees:
    live = _last_of(root, meta, f"nyesteE{LIVE_SERIES}", f"e{LIVE_SERIES}")
    if live is not None:
        return live
    old = (_last_of(root, meta, f"nyeste{name}", name[0].lower() + name[1:]) for name in OLD_SERIES)
    return max(
        (each for each in old if each), key=lambda each: each[2] or date.min, default=(None, None, None)
    )


def _last_of(root: Keys, meta: Keys, nyeste: str, series: str) -> Employees | None:
    """The newest row of a series that says how many; None when none does."""
    newest = _dict(meta, nyeste)
    if newest is not None and (counted := _counted(newest)):
        return counted
    every = (each for row in _rows(root, series) if (each := _counted(row)))
    return max(every, key=lambda each: each[2] or date.min, default=None)


def _counted(row: Keys) -> Employees | None:
    band = _text(row, "intervalKodeAntalAnsatte")
    if band is not None:
        found = _BAND.fullmatch(band)
        if found is None:
            raise _wrong("intervalKodeAntalAnsatte")
        least, most = int(found[1]), int(found[2])
    else:
        count = _whole(row, "antalAnsatte")
        if count is None:
            return None
        least = most = count
    if not least <= most <= MOST_EMPLOYEES:
        raise _wrong("intervalKodeAntalAnsatte")
    return least, (None if most == AND_ABOVE else most), _first_day(row)


def _whole(of: Keys, key: str) -> int | None:
    """A whole number, which the register may write as 12.0."""
    value = of.get(key)
    if value is None or (type(value) is int and value >= 0):
        return value
    if type(value) is float and value.is_integer() and value >= 0:
        return int(value)
    raise _wrong(key)


def _first_day(row: Keys) -> date | None:
    year, month, quarter = _whole(row, "aar"), _whole(row, "maaned"), _whole(row, "kvartal")
    if year is None:
        return None
    try:
        return date(year, month or (3 * quarter - 2 if quarter else 1), 1)
    except (ValueError, OverflowError):
        raise _wrong("aar") from None


def _life(root: Keys) -> tuple[date | None, date | None]:
    """The first day, and the last one when there is no period left that is open."""
    rows = _rows(root, "livsforloeb")
    begins = (_day(_dict(row, "periode"), "gyldigFra") for row in rows)
    first = min(filter(None, begins), default=None)
    if not rows or any(_holds(row) for row in rows):
        return first, None
    return first, max(
        (day for row in rows if (day := _day(_dict(row, "periode"), "gyldigTil"))), default=None
    )


def _common(root: Keys, meta: Keys, ended: date | None) -> Keys:
    trade = _newest(root, meta, "nyesteHovedbranche", "hovedbranche")
    least, most, counted_at = _employees(root, meta)
    said_at = _moment(root, "sidstOpdateret") or _moment(root, "sidstIndlaest")
    status = _status(root, meta, ended)
    gone = ended is not None and (said_at is None or ended <= said_at.date())
    return {
        "name": _name(root, meta), "address": _address(root, meta),
        "phone": _open_to_all(root, "telefonNummer"), "email": _open_to_all(root, "elektroniskPost"),
        "industry_code": _digits(trade, "branchekode", 6), "industry_text": _text(trade, "branchetekst"),
        "employees_from": least, "employees_to": most, "employees_at": counted_at,
        "status": status, "active": not gone and "".join(status.split()).casefold() in ACTIVE,
        # Who does not say is treated as protected: calling one that is may be punished, the other way not.
        "advertising_protected": _flag(root, "reklamebeskyttet") is not False,
        "updated_at": said_at,
    }  # fmt: skip


def _status(root: Keys, meta: Keys, ended: date | None) -> str:
    said = _text(meta, "sammensatStatus")
    if said is None:
        said = _text(_current(_rows(root, "virksomhedsstatus")), "status")
    return said or ("NORMAL" if ended is None else "Ophørt")


# --- The two kinds of document ---------------------------------------------------------------------


def _company(root: Keys) -> RegisterCompany:
    meta = _dict(root, "virksomhedMetadata") or {}
    cvr = numbers.cvr(_required(root, "cvrNummer", 8))
    first, ended = _life(root)
    common = _common(root, meta, ended)
    return RegisterCompany(
        cvr=cvr,
        aliases=_aliases(root, meta, common["name"]),
        website=_open_to_all(root, "hjemmeside"),
        legal_form=_text(_newest(root, meta, "nyesteVirksomhedsform", "virksomhedsform"), "kortBeskrivelse"),
        founded_on=_day(meta, "stiftelsesDato") or first,
        ceased_on=ended,
        **common,
    )


def _aliases(root: Keys, meta: Keys, name: str) -> tuple[str, ...]:
    """The secondary names in use, each once, without the name itself."""
    said = meta.get("nyesteBinavne")
    if said is None:
        said = [_text(row, "navn") for row in _rows(root, "binavne") if _holds(row)]
    if type(said) is not list or not all(each is None or type(each) is str for each in said):
        raise _wrong("nyesteBinavne")
    kept: list[str] = []
    room = ALIASES_LONGEST
    for each in dict.fromkeys(" ".join(each.split()) for each in said if each):
        if each and each != name and len(each) < room:
            kept.append(each)
            room -= len(each) + 1
    return tuple(kept)


def _unit(root: Keys) -> RegisterUnit:
    meta = _dict(root, "produktionsEnhedMetadata") or {}
    p_number = numbers.p_number(_required(root, "pNummer", 10))
    _, ended = _life(root)
    return RegisterUnit(p_number=p_number, cvr=numbers.cvr(_owner(root, meta)), **_common(root, meta, ended))


def _owner(root: Keys, meta: Keys) -> str:
    """The company it belongs to now; of a place that is closed, the last one."""
    rows = _rows(root, "virksomhedsrelation")
    owner = _digits(_current(rows), "cvrNummer", 8) or _digits(meta, "nyesteCvrNummerRelation", 8)
    if owner is None:
        owner = _digits(max(rows, key=_begins, default=None), "cvrNummer", 8)
    if owner is None:
        raise DocumentRefused("Arbejdsstedet hører ikke til nogen virksomhed.")
    return owner


def _required(root: Keys, key: str, width: int) -> str:
    number = _digits(root, key, width)
    if number is None:
        raise DocumentRefused(f"»{key}« mangler.")
    return number


def _participant(_root: Keys) -> RegisterCompany:
    raise DocumentRefused(
        "Personer og andre deltagere tages ikke med, for systemet skal ikke have private adresser."
    )


Reader = Callable[[Keys], RegisterCompany | RegisterUnit]
# By the root key in lower case: "VrproduktionsEnhed" is often written with a small e.
READERS: dict[str, Reader] = {
    "vrvirksomhed": _company,
    "vrproduktionsenhed": _unit,
    "vrdeltagerperson": _participant,
    "vrdeltager": _participant,
}


def _root(source: Any) -> tuple[Reader, Keys]:
    """Which kind of document it is, and what stands under its root key."""
    if type(source) is not dict:
        raise NoDocument("Det er ikke et dokument fra CVR.")
    for key, value in source.items():
        if (reader := READERS.get(key.lower())) is not None:
            if type(value) is not dict:
                raise _wrong(key)
            return reader, value
    # Some keep only what stands under the root key.
    if "virksomhedMetadata" in source and "cvrNummer" in source:
        return _company, source
    if "produktionsEnhedMetadata" in source and "pNummer" in source:
        return _unit, source
    raise NoDocument("Det er ikke et dokument fra CVR.")
