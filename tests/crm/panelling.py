"""The bakery's seat in the panel, and its holder signed in."""

from __future__ import annotations

from datetime import timedelta

from crm.db import Session
from crm.panel import members, queries, signing
from crm.panel.members import Member
from crm.panel.models import PanelSeat
from tests.conftest import NOW, TODAY
from tests.town import Town

HOME = "https://indgang.test"
DAY = timedelta(days=1)


def seat_of(db: Session, town: Town) -> PanelSeat:
    return queries.seat(db, town.seat)


def enter(db: Session, town: Town) -> tuple[str, Member]:
    cookie = signing.sign_in(db, seat=seat_of(db, town), now=NOW)
    found = members.member(db, cookie, now=NOW, today=TODAY)
    assert found is not None
    return cookie, found
