"""The share against a plain recount: never of two wordings, never told of too few, on any day as it was then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.companies.models import CompanyContact
from crm.db import Database, Session
from crm.goals.queries import progress
from crm.periods import months_after, quarters, year_until
from crm.surveys import actions, queries
from crm.surveys.asking import latest
from crm.surveys.models import RoundKind, SurveyInvitation, SurveyReply, SurveyRound
from crm.surveys.queries import Which, percent
from crm.surveys.results import Tally
from tests.conftest import NOW, TODAY
from tests.crm.paper import EASY
from tests.crm.surveying import consultant, firm
from tests.crm.undone import undone
from tests.statements import counted

DAY = timedelta(days=1)
QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FIRMS = 6


@dataclass(frozen=True)
class Said:
    """One company asked, and what it answered; None in `after` when it did not."""

    version: int
    firm: int
    asked: date
    after: int | None
    value: int | None
    sent: bool = True

    @property
    def replied(self) -> date | None:
        """The day of the answer."""
        return self.asked + self.after * DAY if self.after is not None else None


SAID = st.builds(
    Said,
    version=st.sampled_from([1, 1, 2]),
    firm=st.integers(0, FIRMS - 1),
    asked=st.integers(-800, 30).map(lambda days: TODAY + days * DAY),
    after=st.none() | st.integers(0, 30),
    value=st.sampled_from([1, 2, 3, 4, 4, 5, 5, None]),
    sent=st.sampled_from([True, True, True, False]),
)


@pytest.fixture
def town(database: Database) -> Database:
    """Six companies, and two wordings; the second is in use from today on."""
    with database.write() as db:
        for number in range(FIRMS):
            firm(db, number)
        actions.reword(db, wording="Det er nemt", valid_from=TODAY, by=consultant(db), now=NOW, today=TODAY)
        for version in (1, 2):
            db.add(
                SurveyRound(
                    kind=RoundKind.ANNUAL, name="Runde", question_id=version, opened_on=date(2020, 1, 1),
                    closes_on=date(2030, 1, 1), despite_quiet=1, created_at=NOW,
                )
            )  # fmt: skip
            db.flush()
    return database


def enter(db: Session, said: Said) -> None:
    """Write it down as it was, each in a round of its own."""
    contact = db.query(CompanyContact).order_by(CompanyContact.id).all()[said.firm]
    before = latest(db, contact.company_id)
    within = SurveyRound(
        kind=RoundKind.ANNUAL, name="En til", question_id=said.version, opened_on=said.asked,
        closes_on=said.asked + 60 * DAY, despite_quiet=1, created_at=NOW,
    )  # fmt: skip
    db.add(within)
    db.flush()
    asked = SurveyInvitation(
        round_id=within.id, question_id=said.version, company_id=contact.company_id,
        company_contact_id=contact.id, recipient="lone@firma.test", asked_on=said.asked,
        quiet_until=said.asked + DAY, expires_on=said.asked + 30 * DAY, despite_quiet=1,
        follows_id=before.id if before else None, follows_quiet_until=before.quiet_until if before else None,
        sent_at=NOW if said.sent else None, created_at=NOW,
    )  # fmt: skip
    db.add(asked)
    db.flush()
    if said.replied and said.sent:
        db.add(
            SurveyReply(
                invitation_id=asked.id, company_id=contact.company_id, question_id=said.version,
                expires_on=asked.expires_on, value=said.value, replied_on=said.replied,
            )
        )  # fmt: skip
        db.flush()


def recounted(told: list[Said], version: int, since: date, until: date) -> tuple[int, int, int, int, int]:
    """n, agreeing, not knowing, asked, answered: on paper."""
    sent = [each for each in told if each.sent and each.version == version]
    given = [each.value for each in sent if each.replied and since <= each.replied <= until]
    values = [value for value in given if value is not None]
    asked = [each for each in sent if since <= each.asked <= until]
    answered = [each for each in asked if each.replied and each.replied <= until]
    return (
        len(values), sum(value >= 4 for value in values), len(given) - len(values), len(asked), len(answered)
    )  # fmt: skip


def test_the_share_of_any_day_is_a_plain_recount_of_one_wording(town: Database) -> None:
    @QUICK
    @given(st.lists(SAID, max_size=25), st.integers(-760, 30), st.integers(1, 6))
    def check(told: list[Said], days: int, least: int) -> None:
        on = TODAY + days * DAY
        version = 2 if on >= TODAY else 1
        with undone(town) as db:
            for each in told:
                enter(db, each)
            n, easy, unsure, asked, answered = recounted(told, version, year_until(on), on)
            found = {each.objective.key: each for each in progress(db, on, least=least)}[EASY]
            assert found.share
            assert found.share.question
            assert found.share.question.version == version
            assert (found.share.n, found.share.easy, found.share.unsure) == (n, easy, unsure)
            assert (found.share.asked, found.share.answered) == (asked, answered)
            assert found.value == (_half_up(easy, n) if n >= least else None)
            assert found.share.response_rate == (_half_up(answered, asked) if asked else None)
            rows, _ = queries.replies(db, Which(found.share.question.id, year_until(on), on))
            assert len(rows) == n + unsure
            _check_quarters(db, told, on, version)

    check()


def _half_up(part: int, whole: int) -> int:
    return int(Fraction(100 * part, whole) + Fraction(1, 2))


def _check_quarters(db: Session, told: list[Said], on: date, version: int) -> None:
    since = months_after(on, -24)
    tally = Tally.read(db, date(2020, 1, 1), on, least=1)
    question = next(each for each in tally.questions if each.version == version)
    for each in tally.by_quarter(question, since, on):
        n, easy, unsure, asked, answered = recounted(told, version, each.since, each.until)
        assert (each.n, each.easy, each.unsure, each.asked, each.answered) == (
            n,
            easy,
            unsure,
            asked,
            answered,
        )


def test_a_new_wording_begins_at_nothing_and_the_old_figure_stays_what_it_was(town: Database) -> None:
    with town.write() as db:
        for number in range(FIRMS):
            enter(db, Said(1, number, TODAY - 40 * DAY, 3, 5))
        # Answered after the new wording had come, to the old one.
        enter(db, Said(1, 0, TODAY - 9 * DAY, 12, 1))
        enter(db, Said(2, 1, TODAY, 1, 1))
    with town.read() as db:
        tally = Tally.read(db, TODAY - 800 * DAY, TODAY + 30 * DAY)
        yesterday, later = tally.on(TODAY - DAY), tally.on(TODAY + 10 * DAY)
        assert (yesterday.value, yesterday.n) == (100, 6)
        assert (later.value, later.n, later.question and later.question.version) == (None, 1, 2)


@pytest.mark.parametrize(("answers", "shown"), [(0, False), (4, False), (5, True)])
def test_too_few_answers_are_not_told(town: Database, answers: int, shown: bool) -> None:
    with town.write() as db:
        for number in range(answers):
            enter(db, Said(1, number, TODAY - 20 * DAY, 1, 4))
        enter(db, Said(1, 5, TODAY - 20 * DAY, 1, None))
    with town.read() as db:
        found = Tally.read(db, TODAY - 800 * DAY, TODAY).on(TODAY - DAY)
    assert (found.n, found.unsure) == (answers, 1)
    assert (found.value is not None) == shown


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(0, 3, 0), (1, 3, 33), (2, 3, 67), (1, 200, 1), (1, 201, 0), (41, 41, 100)],
)
def test_a_share_is_in_whole_per_cent_halves_upwards(part: int, whole: int, expected: int) -> None:
    assert percent(part, whole) == expected
    assert percent(0, 0) is None


def test_a_year_ends_with_its_day_and_months_end_where_they_end() -> None:
    assert year_until(date(2026, 11, 23)) == date(2025, 11, 24)
    assert year_until(date(2028, 2, 29)) == date(2027, 3, 1)
    assert months_after(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_after(date(2026, 1, 15), -1) == date(2025, 12, 15)
    assert quarters(date(2026, 2, 3), date(2026, 10, 1)) == [
        date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1),
    ]  # fmt: skip


def test_the_figures_ask_as_often_for_few_answers_as_for_many(town: Database) -> None:
    asked = []
    for times in (1, 20):
        with town.write() as db:
            for number in range(times):
                enter(db, Said(1, number % FIRMS, TODAY - number * DAY, 1, 4))
        with town.read() as db, counted(town) as seen:
            progress(db, TODAY)
        asked.append(len(seen))
    assert asked[0] == asked[1] <= 8
