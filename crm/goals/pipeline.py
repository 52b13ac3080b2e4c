"""Who is on the way to an agreement: offered one, or in dialogue about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.agreements.models import Agreement
from crm.goals.models import Definition

Coming = tuple[int, int, str]
# Ready beforehand: to build a statement takes longer than to ask it.
_OPEN = select(Agreement.programme_id, Agreement.company_id, Agreement.state).where(
    Agreement.state.in_(("offered", "in_dialogue"))
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The companies on the way. One that has been offered an agreement is not counted as in dialogue too."""

    offered: frozenset[int] = frozenset()
    in_dialogue: frozenset[int] = frozenset()

    @classmethod
    def of(cls, coming: Sequence[Coming], definition: Definition, *, but: Collection[int]) -> Pipeline:
        """Those on the way to what a definition counts, but for those that count already."""
        ours = {programme.id for programme in definition.programmes}
        found = [each for each in coming if each[0] in ours and each[1] not in but]
        offered = frozenset(company for _, company, state in found if state == "offered")
        return cls(offered, frozenset(company for _, company, _ in found) - offered)


def on_the_way(db: Session) -> list[Coming]:
    """Every agreement that is offered or talked about today: programme, company, state."""
    return [(programme, company, state) for programme, company, state in db.execute(_OPEN)]
