"""Documents of agreements: added, opened, replaced by a newer version, and taken away."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.agreements import documents, queries
from crm.agreements.documents import Document, Upload
from crm.agreements.models import Agreement
from crm.errors import NotFound
from web import agreements
from web.deps import Visit, reading, writing
from web.downloads import download
from web.render import redirect

router = APIRouter()


# So a browser writes these signs in the name of a file.
_WRITTEN = {"%22": '"', "%0D": "", "%0A": ""}


def _file(visit: Visit) -> Upload | None:
    """The file that was sent, read to its end and closed."""
    sent = visit.form.files.get("file")
    if sent is None:
        visit.form.refuse("file", "Vælg en fil.")
        return None
    name = sent.filename or ""
    for written, sign in _WRITTEN.items():
        name = name.replace(written, sign)
    with closing(sent.file) as file:
        return Upload(name, file.read())


def _added(visit: Visit, agreement: Agreement, replaces: Document | None = None) -> Response:
    form, upload = visit.form, _file(visit)
    period = form.number("period", "Vælg en periode.") if replaces is None else replaces.period

    def act() -> Document:
        return documents.add(
            visit.db,
            agreement=agreement,
            upload=upload or Upload("", b""),
            kind=form.data.get("kind", "") if replaces is None else replaces.kind,
            by=visit.me,
            now=visit.now,
            megabytes=visit.house.settings.document_mb,
            period=period,
            replaces=replaces,
        )

    made = form.act(visit.db, act)
    if made is None:
        return agreements.show(visit, agreement, refused=("upload", form))
    said = f"»{made.name}« er gemt" + (f" som version {made.version}." if made.version > 1 else ".")
    return redirect(visit, f"/aftaler/{agreement.id}#dokumenter", flash=said)


@router.post("/aftaler/{id}/dokumenter")
def add(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Keep a file with the agreement."""
    return _added(visit, queries.get(visit.db, id))


@router.post("/dokumenter/{id}/version")
def replace(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Keep a newer version beside the older ones."""
    found = documents.get(visit.db, id)
    return _added(visit, queries.get(visit.db, found.agreement_id), replaces=found)


@router.get("/dokumenter/{id}")
def fetch(visit: Annotated[Visit, reading()], id: int) -> Response:
    """The file as it came, to be kept by the browser and never shown as a page."""
    found = documents.get(visit.db, id, whole=True)
    if found.content is None:
        raise NotFound("Dokumentet er slettet.")
    return download(found.content, found.media_type, found.name)


@router.post("/dokumenter/{id}/slet")
def take_away(visit: Annotated[Visit, writing("documents.delete")], id: int) -> Response:
    """Delete a document's bytes; the row tells what was there, and why it went."""
    found, form = documents.get(visit.db, id), visit.form
    agreement = queries.get(visit.db, found.agreement_id)

    def act() -> bool:
        reason = form.data.get("reason", "")
        documents.take_away(visit.db, document=found, reason=reason, by=visit.me, now=visit.now)
        return True

    if form.act(visit.db, act) is None:
        return agreements.show(visit, agreement, refused=(f"delete-{id}", form))
    return redirect(visit, f"/aftaler/{agreement.id}#dokumenter", flash=f"»{found.name}« er slettet.")
