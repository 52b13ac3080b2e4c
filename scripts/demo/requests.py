"""The requests that came of the calls, and the steps they have taken since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from crm.requests.kinds import Scheme
from crm.requests.models import START, RequestState
from scripts.demo import phrases
from scripts.demo.companies import Columns
from scripts.demo.days import CLOCK, Days
from scripts.demo.own_fields import Filler
from scripts.demo.stories import Happening

_ENDS = ((RequestState.RESOLVED, 82), (RequestState.UNRESOLVED, 9), (RequestState.WITHDRAWN, 9))


@dataclass(slots=True)
class Asked:
    """A request with its steps, before it has a key."""

    happening: Happening
    columns: Columns
    steps: list[Columns]


class Desk:
    """Takes requests in and moves them on, as far as the time that has passed allows.

    A request is written down as its first step leaves it; the trigger moves it along the rest.
    """

    def __init__(self, rng: Random, days: Days, schemes: Sequence[Scheme]) -> None:
        self.rng, self.days = rng, days
        self.filler = Filler(schemes)

    def take_in(self, happening: Happening, stop_at: RequestState | None = None) -> Asked:
        """The request a happening led to. `stop_at` leaves it lying there, unanswered: NEW, TAKEN or WAITING."""
        asked = self._new(happening)
        if stop_at is RequestState.NEW:
            return asked
        created: datetime = asked.columns["created_at"]
        self._step(asked, RequestState.TAKEN, self.days.later(created, self.rng.randint(1, 12)))
        if stop_at is RequestState.WAITING:
            self._step(asked, RequestState.WAITING, self._after(happening.at, 1), phrases.MISSING)
            return asked
        # One in twelve got its first answer later than promised.
        hours = self.rng.randint(9, 14) if self.rng.random() < 0.08 else self.rng.randint(1, 7)
        answered = self._answered(asked, hours)
        if stop_at is RequestState.TAKEN or answered > self.days.now:
            return asked
        self._step(asked, RequestState.IN_PROGRESS, answered)
        self._end(asked, answered)
        return asked

    def _answered(self, asked: Asked, hours: int) -> datetime:
        """When the first answer came. Now and then the company had to tell more before there could be one."""
        received = asked.happening.at
        paused, resumed = self.filler.pause(self.days, received)
        if paused is None or resumed is None:
            return self._after(received, hours)
        self._step(asked, RequestState.WAITING, paused, phrases.MISSING)
        self._step(asked, RequestState.TAKEN, resumed)
        asked.columns["answer_due_at"] = CLOCK.resumed(asked.columns["answer_due_at"], paused, resumed)
        return self._after(resumed, max(1, hours - 1))

    def _new(self, happening: Happening) -> Asked:
        topic = phrases.TOPICS[happening.topic]
        columns = happening.columns
        request: Columns = {
            "company_id": columns["company_id"], "kind": str(happening.topic),
            "title": happening.say(topic.titles, self.rng), "description": columns["summary"],
            "state": str(RequestState.NEW), "step_no": 1, "received_at": happening.at,
            "answer_due_at": CLOCK.due(happening.at), "owner_id": happening.firm.consultant, "interaction_id": None,
            "company_contact_id": happening.contact_id, "created_at": columns["created_at"], "version": 1,
        }  # fmt: skip
        request |= self.filler.fields(happening, str(request["title"]))
        first: Columns = {
            "seq": 1, "from_state": START, "to_state": str(RequestState.NEW), "at": columns["created_at"],
            "by_id": columns["by_id"], "note": None,
        }  # fmt: skip
        return Asked(happening, request, [first])

    def _end(self, asked: Asked, answered: datetime) -> None:
        rng = self.rng
        if rng.random() < 0.3:
            waits = self._after(answered, rng.randint(4, 40))
            if waits < self.days.now:
                self._step(asked, RequestState.WAITING, waits, "Afventer svar fra virksomheden")
                answered = waits
        closed = self._after(answered, rng.randint(6, 150))
        # A few drag on, as they do everywhere.
        if closed > self.days.now or rng.random() < 0.015:
            return
        end = rng.choices([state for state, _ in _ENDS], [weight for _, weight in _ENDS])[0]
        topic = phrases.TOPICS[asked.happening.topic]
        notes = {RequestState.RESOLVED: topic.solved, RequestState.UNRESOLVED: topic.unsolved}
        self._step(asked, end, closed, rng.choice(notes.get(end, phrases.WITHDRAWN)))
        if topic.counted:
            wanted = int(asked.columns["wanted"])
            hired = rng.randint(1, wanted) if end is RequestState.RESOLVED else 0
            asked.columns |= {"presented": hired + rng.randint(0, 3), "hired": hired}

    def _after(self, moment: datetime, hours: int) -> datetime:
        return CLOCK.due(moment, hours)

    def _step(self, asked: Asked, to: RequestState, at: datetime, note: str | None = None) -> None:
        asked.steps.append({
            "seq": len(asked.steps) + 1, "from_state": asked.steps[-1]["to_state"], "to_state": str(to), "at": at,
            "by_id": asked.happening.firm.consultant_at(at), "note": note,
        })  # fmt: skip
