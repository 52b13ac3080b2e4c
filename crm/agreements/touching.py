"""What hangs on an agreement is a part of it: when that changes, so has the agreement."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from crm.agreements.models import Agreement

_table = cast("Table", Agreement.__table__)


def touch(db: Session, agreement_id: int) -> None:
    """Count the agreement's version up, so that whoever has an older page or answer is told.

    Past the ORM: the log has what changed, and needs no second line.
    """
    db.execute(update(_table).where(_table.c.id == agreement_id).values(version=_table.c.version + 1))
    known = db.identity_map.get(identity_key(Agreement, agreement_id))
    if known is not None:
        db.refresh(known, ["version"])
