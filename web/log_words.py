"""The Danish words of the audit log: what each table, column and act is called.

A test holds every table and column that is written in the log to having its word here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from web import words

# One of each, as it stands after "oprettede", "ændrede" and "slettede".
THINGS = {
    "absence": "fravær", "access_alarm": "besked om mange opslag", "identity": "konto hos kommunens log ind",
    "passkey": "adgangsnøgle", "panel_answer": "svar fra panelet", "panel_identity": "log ind til panelet",
    "panel_meeting": "panelmøde",
    "panel_question": "spørgsmål til panelet", "panel_remark": "besked fra panelet", "panel_seat": "plads i panelet",
    "spot_check": "stikprøve", "spot_check_look": "opslag i en stikprøve",
    "absence_exception": "stedfortræder for en virksomhed", "agreement": "aftale",
    "agreement_field": "felt på aftaler", "agreement_field_choice": "valg til et felt på aftaler",
    "agreement_legal_step": "lovligt skridt for aftaler", "agreement_note": "note til en aftale",
    "agreement_period": "periode af en aftale", "agreement_reminder": "påmindelse om en aftale",
    "agreement_step": "skridt i en aftale", "agreement_value": "oplysning på en aftale",
    "api_token": "nøgle til et program", "assignment_rule": "fordelingsregel", "board_action": "opgave fra tavlen",
    "board_meeting": "tavlemøde", "board_minutes": "referat", "board_plan": "plan for tavlemøder",
    "board_snapshot": "fastfrosset tavle", "board_wall_link": "link til en skærm",
    "bulk_act": "handling på mange rækker", "commitment": "løfte i en aftale",
    "commitment_change": "status på et løfte", "company": "virksomhed",
    "company_assignment": "indgang til en virksomhed", "company_colleague": "kollega ved siden af indgangen",
    "company_contact": "kontaktperson", "company_continuation": "sammenlægning af virksomheder",
    "company_group": "gruppe af virksomheder", "company_profile": "virksomhedsprofil",
    "day_choice": "valg om Min dag", "document": "dokument", "follow_up": "opfølgning",
    "goals": "fil med mål", "handover": "videregivelse", "house_setting": "indstilling", "import_batch": "import",
    "indicator": "nøgletal", "indicator_value": "tal til et nøgletal", "installation": "installation",
    "interaction": "samtale eller notat", "list": "liste", "mail": "mail i udbakken", "milestone": "delmål",
    "objective": "mål", "objective_change": "ændring af et mål", "objective_definition": "definition af et mål",
    "objective_definition_programme": "program i en definition", "partner_agreement": "partneraftale",
    "partner_organisation": "partner", "production_unit": "arbejdssted", "programme": "program",
    "request": "henvendelse", "request_kind": "slags henvendelse", "request_step": "skridt i en henvendelse",
    "request_way": "lovligt skridt for henvendelser", "saved_view": "visning af en liste", "scheme": "ordning",
    "second_factor": "kode-app", "sign_in_link": "link til at vælge adgangskode",
    "survey_invitation": "spørgsmål til en virksomhed", "survey_question": "spørgsmål", "survey_reply": "besvarelse",
    "survey_round": "måling", "target": "måltal", "team": "team", "team_note": "tekst kun for et team",
    "transfer_proposal": "forslag om at flytte en virksomhed", "user_account": "bruger",
}  # fmt: skip
# What was done. An act that is not among them is shown with its own word.
ACTS = {
    "panel_identity": "forbandt et log ind med",
    "create": "oprettede", "change": "ændrede", "delete": "slettede", "sign_in": "loggede ind som",
    "export": "hentede", "hand_over": "gav videre", "undo": "fortrød", "import": "gennemførte", "merge": "lagde sammen",
    "demo": "fyldte demodata i", "second_factor_on": "slog kode-app til for",
    "second_factor_off": "slog kode-app fra for", "recovery_codes": "lavede koder på papir til",
    "recovery_code_used": "brugte en kode på papir som", "ask protected": "spurgte reklamebeskyttede i",
    "follow_up": "lavede opfølgninger med", "join_group": "samlede i en gruppe med",
    "leave_group": "tog ud af en gruppe med", "request_owner": "flyttede henvendelser med",
}  # fmt: skip
# Keys, copies and counters that say nothing to people.
UNSAID = frozenset({
    "id", "version", "sort_key", "phone_e164", "mobile_e164", "register_digest", "has_responsible",
    "current_assignment_id", "needs_active", "is_open", "created_at", "created_by_id", "at", "by_id",
    "uploaded_at", "uploaded_by_id", "step_no", "previous", "follows_id", "follows_quiet_until", "kept_by_hand",
    "sha256", "hash", "last_used_at", "last_sign_in_at", "slot_on", "stands", "until_at", "act", "attempts",
    "next_try_at", "leased_until", "subject_hash", "sign_count",
    "seq", "in_time", "last_contact_at", "last_step", "actor",
})  # fmt: skip
FIELDS = {
    # The company panel.
    "about": "Om", "announced_at": "Indkaldt", "answer": "Svar", "answered_by_id": "Besvaret af", "asked_at": "Stillet",
    "begins_on": "Første dag", "ended_at": "Afsluttet", "ends_at": "Slut", "ends_on": "Sidste dag",
    "minutes": "Referat",
    "minutes_published_at": "Referat udgivet", "opens_on": "Åbner", "outcome": "Det gjorde vi",
    "outcome_at": "Meldt tilbage", "question": "Spørgsmål", "seat_id": "Plads i panelet",
    "terms": "Vilkårenes udgave", "terms_accepted_at": "Vilkår accepteret",
    # Who looked, and what vouches for a log-in.
    "companies": "Virksomheder", "drawn_at": "Trukket", "issuer": "Udsteder", "linked_at": "Forbundet",
    "looks": "Opslag", "month": "Måned", "outside": "Uden for egne", "remark": "Bemærkning", "route": "Adresse",
    "seen_at": "Set", "seen_by_id": "Set af", "until": "Til",
    "absence_id": "Fravær", "active": "Aktiv", "advertising_protected": "Reklamebeskyttet", "after": "Efter",
    "agenda": "Dagsorden", "agreed": "Aftalt", "agreement_id": "Aftale", "aliases": "Binavne",
    "answer_due_at": "Svarfrist", "answer_hours": "Timer til svar", "answered_at": "Besvaret", "asked_on": "Spurgt",
    "asks": "Spørger om", "before": "Før", "better": "Bedst", "by_company_id": "Fortsætter i",
    "calendar_key": "I kalenderen",
    "calendar_since": "Kalender siden", "call_back": "Ring tilbage", "cancelled_at": "Aflyst",
    "case_reference": "Sagens nummer", "cause": "Årsag", "ceased_on": "Ophørt", "change_no": "Ændring nr.",
    "changed": "Ændrede", "changed_at": "Ændret", "changed_by_id": "Ændret af", "choice": "Valg", "city": "By",
    "city_part": "Bydel", "closed_at": "Lukket", "closes_on": "Slutter", "columns": "Kolonner",
    "comment": "Kommentar", "commitment_id": "Løfte", "company_contact_id": "Kontaktperson", "company_id": "Virksomhed",
    "confirmed_at": "Bekræftet", "consultant_id": "Konsulent", "contact": "Kontakt", "contact_name": "Kontaktperson",
    "contact_title": "Kontaktpersonens titel", "counts": "Tæller", "counts_people": "Tæller personer",
    "counts_when": "Tæller når", "created": "Nye", "cvr": "CVR", "deadline_on": "Ansøgningsfrist",
    "decided_at": "Afgjort", "decided_by_id": "Afgjort af", "decision_note": "Begrundelse",
    "definition_id": "Definition", "delete_reason": "Hvorfor slettet", "deleted_at": "Slettet",
    "deleted_by_id": "Slettet af", "description": "Beskrivelse", "despite_quiet": "Trods pause",
    "direction": "Retning", "done_at": "Klaret", "done_by_id": "Klaret af", "due": "Frist", "email": "E-mail",
    "employees_at": "Ansatte pr.", "employees_from": "Ansatte fra", "employees_max": "Ansatte højst",
    "employees_min": "Ansatte mindst", "employees_to": "Ansatte til", "end_cause": "Hvorfor afsluttet",
    "end_reason": "Begrundelse", "ended_on": "Sluttet", "every_days": "Dage imellem", "expires_at": "Udløber",
    "expires_on": "Udløber", "field": "Felt", "file_name": "Fil", "first_day": "Første dag",
    "first_on": "Første møde", "follow_up_id": "Opfølgning", "founded_on": "Grundlagt", "from_id": "Fra",
    "from_state": "Fra", "frozen_at": "Fastfrosset", "fulfilled": "Opfyldt", "group_id": "Gruppe",
    "handled_at": "Fulgt op", "handled_by_id": "Fulgt op af", "handled_note": "Hvad der blev gjort",
    "handover_id": "Videregivelse", "happened_at": "Hvornår", "held_on": "Holdt", "hint": "Hjælpetekst",
    "hired": "Ansat", "holds_from": "Gælder fra", "hours_from": "Timer fra", "hours_to": "Timer til",
    "hundredths": "Hundrededele", "indicator_id": "Nøgletal", "industry_code": "Branchekode",
    "industry_prefix": "Brancher", "industry_text": "Branche", "interaction_id": "Samtale",
    "invitation_id": "Spørgsmål", "is_active": "Aktiv", "is_demo": "Demodata", "is_on": "Slået til", "key": "Nøgle",
    "kind": "Slags", "kind_name": "Slags", "last_day": "Sidste dag", "last_error": "Fejl",
    "last_morning": "Sidste morgen",
    "legal_form": "Selskabsform", "line_from": "Linje fra", "made_by": "Lavet af", "made_group": "Ny gruppe",
    "media_type": "Filtype", "meeting_id": "Tavlemøde", "mobile": "Mobil", "morning_mail": "Mail om morgenen",
    "moved_from": "Flyttet fra", "moves": "Gange udskudt", "municipality_code": "Kommunekode", "name": "Navn",
    "needs": "Behov", "note": "Note", "notes": "Noter", "number": "Nummer", "objective_id": "Mål", "on": "Dag",
    "only_team_id": "Kun for", "opened_on": "Åbnet", "organisation_id": "Partner", "owner_id": "Hvem har den",
    "p_number": "P-nummer", "panel_sees": "Panelet ser den", "paused_since": "Venter siden", "period": "Periode",
    "persons": "Antal personer", "phone": "Telefon", "place": "Arbejdssted", "position": "Plads",
    "postal_code": "Postnummer", "postal_from": "Postnummer fra", "postal_to": "Postnummer til",
    "practical_frames": "Praktiske rammer", "presented": "Præsenteret", "production_unit_id": "Arbejdssted",
    "profiles_wanted": "Ønskede profiler", "programme_id": "Program", "programmes_in_all": "Programmer i alt",
    "promised": "Lovet", "protected_reason": "Hvorfor reklamebeskyttede", "published_at": "Delt",
    "purpose": "Formål", "query": "Udvalg", "question_id": "Spørgsmål", "quiet_until": "Pause til",
    "reason": "Begrundelse", "received_at": "Modtaget", "recipient": "Modtager", "refused": "Afvist",
    "register_read_at": "Registret læst", "register_said_at": "Registrets dato", "remind_on": "Påmindelse",
    "repeat_day": "Gentages den", "repeat_every": "Gentages hver", "repeat_unit": "Gentages i",
    "replied_on": "Besvaret",
    "request_id": "Henvendelse", "response": "Svar på ansøgninger", "role": "Rolle", "round_id": "Måling",
    "rows_read": "Rækker læst", "said": "Hvad", "scheme_id": "Ordning", "scope": "Må", "sent_at": "Sendt",
    "shared": "Delt", "shortcuts": "Genveje", "shown_to_panel": "Vises for panelet", "signed_on": "Underskrevet",
    "size": "Størrelse", "source": "Kilde", "stand_in_id": "Stedfortræder", "standard_months": "Måneder",
    "start_on": "Start", "starts_at": "Klokken", "state": "Status", "status": "Status i registret",
    "street": "Vej", "subject": "Emne", "summary": "Tekst", "target_id": "Måltal", "team_id": "Team",
    "template": "Tekst", "text": "Tekst", "title": "Titel", "to_id": "Til", "to_state": "Til", "topic": "Emne",
    "unchanged": "Uændrede", "undone_at": "Fortrudt", "undone_by_id": "Fortrudt af", "unit": "Enhed",
    "used_at": "Brugt", "user_id": "Bruger", "valid_from": "Fra", "valid_to": "Til", "value": "Værdi",
    "wanted": "Søges", "website": "Hjemmeside", "what": "Hvad", "what_they_do": "Hvad de gør", "wording": "Ordlyd",
    "words": "Ord",
}  # fmt: skip
YES_NO = frozenset({
    "active", "advertising_protected", "call_back", "counts_people", "despite_quiet", "is_active", "is_demo",
    "is_on", "morning_mail", "panel_sees", "programmes_in_all", "shared", "shortcuts", "shown_to_panel",
})  # fmt: skip
# Codes with words of their own, by table and column.
CODES: dict[tuple[str, str], Mapping[Any, str]] = {
    ("user_account", "role"): words.ROLES, ("request", "state"): words.REQUEST_STATES,
    ("request_step", "from_state"): words.REQUEST_STATES, ("request_step", "to_state"): words.REQUEST_STATES,
    ("agreement", "state"): words.AGREEMENT_STATES, ("agreement_step", "from_state"): words.AGREEMENT_STATES,
    ("agreement_step", "to_state"): words.AGREEMENT_STATES, ("interaction", "kind"): words.KINDS,
    ("interaction", "direction"): words.DIRECTIONS, ("request", "kind"): words.REQUEST_KINDS,
    ("api_token", "scope"): words.SCOPES, ("document", "kind"): words.DOCUMENT_KINDS,
    ("agreement", "end_cause"): words.END_CAUSES, ("agreement_step", "cause"): words.END_CAUSES,
}  # fmt: skip
# Who acts when nobody is signed in.
MACHINES = {
    "system": "Systemet",
    "worker": "Faste opgaver",
    "command line": "Kommandolinjen",
    "demo": "Demodata",
}
# Where one sees the thing itself.
PLACES = {
    "agreement": "/aftaler/{}", "request": "/henvendelser/{}", "user_account": "/opsaetning/brugere/{}",
    "import_batch": "/import/{}", "partner_organisation": "/aftaler/partnere/{}", "follow_up": "/opfoelgninger/{}",
    "handover": "/videregivelser/{}", "programme": "/opsaetning/programmer/{}",
}  # fmt: skip
