"""What each right is called: the thing it is about, and what one may do with it (crm/access/rights.py)."""

from __future__ import annotations

# Action → (what it is about, what one may).
RIGHTS = {
    "own": ("Ens egen konto", "Ændre sin egen adgangskode, kode-app, nøgler, kalender og fravær."),
    "read": ("Alt i huset", "Læse alle virksomheder, henvendelser, aftaler, mål og tavlen, også det andet teams. "
             "Notater »kun for mit team« læses kun af teamet, uanset rolle."),
    "companies.write": ("Virksomheder", "Oprette og rette virksomheder, kontaktpersoner og profiler."),
    "companies.merge": ("Virksomheder", "Lægge to virksomheder sammen. Det kan ikke fortrydes."),
    "responsibility.write": ("Indgange", "Give en virksomhed en anden indgang, eller foreslå det, når en leder skal "
                             "godkende."),
    "responsibility.rules": ("Fordeling", "Bestemme reglerne for, hvem der får nye virksomheder, og se balancen."),
    "handover.any": ("Videregivelse", "Give en kollegas virksomheder videre. Sine egne må alle give videre."),
    "absences.write": ("Fravær", "Skrive sit eget fravær og vælge stedfortræder."),
    "absences.others": ("Fravær", "Skrive en kollegas fravær."),
    "interactions.write": ("Samtaler og opfølgninger", "Skrive, hvad der skete, og hvad der skal ske."),
    "requests.write": ("Henvendelser", "Oprette henvendelser og føre dem videre."),
    "requests.kinds": ("Slags henvendelser", "Bestemme, hvad man kan spørge om, og hvor hurtigt der svares."),
    "agreements.write": ("Aftaler", "Lave aftaler og føre dem videre."),
    "goals.write": ("Mål", "Ændre mål, måltal, definitioner og nøgletal."),
    "surveys.write": ("Spørgsmål", "Ændre spørgsmålets ordlyd og sende runder ud."),
    "programmes.write": ("Programmer", "Ændre, hvad aftaler går ud på."),
    "documents.delete": ("Dokumenter", "Slette et dokument. Lægge et op må alle."),
    "board.write": ("Tavlen", "Flytte og fastfryse dagens møde og skrive referat."),
    "board.plan": ("Tavlen", "Lægge planen for tavlemøder."),
    "board.screens": ("Tavlen", "Lave links til skærme, hvor ingen er logget ind."),
    "panel.write": ("Virksomhedspanelet", "Give pladser, holde møder, udgive referater og stille spørgsmål."),
    "panel.answer": ("Virksomhedspanelet", "Svare et medlem, der skriver, at noget er forkert."),
    "imports.run": ("Import", "Hente filer ind og fortryde dem igen."),
    "exports.run": ("Filer", "Hente lister som filer. Hver gang står i loggen."),
    "views.others": ("Visninger", "Ændre en kollegas delte visning af en liste."),
    "users.write": ("Brugere, teams og nøgler", "Oprette, ændre og lukke brugere, lave teams og se alle nøgler."),
    "settings.write": ("Indstillinger", "Ændre indstillinger, der hører til det daglige."),
    "audit.read": ("Loggen", "Læse og hente loggen over ændringer."),
    "access_log.read": ("Adgangsloggen", "Se og hente, hvem der har set hvad."),
    "spot_checks.write": ("Stikprøver", "Se på opslag, der er trukket tilfældigt."),
    "health.read": ("Drift", "Se, om alt kører, som det skal."),
    "metrics.read": ("Målinger af driften", "Hente tal om belastning til overvågning."),
    "outbox.read": ("Udbakken", "Se mails, der venter, er sendt eller fejlede."),
    "outbox.write": ("Udbakken", "Sende en mail igen eller opgive den."),
    "jobs.read": ("Faste opgaver", "Se, hvad der sker af sig selv, og hvordan det gik."),
    "jobs.write": ("Faste opgaver", "Sætte en fast opgave i gang nu."),
}  # fmt: skip
