"""The page a link from a mail opens: one question, answered once, by someone who has no account here.

Reading it changes nothing, however often: mail programs and virus scanners open every link. Whoever answers
gets a mark for an hour with which they, and nobody else, can add a comment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from crm.access.queries import token_hash
from crm.db import Session
from crm.surveys import actions
from crm.surveys.models import SurveyReply
from crm.surveys.queries import Opened, opened, reply
from web import words
from web.deps import OLD_PAGE, house_of, reading_turn, writing_turn
from web.forms import Form
from web.house import House
from web.render import public_page

router = APIRouter(prefix="/svar")
Houses = Annotated[House, Depends(house_of)]
Turn = Depends(reading_turn, scope="function")
Posted = Annotated[Form, Depends(writing_turn, scope="function")]
MARK = "svar"
MARK_LASTS = timedelta(hours=1)
UNKNOWN = "surveys/unknown.html"


def _csrf(house: House, token: str) -> str:
    """Ties the form to this very link."""
    return house.sign("survey", token_hash(token))


def _page(
    house: House,
    request: Request,
    token: str,
    found: Opened | None,
    form: Form | None = None,
    status: int = 200,
) -> Response:
    """What there is to see by a link: the question, thanks, or a friendly word about why there is none."""
    if found is None:
        return public_page(house, request, UNKNOWN, status=404)
    today = house.today(house.clock())
    template = "surveys/answer.html"
    if found.reply is not None:
        template = "surveys/thanks.html"
    elif found.is_over(today):
        template, status = "surveys/over.html", 410
    return public_page(
        house,
        request,
        template,
        status=status,
        form=form or Form(),
        csrf=_csrf(house, token),
        address=f"/svar/{token}",
        invitation=found.invitation,
        question=found.question,
        reply=found.reply,
        answers=words.SURVEY_ANSWERS,
        least=house.settings.survey_min_n,
        mine=found.reply is not None and _has_mark(house, request, found.reply),
    )


@router.get("/{token}", dependencies=[Turn])
def show(house: Houses, request: Request, token: str) -> Response:
    """The question. Looked at as often as anyone likes."""
    with house.database.read() as db:
        found = opened(db, token)
    return _page(house, request, token, found)


@router.post("/{token}")
def answer(house: Houses, request: Request, token: str, form: Posted) -> Response:
    """The one answer, by one click."""
    with house.database.write("survey") as db:
        found = opened(db, token)
        if found is None:
            return _page(house, request, token, None)
        if not house.signed(form.data.get("csrf", ""), "survey", token_hash(token)):
            form.refuse("", OLD_PAGE)
            return _page(house, request, token, found, form, 403)
        made = _act(db, form, found, house)
        if made is None:
            # Somebody may have answered in the same moment; then there is a reply now.
            return _page(house, request, token, opened(db, token), form, form.status)
    there = RedirectResponse(f"/svar/{token}", 303)
    _set_mark(house, there, made)
    return there


def _act(db: Session, form: Form, found: Opened, house: House) -> SurveyReply | None:
    code = form.choice("value", words.SURVEY_ANSWERS, "Tryk på et af svarene.")
    if code is None:
        form.refuse("value", "Tryk på et af svarene.")
    value = int(code) if code and code != "0" else None
    today = house.today(house.clock())
    return form.act(db, lambda: actions.answer(db, opened=found, value=value, today=today))


@router.post("/{token}/kommentar")
def comment(house: Houses, request: Request, token: str, form: Posted) -> Response:
    """A few words besides, from the browser that has just answered."""
    with house.database.write("survey") as db:
        found = opened(db, token)
        if found is None:
            return _page(house, request, token, None)
        signed = house.signed(form.data.get("csrf", ""), "survey", token_hash(token))
        if not signed or found.reply is None or not _has_mark(house, request, found.reply):
            form.refuse("", OLD_PAGE)
            return _page(house, request, token, found, form, 403)
        given = reply(db, found.reply.id)
        text = form.data.get("comment", "")
        if form.act(db, lambda: actions.add_comment(db, reply=given, comment=text)) is None:
            return _page(house, request, token, found, form, form.status)
    return RedirectResponse(f"/svar/{token}", 303)


def _set_mark(house: House, answer: Response, made: SurveyReply) -> None:
    until = str(int((house.clock() + MARK_LASTS).timestamp()))
    answer.set_cookie(
        MARK, f"{made.id}.{until}.{house.sign(MARK, str(made.id), until)}", path="/svar", httponly=True,
        samesite="lax", secure=house.secure, max_age=int(MARK_LASTS.total_seconds()),
    )  # fmt: skip


def _has_mark(house: House, request: Request, given: SurveyReply) -> bool:
    """Whether this browser gave the answer, within the hour."""
    id, _, rest = request.cookies.get(MARK, "").partition(".")
    until, _, signature = rest.partition(".")
    ours = id == str(given.id) and house.signed(signature, MARK, id, until)
    return ours and house.clock().timestamp() <= int(until)
