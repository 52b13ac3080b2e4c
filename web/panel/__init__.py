"""The company panel's own house: its own session, cookie, layout and questions to the database.

It shares no address with the staff's pages and knows none of their rooms: what a member sees comes from crm/panel
alone (the import contract in pyproject.toml says so), and reading is done in a session that cannot write.
"""

from web.panel import agreements, home, meetings, provider, questions, remarks, way_in

ROUTERS = [each.router for each in (way_in, provider, home, agreements, meetings, questions, remarks)]
