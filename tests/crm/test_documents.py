"""Documents: what is taken in, under which name, in which version; and how one goes."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import InvalidRequestError

from crm.access.models import User
from crm.agreements import actions, documents
from crm.agreements.documents import Document, Upload, clean_name
from crm.agreements.models import Agreement
from crm.agreements.queries import programme
from crm.audit import AuditEvent
from crm.db import Database, Session
from crm.errors import Conflict, NotAllowed, NotFound, Refused
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.test_types import CPR
from tests.statements import counted
from tests.town import PDF

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x00" * 64 + b"\xff\xd9"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
ZIP = b"PK\x03\x04" + b"\x00" * 60
EXE = b"MZ" + b"\x00" * 100


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def agreement(db: Session, anna: User) -> Agreement:
    company = add_company(db, responsible=anna)
    return actions.create(
        db,
        company=company,
        programme=programme(db, "code_of_care"),
        title="To unge",
        by=anna,
        now=NOW,
        today=TODAY,
    )


def keep(db: Session, agreement: Agreement, by: User, name: str, content: bytes, **more: object) -> Document:
    values: dict[str, object] = {"kind": "signed", "megabytes": 1, **more}
    return documents.add(db, agreement=agreement, upload=Upload(name, content), by=by, now=NOW, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("aftale.pdf", PDF, "application/pdf"),
        ("AFTALE.PDF", PDF, "application/pdf"),
        ("billede.png", PNG, "image/png"),
        ("billede.jpg", JPEG, "image/jpeg"),
        ("billede.JPEG", JPEG, "image/jpeg"),
    ],
)
def test_what_is_what_its_name_says_is_kept_whole(
    db: Session, agreement: Agreement, anna: User, name: str, content: bytes, media_type: str
) -> None:
    made = keep(db, agreement, anna, name, content)
    db.expunge(made)
    found = documents.get(db, made.id, whole=True)
    assert (found.content, found.media_type, found.name, found.size) == (
        content,
        media_type,
        name,
        len(content),
    )
    assert found.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("aftale.pdf", HTML), ("aftale.pdf", PNG), ("aftale.pdf", ZIP), ("aftale.pdf", EXE), ("aftale.pdf", b"x"),
        ("aftale.pdf", PDF[:-20]), ("aftale.pdf", HTML + PDF), ("billede.png", PDF), ("billede.png", SVG),
        ("billede.png", PNG[:20]), ("billede.jpg", PNG), ("billede.jpg", JPEG[:20]), ("aftale.html", PDF),
        ("aftale.svg", SVG), ("aftale.exe", EXE), ("aftale.pdf.exe", PDF), ("aftale", PDF), (".pdf", HTML),
        ("aftale.pHar", PDF), ("aftale.pdf\x00.exe", PDF), ("aftale.docx", ZIP), ("", PDF), ("aftale.pdf", b""),
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_a_sentence_and_stored_nowhere(
    db: Session, agreement: Agreement, anna: User, name: str, content: bytes
) -> None:
    with pytest.raises(Refused) as refusal, db.begin_nested():
        keep(db, agreement, anna, name, content)
    assert refusal.value.field == "file"
    assert refusal.value.message.endswith((".", "«."))
    assert db.scalars(select(Document.id)).all() == []


def test_a_file_too_large_or_of_no_kind_or_period_is_refused(
    db: Session, agreement: Agreement, anna: User
) -> None:
    head, tail = PDF[:9], PDF[9:]
    exact = head + b"%" * (documents.MEGABYTE - len(PDF) - 1) + b"\n" + tail
    assert keep(db, agreement, anna, "stor.pdf", exact).size == documents.MEGABYTE
    cases: list[tuple[str, bytes, dict[str, object]]] = [
        ("file", exact + b"\n", {}), ("kind", PDF, {"kind": "secret"}), ("period", PDF, {"period": 2}),
        ("file", PDF, {"name": f"sag {CPR}.pdf"}),
    ]  # fmt: skip
    for field, content, more in cases:
        with pytest.raises(Refused) as refusal, db.begin_nested():
            keep(db, agreement, anna, str(more.pop("name", "a.pdf")), content, **more)
        assert refusal.value.field == field


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("C:\\Users\\anna\\aftale.pdf", "aftale.pdf"), ("../../etc/aftale.pdf", "aftale.pdf"),
        ('a"b\r\nSet-Cookie: x=1;.pdf', 'a"bSet-Cookie: x=1;.pdf'), ("æøå ÆØÅ.pdf", "æøå ÆØÅ.pdf"),
        ("a\u0308.pdf", "ä.pdf"), ("fdp.\u202epdf.pdf", "fdp.pdf.pdf"), ("  mange   blanke .pdf ", "mange blanke.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"), ("\u200b\u2028a.pdf", "a.pdf"),
    ],
)  # fmt: skip
def test_a_name_is_the_files_own_without_what_misleads(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def test_new_versions_stand_beside_the_old(db: Session, agreement: Agreement, anna: User) -> None:
    first = keep(db, agreement, anna, "aftale.pdf", PDF)
    other = keep(db, agreement, anna, "foto.png", PNG, kind="photo", period=1)
    second = keep(db, agreement, anna, "aftale ny.pdf", PDF + b"\n", replaces=first)
    third = keep(db, agreement, anna, "foto.jpg", JPEG, replaces=second)
    found = [(each.id, each.number, each.version) for each in documents.of_agreement(db, agreement)]
    assert found == [(other.id, 2, 1), (third.id, 1, 3), (second.id, 1, 2), (first.id, 1, 1)]
    assert documents.get(db, first.id, whole=True).content == PDF
    elsewhere = actions.create(
        db,
        company=agreement.company,
        programme=agreement.programme,
        title="En anden",
        by=anna,
        now=NOW,
        today=TODAY,
    )
    with pytest.raises(NotFound):
        keep(db, elsewhere, anna, "aftale.pdf", PDF, replaces=first)


def test_a_list_of_documents_never_reads_their_bytes(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        made = actions.create(
            db,
            company=company,
            programme=programme(db, "code_of_care"),
            title="x",
            by=anna,
            now=NOW,
            today=TODAY,
        )
        keep(db, made, anna, "aftale.pdf", PDF)
    with database.read() as db, counted(database) as asked:
        (found,) = documents.of_agreement(db, db.get_one(Agreement, made.id))
        assert "content" in inspect(found).unloaded
        with pytest.raises(InvalidRequestError, match="content"):
            _ = found.content
    assert not any("document.content" in statement for statement in asked)


def test_only_a_manager_takes_one_away_and_says_why(db: Session, agreement: Agreement, anna: User) -> None:
    mona = add_user(db, "mona@kommune.test", "manager")
    made = keep(db, agreement, anna, "forkert.pdf", PDF)
    with pytest.raises(NotAllowed):
        documents.take_away(db, document=made, reason="Fejl", by=anna, now=NOW)
    with pytest.raises(Refused, match="hvorfor"):
        documents.take_away(db, document=made, reason=" ", by=mona, now=NOW)
    documents.take_away(db, document=made, reason="Lagt på den forkerte aftale", by=mona, now=NOW)
    with pytest.raises(Conflict):
        documents.take_away(db, document=made, reason="Igen", by=mona, now=NOW)
    row = db.execute(text("SELECT content, name, size, delete_reason, deleted_by_id FROM document")).one()
    assert tuple(row) == (None, "forkert.pdf", len(PDF), "Lagt på den forkerte aftale", mona.id)
    newer = keep(db, agreement, anna, "rigtig.pdf", PDF, replaces=made)
    assert newer.version == 2


def test_the_log_tells_of_a_document_and_never_holds_it(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        made = actions.create(
            db,
            company=company,
            programme=programme(db, "code_of_care"),
            title="x",
            by=anna,
            now=NOW,
            today=TODAY,
        )
        keep(db, made, anna, "aftale.pdf", PDF)
    with database.read() as db:
        (event,) = db.scalars(select(AuditEvent).where(AuditEvent.object_kind == "document"))
        assert event.payload["name"] == "aftale.pdf"
        assert "content" not in event.payload
