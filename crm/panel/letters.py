"""Mails to the panel's members. They say that there is something to see, and never what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.outbox import actions as outbox
from crm.panel.models import PanelSeat
from crm.panel.signing import first_name, held


def holders(db: Session, today: date) -> Sequence[PanelSeat]:
    """Everyone whose seat is held on a day."""
    day = select(PanelSeat).where(held(today))
    return db.scalars(day.order_by(PanelSeat.id)).all()


def tell_all(
    db: Session, *, act: str, subject: str, text: str, home: str, now: datetime, today: date, path: str = ""
) -> int:
    """Write to every member about an act, once however often it is asked; how many they are."""
    seats = holders(db, today)
    for seat in seats:
        outbox.put(
            db,
            act=f"panel:{act}",
            to=seat.email,
            subject=subject,
            body=f"Hej {first_name(seat)}\n\n{text}\n\n{home.rstrip('/')}/panel/{path}\n\n"
            "Du får mailen, fordi du sidder i kommunens virksomhedspanel.",
            now=now,
        )
    return len(seats)
