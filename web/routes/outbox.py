"""Opsætning, Post: what waits in the outbox, what was sent, and what could not be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.outbox import actions, queries
from crm.outbox.models import Mail
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning/post")
HOME = "/opsaetning/post"
# A worker looks every ten seconds. What has been due for so long is seen by none.
LATE = timedelta(minutes=10)


def _index(visit: Visit, form: Form) -> Response:
    waiting = queries.waiting(visit.db)
    all_waiting, all_failed = queries.numbers(visit.db)
    return page(
        visit,
        "outbox/index.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        ready=visit.house.settings.mail_server is not None,
        late=any((mail.leased_until or mail.next_try_at) < visit.now - LATE for mail in waiting),
        waiting=waiting,
        all_waiting=all_waiting,
        failed=queries.failed(visit.db),
        all_failed=all_failed,
        settled=queries.settled(visit.db),
    )


@router.get("")
def index(visit: Annotated[Visit, reading("outbox.read")]) -> Response:
    """The whole outbox."""
    return _index(visit, Form())


@router.post("/proev-alle")
def retry_failed(visit: Annotated[Visit, writing("outbox.write")]) -> Response:
    """Try everything that has failed again."""
    number = actions.retry_failed(visit.db, now=visit.now)
    return redirect(visit, HOME, flash=f"{danish.count(number, 'mail', 'mails')} prøves igen nu.")


def _one(visit: Visit, id: int, change: Callable[[Mail], Mail], flash: str) -> Response:
    mail = queries.get(visit.db, id)
    if visit.form.act(visit.db, lambda: change(mail)) is None:
        return _index(visit, visit.form)
    return redirect(visit, HOME, flash=flash)


@router.post("/{id}/proev")
def retry(visit: Annotated[Visit, writing("outbox.write")], id: int) -> Response:
    """Send one at the next opportunity."""
    return _one(
        visit,
        id,
        lambda mail: actions.retry(visit.db, mail=mail, now=visit.now),
        "Mailen sendes ved næste lejlighed.",
    )


@router.post("/{id}/annuller")
def cancel(visit: Annotated[Visit, writing("outbox.write")], id: int) -> Response:
    """Do not send one."""
    return _one(
        visit,
        id,
        lambda mail: actions.cancel(visit.db, mail=mail, now=visit.now),
        "Mailen bliver ikke sendt.",
    )
