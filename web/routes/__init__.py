"""The pages, one module for each room. A route does four things: fetch, parse, act, answer."""

from web.routes import (
    absence_calendar,
    absences,
    account,
    agreements,
    beside,
    colleagues,
    companies,
    contacts,
    day,
    distribution,
    goal_files,
    goal_setup,
    goals,
    groups,
    handover,
    imports,
    indicators,
    interactions,
    jobs,
    outbox,
    proposals,
    reports,
    requests,
    responsibility,
    search,
    setup,
    statements,
)

ROUTERS = (
    account.router, day.router, search.router, companies.router, contacts.router, beside.router,
    colleagues.router, groups.router, responsibility.router, handover.router, proposals.router, absence_calendar.router,
    absences.router, interactions.router, requests.router, agreements.router,
    # The report and the figures typed in by hand before what could be an objective's key.
    reports.router, indicators.router, goal_files.router, goals.router, goal_setup.router,
    imports.router, setup.router, distribution.router, outbox.router, jobs.router, statements.router,
)  # fmt: skip
