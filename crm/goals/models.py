"""Objectives and their dated targets; the plan calls them provisional, so they are data."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.agreements.models import Programme
from crm.db import Base, Key, Row
from crm.types import SafeText


class Objective(Row, Base):
    """Something counted: companies with an agreement in certain programmes, or a share of answers."""

    __tablename__ = "objective"
    __data_class__ = "organisation"
    __table_args__ = (CheckConstraint("counts IN ('companies', 'share')", name="counts"),)

    key: Mapped[str] = mapped_column(SafeText(50), unique=True)
    name: Mapped[str] = mapped_column(SafeText(100))
    definition: Mapped[str] = mapped_column(SafeText(500))
    counts: Mapped[str] = mapped_column(Text, default="companies")
    position: Mapped[int] = mapped_column(Integer)
    programmes: Mapped[list[Programme]] = relationship(secondary="objective_programme", lazy="raise")
    targets: Mapped[list[Target]] = relationship(lazy="raise", order_by="Target.due")


class ObjectiveProgramme(Base):
    """An agreement under this programme counts towards this objective."""

    __tablename__ = "objective_programme"
    __data_class__ = "organisation"

    objective_id: Mapped[int] = mapped_column(ForeignKey("objective.id"), primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), primary_key=True)


class Target(Row, Base):
    """How many (or how many per cent) by when."""

    __tablename__ = "target"
    __data_class__ = "organisation"
    __table_args__ = (UniqueConstraint("objective_id", "due"), CheckConstraint("value > 0", name="value"))

    objective_id: Mapped[int] = mapped_column(Key, ForeignKey("objective.id"))
    due: Mapped[date]
    value: Mapped[int] = mapped_column(Integer)
