"""The one place that answers "may I?".

Everyone employed in the house reads every company, since a company's matter crosses the teams (plan 2026,
part 2.1). Outsiders (the company panel) are not users and have no entry here.
"""

from __future__ import annotations

from crm.access.models import Role, User
from crm.errors import NotAllowed

ALL = frozenset(Role)
LEADERS = frozenset({Role.MANAGER, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

# Action → the roles that may. A route names its action; the matrix test walks both.
TABLE: dict[str, frozenset[Role]] = {
    "own": ALL,  # one's own password, sessions and settings
    "read": ALL,
    "companies.write": ALL,
    "companies.merge": LEADERS,  # it cannot be undone
    "responsibility.write": ALL,
    "responsibility.rules": LEADERS,
    "handover.any": LEADERS,  # a colleague's companies by the list; one's own anybody may
    "absences.write": ALL,
    "absences.others": LEADERS,  # a colleague's absence; one's own anybody may
    "interactions.write": ALL,
    "requests.write": ALL,
    "requests.kinds": LEADERS,  # what can be asked for, and how soon it is answered
    "agreements.write": ALL,
    "goals.write": LEADERS,
    "surveys.write": LEADERS,  # the question's wording, and whom to ask
    "programmes.write": LEADERS,
    "documents.delete": LEADERS,  # an uploaded document; adding one anybody may
    "board.write": ALL,  # whoever leads the meeting today moves it, freezes it and writes the minutes
    "board.plan": LEADERS,
    "board.screens": LEADERS,  # links for screens where nobody is signed in
    "panel.write": LEADERS,  # the company panel's seats, meetings and questions
    "panel.answer": ALL,  # what a member has told us is wrong
    "imports.run": LEADERS,
    "exports.run": ALL,
    "views.others": LEADERS,  # a colleague's shared view of a list; one's own anybody may
    "users.write": ADMINS,
    "settings.write": ADMINS,
    "audit.read": ADMINS,
    "access_log.read": ADMINS,  # who has looked at what
    "spot_checks.write": LEADERS,  # look-ups drawn at random
    "health.read": ADMINS,
    "metrics.read": ADMINS,
    "outbox.read": ADMINS,
    "outbox.write": ADMINS,
    "jobs.read": ADMINS,
    "jobs.write": ADMINS,
}


def may(user: User, action: str) -> bool:
    """Whether this user may do this now. A closed user may nothing."""
    return bool(user.is_active) and Role(user.role) in TABLE[action]


def demand(user: User, action: str) -> None:
    """Raise NotAllowed unless `may`."""
    if not may(user, action):
        raise NotAllowed
