"""The pages, one module for each room. A route does four things: fetch, parse, act, answer."""

from web.routes import (
    absence_calendar,
    absences,
    account,
    agreement_parts,
    agreements,
    beside,
    colleagues,
    companies,
    contacts,
    day,
    distribution,
    documents,
    goals,
    groups,
    handover,
    imports,
    interactions,
    jobs,
    outbox,
    partners,
    pipeline,
    programmes,
    proposals,
    requests,
    responsibility,
    search,
    setup,
    statements,
)

ROUTERS = (
    account.router, day.router, search.router, companies.router, contacts.router, beside.router,
    colleagues.router, groups.router, responsibility.router, handover.router, proposals.router, absence_calendar.router,
    absences.router, interactions.router, requests.router,
    # The named addresses under /aftaler before those that are a number.
    pipeline.router, partners.router, agreements.router, agreement_parts.router, documents.router, programmes.router,
    goals.router, imports.router, setup.router, distribution.router, outbox.router, jobs.router, statements.router,
)  # fmt: skip
