"""Which agreement under way would be number how many of which objective, if it were signed next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm.agreements.pipeline import COLUMNS, Line
from crm.goals.models import Objective
from crm.goals.queries import Progress


@dataclass(frozen=True)
class Place:
    """The number a company would get in an objective; None when it counts there already."""

    objective: Objective
    number: int | None
    target: int | None

    @property
    def reaches(self) -> bool:
        """Whether it would be the one that reaches the target."""
        return self.number is not None and self.number == self.target


def places(lines: Sequence[Line], found: Sequence[Progress]) -> dict[int, list[Place]]:
    """By agreement: its places in the objectives its programme feeds.

    Those on offer come before those in dialogue, and these before prospects; of two alike the one that has
    waited longest. A company with several agreements under way is one company, and has one place.
    """
    nearest = sorted(lines, key=lambda line: -COLUMNS.index(line.agreement.state))
    answer: dict[int, list[Place]] = {line.agreement.id: [] for line in lines}
    for each in found:
        if each.value is None or each.definition is None:
            continue
        ours = {programme.id for programme in each.definition.programmes if programme.kind == "company"}
        inside = {company.id for company in each.companies}
        numbers: dict[int, int] = {}
        target = each.target.value if each.target else None
        for line in nearest:
            agreement = line.agreement
            if agreement.programme_id not in ours:
                continue
            number = None
            if agreement.company_id not in inside:
                number = numbers.setdefault(agreement.company_id, each.value + len(numbers) + 1)
            answer[agreement.id].append(Place(each.objective, number, target))
    return answer
