"""Which addresses show what may tell of a person. Decided here, for every route, and nowhere else.

An address stands in NOTHING when no answer under it shows anything but the house's own set-up or the reader's own
account. Every other has a look: what its answers are about. A route with neither fails `tests/web/test_looks.py`;
until it is decided, its answers are logged as a page.

Whole branches have one look: what comes new under a company is about that company. NOTHING names single addresses
only, so that nothing new is left out by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Look:
    """What an address's answers are about: a kind of thing, and which part of the path is its key.

    `asked` keeps what was searched for or how a list was narrowed.
    """

    kind: str
    key: str | None = None
    asked: bool = False


UNDECIDED = Look("page")
LIST = Look("list", asked=True)
SEARCH = Look("search", asked=True)
EXPORT = Look("export", asked=True)
BOARD, GOAL = Look("board"), Look("goal", "key")

# The first that fits holds. One that ends with * holds for everything that begins so.
LOOKS: dict[str, Look] = {
    "/": Look("day"),
    "/dag/{linje}*": Look("day_line", "linje"),
    "/kalender/{noegle}.ics": Look("calendar"),
    "/mine-tal*": Look("list"),
    "/soeg*": SEARCH,
    "/opkald": SEARCH,
    "/api/v1/search": SEARCH,
    # Companies and their people.
    "/virksomheder/{cvr}/kontakter/{id}*": Look("contact", "id"),
    "/virksomheder/{cvr}*": Look("company", "cvr"),
    "/virksomheder": LIST,
    "/api/v1/companies/{cvr}/contacts/{id}*": Look("contact", "id"),
    "/api/v1/companies/{cvr}/interactions/{id}*": Look("interaction", "id"),
    "/api/v1/companies/{cvr}*": Look("company", "cvr"),
    "/api/v1/companies": LIST,
    "/koncerner/{id}*": Look("group", "id"),
    "/kolleger/{id}*": Look("colleague", "id"),
    # What is done for them.
    "/samtaler/{id}*": Look("interaction", "id"),
    "/opfoelgninger/{id}*": Look("follow_up", "id"),
    "/henvendelser/{id}*": Look("request", "id"),
    "/henvendelser": LIST,
    "/api/v1/requests/{id}*": Look("request", "id"),
    "/aftaler/partnere/{id}*": Look("partner", "id"),
    "/aftaler/partnere": LIST,
    "/aftaler/paa-vej": LIST,
    "/aftaler/{id}*": Look("agreement", "id"),
    "/aftaler": LIST,
    "/api/v1/agreements/{id}*": Look("agreement", "id"),
    "/partneraftaler/{id}*": Look("partner_agreement", "id"),
    "/dokumenter/{id}*": Look("document", "id"),
    # Lists, and what leaves the house.
    "/lister/virksomheder/kontakter": EXPORT,
    "/lister/{liste}/hent": Look("export", "liste", asked=True),
    "/lister/{liste}*": Look("list", "liste", asked=True),
    "/handlinger/{id}*": Look("bulk_act", "id"),
    "/import*": Look("import"),
    # Who has what.
    "/videregiv": LIST,
    "/videregivelser/{id}*": Look("handover", "id"),
    "/forslag/{id}*": Look("proposal", "id"),
    "/forslag": LIST,
    "/fravaer*": Look("absence"),
    "/opsaetning/balance": LIST,
    "/opsaetning/fordeling/{id}/proev": LIST,
    # Goals, answers and the board.
    "/maal/tilfredshed/besvarelser/{id}*": Look("survey_reply", "id"),
    "/maal/tilfredshed*": LIST,
    "/maal/rapport/hent": EXPORT,
    "/maal/rapport": Look("goal"),
    "/maal/{key}/hent": Look("export", "key", asked=True),
    "/maal/{key}": GOAL,
    "/maal": Look("goal"),
    "/api/v1/goals*": Look("goal"),
    "/tavle/skaerm/{token}": BOARD,
    "/tavle/raekker/{hvad}": BOARD,
    "/tavle/aftalt*": BOARD,
    "/tavle/moeder": BOARD,
    "/tavle/vaeg": BOARD,
    "/tavle/ark": BOARD,
    "/tavle/{id}*": Look("board", "id"),
    "/tavle": BOARD,
    "/api/v1/board/meetings/{id}*": Look("board", "id"),
    "/api/v1/board/meetings": BOARD,
    "/opsaetning/maalinger/{id}*": Look("survey_round", "id"),
    # The company panel, as the house and as its members see it.
    "/panelet/pladser/{id}*": Look("panel_seat", "id"),
    "/panelet/moeder/{id}*": Look("panel_meeting", "id"),
    "/panelet/spoergsmaal/{id}*": Look("panel_question", "id"),
    "/panelet*": Look("panel"),
    "/panel/aftaler/{id}": Look("agreement", "id"),
    "/panel/dokumenter/{id}": Look("document", "id"),
    "/panel/moeder/{id}*": Look("panel_meeting", "id"),
    "/panel/spoergsmaal/{id}": Look("panel_question", "id"),
    "/panel/*": Look("panel"),
    # The log of changes shows what was written about anybody.
    "/opsaetning/log/hent": EXPORT,
    "/opsaetning/log": Look("audit_log", asked=True),
    "/opsaetning/teams*": Look("list"),
    # Colleagues' accounts, mails, and this log itself.
    "/opsaetning/brugere/{id}*": Look("user", "id"),
    "/opsaetning/brugere": Look("list"),
    "/opsaetning/post*": Look("mails"),
    "/opsaetning/adgangslog/hent": EXPORT,
    "/opsaetning/adgangslog": Look("access_log", asked=True),
    "/opsaetning/stikproever*": Look("access_log"),
}  # fmt: skip

NOTHING = frozenset({
    # One's own account, and the way in.
    "/genveje", "/glemt", "/konto", "/konto/adgangskode", "/konto/kalender", "/konto/kalender/luk",
    "/konto/morgenmail", "/konto/sikkerhed", "/konto/sikkerhed/kode-app", "/konto/sikkerhed/kode-app/bekraeft",
    "/konto/sikkerhed/kode-app/fjern", "/konto/sikkerhed/koder", "/konto/sikkerhed/steder/andre",
    "/konto/sikkerhed/steder/{id}/slut", "/log-ind", "/log-ind/kode", "/log-ind/kode-app", "/log-ud",
    "/ny-adgangskode/{token}", "/visninger/{id}", "/visninger/{id}/forrest", "/visninger/{id}/indhold",
    "/visninger/{id}/slet", "/visninger/{id}/tilbage",
    # What the one who was asked sees of their own answer, which nobody keeps a trace of.
    "/svar/{token}", "/svar/{token}/kommentar",
    "/konto/sikkerhed/noegler", "/konto/sikkerhed/noegler/fjern", "/konto/sikkerhed/noegler/gem", "/log-ind/kommune",
    "/log-ind/kommune/log-ud", "/log-ind/kommune/svar", "/log-ind/noegle", "/log-ind/noegle/spoerg",
    "/konto/noegler", "/konto/noegler/{id}/slut", "/opsaetning/drift", "/opsaetning/indstillinger",
    "/opsaetning/noegler", "/opsaetning/noegler/{id}/slut", "/opsaetning/rettigheder",
    # The panel's way in, where nobody is known yet.
    "/panel/log-ind", "/panel/log-ind/udbyder", "/panel/log-ind/udbyder/svar",
    "/panel/log-ud", "/panel/ind/{token}", "/panel/ind/{token}/nyt",
    # An empty form.
    "/virksomheder/ny", "/panelet/pladser/ny", "/panelet/moeder/nyt", "/panelet/spoergsmaal/nyt",
    # How the house is set up.
    "/opsaetning", "/opsaetning/delmaal/{id}/slet", "/opsaetning/fordeling", "/opsaetning/fordeling/{id}/flyt",
    "/opsaetning/fordeling/{id}/fra", "/opsaetning/fordeling/{id}/slet", "/opsaetning/fordeling/{id}/til",
    "/opsaetning/henvendelser", "/opsaetning/henvendelser/ordninger", "/opsaetning/henvendelser/ordninger/ny",
    "/opsaetning/henvendelser/ordninger/{id}", "/opsaetning/henvendelser/slags", "/opsaetning/henvendelser/slags/ny",
    "/opsaetning/henvendelser/slags/{key}", "/opsaetning/maal", "/opsaetning/maal/nyt", "/opsaetning/maal/{key}",
    "/opsaetning/maal/{key}/definition", "/opsaetning/maal/{key}/flyt", "/opsaetning/maal/{key}/genoptag",
    "/opsaetning/maal/{key}/navn", "/opsaetning/maal/{key}/slut", "/opsaetning/maalinger", "/opsaetning/maalinger/ny",
    "/opsaetning/maalinger/ordlyd", "/opsaetning/maaltal/{id}/delmaal", "/opsaetning/maaltal/{id}/slet",
    "/opsaetning/opgaver", "/opsaetning/opgaver/{key}/nu", "/opsaetning/programmer", "/opsaetning/programmer/nyt",
    "/opsaetning/programmer/{id}", "/tavle/plan", "/tavle/skaerme", "/tavle/skaerme/{id}/forny",
    "/tavle/skaerme/{id}/luk",
    # Figures from elsewhere, never of one person.
    "/maal/noegletal", "/maal/noegletal/{id}", "/maal/noegletal/{id}/ret", "/maal/noegletal/{id}/slut",
    "/maal/noegletal/{id}/tal",
    # For machines.
    "/api/v1/openapi.json", "/health/live", "/health/ready", "/metrics", "/was",
})  # fmt: skip


@cache
def decided(path: str) -> bool:
    """Whether somebody has decided about this route."""
    return path in NOTHING or look_of(path) is not UNDECIDED


@cache
def look_of(path: str) -> Look | None:
    """What a route's answers are about; None when they show nothing of anybody."""
    if path in NOTHING:
        return None
    for pattern, look in LOOKS.items():
        if path == pattern or (pattern.endswith("*") and path.startswith(pattern[:-1])):
            return look
    return UNDECIDED
