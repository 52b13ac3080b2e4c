"""What companies answered: the share with all it stands on, the replies behind it, the comments to follow up."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.errors import NotFound, renamed
from crm.goals.queries import objective, target_on
from crm.interactions.models import Kind
from crm.periods import months_after, year_until
from crm.surveys import actions, queries
from crm.surveys.models import EASY, SurveyQuestion, SurveyReply
from crm.surveys.queries import Which
from crm.surveys.results import Share, Tally
from web import words
from web.cursors import cursor, pair_of
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/maal/tilfredshed")
HOME = "/maal/tilfredshed"
# How far back the quarters go, in months.
BACK = 24
COMMENTS = 5
# How somebody may have followed up, as it is to stand in the timeline.
NOT_THERE = "none"
WAYS = [
    (Kind.CALL, "Opkald"),
    (Kind.MEETING, "Møde"),
    (Kind.EMAIL, "Mail"),
    (NOT_THERE, "Det står der allerede"),
]


def _wording(found: list[SurveyQuestion], asked: int | None, on: date) -> SurveyQuestion | None:
    if asked is None:
        return queries.in_use(found, on)
    for each in found:
        if each.version == asked:
            return each
    raise NotFound("Den ordlyd kender vi ikke.")


@router.get("")
def index(visit: Annotated[Visit, reading()], dag: str = "", version: str = "") -> Response:
    """The share on a day, how the answers spread, and quarter by quarter."""
    form = Form.of({"dag": dag, "version": version})
    on = form.day("dag", visit.today) or visit.today
    aim = objective(visit.db, EASY)
    least = visit.house.settings.survey_min_n
    begins = min([months_after(on, -BACK), *(each.valid_from for each in queries.versions(visit.db))])
    tally = Tally.read(visit.db, begins, on, least=least)
    current = queries.in_use(tally.questions, on)
    chosen = _wording(list(tally.questions), form.number("version"), on)
    share = tally.on(on)
    if chosen and chosen is not current:
        # A wording that is no longer used is shown whole.
        share = tally.share(chosen, chosen.valid_from, on)
    quarters = tally.by_quarter(chosen, months_after(on, -BACK), on) if chosen else []
    commented = _which(share, commented=True)
    return page(
        visit,
        "surveys/index.html",
        status=form.status if form.errors else 200,
        section="goals",
        form=form,
        on=on,
        objective=aim,
        target=target_on(aim, on),
        versions=tally.questions,
        current=current,
        share=share,
        quarters=quarters,
        points=_points(quarters),
        comments=queries.replies(visit.db, commented, limit=COMMENTS)[0] if commented else [],
        answers=words.SURVEY_ANSWERS,
    )


def _points(quarters: list[Share]) -> list[tuple[date, int]]:
    """The quarters that are told, as a course: each holds until the next, the last until today."""
    points = [(each.since, value) for each in quarters if (value := each.value) is not None]
    return [*points, (quarters[-1].until, points[-1][1])] if points else []


def _which(share: Share, *, commented: bool) -> Which | None:
    if share.question is None:
        return None
    return Which(share.question.id, share.since, share.until, commented=commented)


@router.get("/besvarelser")
def replies(
    visit: Annotated[Visit, reading()],
    version: str = "",
    fra: str = "",
    til: str = "",
    svar: str = "",
    kommentar: str = "",
    efter: str = "",
) -> Response:
    """The replies behind a figure."""
    form = Form.of({"version": version, "fra": fra, "til": til, "svar": svar, "kommentar": kommentar})
    until = form.day("til", visit.today) or visit.today
    since = form.day("fra", visit.today) or year_until(until)
    code = form.choice("svar", words.SURVEY_ANSWERS)
    versions = queries.versions(visit.db)
    question = _wording(list(versions), form.number("version"), until)
    which = Which(
        question.id if question else 0, since, until, value=int(code) if code else None,
        commented=kommentar == "1",
    )  # fmt: skip
    found, more = queries.replies(visit.db, which, after=_after(efter))
    return page(
        visit,
        "surveys/replies.html",
        status=form.status if form.errors else 200,
        section="goals",
        form=form,
        question=question,
        which=which,
        replies=found,
        next=cursor(f"{HOME}/besvarelser", form.data, (more[0].isoformat(), more[1]) if more else None),
        answers=words.SURVEY_ANSWERS,
    )


def _after(efter: str) -> tuple[date, int] | None:
    day, id = pair_of(efter) or ("", 0)
    try:
        return date.fromisoformat(day), id
    except ValueError:
        return None


def _reply(visit: Visit, found: SurveyReply, form: Form) -> Response:
    return page(
        visit,
        "surveys/reply.html",
        status=form.status if form.errors else 200,
        section="goals",
        form=form,
        reply=found,
        ways=WAYS,
        answers=words.SURVEY_ANSWERS,
    )


@router.get("/besvarelser/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One reply: who, what, and whether anyone has followed up."""
    return _reply(visit, queries.reply(visit.db, id), Form())


@router.post("/besvarelser/{id}/fulgt-op")
def handle(visit: Annotated[Visit, writing("interactions.write")], id: int) -> Response:
    """Somebody has followed up on the comment."""
    found, form = queries.reply(visit.db, id), visit.form
    kind = form.choice("kind", [code for code, _ in WAYS])

    def change() -> SurveyReply:
        with renamed(summary="note"):
            return actions.handle_comment(
                visit.db, reply=found, company=found.company, by=visit.me, now=visit.now,
                note=form.data.get("note", ""), kind=None if kind == NOT_THERE else kind,
            )  # fmt: skip

    if form.act(visit.db, change) is None:
        return _reply(visit, queries.reply(visit.db, id), form)
    return redirect(
        visit, f"{HOME}/besvarelser/{id}", flash="Godt. Det er skrevet ned, at kommentaren er fulgt op."
    )
