"""What the municipality asks the panel, what its members answer, and what came of it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from crm.errors import Conflict, Refused
from crm.panel.letters import tell_all
from crm.panel.models import PanelAnswer, PanelQuestion

ASKED = "Spørgsmålet er stillet og kan ikke ændres. Stil et nyt, hvis det skal lyde anderledes."
CHANGED = "Du har ændret dit svar et andet sted imens. Se det herunder, og gem igen, hvis det nye skal gælde."
OVER = "Fristen er gået, så svaret kan ikke gemmes mere. Ring gerne til os i stedet."


def write(db: Session, *, now: datetime, today: date, **values: object) -> PanelQuestion:
    """A question as a draft: question, about, opens_on, closes_on."""
    made = PanelQuestion(created_at=now)
    _set(made, values, today)
    db.add(made)
    db.flush()
    return made


def change(
    db: Session, *, asked: PanelQuestion, based_on: int, today: date, **values: object
) -> PanelQuestion:
    """Correct a question. Once it was asked its wording stands, and only the last day can be moved."""
    if asked.version != based_on:
        raise Conflict("En kollega har ændret spørgsmålet imens. Se den nye udgave, før du gemmer.")
    if asked.asked_at is not None and values["question"] != asked.question:
        raise Refused(
            "question",
            "Spørgsmålet er stillet og kan ikke ændres. Stil et nyt, hvis det skal lyde anderledes.",
        )
    _set(asked, values, today)
    db.flush()
    return asked


def _set(question: PanelQuestion, values: dict[str, object], today: date) -> None:
    opens_on, closes_on = values.get("opens_on") or today, values["closes_on"]
    if not values["question"]:
        raise Refused("question", "Skriv spørgsmålet.")
    if not isinstance(closes_on, date):
        raise Refused("closes_on", "Skriv den sidste dag, man kan svare.")
    if not isinstance(opens_on, date) or closes_on < opens_on or closes_on < today:
        raise Refused("closes_on", "Den sidste dag skal ligge efter den første, og den må ikke være gået.")
    question.question, question.about = str(values["question"]), values["about"]  # type: ignore[assignment]
    question.opens_on, question.closes_on = opens_on, closes_on


def ask(db: Session, *, question: PanelQuestion, home: str, now: datetime, today: date) -> int:
    """Ask it, and write to the members; how many they are. Asked twice is asked."""
    if question.asked_at is not None:
        return 0
    if question.closes_on < today:
        raise Refused("closes_on", "Fristen er gået. Vælg en ny, før du stiller spørgsmålet.")
    question.asked_at = now
    question.opens_on = min(question.opens_on, today)
    db.flush()
    return tell_all(
        db, act=f"question:{question.id}", subject="Et spørgsmål til virksomhedspanelet",
        text="Vi vil gerne høre, hvad du mener. Det tager et par minutter.", home=home, now=now, today=today,
        path=f"spoergsmaal/{question.id}",
    )  # fmt: skip


def tell_outcome(
    db: Session, *, question: PanelQuestion, said: str | None, outcome: str | None, home: str, now: datetime,
    today: date,
) -> int:  # fmt: skip
    """Say what came of the answers; the members hear of it the first time. How many were written to."""
    if question.asked_at is None:
        raise Conflict("Spørgsmålet er ikke stillet endnu.")
    if not outcome:
        raise Refused("outcome", "Skriv, hvad I gjorde.")
    question.said, question.outcome = said, outcome
    first, question.outcome_at = question.outcome_at is None, question.outcome_at or now
    db.flush()
    if not first:
        return 0
    return tell_all(
        db, act=f"outcome:{question.id}", subject="I sagde – vi gjorde",
        text="Du kan nu læse, hvad panelets svar har ført til.", home=home, now=now, today=today, path="spoergsmaal",
    )  # fmt: skip


def answer(
    db: Session,
    *,
    question_id: int,
    seat_id: int,
    text: str,
    based_on: int,
    now: datetime,
    today: date,
) -> PanelAnswer:
    """A member's answer, or another in its place while the question is open.

    `based_on` is the version of the answer that stood on the page, 0 for none: two browsers of one member do not
    write over each other unseen.
    """
    question = db.get_one(PanelQuestion, question_id)
    if not question.is_open(today):
        raise Conflict(OVER)
    if not text.strip():
        raise Refused("text", "Skriv dit svar.")
    given = db.get(PanelAnswer, (question.id, seat_id), with_for_update=True)
    if given is None:
        given = PanelAnswer(question_id=question.id, seat_id=seat_id, text=text, on=today, answered_at=now)
        db.add(given)
    elif given.text != text:
        if given.version != based_on:
            raise Conflict(CHANGED)
        given.text, given.on, given.answered_at = text, today, now
    db.flush()
    return given
