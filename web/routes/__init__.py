"""The pages, one module for each room. A route does four things: fetch, parse, act, answer."""

from web.routes import (
    account,
    agreements,
    companies,
    contacts,
    day,
    goals,
    imports,
    interactions,
    requests,
    responsibility,
    search,
    setup,
    statements,
)

ROUTERS = (
    account.router, day.router, search.router, companies.router, contacts.router, responsibility.router,
    interactions.router, requests.router, agreements.router, goals.router, imports.router, setup.router,
    statements.router,
)  # fmt: skip
