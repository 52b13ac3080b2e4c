"""The page of one agreement: everything about it at one place, and a form for each thing that can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

from crm.access import queries as users
from crm.access.models import User
from crm.agreements import actions, commitments, documents, fields, notes, queries, renewals
from crm.agreements.commitments import Commitment
from crm.agreements.models import Agreement, AgreementState
from crm.agreements.periods import AgreementPeriod
from crm.companies import queries as companies
from crm.companies.models import CompanyContact
from web import words
from web.deps import Visit
from web.forms import Form
from web.render import page

STANDS = (AgreementState.SIGNED, AgreementState.IN_FORCE, AgreementState.RENEWED)
UNDER_WAY = (AgreementState.PROSPECT, AgreementState.IN_DIALOGUE, AgreementState.OFFERED)
DAYS = ("signed_on", "valid_from", "valid_to")
CHANGED = "En kollega har rettet imens. Din tekst står her; hent siden igen for at se den nye."
# Own fields may have names that other forms of the page have too.
OWN = "own_"


def typed_day(day: date | None) -> str:
    """A day as one would type it."""
    return f"{day:%d-%m-%Y}" if day else ""


def filled(agreement: Agreement) -> Form:
    """The details as they stand."""
    known = {
        "title": agreement.title, "version": agreement.version, "consultant": agreement.consultant_id,
        "company_contact": agreement.company_contact_id,
        "shown_to_panel": "1" if agreement.shown_to_panel else None,
    }  # fmt: skip
    return Form.of(known | {name: typed_day(getattr(agreement, name)) for name in DAYS})


def _forms(
    agreement: Agreement,
    held: Mapping[str, fields.Value],
    known: Sequence[AgreementPeriod],
    promised: Sequence[Commitment],
    today: date,
) -> dict[str, Form]:
    """A form for each thing that can be done, filled in with what stands or what would be usual."""
    _, ends = renewals.suggested(known[-1], agreement.programme, today)
    forms = {
        "step": Form(),
        "end": Form(),
        "renew": Form.of({"valid_to": typed_day(ends)}),
        "details": filled(agreement),
        "own": Form.of({OWN + key: value for key, value in held.items()}),
        "commit": Form(),
        "note": Form(),
        "upload": Form.of({"kind": "signed", "period": known[-1].seq}),
        "next": Form(),
    }
    for period in known:
        forms[f"period-{period.seq}"] = Form.of({name: typed_day(getattr(period, name)) for name in DAYS})
    for each in promised:
        forms[f"count-{each.id}"] = Form.of({"promised": each.promised, "fulfilled": each.fulfilled})
    return forms


def show(visit: Visit, agreement: Agreement, *, refused: tuple[str, Form] | None = None) -> Response:
    """The page; with a form that was refused, that form as it was sent and what is wrong with it."""
    held = fields.values(visit.db, agreement)
    known = renewals.periods(visit.db, agreement)
    promised = commitments.of_agreement(visit.db, agreement)
    forms = _forms(agreement, held, known, promised, visit.today)
    active, form = refused or ("details", forms["details"])
    # What was not sent along stays as it was.
    form.data = forms.get(active, form).data | form.data
    forms[active] = form
    following = actions.next_states(agreement)
    return page(
        visit,
        "agreements/show.html",
        status=form.status if form.errors else 200,
        section="agreements",
        agreement=agreement,
        steps=queries.steps(visit.db, agreement),
        periods=known,
        asked=fields.asked(agreement.programme, held),
        held=held,
        commitments=promised,
        notes=notes.notes(visit.db, agreement),
        documents=_by_document(documents.of_agreement(visit.db, agreement)),
        forms=forms,
        active=active,
        form=form,
        following=[(state, words.AGREEMENT_STATES[AgreementState(state)]) for state in following
                   if state not in {AgreementState.ENDED, AgreementState.RENEWED}],
        can_renew=AgreementState.RENEWED in following,
        can_end=AgreementState.ENDED in following,
        next_begins=renewals.next_beginning(known[-1], visit.today),
        causes=_causes(agreement),
        document_kinds=words.choices(words.DOCUMENT_KINDS),
        most_mb=visit.house.settings.document_mb,
        colleagues=_colleagues(visit, agreement),
        contacts=contact_choices(visit, agreement),
    )  # fmt: skip


def _by_document(found: Sequence[documents.Document]) -> list[list[documents.Document]]:
    """Each document with its versions, the newest first."""
    grouped: dict[int, list[documents.Document]] = {}
    for each in found:
        grouped.setdefault(each.number, []).append(each)
    return list(grouped.values())


def _causes(agreement: Agreement) -> list[tuple[str, str]]:
    """Why it can end: what is not signed cannot be fulfilled, and a colleague knows why."""
    unsigned = agreement.state in UNDER_WAY
    never = {"not_told"} | ({"fulfilled", "ran_out", "not_used"} if unsigned else set())
    return [(code, text) for code, text in words.choices(words.END_CAUSES) if code not in never]


def _colleagues(visit: Visit, agreement: Agreement) -> list[tuple[int, str]]:
    team = {user.id: user.name for user in users.colleagues(visit.db)}
    if agreement.consultant is not None:
        # Who has left since still stands on what has ended.
        team.setdefault(agreement.consultant.id, agreement.consultant.name)
    return list(team.items())


def contact_choices(visit: Visit, agreement: Agreement) -> list[tuple[int, str]]:
    """The company's people, and whoever stands on the agreement though they have left."""
    found = {each.id: each.label for each in companies.contacts(visit.db, agreement.company)}
    if agreement.contact is not None:
        found.setdefault(agreement.contact.id, agreement.contact.label)
    return list(found.items())


# --- What was typed -----------------------------------------------------------------------------


def consultant(visit: Visit) -> User | None:
    """The colleague chosen as the municipality's contact, if one is."""
    key = visit.form.number("consultant", "Vælg en kollega.")
    return users.get(visit.db, key) if key else None


def contact(visit: Visit, agreement: Agreement) -> CompanyContact | None:
    """The person chosen at the company, if one is."""
    key = visit.form.number("company_contact", "Vælg en person.")
    return companies.contact(visit.db, agreement.company, key) if key else None


def own_values(visit: Visit, agreement: Agreement) -> dict[str, Any]:
    """What was typed in the own fields, of those the form had."""
    found: dict[str, Any] = {}
    held = fields.values(visit.db, agreement)
    for each in fields.asked(agreement.programme, held):
        name = OWN + each.key
        if name not in visit.form.data:
            continue
        found[each.key] = visit.form.number(name) if each.kind == "number" else visit.form.text(name)
    return found
