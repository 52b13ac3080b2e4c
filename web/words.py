"""The Danish words for the codes of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.access.models import Role, Scope
from crm.access_log.models import ActorKind
from crm.agreements.actions import CAUSES, NAMES
from crm.agreements.documents import DocumentKind
from crm.agreements.programmes import KINDS as PROGRAMMES
from crm.goals.models import Better, Change
from crm.interactions.models import Direction, Kind
from crm.interactions.repeating import RepeatUnit
from crm.requests.kinds import Ask
from crm.requests.models import RequestKind, RequestState
from crm.responsibility.models import CompanyColleague, Topic

KINDS = {
    Kind.CALL: "Opkald",
    Kind.MEETING: "Møde",
    Kind.VISIT: "Besøg",
    Kind.EMAIL: "Mail",
    Kind.NOTE: "Notat",
}
REPEAT_UNITS = {RepeatUnit.DAY: "dag", RepeatUnit.WEEK: "uge", RepeatUnit.MONTH: "måned"}
DIRECTIONS = {Direction.IN: "Indgående", Direction.OUT: "Udgående"}
REQUEST_KINDS = {
    RequestKind.RECRUITMENT: "Rekruttering",
    RequestKind.RETENTION: "Fastholdelse",
    RequestKind.GUIDANCE: "Vejledning",
    RequestKind.ONBOARDING: "Onboarding",
    RequestKind.INCLUSION: "Inklusion og socialt ansvar",
    RequestKind.AFTER_SCHOOL_JOB: "Fritidsjob til unge",
    RequestKind.WORK_PLACEMENT: "Praktik og løntilskud",
    RequestKind.IPS: "IPS, job med støtte",
    RequestKind.STRESS_COURSE: "Stresskursus",
    RequestKind.JOB_FAIR: "Jobmesse",
}
# What a kind of request may ask for, as a manager chooses it.
ASKS = {
    Ask.WANTED: "Hvor mange der søges",
    Ask.HOURS: "Timer om ugen",
    Ask.START: "Start",
    Ask.DEADLINE: "Ansøgningsfrist",
    Ask.PLACE: "Arbejdssted",
    Ask.RESPONSE: "Hvordan ansøgere svarer",
    Ask.RESULTS: "Præsenteret og ansat",
    Ask.PERSONS: "Hvor mange det drejer sig om",
    Ask.CASE: "Sagens nummer i fagsystemet",
    Ask.TOPIC: "Blanket eller regel",
    Ask.HELD: "Dato for kursus eller messe",
    Ask.SCHEME: "Ordning",
}
REQUEST_STATES = {
    RequestState.NEW: "Ny",
    RequestState.TAKEN: "Taget",
    RequestState.IN_PROGRESS: "I gang",
    RequestState.WAITING: "Afventer",
    RequestState.RESOLVED: "Løst",
    RequestState.UNRESOLVED: "Ikke løst",
    RequestState.WITHDRAWN: "Trukket tilbage",
}
AGREEMENT_STATES = {state: name.capitalize() for state, name in NAMES.items()}
END_CAUSES = CAUSES
DOCUMENT_KINDS = {
    DocumentKind.SIGNED: "Underskrevet aftale",
    DocumentKind.DRAFT: "Udkast",
    DocumentKind.MINUTES: "Referat",
    DocumentKind.PHOTO: "Billede",
    DocumentKind.OTHER: "Andet",
}
ROLES = {Role.CONSULTANT: "Konsulent", Role.MANAGER: "Leder", Role.ADMIN: "Administrator"}
SCOPES = {Scope.READ: "Kun læse", Scope.WRITE: "Læse og skrive"}
HIT_KINDS = {
    "name": "navn", "alias": "binavn", "unit": "afdeling", "contact": "kontaktperson", "street": "adresse",
    "cvr": "CVR", "p_number": "P-nummer", "phone": "telefon",
}  # fmt: skip
OBJECTIVE_CHANGES = {
    Change.ADDED: "Mål oprettet", Change.RENAMED: "Nyt navn", Change.MOVED: "Flyttet",
    Change.RETIRED: "Følges ikke længere", Change.RESUMED: "Følges igen", Change.DEFINED: "Ny definition",
    Change.TARGET_SET: "Måltal", Change.TARGET_DROPPED: "Måltal slettet", Change.MILESTONE_SET: "Delmål",
    Change.MILESTONE_DROPPED: "Delmål slettet",
}  # fmt: skip
BETTER = {
    Better.UP: "Højere er bedre",
    Better.DOWN: "Lavere er bedre",
    Better.EITHER: "Hverken det ene eller det andet",
}
TOPICS = {Topic.RECRUITMENT: "Rekruttering", Topic.RETENTION: "Fastholdelse", Topic.YOUNG_PEOPLE: "Unge"}
# The steps of the satisfaction scale; 0 is kept as no value.
SURVEY_ANSWERS = {
    "1": "Helt uenig", "2": "Uenig", "3": "Hverken enig eller uenig", "4": "Enig", "5": "Helt enig", "0": "Ved ikke",
}  # fmt: skip
# What the register calls a company that is not simply active.
_BY_GROUP: dict[str, Mapping[Any, str]] = {
    "kind": KINDS,
    "direction": DIRECTIONS,
    "request_kind": REQUEST_KINDS,
    "request_state": REQUEST_STATES,
    "agreement_state": AGREEMENT_STATES,
    "end_cause": END_CAUSES,
    "document_kind": DOCUMENT_KINDS,
    "programme_kind": PROGRAMMES,
    "role": ROLES,
    "scope": SCOPES,
    "hit": HIT_KINDS,
    "survey_answer": SURVEY_ANSWERS,
    "objective_change": OBJECTIVE_CHANGES,
    "better": BETTER,
}


def word(code: str, group: str) -> str:
    """The Danish word for a code in a group, such as `"call" | word("kind")`."""
    return _BY_GROUP[group][code]


def beside(colleague: CompanyColleague) -> str:
    """What a colleague beside the responsible is the one for: a place of work by its name, or a topic."""
    return colleague.unit.name if colleague.unit else TOPICS[Topic(colleague.topic or "")]


def choices(words: Mapping[Any, str]) -> list[tuple[str, str]]:
    """Codes and words as a form's list of choices."""
    return [(str(code), text) for code, text in words.items()]


