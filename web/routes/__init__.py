"""The pages, one module for each room. A route does four things: fetch, parse, act, answer."""

from web.routes import (
    absence_calendar,
    absences,
    account,
    agreements,
    beside,
    board,
    board_agreed,
    board_meetings,
    board_plan,
    colleagues,
    companies,
    contacts,
    day,
    distribution,
    goals,
    groups,
    handover,
    imports,
    interactions,
    jobs,
    outbox,
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
    absences.router, interactions.router, requests.router, agreements.router,
    goals.router, board.router, board_plan.router, board_agreed.router, board_meetings.router,
    imports.router, setup.router, distribution.router, outbox.router, jobs.router, statements.router,
)  # fmt: skip
