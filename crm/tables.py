"""Imports every model, so that `Base.metadata` is whole; for migrations, the doctor and tests."""

from crm import audit, batches
from crm.access import models as access
from crm.access import proofs
from crm.access_log import models as access_log
from crm.agreements import commitments, documents, fields, notes, partners, periods, reminders
from crm.agreements import models as agreements
from crm.board import models as board
from crm.choices import models as choices
from crm.companies import models as companies
from crm.day import models as day
from crm.db import Base
from crm.goals import models as goals
from crm.handover import models as handover
from crm.interactions import models as interactions
from crm.jobs import models as jobs
from crm.lists import models as lists
from crm.outbox import models as outbox
from crm.panel import models as panel
from crm.requests import models as requests
from crm.responsibility import models as responsibility
from crm.search import models as search
from crm.surveys import models as surveys

metadata = Base.metadata
ROOMS = (
    audit, batches, outbox, jobs, access, proofs, choices, companies, responsibility, interactions, requests,
    agreements, periods, fields, commitments, notes, documents, partners, reminders, surveys, lists, handover, goals,
    board, panel, day, search, access_log,
)  # fmt: skip
