"""Taking files in: first what a file will do, then doing it, then undoing it."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from crm import batches
from crm.errors import CrmError, Refused
from importers.commands import KINDS
from importers.receipt import Receipt
from importers.undo import undo
from web.deps import Visit, reading, working, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/import")
CHOICES = [
    ("cvr", "CVR-registerets egne data (JSON)"),
    ("companies", "Liste over virksomheder (Excel, CSV)"),
    ("contacts", "Liste over kontaktpersoner (Excel, CSV)"),
    ("agreements", "Liste over aftaler (Excel, CSV)"),
    ("interactions", "Liste over opkald, møder, besøg, mails og notater (Excel, CSV)"),
]
NAME = re.compile(r"[A-Za-z0-9_-]{20,60}(?:\.[a-z]{2,5})?")
KEPT_SECONDS = 24 * 3600


def _folder(visit: Visit) -> Path:
    folder = visit.house.settings.data_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink(missing_ok=True)
    return folder


def _index(visit: Visit, form: Form) -> Response:
    return page(
        visit,
        "imports/index.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        kinds=CHOICES,
        batches=batches.recent(visit.db),
    )


@router.get("")
def index(visit: Annotated[Visit, reading("imports.run")]) -> Response:
    """Choose a file; see what came before."""
    return _index(visit, Form.of({"kind": "cvr"}))


@router.post("/proev")
def try_out(visit: Annotated[Visit, working("imports.run")]) -> Response:
    """Read a file through and say what it will do. Nothing is stored but the file itself, for a day."""
    form = visit.form
    kind, upload = form.choice("kind", KINDS), form.files.get("file")
    if upload is None:
        form.refuse("file", "Vælg en fil.")
    if kind is None:
        form.refuse("kind", "Vælg, hvad filen indeholder.")
    if kind is None or upload is None or form.errors:
        return _index(visit, form)
    suffix = Path(upload.filename or "").suffix.lower()
    stored = secrets.token_urlsafe(24) + (suffix if re.fullmatch(r"\.[a-z]{2,5}", suffix) else "")
    path = _folder(visit) / stored
    path.write_bytes(upload.file.read())
    name = Path(upload.filename or "fil").name[:200]
    try:
        receipt = _run(visit, kind, path, name, dry_run=True)
    except CrmError as error:
        path.unlink(missing_ok=True)
        form.refuse("file", error.message)
        return _index(visit, form)
    sealed = visit.house.sign("import", kind, stored, name, str(visit.me.id))
    return page(
        visit,
        "imports/preview.html",
        section="admin",
        receipt=receipt,
        kind=kind,
        stored=stored,
        name=name,
        sealed=sealed,
    )


def _run(visit: Visit, kind: str, path: Path, name: str, *, dry_run: bool) -> Receipt:
    return KINDS[kind](
        visit.house.database,
        path,
        now=visit.now,
        dry_run=dry_run,
        settings=visit.house.settings,
        actor=visit.me.email,
        user_id=visit.me.id,
        name=name,
    )


@router.post("/udfoer")
def carry_out(visit: Annotated[Visit, working("imports.run")]) -> Response:
    """Take the file in that was tried a moment ago."""
    kind, stored, name = (visit.form.data.get(key, "") for key in ("kind", "stored", "name"))
    if not visit.house.signed(
        visit.form.data.get("sealed", ""), "import", kind, stored, name, str(visit.me.id)
    ):
        raise Refused("", "Filen skal prøves først.")
    path = _folder(visit) / stored
    if not NAME.fullmatch(stored) or not path.is_file():
        raise Refused("", "Filen er taget ind allerede eller er for gammel. Vælg den igen.")
    # Whoever moves the file first carries it out; a second click finds none.
    mine = path.with_suffix(".now")
    path.rename(mine)
    try:
        receipt = _run(visit, kind, mine, name, dry_run=False)
    finally:
        mine.unlink(missing_ok=True)
    return RedirectResponse(f"/import/{receipt.batch}", 303)


@router.get("/{id}")
def show(visit: Annotated[Visit, reading("imports.run")], id: int) -> Response:
    """What an import did, row by row for what was refused."""
    found = batches.get(visit.db, id)
    return page(
        visit, "imports/show.html", section="admin", batch=found, refusals=batches.refusals(visit.db, found)
    )


@router.post("/{id}/fortryd")
def take_back(visit: Annotated[Visit, writing("imports.run")], id: int) -> Response:
    """Undo an import, whole or not at all."""
    undo(visit.db, batch_id=id, now=visit.now)
    return redirect(visit, f"/import/{id}", flash="Importen er fortrudt.")
