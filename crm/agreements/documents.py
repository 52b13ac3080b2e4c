"""Documents of agreements: what was signed, as PDF or picture, in the database so that one backup holds it.

A document is never changed: a new version is a new row beside the old. Only a manager takes one away, with a
reason; then its bytes are gone, and the row says what was there.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import puremagic
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, undefer

from crm.access.models import User
from crm.access.rights import demand
from crm.agreements.models import Agreement
from crm.agreements.periods import AgreementPeriod
from crm.db import Base, Row
from crm.errors import Conflict, NotFound, Refused
from crm.guards import guards, refuse_trigger, refuse_where
from crm.types import SafeText, Utc

MEGABYTE = 1024 * 1024
# What the database itself takes; the setting may say less.
MOST_BYTES = 50 * MEGABYTE
LONGEST_NAME = 150
# What a file may be: by the ends of its name, and by how its bytes begin and end.
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
ENDS = {".pdf": PDF, ".png": PNG, ".jpg": JPEG, ".jpeg": JPEG}
CONTENT = {".pdf": PDF, ".png": PNG, ".jpg": JPEG, ".jpeg": JPEG, ".jfif": JPEG}
KINDS_SENTENCE = "Det skal være en PDF, eller et billede som PNG eller JPEG."


class DocumentKind(StrEnum):
    """What a document is to its agreement."""

    SIGNED = "signed"
    DRAFT = "draft"
    MINUTES = "minutes"
    PHOTO = "photo"
    OTHER = "other"


class Document(Row, Base):
    """A version of a document of an agreement; its bytes are only read by whoever opens it."""

    __tablename__ = "document"
    __data_class__ = "notes"
    __secret__: ClassVar[frozenset[str]] = frozenset({"content"})
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(map(str, DocumentKind))}", name="kind"),
        CheckConstraint(f"media_type IN {(PDF, PNG, JPEG)}", name="media_type"),
        CheckConstraint(f"size BETWEEN 1 AND {MOST_BYTES}", name="size"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("content IS NULL OR length(content) = size", name="whole"),
        CheckConstraint("number >= 1 AND version >= 1", name="version"),
        # Either it is there, or someone took it away and said why.
        CheckConstraint(
            "(content IS NULL) = (deleted_at IS NOT NULL) AND (deleted_at IS NULL) = (deleted_by_id IS NULL) "
            "AND (deleted_at IS NULL) = (delete_reason IS NULL)",
            name="deleted",
        ),
        UniqueConstraint("agreement_id", "number", "version"),
        # No version is left out.
        ForeignKeyConstraint(
            ["agreement_id", "number", "previous"],
            ["document.agreement_id", "document.number", "document.version"],
            name="fk_document_previous",
        ),
        ForeignKeyConstraint(
            ["agreement_id", "period"],
            ["agreement_period.agreement_id", "agreement_period.seq"],
            name="fk_document_period",
        ),
        Index("ix_document_agreement", "agreement_id", "number", "version"),
    )

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    # The period it is about; none is the agreement as a whole.
    period: Mapped[int | None] = mapped_column(Integer)
    # Which of the agreement's documents, and which version of it.
    number: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    previous: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN version > 1 THEN version - 1 END", persisted=True)
    )
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(SafeText(LONGEST_NAME))
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    uploaded_at: Mapped[datetime] = mapped_column(Utc)
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    delete_reason: Mapped[str | None] = mapped_column(SafeText(300))

    uploaded_by: Mapped[User] = relationship(foreign_keys=[uploaded_by_id], innerjoin=True, lazy="raise")
    deleted_by: Mapped[User | None] = relationship(foreign_keys=[deleted_by_id], lazy="raise")


_FACTS = ("id", "agreement_id", "number", "version", "kind", "name", "media_type", "size", "sha256",
          "uploaded_at", "uploaded_by_id")  # fmt: skip
_SAME = " AND ".join(f"NEW.{name} = OLD.{name}" for name in _FACTS)
_TAKEN_AWAY = (
    f"OLD.content IS NOT NULL AND NEW.content IS NULL AND {_SAME} "
    "AND COALESCE(NEW.period, 0) = COALESCE(OLD.period, 0)"
)
guards(
    refuse_where(
        "document_only_goes", "document", "UPDATE", f"NOT ({_TAKEN_AWAY})", "a document is never changed"
    ),
    refuse_trigger("document_no_delete", "document", "", "DELETE", "the row of a document stays"),
)


@dataclass(frozen=True)
class Upload:
    """A file as it came: its name and its bytes."""

    name: str
    content: bytes


def clean_name(name: str) -> str:
    """The file's own name without folders, and without signs that would mislead an eye or a header."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(
        each for each in last if unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    )
    plain = re.sub(r"\s+", " ", plain).strip(" .")
    stem, dot, end = plain.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(end) - 1].rstrip()}{dot}{end}" if stem else plain[:LONGEST_NAME]


