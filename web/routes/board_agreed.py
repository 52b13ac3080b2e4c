"""What was agreed at the board: writing it down, putting it off, and marking it done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.access import queries as users
from crm.access.models import User
from crm.board import agreed, queries
from crm.board.models import BoardAction
from crm.errors import Refused
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import local, page, redirect

router = APIRouter(prefix="/tavle/aftalt")


def _page(visit: Visit, form: Form, action: BoardAction | None, meeting: int | None) -> Response:
    return page(
        visit,
        "board/agreed.html",
        status=form.status if form.errors else 200,
        section="board",
        form=form,
        action=action,
        meeting_id=meeting,
        colleagues=[(each.id, each.name) for each in users.colleagues(visit.db)],
    )


def _owner(visit: Visit) -> User | None:
    chosen = visit.form.number("owner", "Vælg en kollega fra listen.")
    if chosen is None:
        visit.form.refuse("owner", "Vælg, hvem der gør det.")
        return None
    return users.get(visit.db, chosen)


@router.get("/ny")
def new(visit: Annotated[Visit, reading("board.write")], moede: int | None = None) -> Response:
    """A form for something agreed."""
    return _page(visit, Form.of({"owner": visit.me.id, "due": "", "meeting": moede}), None, moede)


@router.post("")
def create(visit: Annotated[Visit, writing("board.write")]) -> Response:
    """Write down what was agreed."""
    form = visit.form
    owner, due = _owner(visit), form.day("due", visit.today)
    if due is None:
        form.refuse("due", "Skriv, hvornår det skal være gjort.")
    number = form.number("meeting")
    meeting = queries.get(visit.db, number) if number else None
    made = form.act(
        visit.db,
        lambda: agreed.agree(
            visit.db, text=form.data.get("text", ""), owner=owner or visit.me, due=due or visit.today, by=visit.me,
            now=visit.now, meeting=meeting,
        ),
    )  # fmt: skip
    if made is None:
        return _page(visit, form, None, number)
    return redirect(visit, f"/tavle/{number}" if number else "/tavle", flash=_said(visit, made))


def _said(visit: Visit, action: BoardAction) -> str:
    return f"Aftalt: »{action.text}« {danish.spoken_day(action.due, visit.today)}."


@router.get("/{id}")
def edit(visit: Annotated[Visit, reading("board.write")], id: int) -> Response:
    """One thing agreed, to be put off or given to another."""
    found = queries.action(visit.db, id)
    form = Form.of({"text": found.text, "owner": found.owner_id, "due": f"{found.due:%d-%m-%Y}"})
    return _page(visit, form, found, found.meeting_id)


@router.post("/{id}")
def change(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """Another day, another colleague, or said better."""
    found, form = queries.action(visit.db, id), visit.form
    owner, due = _owner(visit), form.day("due", visit.today)
    if due is None:
        form.refuse("due", "Skriv, hvornår det skal være gjort.")

    def act() -> bool:
        agreed.change(
            visit.db,
            action=found,
            text=form.data.get("text", ""),
            owner=owner or found.owner,
            due=due or found.due,
        )
        return True

    if form.act(visit.db, act) is None:
        return _page(visit, form, queries.action(visit.db, id), found.meeting_id)
    return redirect(visit, "/tavle", flash=_said(visit, found))


@router.post("/{id}/klaret")
def done(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """It is done."""
    found = queries.action(visit.db, id)
    agreed.mark_done(visit.db, action=found, by=visit.me, now=visit.now)
    return redirect(visit, _back(visit), flash=f"Klaret: »{found.text}«.", undo=f"/tavle/aftalt/{id}/aaben")


@router.post("/{id}/aaben")
def reopen(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """It was not done after all."""
    agreed.reopen(visit.db, action=queries.action(visit.db, id), by=visit.me)
    return redirect(visit, _back(visit), flash="Den er åben igen.")


@router.post("/{id}/udskyd")
def postpone(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """Put it off to another day."""
    found = queries.action(visit.db, id)
    due = visit.form.day("due", visit.today)
    if due is None:
        raise Refused("due", visit.form.errors.get("due", "Skriv en dag."))
    agreed.postpone(visit.db, action=found, due=due)
    return redirect(visit, _back(visit), flash=f"Udskudt til {danish.spoken_day(due, visit.today)}.")


def _back(visit: Visit) -> str:
    """The page the button stood on: the board, a meeting, or Min dag."""
    came_from = visit.request.headers.get("referer", "")
    return local("/" + came_from.split("://")[-1].partition("/")[2]) if came_from else "/tavle"
