"""Random histories of agreements, told to the house and written on paper at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements import renewals
from crm.agreements.models import Agreement
from crm.agreements.queries import spans
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.goals.queries import objectives, progress
from crm.handover.actions import hand_over_list
from crm.numbers import demo_cvr
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.paper import EASY, PROGRAMMES, Plain, enter, recounted
from tests.crm.undone import undone

DAY = timedelta(days=1)
AWAY = st.integers(-120, 120).map(lambda days: TODAY + days * DAY)
MAYBE = st.none() | AWAY
WHICH = st.integers(0, 30)
CREATE = st.tuples(st.just("create"), st.integers(0, 3), st.sampled_from(PROGRAMMES), MAYBE, MAYBE, MAYBE)
# Signed some time ago under a programme that counts, for a while or until further notice.
SOUND = st.builds(
    lambda company, programme, signed, length: (
        "create", company, programme, signed, None, None if length is None else signed + length * DAY
    ),
    st.integers(0, 3), st.sampled_from(PROGRAMMES[:3]), st.integers(-120, -60).map(lambda days: TODAY + days * DAY),
    st.none() | st.integers(0, 150),
)  # fmt: skip
STEP = st.tuples(st.just("step"), WHICH, st.integers(0, 5), AWAY, MAYBE)
DAYS = st.dictionaries(st.sampled_from(["signed_on", "valid_from", "valid_to"]), MAYBE)
CHANGE = st.tuples(st.just("change"), WHICH, DAYS)
CORRECT = st.tuples(st.just("correct"), WHICH, st.integers(0, 4), DAYS)
# Two steps at once: in force, and renewed until well after.
RENEW = st.tuples(st.just("renew"), WHICH, AWAY, st.integers(1, 200))
HAND_OVER = st.tuples(st.just("hand over"), st.integers(0, 3), st.integers(0, 1))
DEEDS = CREATE | SOUND | STEP | STEP | STEP | RENEW | RENEW | CHANGE | CORRECT | HAND_OVER
HISTORIES = st.builds(
    lambda begun, more: begun + more,
    st.lists(SOUND, min_size=1, max_size=3), st.lists(DEEDS, min_size=3, max_size=25),
)  # fmt: skip
# Every one of these days is counted, long before the first and after the last that a history can name.
SHOWN = [TODAY + days * DAY for days in range(-130, 460)]


def settle(database: Database) -> Database:
    """Anna's four companies, and Bo."""
    with database.write() as db:
        anna = add_user(db)
        add_user(db, "bo@kommune.test")
        for number in range(4):
            add_company(db, number, responsible=anna)
    return database


def tell(db: Session, history: list[tuple[object, ...]]) -> list[Plain]:
    """Do what the history says, and write down on paper what was not refused."""
    paper: list[tuple[Agreement, Plain]] = []
    for what, *rest in history:
        try:
            with db.begin_nested():
                if what == "create":
                    plain = Plain(*rest)  # type: ignore[arg-type]
                    paper.append((enter(db, plain), plain))
                    if plain.signed and not plain.begins:
                        plain.begins = plain.signed
                elif what == "hand over":
                    _hand_over(db, *rest)  # type: ignore[arg-type]
                elif paper:
                    place, *values = rest
                    _do(db, *paper[place % len(paper)], what, values)  # type: ignore[operator]
        except (Refused, Conflict):
            continue
    return [plain for _, plain in paper]


def _hand_over(db: Session, company: int, to: int) -> None:
    found = by_cvr(db, demo_cvr(company))
    receiver = db.get_one(User, to + 1)
    hand_over_list(db, company_ids=[found.id], to=receiver, note="Ny fordeling", by=None, now=NOW)


def _do(db: Session, agreement: Agreement, plain: Plain, what: object, values: list[object]) -> None:
    if what == "change":
        (new,) = values
        assert isinstance(new, dict)
        agreements.change(db, agreement=agreement, values=new, today=TODAY)
        plain.correct(0, {name: new[name] for name in ("signed_on", "valid_from") if name in new})
        if "valid_to" in new:
            plain.set_last_day(new["valid_to"])
    elif what == "correct":
        place, new = values
        assert isinstance(new, dict)
        assert isinstance(place, int)
        seq = place % len(plain.terms)
        renewals.correct(db, agreement=agreement, seq=seq + 1, values=new, today=TODAY)
        plain.correct(seq, new)
    elif what == "renew":
        on, length = values
        assert isinstance(on, date)
        assert isinstance(length, int)
        if "in_force" in agreements.next_states(agreement):
            _step(db, agreement, plain, "in_force", on, None)
        ends = renewals.next_beginning(renewals.periods(db, agreement)[-1], on) + length * DAY
        _step(db, agreement, plain, "renewed", on, ends)
    else:
        place, on, valid_to = values
        assert isinstance(on, date)
        assert isinstance(place, int)
        ways = agreements.next_states(agreement) or ["ended"]
        _step(db, agreement, plain, ways[place % len(ways)], on, valid_to)  # type: ignore[arg-type]


def _step(db: Session, agreement: Agreement, plain: Plain, to: str, on: date, valid_to: date | None) -> None:
    agreements.step(
        db, agreement=agreement, to=to, on=on, by=db.get_one(User, 1), now=NOW, today=TODAY, valid_to=valid_to
    )
    if to == "renewed":
        if valid_to:
            plain.renew(on, valid_to)
    elif valid_to:
        plain.set_last_day(valid_to)
    if to == "signed":
        plain.signed, plain.begins = plain.signed or on, plain.begins or on
    if to == "ended":
        plain.ended = on


def compare_every_day(db: Session, paper: list[Plain]) -> None:
    """The companies that count towards each objective, day by day, against the paper."""
    cvrs = {company.id: company.cvr for company in db.query(Company)}
    counted = spans(db)
    for objective in objectives(db):
        if objective.key == EASY:
            continue
        ours = {programme.id for programme in objective.defined_on(TODAY).programmes}
        known = [span for span in counted if span.programme_id in ours]
        for on in SHOWN:
            found = {cvrs[span.company_id] for span in known if span.holds(on)}
            assert found == recounted(paper, objective.key, on), (objective.key, on)


def compare(db: Session, paper: list[Plain], on: date) -> None:
    """What the goals page says of a day, against the paper."""
    for found in progress(db, on, since=on - 70 * DAY):
        key = found.objective.key
        if key == EASY:
            continue
        now = recounted(paper, key, on)
        assert {company.cvr for company in found.companies} == now
        assert (found.value, found.value_before) == (len(now), len(recounted(paper, key, on - 90 * DAY)))
        weeks = [on + 7 * week * DAY for week in range(-10, 1)]
        assert found.points == [(day, len(recounted(paper, key, day))) for day in weeks]


def recount(town: Database, examples: int) -> Iterator[int]:
    """Tell so many random histories and count each anew; yields how many agreements each came to."""
    seen: list[int] = []

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(HISTORIES, st.lists(AWAY, min_size=1, max_size=3))
    def check(history: list[tuple[object, ...]], days: list[date]) -> None:
        with undone(town) as db:
            paper = tell(db, history)
            compare_every_day(db, paper)
            for on in days:
                compare(db, paper, on)
            seen.append(sum(len(plain.terms) for plain in paper))

    check()
    yield from seen
