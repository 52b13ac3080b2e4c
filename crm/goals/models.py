"""Objectives, what they count and when that holds, dated targets, and figures that are typed in by hand.

The plan calls its goals provisional, so they are data. What was in force once stays: a definition is followed
by another and never rewritten, an objective is retired and never deleted, a figure is corrected by a new one.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.agreements.models import Programme
from crm.db import Base, Key, Row
from crm.guards import guards, refuse_trigger, refuse_where
from crm.types import SafeText, Utc


class CountsWhen(StrEnum):
    """From when to when an agreement counts."""

    IN_FORCE = "in_force"  # signed and in force on the day
    SIGNED = "signed"  # from its signing, although it is not in force yet
    EVER = "ever"  # once signed, for good: how many have ever come


class Change(StrEnum):
    """What a manager did to an objective."""

    ADDED = "added"
    RENAMED = "renamed"
    MOVED = "moved"
    RETIRED = "retired"
    RESUMED = "resumed"
    DEFINED = "defined"
    TARGET_SET = "target_set"
    TARGET_DROPPED = "target_dropped"
    MILESTONE_SET = "milestone_set"
    MILESTONE_DROPPED = "milestone_dropped"


class Better(StrEnum):
    """Which way an indicator should go."""

    UP = "up"
    DOWN = "down"
    EITHER = "either"


def _among(column: str, choices: type[StrEnum]) -> str:
    values = ", ".join(f"'{each}'" for each in choices)
    return f"{column} IN ({values})"


class Objective(Row, Base):
    """Something counted: companies with an agreement in certain programmes, or a share of answers."""

    __tablename__ = "objective"
    __data_class__ = "organisation"
    __table_args__ = (CheckConstraint("counts IN ('companies', 'share')", name="counts"),)

    key: Mapped[str] = mapped_column(SafeText(50), unique=True)
    name: Mapped[str] = mapped_column(SafeText(100))
    counts: Mapped[str] = mapped_column(Text, default="companies")
    position: Mapped[int] = mapped_column(Integer)
    # The last day it is followed. Its past days can still be asked for.
    valid_to: Mapped[date | None]
    definitions: Mapped[list[Definition]] = relationship(
        lazy="raise", order_by="(Definition.holds_from, Definition.id)"
    )
    targets: Mapped[list[Target]] = relationship(lazy="raise", order_by="Target.due")

    def defined_on(self, day: date) -> Definition:
        """The definition in force on a day; on days before the first one, the first."""
        begun = [each for each in self.definitions if each.holds_from <= day]
        return begun[-1] if begun else self.definitions[0]

    def is_followed(self, day: date) -> bool:
        """Whether it is followed on a day."""
        return self.valid_to is None or day <= self.valid_to


class Definition(Row, Base):
    """What an objective counts, from a day on until another definition takes over."""

    __tablename__ = "objective_definition"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint(_among("counts_when", CountsWhen), name="counts_when"),
        CheckConstraint("programmes_in_all >= 0", name="programmes_in_all"),
        Index("ix_objective_definition_objective", "objective_id", "holds_from", "id"),
    )

    objective_id: Mapped[int] = mapped_column(ForeignKey("objective.id"))
    holds_from: Mapped[date]
    words: Mapped[str] = mapped_column(SafeText(500))
    counts_when: Mapped[str] = mapped_column(Text, default=CountsWhen.IN_FORCE)
    # So many programmes it has, and no more can be added afterwards.
    programmes_in_all: Mapped[int] = mapped_column(Integer, default=0)
    # Nobody entered those the house came with.
    at: Mapped[datetime | None] = mapped_column(Utc)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    programmes: Mapped[list[Programme]] = relationship(
        secondary="objective_definition_programme", lazy="raise", order_by=Programme.name, viewonly=True
    )
    by: Mapped[User | None] = relationship(lazy="raise")


class DefinitionProgramme(Base):
    """An agreement under this programme counts by this definition."""

    __tablename__ = "objective_definition_programme"
    __data_class__ = "organisation"

    definition_id: Mapped[int] = mapped_column(ForeignKey("objective_definition.id"), primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), primary_key=True)


class Target(Row, Base):
    """How many (or how many per cent) by when. `line_from`: a straight line of milestones begins there."""

    __tablename__ = "target"
    __data_class__ = "organisation"
    __table_args__ = (
        UniqueConstraint("objective_id", "due"),
        CheckConstraint("value > 0", name="value"),
        CheckConstraint("line_from IS NULL OR line_from < due", name="line"),
    )

    objective_id: Mapped[int] = mapped_column(Key, ForeignKey("objective.id"))
    due: Mapped[date]
    value: Mapped[int] = mapped_column(Integer)
    line_from: Mapped[date | None]
    milestones: Mapped[list[Milestone]] = relationship(
        lazy="raise", order_by="Milestone.due", cascade="all, delete-orphan"
    )


class Milestone(Row, Base):
    """How many there should be on a day on the way to a target."""

    __tablename__ = "milestone"
    __data_class__ = "organisation"
    __table_args__ = (UniqueConstraint("target_id", "due"), CheckConstraint("value > 0", name="value"))

    target_id: Mapped[int] = mapped_column(ForeignKey("target.id"))
    due: Mapped[date]
    value: Mapped[int] = mapped_column(Integer)


class ObjectiveChange(Row, Base):
    """Who changed what about an objective, and when."""

    __tablename__ = "objective_change"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint(_among("what", Change), name="what"),
        Index("ix_objective_change_objective", "objective_id", "id"),
    )

    objective_id: Mapped[int] = mapped_column(ForeignKey("objective.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    what: Mapped[str] = mapped_column(Text)
    before: Mapped[str | None] = mapped_column(SafeText(700))
    after: Mapped[str | None] = mapped_column(SafeText(700))
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class Indicator(Row, Base):
    """A figure from elsewhere that is followed beside the objectives and typed in by hand. Never of one person."""

    __tablename__ = "indicator"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint(_among("better", Better), name="better"),
        CheckConstraint("counts_people IN (0, 1)", name="counts_people"),
        UniqueConstraint("id", "counts_people"),
    )

    name: Mapped[str] = mapped_column(SafeText(100))
    unit: Mapped[str] = mapped_column(SafeText(30))
    source: Mapped[str] = mapped_column(SafeText(200))
    better: Mapped[str] = mapped_column(Text, default=Better.EITHER)
    # Of people, one to four are so few that somebody might know them.
    counts_people: Mapped[int] = mapped_column(Integer, default=0)
    position: Mapped[int] = mapped_column(Integer)
    valid_to: Mapped[date | None]


class IndicatorValue(Row, Base):
    """What an indicator was on a day, in hundredths. The last one typed in for a day is the one that holds."""

    __tablename__ = "indicator_value"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint("hundredths BETWEEN 0 AND 100000000000", name="hundredths"),
        CheckConstraint("counts_people = 0 OR hundredths = 0 OR hundredths >= 500", name="few_people"),
        ForeignKeyConstraint(
            ["indicator_id", "counts_people"],
            ["indicator.id", "indicator.counts_people"],
            name="fk_indicator_value_indicator",
        ),
        Index("ix_indicator_value_day", "indicator_id", "on_day", "id"),
    )

    indicator_id: Mapped[int] = mapped_column(Key)
    counts_people: Mapped[int] = mapped_column(Integer)
    on: Mapped[date] = mapped_column("on_day")
    hundredths: Mapped[int] = mapped_column(Key)
    note: Mapped[str | None] = mapped_column(SafeText(200))
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")

    @property
    def value(self) -> Decimal:
        """The figure itself."""
        return Decimal(self.hundredths) / 100


_SAID = "a definition is followed by another, never rewritten"
_FULL = (
    "(SELECT count(*) FROM objective_definition_programme WHERE definition_id = NEW.definition_id) >= "
    "(SELECT programmes_in_all FROM objective_definition WHERE id = NEW.definition_id)"
)
guards(
    refuse_trigger("objective_no_delete", "objective", "", "DELETE", "an objective is retired, never deleted"),
    refuse_trigger(
        "objective_same_key", "objective", "NEW.key <> OLD.key OR NEW.counts <> OLD.counts", "UPDATE",
        "an objective stays the same one",
    ),
    refuse_trigger("definition_no_update", "objective_definition", "", "UPDATE", _SAID),
    refuse_trigger("definition_no_delete", "objective_definition", "", "DELETE", _SAID),
    refuse_trigger("definition_programme_no_update", "objective_definition_programme", "", "UPDATE", _SAID),
    refuse_trigger("definition_programme_no_delete", "objective_definition_programme", "", "DELETE", _SAID),
    # What it counts is said when it is made.
    refuse_where("definition_programme_no_more", "objective_definition_programme", "INSERT", _FULL, _SAID),
    refuse_trigger("objective_change_no_update", "objective_change", "", "UPDATE", "history is kept"),
    refuse_trigger("objective_change_no_delete", "objective_change", "", "DELETE", "history is kept"),
    refuse_trigger(
        "indicator_value_no_update", "indicator_value", "", "UPDATE", "a figure is corrected by a new one"
    ),
    refuse_trigger(
        "indicator_value_no_delete", "indicator_value", "", "DELETE", "a figure is corrected by a new one"
    ),
    refuse_trigger("indicator_no_delete", "indicator", "", "DELETE", "an indicator is retired, never deleted"),
)  # fmt: skip
