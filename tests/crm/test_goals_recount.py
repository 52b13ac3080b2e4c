"""The figures of the plan against a plain recount, whatever happened to the agreements."""

from __future__ import annotations

from crm.db import Database
from tests.crm.histories import recount, settle


def test_the_figure_of_every_day_is_a_plain_recount(database: Database) -> None:
    told = list(recount(settle(database), 40))
    assert len(told) >= 40
    assert max(told) > 1
