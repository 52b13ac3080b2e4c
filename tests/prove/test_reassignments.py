"""Two managers with five hundred reassignments each, and two thousand companies handed over during work."""

from __future__ import annotations

from tests.crm.at_once import Seen, hand_over_in_use, reassign

TIMES, COMPANIES = 500, 2000


def _say(url: str, what: str, seen: Seen) -> None:
    engine = url.partition(":")[0].partition("+")[0]
    print(f"\n{engine}: {what}; {seen.polls} looks by the observer, {seen.violations} violations.")  # noqa: T201


def test_a_thousand_reassignments_of_one_company(url: str) -> None:
    seen = reassign(url, TIMES)
    _say(url, f"2 x {TIMES} reassignments, {seen.done} done, {seen.told} told that they were not", seen)
    assert (seen.trouble, seen.violations) == ([], 0)
    assert seen.done + seen.told == 2 * TIMES
    assert min(seen.done, seen.told, seen.polls) > 0


def test_two_thousand_companies_change_hands_while_others_work(url: str) -> None:
    seen = hand_over_in_use(url, COMPANIES)
    _say(
        url,
        f"{COMPANIES} companies in one act took {seen.took:.2f} s; {seen.calls} calls logged and "
        f"{seen.reads} pages read around it, the slowest call {seen.slowest:.2f} s",
        seen,
    )
    assert (seen.trouble, seen.violations) == ([], 0)
    assert min(seen.polls, seen.calls, seen.reads) > 0
