"""A list as it was asked for: its view, its filter, its columns, and the addresses that lead on from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from crm.errors import NotFound
from crm.lists import queries
from crm.lists.queries import Choices, Shelf, View
from crm.responsibility.absences import ways as absent
from crm.responsibility.models import Absence
from web.cursors import cursor
from web.deps import Visit
from web.forms import Form
from web.lists.agreements import AGREEMENTS
from web.lists.companies import COMPANIES
from web.lists.listing import Column, Listing
from web.lists.reading import MINE, Reader
from web.lists.requests import REQUESTS
from web.render import page

LISTS: dict[str, Listing] = {each.word: each for each in (COMPANIES, REQUESTS, AGREEMENTS)}
BY_KIND: dict[str, Listing] = {str(each.kind): each for each in LISTS.values()}
LONGEST = 2000
GONE = "Visningen findes ikke længere, eller den er ikke delt med dig. Her er hele listen."


def listing(word: str) -> Listing:
    """The list of this name, or NotFound."""
    if word not in LISTS:
        raise NotFound("Vi kender ikke den liste.")
    return LISTS[word]


def raw_of(query: str | None) -> dict[str, str]:
    """What stands in an address after the question mark; a key that comes twice keeps its last value."""
    return dict(parse_qsl((query or "")[:LONGEST], max_num_fields=50))


@dataclass(frozen=True)
class Shown:
    """A list with everything that decides what is in it."""

    listing: Listing
    wanted: Any
    # What was typed, without what was left blank.
    chosen: Mapping[str, str]
    form: Form
    told: Sequence[tuple[str, str]]
    notes: Sequence[str]
    columns: Sequence[Column]
    # Columns named in the address, before what the user has chosen for the list.
    named: str | None
    view: View | None
    shelf: Shelf
    choices: Choices
    team: Sequence[tuple[int, str]]
    absences: Sequence[Absence]

    @property
    def query(self) -> str:
        """The filter as it stands in an address, and as a view keeps it."""
        return urlencode(self.chosen)

    @property
    def keys(self) -> str:
        """The columns as they stand in an address, and as a view keeps them."""
        return ",".join(column.key for column in self.columns)

    @property
    def changed(self) -> bool:
        """Whether it shows something else than the view it came from."""
        if self.view is None:
            return False
        kept = self.listing.chosen((self.view.columns or "").split(","))
        return raw_of(self.view.query) != dict(self.chosen) or list(kept) != list(self.columns)

    @property
    def address(self) -> dict[str, str]:
        """What the list's address says, to come back to the very same list."""
        found = dict(self.chosen)
        if self.view is not None:
            found["visning"] = str(self.view.id)
        if self.named:
            found["kolonner"] = self.named
        return found or {"alle": "1"}

    @property
    def back(self) -> str:
        """The address of this very list."""
        return f"{self.listing.path}?{urlencode(self.address)}"

    def shows(self, key: str) -> bool:
        """Whether this column is shown."""
        return any(column.key == key for column in self.columns)

    def filters_beyond(self, *plain: str) -> bool:
        """Whether it is narrowed by anything that is folded away."""
        return any(name not in plain for name in (*self.chosen, *self.form.errors))


def shown(visit: Visit, listing: Listing, params: Mapping[str, str]) -> Shown:
    """Read what was asked for: a filter, a view, or what this user's list opens with."""
    shelf = queries.shelf(visit.db, visit.me, str(listing.kind))
    choices = queries.choices(visit.db)
    team, absences = absent.team(visit.db, visit.today)
    number = params.get("visning", "")
    view = shelf.get(int(number)) if number.isdecimal() and len(number) < 18 else None
    if not params:
        view = shelf.first
    explicit = any(name in params for name in listing.fields)
    raw = params if explicit or view is None else raw_of(view.query)
    chosen = {name: raw[name].strip() for name in listing.fields if raw.get(name, "").strip()}
    form = Form(dict(chosen))
    reader = Reader(visit, form, {user.id: user.name for user in team}, choices)
    if number and view is None:
        reader.notes.append(GONE)
    wanted = listing.read(reader)
    named = params.get("kolonner") or None
    keys = named or (view.columns if view else shelf.columns) or ""
    return Shown(
        listing, wanted, chosen, form, reader.told, reader.notes, listing.chosen(keys.split(",")), named, view,
        shelf, choices, [(user.id, user.name) for user in team], absences,
    )  # fmt: skip


def list_page(visit: Visit, listing: Listing, **more: Any) -> Response:
    """The page of a list. What cannot be read shows no rows: half a filter would show the wrong ones."""
    here = shown(visit, listing, visit.request.query_params)
    rows: Sequence[Any] = []
    following = None
    if not here.form.errors:
        after = listing.place(visit.request.query_params.get("efter", ""))
        whole = any(column.whole for column in here.columns)
        rows, following = listing.page(visit.db, here.wanted, after, 50, whole)
    extras = listing.beside(visit.db, rows, here.columns)
    more = {name: value(here, rows) for name, value in more.items()}
    return page(
        visit,
        listing.template,
        section=listing.section,
        here=here,
        rows=rows,
        extras=extras,
        next_url=cursor(listing.path, here.address, following),
        form=here.form,
        colleagues=[(MINE, "Mig"), *here.team],
        may_change=here.view is not None and queries.may_change(visit.me, here.view),
        **more,
    )
