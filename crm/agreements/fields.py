"""The own fields of agreements: what a programme may ask for, and what an agreement holds of it.

Which fields there are is the house's; which of them a programme asks for is the municipality's
(`Programme.asks`). Each value is a number, a text or a choice, and keys say that it is the kind its field has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Text,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm.agreements.models import Agreement, Programme
from crm.agreements.touching import touch
from crm.db import Base
from crm.errors import Refused
from crm.types import SafeText

MOST = 100_000
LONGEST = 500
Value = int | str


@dataclass(frozen=True)
class Field:
    """A field as people know it."""

    key: str
    kind: str
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)

    def said(self, value: Value) -> str:
        """The value for people."""
        return self.choices[str(value)] if self.kind == "choice" else str(value)


_YES_NO = {"yes": "Ja", "no": "Nej"}
_ALL = (
    Field("young_people", "number", "Antal unge"),
    Field("employees_covered", "number", "Medarbejdere, der er omfattet"),
    Field("tasks", "text", "Opgaver"),
    Field("hours", "number", "Timer om ugen"),
    Field("place", "text", "Arbejdssted"),
    Field("follow_up_months", "number", "Måneder mellem opfølgninger"),
    Field("courses", "number", "Kurser, der holdes"),
    Field("job_guarantee", "choice", "Jobgaranti", {"yes": "Ja", "after_training": "Efter oplæring", "no": "Nej"}),
    Field("mentor", "choice", "Mentor", {"company": "Fra virksomheden", "volunteer": "Frivillig", "no": "Ingen"}),
    Field("network", "choice", "Deltager i netværk og arrangementer", _YES_NO),
)  # fmt: skip
FIELDS: dict[str, Field] = {each.key: each for each in _ALL}


class AgreementField(Base):
    """An own field there is, and what kind of value it has."""

    __tablename__ = "agreement_field"
    __data_class__ = "technical"
    __table_args__ = (
        CheckConstraint("kind IN ('number', 'text', 'choice')", name="kind"),
        UniqueConstraint("key", "kind"),
    )

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)


class AgreementFieldChoice(Base):
    """What can be chosen in an own field."""

    __tablename__ = "agreement_field_choice"
    __data_class__ = "technical"

    field: Mapped[str] = mapped_column(Text, ForeignKey("agreement_field.key"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)


class AgreementValue(Base):
    """What an agreement holds in one of its own fields."""

    __tablename__ = "agreement_value"
    __data_class__ = "notes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["field", "kind"], ["agreement_field.key", "agreement_field.kind"], name="fk_agreement_value_kind"
        ),
        ForeignKeyConstraint(
            ["field", "choice"],
            ["agreement_field_choice.field", "agreement_field_choice.key"],
            name="fk_agreement_value_choice",
        ),
        CheckConstraint(
            "(kind = 'number') = (number IS NOT NULL) AND (kind = 'text') = (text IS NOT NULL) "
            "AND (kind = 'choice') = (choice IS NOT NULL)",
            name="kind",
        ),
        CheckConstraint(f"number BETWEEN 0 AND {MOST}", name="number"),
    )

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str | None] = mapped_column(SafeText(LONGEST))
    choice: Mapped[str | None] = mapped_column(Text)

    @property
    def value(self) -> Value:
        """The value, whatever its kind."""
        found = {"number": self.number, "text": self.text, "choice": self.choice}[self.kind]
        # The table keeps no empty values.
        return "" if found is None else found


def asked(programme: Programme, held: Mapping[str, Value] | None = None) -> list[Field]:
    """The fields an agreement shows: those of its programme, and those it holds already."""
    wanted = {*programme.asks, *(held or {})}
    return [each for each in _ALL if each.key in wanted]


def values(db: Session, agreement: Agreement) -> dict[str, Value]:
    """What the agreement holds, by field."""
    query = select(AgreementValue).where(AgreementValue.agreement_id == agreement.id)
    return {row.field: row.value for row in db.scalars(query)}


def set_values(db: Session, *, agreement: Agreement, new: Mapping[str, Value | None]) -> dict[str, Value]:
    """Give some of the own fields other values; None takes one away. The rest stay.

    Refuses a field the programme does not ask for, and a value of another kind than the field's.
    """
    rows = {
        row.field: row
        for row in db.scalars(select(AgreementValue).where(AgreementValue.agreement_id == agreement.id))
    }
    known = {
        each.key: each for each in asked(agreement.programme, {key: row.value for key, row in rows.items()})
    }
    for key, value in new.items():
        if key not in known:
            raise Refused(key, "Det felt hører ikke til programmets aftaler.")
        if value is None or value == "":
            if (row := rows.pop(key, None)) is not None:
                db.delete(row)
            continue
        _check(known[key], value)
        row = rows.setdefault(key, AgreementValue(agreement_id=agreement.id, field=key, kind=known[key].kind))
        try:
            setattr(row, known[key].kind, value)
        except Refused as refusal:
            raise Refused(key, refusal.message) from None
        db.add(row)
    if db.new or db.dirty or db.deleted:
        db.flush()
        touch(db, agreement.id)
    return {key: row.value for key, row in rows.items()}


def _check(asked: Field, value: Value) -> None:
    if asked.kind == "number":
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST:
            raise Refused(asked.key, f"Skriv et helt tal mellem 0 og {MOST:,}.".replace(",", "."))
    elif not isinstance(value, str):
        raise Refused(asked.key, "Skriv det som tekst.")
    elif asked.kind == "choice" and value not in asked.choices:
        raise Refused(asked.key, "Vælg fra listen.")


def labels(keys: Sequence[str]) -> str:
    """The fields' names as one line."""
    return ", ".join(FIELDS[key].label for key in keys if key in FIELDS)
