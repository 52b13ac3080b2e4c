"""At no committed moment a company has none or two, however many are at it. The long proof is tests/prove."""

from __future__ import annotations

from tests.crm.at_once import hand_over_in_use, reassign


def test_two_managers_reassign_one_company_and_every_loser_is_told(url: str) -> None:
    seen = reassign(url, 60)
    assert (seen.trouble, seen.violations) == ([], 0)
    assert seen.done + seen.told == 120
    assert seen.done > 0
    assert seen.polls > 0


def test_two_hundred_companies_change_hands_while_others_work(url: str) -> None:
    seen = hand_over_in_use(url, 200)
    assert (seen.trouble, seen.violations) == ([], 0)
    assert min(seen.polls, seen.calls, seen.reads) > 0
