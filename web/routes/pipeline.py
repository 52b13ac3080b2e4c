"""Agreements under way: who is close to a signature, what was last said, and what comes next."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.agreements import actions, pipeline
from crm.agreements.models import AgreementState
from crm.goals.nearing import places
from crm.goals.queries import progress
from web import words
from web.deps import Visit, reading
from web.forms import Form
from web.render import page

router = APIRouter()
HERE = "/aftaler/paa-vej"
# Untouched for so many days, a line is shown as one to do something about.
STALE = 30


@router.get(HERE)
def index(visit: Annotated[Visit, reading()], hvem: str = "") -> Response:
    """Prospects, those in dialogue and those on offer, side by side."""
    found = pipeline.under_way(visit.db, owner=visit.me if hvem == "mig" else None)
    goals = [each for each in progress(visit.db, visit.today) if each.value is not None]
    lanes = [
        (state, words.AGREEMENT_STATES[state], [line for line in found if line.agreement.state == state])
        for state in pipeline.COLUMNS
    ]
    return page(
        visit,
        "agreements/pipeline.html",
        section="agreements",
        lanes=lanes,
        places=places(found, goals),
        goals=goals,
        following={line.agreement.id: _next_step(line) for line in found},
        stale=STALE,
        number=len(found),
        cut=len(found) == pipeline.MOST,
        here=HERE + ("?hvem=mig" if hvem == "mig" else ""),
        form=Form.of({"hvem": hvem}),
    )


def _next_step(line: pipeline.Line) -> tuple[str, str]:
    """The step onwards; to end it, one opens it and says why."""
    onward = next(each for each in actions.next_states(line.agreement) if each != AgreementState.ENDED)
    return onward, words.AGREEMENT_STATES[AgreementState(onward)]
