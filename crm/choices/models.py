"""A setting as it was chosen on a page. Where the environment says something, it wins (crm/settings.py)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base
from crm.types import SafeText, Utc


class HouseSetting(Base):
    """A setting chosen on a page, written as it would stand in the environment; None is an empty one."""

    __tablename__ = "house_setting"
    __data_class__ = "technical"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str | None] = mapped_column(SafeText(2000))
    changed_at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
