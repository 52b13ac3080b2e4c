"""Partner organisations (Code of Care, Klar til Start …) and what the municipality has agreed with them.

They are a kind of their own: an agreement with an organisation is no agreement with a company, stands in a
table of its own, and no figure of the plan can count it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, selectinload

from crm import phones
from crm.access.models import User
from crm.db import Base, Row
from crm.errors import Conflict, NotFound, Refused
from crm.types import SafeText, Utc

ORGANISATION = ("name", "what_they_do", "contact_name", "contact_title", "phone", "email", "website", "notes")
AGREEMENT = ("title", "agreed", "valid_from", "valid_to", "contact", "notes", "consultant_id")
CHANGED = "En kollega har rettet imens. Din tekst står her; hent siden igen for at se den nye."


class PartnerOrganisation(Row, Base):
    """An organisation the municipality works together with, and whom to call there."""

    __tablename__ = "partner_organisation"
    __data_class__ = "person"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = mapped_column(SafeText(100))
    what_they_do: Mapped[str | None] = mapped_column(SafeText(300))
    contact_name: Mapped[str | None] = mapped_column(SafeText(100))
    contact_title: Mapped[str | None] = mapped_column(SafeText(100))
    phone: Mapped[str | None] = mapped_column(SafeText(60))
    email: Mapped[str | None] = mapped_column(SafeText(254))
    website: Mapped[str | None] = mapped_column(SafeText(200))
    notes: Mapped[str | None] = mapped_column(SafeText(4000))
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    agreements: Mapped[list[PartnerAgreement]] = relationship(
        lazy="raise", order_by="PartnerAgreement.valid_from.desc(), PartnerAgreement.id.desc()", viewonly=True
    )


class PartnerAgreement(Row, Base):
    """What is agreed with a partner organisation, from when to when."""

    __tablename__ = "partner_agreement"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        Index("ix_partner_agreement_organisation", "organisation_id", "valid_from"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("partner_organisation.id"))
    title: Mapped[str] = mapped_column(SafeText(200))
    agreed: Mapped[str] = mapped_column(SafeText(4000))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    contact: Mapped[str | None] = mapped_column(SafeText(200))
    notes: Mapped[str | None] = mapped_column(SafeText(4000))
    # Who in the house answers for it; they may have left since.
    consultant_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    organisation: Mapped[PartnerOrganisation] = relationship(innerjoin=True, lazy="raise")
    consultant: Mapped[User | None] = relationship(foreign_keys=[consultant_id], lazy="raise")

    def holds(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def organisations(db: Session) -> Sequence[PartnerOrganisation]:
    """All of them by name, with their agreements."""
    return db.scalars(
        select(PartnerOrganisation)
        .options(selectinload(PartnerOrganisation.agreements).joinedload(PartnerAgreement.consultant))
        .order_by(PartnerOrganisation.name, PartnerOrganisation.id)
    ).all()


def organisation(db: Session, id: int) -> PartnerOrganisation:
    """One with its agreements, or NotFound."""
    query = (
        select(PartnerOrganisation)
        .options(selectinload(PartnerOrganisation.agreements).joinedload(PartnerAgreement.consultant))
        .where(PartnerOrganisation.id == id)
    )
    if (found := db.scalars(query).first()) is None:
        raise NotFound("Vi kan ikke finde den organisation.")
    return found


def agreement(db: Session, id: int) -> PartnerAgreement:
    """One agreement with its organisation, or NotFound."""
    query = (
        select(PartnerAgreement)
        .options(joinedload(PartnerAgreement.organisation), joinedload(PartnerAgreement.consultant))
        .where(PartnerAgreement.id == id)
    )
    if (found := db.scalars(query).first()) is None:
        raise NotFound("Vi kan ikke finde den aftale.")
    return found


def _check_organisation(db: Session, values: Mapping[str, Any], known: int | None = None) -> None:
    name = str(values.get("name") or "").strip()
    if not name:
        raise Refused("name", "Skriv organisationens navn.")
    same = select(PartnerOrganisation.id).where(PartnerOrganisation.name == name)
    if db.scalar(same) not in {None, known}:
        raise Refused("name", f"{name} findes allerede.")
    if values.get("email") and "@" not in str(values["email"]):
        raise Refused("email", "Skriv en e-mailadresse, for eksempel navn@forening.dk.")
    if values.get("phone") and phones.normalize(str(values["phone"])) is None:
        raise Refused("phone", "Det ligner ikke et telefonnummer.")


def add_organisation(db: Session, *, values: Mapping[str, Any], now: datetime) -> PartnerOrganisation:
    """Write down an organisation we work together with."""
    _check_organisation(db, values)
    made = PartnerOrganisation(created_at=now, **{name: values.get(name) for name in ORGANISATION})
    db.add(made)
    db.flush()
    return made


def change_organisation(
    db: Session, *, organisation: PartnerOrganisation, values: Mapping[str, Any], seen: int | None = None
) -> None:
    """Correct what we know of an organisation."""
    _demand_seen(organisation, seen)
    _check_organisation(db, values, organisation.id)
    for name in ORGANISATION:
        setattr(organisation, name, values.get(name))
    db.flush()


def _demand_seen(row: PartnerOrganisation | PartnerAgreement, seen: int | None) -> None:
    if seen is not None and seen != row.version:
        raise Conflict(CHANGED)


def _check_agreement(db: Session, values: Mapping[str, Any], kept: int | None = None) -> None:
    if not str(values.get("title") or "").strip():
        raise Refused("title", "Skriv, hvad aftalen hedder.")
    if not str(values.get("agreed") or "").strip():
        raise Refused("agreed", "Skriv, hvad I har aftalt.")
    begins, ends = values.get("valid_from"), values.get("valid_to")
    if begins is None:
        raise Refused("valid_from", "Skriv, hvornår aftalen begynder.")
    for field, day in (("valid_from", begins), ("valid_to", ends)):
        if day is not None and not date(2000, 1, 1) <= day <= date(2200, 1, 1):
            raise Refused(field, "Datoen ser forkert ud. Skriv den som 23-11-2026.")
    if ends is not None and ends < begins:
        raise Refused("valid_to", "Aftalen kan ikke slutte, før den begynder.")
    chosen = values.get("consultant_id")
    if chosen is not None and chosen != kept:
        colleague = db.get(User, chosen)
        if colleague is None or not colleague.is_active:
            raise Refused("consultant_id", "Vælg en kollega.")


def agree(
    db: Session, *, organisation: PartnerOrganisation, values: Mapping[str, Any], by: User, now: datetime
) -> PartnerAgreement:
    """Write down an agreement with an organisation."""
    _check_agreement(db, values)
    made = PartnerAgreement(
        organisation_id=organisation.id, created_at=now, created_by_id=by.id,
        **{name: values.get(name) for name in AGREEMENT},
    )  # fmt: skip
    db.add(made)
    db.flush()
    return made


def change_agreement(
    db: Session, *, agreement: PartnerAgreement, values: Mapping[str, Any], seen: int | None = None
) -> None:
    """Correct an agreement, or let it end on a day by its last day."""
    _demand_seen(agreement, seen)
    _check_agreement(db, values, agreement.consultant_id)
    for name in AGREEMENT:
        setattr(agreement, name, values.get(name))
    db.flush()
