"""Agreements with a history: a line that rises over eighteen months, with some that ended on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from crm.agreements.models import START, EndCause
from crm.agreements.models import AgreementState as State
from scripts.demo.companies import Columns, Firm
from scripts.demo.days import Days
from scripts.demo.industries import WELFARE

CODE_OF_CARE, AFTER_SCHOOL, SICK_LEAVE, KLAR = (
    "code_of_care", "after_school_job", "sick_leave_prevention", "klar_til_start",
)  # fmt: skip
_TITLES = {
    CODE_OF_CARE: ("Ansættelse af udsatte unge", "Job til to unge gennem Code of Care", "Småjob til unge"),
    AFTER_SCHOOL: ("Fritidsjob til unge under 18", "To faste fritidsjob", "Fritidsjob efter skoletid"),
    SICK_LEAVE: ("Partnerskab om at forebygge sygefravær", "Tidlig indsats ved sygefravær",
                 "Stressforebyggelse og tidlig kontakt"),
    KLAR: ("Ansættelsesforløb med Klar til Start",),
}  # fmt: skip
# Why it ended: what was chosen, and the words for it.
_END_REASONS = (
    (EndCause.COMPANY_GONE, "Afdelingen er flyttet til en anden kommune"),
    (EndCause.DECLINED, "Ny ledelse prioriterer andre opgaver"),
    (EndCause.NOT_USED, "Aftalen blev ikke brugt det seneste halve år"),
)
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Plan:
    """An agreement to come: days ago it was signed and ended (None: not), and the state it stops at."""

    programme: str
    signed: int | None = None
    ended: int | None = None
    stops_at: State = State.IN_FORCE
    renewed: bool = False
    same_company: bool = False


_BEFORE_SIGNING = (State.PROSPECT, State.IN_DIALOGUE, State.OFFERED)
# Seven companies with youth agreements count today (one has two), and eighteen partnerships on sick leave.
PLANS = (
    *(Plan(CODE_OF_CARE, signed) for signed in (400, 250, 120, 35)),
    Plan(AFTER_SCHOOL, 90, same_company=True),
    *(Plan(AFTER_SCHOOL, signed) for signed in (480, 310, 75)),
    Plan(CODE_OF_CARE, 520, ended=200, stops_at=State.ENDED),
    Plan(AFTER_SCHOOL, 500, ended=140, stops_at=State.ENDED),
    Plan(SICK_LEAVE, 470, renewed=True),
    *(Plan(SICK_LEAVE, signed) for signed in (
        530, 500, 430, 400, 370, 340, 300, 270, 240, 210, 180, 150, 120, 90, 60, 30, 9)),
    *(Plan(SICK_LEAVE, signed, ended=ended, stops_at=State.ENDED) for signed, ended in (
        (540, 260), (450, 150), (390, 65))),
    Plan(SICK_LEAVE, 5, stops_at=State.SIGNED),
    *(Plan(KLAR, signed) for signed in (330, 190, 50)),
    Plan(KLAR, stops_at=State.IN_DIALOGUE),
    Plan(CODE_OF_CARE, stops_at=State.PROSPECT), Plan(AFTER_SCHOOL, stops_at=State.PROSPECT),
    Plan(CODE_OF_CARE, stops_at=State.IN_DIALOGUE), Plan(CODE_OF_CARE, stops_at=State.IN_DIALOGUE),
    Plan(AFTER_SCHOOL, stops_at=State.OFFERED),
    Plan(SICK_LEAVE, stops_at=State.PROSPECT), Plan(SICK_LEAVE, stops_at=State.IN_DIALOGUE),
    Plan(SICK_LEAVE, stops_at=State.IN_DIALOGUE), Plan(SICK_LEAVE, stops_at=State.OFFERED),
)  # fmt: skip


def choose(rng: Random, firms: Sequence[Firm], plans: Sequence[Plan]) -> Iterator[tuple[Plan, Firm]]:
    """A company for each plan, larger ones first, welfare for Klar til Start. Plans too many are left out."""
    able = [
        firm for firm in firms if firm.active and firm.employees >= 5 and firm.values["status"] == "NORMAL"
    ]
    others = [firm for firm in firms if firm.active and firm not in able] if len(able) < len(plans) else []
    rng.shuffle(able)
    able += sorted(others, key=lambda firm: -firm.employees)
    welfare = [firm for firm in able if firm.values["industry_code"].startswith(WELFARE)][: _klar(plans)]
    rest = [firm for firm in able if firm not in welfare]
    last: Firm | None = None
    for plan in plans:
        if plan.programme == KLAR and welfare:
            yield plan, welfare.pop()
        elif plan.same_company and last:
            yield plan, last
        elif rest:
            last = rest.pop(0)
            yield plan, last


def _klar(plans: Sequence[Plan]) -> int:
    return sum(plan.programme == KLAR for plan in plans)


def draw_up(
    rng: Random, days: Days, plan: Plan, firm: Firm, programme_id: int
) -> tuple[Columns, list[Columns]]:
    """An agreement as its first step leaves it, and all its steps; the triggers move it along the rest."""
    steps = list(_steps(rng, days, plan))
    first, begun = steps[0]
    begins, ends = _period(days, plan)
    agreement: Columns = {
        "company_id": firm.values["id"], "programme_id": programme_id, "title": rng.choice(_TITLES[plan.programme]),
        "signed_on": begun if first is State.SIGNED else None, "valid_from": begins, "valid_to": ends,
        "ended_on": None, "end_reason": None, "state": str(first), "step_no": 1, "created_at": days.noon(begun),
        "version": 1, "consultant_id": firm.consultant,
        "end_cause": None, "shown_to_panel": 0, "company_contact_id": _contact(firm),
    }  # fmt: skip
    ending = rng.choice(_END_REASONS)
    before = [START, *(str(state) for state, _ in steps)]
    rows: list[Columns] = [
        {
            "seq": seq, "from_state": before[seq - 1], "to_state": str(state), "on_day": on, "at": days.noon(on),
            "by_id": firm.consultant_at(days.noon(on)),
            "cause": str(ending[0]) if state is State.ENDED else None,
            "note": ending[1] if state is State.ENDED else None,
        }
        for seq, (state, on) in enumerate(steps, 1)
    ]  # fmt: skip
    return agreement, rows


def _steps(rng: Random, days: Days, plan: Plan) -> Iterator[tuple[State, date]]:
    if plan.signed is None:
        reached = _BEFORE_SIGNING[: _BEFORE_SIGNING.index(plan.stops_at) + 1]
        for back, state in zip(range(12 * len(reached), 0, -12), reached, strict=True):
            yield state, days.ago(back)
        return
    signed = days.ago(plan.signed)
    # Every third was signed on paper before anyone wrote it down.
    if rng.random() < 0.67:
        for weeks, state in zip((7, 5, 2), _BEFORE_SIGNING, strict=True):
            yield state, signed - timedelta(weeks=weeks)
    yield State.SIGNED, signed
    if plan.stops_at is not State.SIGNED:
        yield State.IN_FORCE, signed
    if plan.renewed:
        yield State.RENEWED, signed + YEAR - timedelta(days=10)
        yield State.IN_FORCE, signed + YEAR
    if plan.ended is not None:
        yield State.ENDED, days.ago(plan.ended)


def _period(days: Days, plan: Plan) -> tuple[date | None, date | None]:
    """From the day of signing for two years, or one that is soon over; only signed ones begin later."""
    if plan.signed is None:
        return None, None
    begins = days.ago(plan.signed)
    if plan.stops_at is State.SIGNED:
        begins = days.today + timedelta(days=20)
    years = 1 if plan.renewed or plan.signed in {340, 310} else 2
    return begins, begins + YEAR * years - timedelta(days=1)


def _contact(firm: Firm) -> int | None:
    """Whom to call there: the first of the company's people who is still there."""
    return next((row["id"] for row in firm.contacts if row["ended_on"] is None), None)


def renewed_period(agreement: Columns, steps: Sequence[Columns]) -> Columns | None:
    """The second period of an agreement that was renewed, made by that step."""
    for step in steps:
        if step["to_state"] == State.RENEWED:
            begins = agreement["valid_to"] + timedelta(days=1)
            return {
                "agreement_id": agreement["id"], "seq": 2, "signed_on": step["on_day"], "valid_from": begins,
                "valid_to": begins + YEAR - timedelta(days=1), "step_no": step["seq"],
            }  # fmt: skip
    return None
