"""What only this house can read, and what is good for once."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from crm.access.proofs import Spent
from crm.access.queries import token_hash
from crm.db import upsert


def box(purpose: str, key: bytes) -> Fernet:
    """Encrypts for one purpose under the house's secret key; what was sealed for another cannot be opened."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(purpose.encode() + b"\0" + key).digest()))


def spend(db: Session, *, key: str, until: datetime) -> bool:
    """Use something up that is good for once; False when it was used before. Of many at once, one succeeds.

    `until` is when it would be too old anyhow; after that it may be forgotten.
    """
    used = upsert(db, Spent).values(key=token_hash(key), until=until)
    return db.execute(used.on_conflict_do_nothing().returning(Spent.key)).first() is not None
