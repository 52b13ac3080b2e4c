"""A list leaves the house as a file: all of it, of one moment, and written down in the audit log."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from crm import audit, danish
from crm.access import actions as access
from crm.access.models import User
from crm.errors import CrmError, Refused
from crm.lists import queries
from crm.types import storable
from web import sheets
from web.access_log import criterion
from web.deps import TooBusy, Visit
from web.downloads import HEADERS, tell_page
from web.lists.listing import Part
from web.lists.showing import Shown
from web.sheets import Cell, Heading, Sheet, TooLong

CHUNK = 1000
# So many files are made at once in one process, so that nobody waits for a page meanwhile.
_turns = BoundedSemaphore(2)
TOO_LONG = f"Listen har flere end {danish.number(sheets.MOST_ROWS)} rækker. Gør udvalget smallere."
LEFT_OUT = (
    "Telefon og mail hos reklamebeskyttede virksomheder er udeladt. "
    "Brug »Ringe- og mailliste«, hvis I må kontakte dem."
)


class TooMany(CrmError):
    """One user fetches lists faster than anybody reads them."""

    status = 429

    def __init__(self) -> None:
        super().__init__("Du har hentet mange lister på kort tid. Vent et minut, og prøv igen.")


def take_turn(visit: Visit) -> None:
    """One more file for this user, in a transaction of its own; raises TooMany."""
    with visit.house.database.write(visit.me.email, visit.me.id) as db:
        if not access.take_try(db, keys=[f"{access.EXPORTS}{visit.me.id}"], now=visit.now):
            raise TooMany


def send(
    visit: Visit, name: str, kind: str, make: Callable[[Path], int], log: Callable[[int], Mapping[str, Any]]
) -> Response:
    """Make the file, write down that it left and what it held, and only then send it."""
    if kind not in sheets.FORMATS:
        raise Refused("format", "Vælg Excel eller CSV.")
    me, database = visit.me, visit.house.database
    # The reading session ends here; the file is read in one of its own moment.
    visit.db.close()
    take_turn(visit)
    with _file(visit, kind) as path:
        queries.snapshot(visit.db)
        try:
            rows = make(path)
        except TooLong:
            raise Refused("", TOO_LONG) from None
        finally:
            visit.db.close()
        with database.write(me.email, me.id) as db:
            payload = {**log(rows), "rows": rows, "format": kind}
            told = payload.get("filter", {})
            criterion(visit.request, "; ".join(f"{label}: {said}" for label, said in told.items()) or "alt")
            audit.note(db, action="export", kind="list", id=name, payload=payload)
        today = f"{visit.today:%Y-%m-%d}"
        answer = FileResponse(
            path,
            media_type=sheets.FORMATS[kind],
            filename=f"{name}-{today}.{kind}",
            background=BackgroundTask(path.unlink, missing_ok=True),
            headers=HEADERS | {"X-Rows": str(rows)},
        )
    tell_page(visit, answer)
    return answer


@contextmanager
def _file(visit: Visit, kind: str) -> Iterator[Path]:
    """A file in the data directory, gone again unless all goes well; in turn with the others."""
    if not _turns.acquire(timeout=30):
        raise TooBusy
    try:
        folder = visit.house.settings.data_dir / "exports"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear_away(folder, visit.now)
        handle, name = tempfile.mkstemp(suffix=f".{kind}", dir=folder)
        os.close(handle)
        try:
            yield Path(name)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    finally:
        _turns.release()


def _clear_away(folder: Path, now: datetime) -> None:
    """What was left by a process that was ended in the middle."""
    for old in folder.iterdir():
        try:
            if now.timestamp() - old.stat().st_mtime > 3600:
                old.unlink(missing_ok=True)
        except FileNotFoundError:  # Somebody else was first.
            continue


# --- A list as it is shown ------------------------------------------------------------------------


def parts(here: Shown) -> list[Part]:
    """The columns of the file."""
    return [*here.listing.first, *(part for column in here.columns for part in column.parts)]


def lines(visit: Visit, here: Shown) -> Iterator[Sequence[Cell]]:
    """Every row of the list in its order, read in parts."""
    wanted, after = parts(here), None
    whole = any(column.whole for column in here.columns)
    while True:
        rows, after = here.listing.page(visit.db, here.wanted, after, CHUNK, whole)
        extras = here.listing.beside(visit.db, rows, here.columns)
        for row in rows:
            yield [part.value(row, extras) for part in wanted]
        # What has been written is forgotten, so that a long list needs no more room than a short one.
        visit.db.expunge_all()
        if after is None:
            return


def send_list(visit: Visit, here: Shown, kind: str) -> Response:
    """The list that is shown, whole, with the columns that are shown."""
    if here.form.errors:
        raise Refused("", " ".join(here.form.errors.values()))
    headings = [part.heading for part in parts(here)]
    what = {
        "filter": {label: storable(said, 200) for label, said in here.told},
        "columns": [heading.text for heading in headings],
        "view": here.view.id if here.view else None,
    }
    hidden = [LEFT_OUT] if any(here.shows(key) for key in ("telefon", "mail")) else []
    me = visit.me

    def make(path: Path) -> int:
        told = about(visit, me, here.listing.title, here.told, hidden)
        return sheets.write(
            path, Sheet(here.listing.title, headings, lines(visit, here), zone(visit), told), kind
        )

    return send(visit, here.listing.word, kind, make, lambda _rows: what)


def zone(visit: Visit) -> Any:
    """Where the clock of the municipality hangs."""
    return visit.house.settings.zone


def about(
    visit: Visit, me: User, title: str, told: Sequence[tuple[str, str]], hidden: Sequence[str]
) -> Callable[[int], list[tuple[str, str]]]:
    """What the sheet beside the list says: what it is, of when and by whom."""
    local = visit.now.astimezone(zone(visit))

    def tell(rows: int) -> list[tuple[str, str]]:
        return [
            ("Liste", title),
            *(("Udvalg", f"{label}: {said}") for label, said in told or [("Alt", "hele listen")]),
            ("Rækker", danish.number(rows)),
            ("Hentet", f"{local:%d-%m-%Y %H:%M}"),
            ("Af", f"{me.name} ({me.email})"),
            ("Kommune", visit.house.settings.municipality),
            *(("Bemærk", sentence) for sentence in hidden),
        ]

    return tell


def headings(names: Sequence[tuple[str, int]]) -> list[Heading]:
    """Heads with their widths."""
    return [Heading(text, width) for text, width in names]