def media_type_of(name: str, content: bytes) -> str:
    """What the file is, if its name and its content agree that it is one we take; else Refused."""
    ending = re.search(r"\.[a-z]+$", name.lower())
    said = ENDS.get(ending[0]) if ending else None
    if said is None:
        raise Refused("file", f"{KINDS_SENTENCE} Filen hedder »{name}«.")
    try:
        found = CONTENT.get(puremagic.from_string(content))
    except (puremagic.PureError, ValueError):
        found = None
    if found is None or not _whole(found, content):
        raise Refused("file", f"{KINDS_SENTENCE} Filen kan ikke læses som det.")
    if found != said:
        raise Refused(
            "file", "Filens navn og indhold passer ikke sammen. Gem den under det rigtige navn først."
        )
    return found


def _whole(kind: str, content: bytes) -> bool:
    """Whether it begins as such a file does, and is not cut off."""
    if kind == PDF:
        return content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]
    if kind == PNG:
        return content.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in content[-64:]
    return content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[-4096:]


def add(
    db: Session,
    *,
    agreement: Agreement,
    upload: Upload,
    kind: str,
    by: User,
    now: datetime,
    megabytes: int,
    period: int | None = None,
    replaces: Document | None = None,
) -> Document:
    """Keep a file with the agreement; with `replaces` as the next version of a document there is."""
    if kind not in set(DocumentKind):
        raise Refused("kind", "Vælg, hvad dokumentet er.")
    if not upload.content:
        raise Refused("file", "Filen er tom.")
    if len(upload.content) > min(megabytes * MEGABYTE, MOST_BYTES):
        raise Refused("file", f"Filen er for stor. Den må højst fylde {megabytes} MB.")
    if period is not None and db.get(AgreementPeriod, (agreement.id, period)) is None:
        raise Refused("period", "Vælg en af aftalens perioder.")
    name = clean_name(upload.name)
    media_type = media_type_of(name, upload.content)
    number, version = _place(db, agreement, replaces)
    try:
        made = Document(
            agreement_id=agreement.id, period=period, number=number, version=version, kind=kind, name=name,
            media_type=media_type, size=len(upload.content), content=upload.content,
            sha256=hashlib.sha256(upload.content).hexdigest(), uploaded_at=now, uploaded_by_id=by.id,
        )  # fmt: skip
    except Refused as refusal:
        # A file's name may hold a CPR number as well as any other text.
        raise Refused("file", f"Filens navn kan ikke gemmes. {refusal.message}") from None
    db.add(made)
    db.flush()
    return made


def _place(db: Session, agreement: Agreement, replaces: Document | None) -> tuple[int, int]:
    # Whoever adds at the same time waits here.
    db.refresh(agreement, ["version"], with_for_update={"of": Agreement})
    last = select(func.max(Document.number)).where(Document.agreement_id == agreement.id)
    if replaces is None:
        return (db.scalar(last) or 0) + 1, 1
    if replaces.agreement_id != agreement.id:
        raise NotFound("Vi kan ikke finde det dokument.")
    newest = select(func.max(Document.version)).where(
        Document.agreement_id == agreement.id, Document.number == replaces.number
    )
    return replaces.number, (db.scalar(newest) or 0) + 1


def of_agreement(db: Session, agreement: Agreement) -> Sequence[Document]:
    """The agreement's documents without their bytes, the last added first and the newest version first."""
    return db.scalars(
        select(Document)
        .options(joinedload(Document.uploaded_by), joinedload(Document.deleted_by))
        .where(Document.agreement_id == agreement.id)
        .order_by(Document.number.desc(), Document.version.desc())
    ).all()


def get(db: Session, id: int, *, whole: bool = False) -> Document:
    """One document, with its bytes when it is to be opened; NotFound when there is none."""
    query = select(Document).options(joinedload(Document.uploaded_by)).where(Document.id == id)
    found = db.scalars(query.options(undefer(Document.content)) if whole else query).first()
    if found is None:
        raise NotFound("Vi kan ikke finde det dokument.")
    return found


def take_away(db: Session, *, document: Document, reason: str, by: User, now: datetime) -> None:
    """Delete a document's bytes. The row stays and says who did it, when and why."""
    demand(by, "documents.delete")
    if document.deleted_at is not None:
        raise Conflict("Dokumentet er allerede slettet.")
    if not reason.strip():
        raise Refused("reason", "Skriv, hvorfor dokumentet skal slettes.")
    document.content, document.delete_reason = None, reason
    document.deleted_at, document.deleted_by_id = now, by.id
    db.flush()
