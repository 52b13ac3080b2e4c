"""A thousand random histories of agreements, every day of each counted anew."""

from __future__ import annotations

from crm.db import Database
from tests.crm.histories import SHOWN, recount, settle

HISTORIES = 1000


def test_a_thousand_histories_are_counted_right_on_every_day(database: Database) -> None:
    told = list(recount(settle(database), HISTORIES))
    print(  # noqa: T201
        f"\n{database.dialect}: {len(told)} histories with {sum(told)} periods, {len(SHOWN)} days each, "
        "every figure as on paper."
    )
    assert len(told) >= HISTORIES