# What was looked at, as the access log shows it.
LOOKS = {
    "access_log": "Adgangsloggen", "audit_log": "Loggen",
    "agreement": "Aftale", "board": "Tavlen", "bulk_act": "Handling på en liste",
    "calendar": "Kalender", "colleague": "Kollega", "company": "Virksomhed", "contact": "Kontaktperson",
    "day": "Min dag", "day_line": "Linje i Min dag", "document": "Dokument", "absence": "Fravær",
    "export": "Hentet fil", "follow_up": "Opfølgning", "goal": "Mål", "group": "Koncern",
    "handover": "Videregivelse", "import": "Import", "interaction": "Samtale", "list": "Liste", "mails": "Udbakke",
    "page": "Side", "panel": "Virksomhedspanelet", "panel_meeting": "Panelmøde",
    "panel_question": "Spørgsmål til panelet", "panel_seat": "Plads i panelet", "partner": "Partnerorganisation",
    "partner_agreement": "Partneraftale", "proposal": "Forslag",
    "request": "Henvendelse", "search": "Søgning", "survey_reply": "Besvarelse", "survey_round": "Måling",
    "user": "Bruger",
}  # fmt: skip
LOOKERS = {
    ActorKind.PANEL: "Medlem af virksomhedspanelet",
    ActorKind.SCREEN: "Skærm på væggen",
    ActorKind.COMMAND: "Kommandolinjen",
}


def looker(kind: str, name: str | None, id: int | None) -> str:
    """Who was shown something, in words."""
    if kind == ActorKind.CALENDAR:
        return f"{name or f'Bruger nr. {id}'} (kalender)"
    if kind == ActorKind.USER:
        return name or f"Bruger nr. {id}"
    return LOOKERS.get(ActorKind(kind), kind) + (f" nr. {id}" if id is not None else "")
