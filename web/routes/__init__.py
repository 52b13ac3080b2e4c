"""The pages, one module for each room. A route does four things: fetch, parse, act, answer."""

from web.routes import (
    absence_calendar,
    absences,
    account,
    agreement_parts,
    agreements,
    answer,
    beside,
    bulk,
    calendar,
    codes,
    colleagues,
    companies,
    contacts,
    day,
    distribution,
    documents,
    follow_ups,
    goals,
    groups,
    handover,
    imports,
    interactions,
    jobs,
    kinds,
    lists,
    merging,
    outbox,
    own_figures,
    partners,
    people,
    pipeline,
    programmes,
    proposals,
    requests,
    responsibility,
    rounds,
    search,
    security,
    setup,
    statements,
    surveys,
)

# In the order in which addresses are looked up: the named ones under /aftaler before those that are a number.
ROUTERS = tuple(
    room.router
    for room in (
        account, codes, security, day, calendar, own_figures, follow_ups, search, companies, contacts, lists, bulk,
        people, beside, colleagues, groups, responsibility, handover, proposals, absence_calendar, absences,
        interactions, requests, kinds, pipeline, partners, agreements, agreement_parts, documents, programmes,
        answer, surveys, rounds, goals, imports, setup, distribution, outbox, jobs, merging, statements,
    )
)  # fmt: skip
