"""Notes for one team: the one place that opens them (docs/decisions/0025-notes-for-one-team.md)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from crm.access.models import Team, User
from crm.interactions.models import Interaction, TeamNote


def open_for(db: Session, reader: User, entries: Sequence[Interaction]) -> None:
    """Open the notes that are for one team, where the reader is in it. Nothing else reads their text.

    It holds for managers and administrators too: whoever is not in the team does not read it.
    """
    sealed = [entry.id for entry in entries if entry.only_team_id is not None]
    if not sealed:
        return
    theirs = and_(
        TeamNote.interaction_id == Interaction.id, Interaction.only_team_id == (reader.team_id or 0)
    )
    asked = (
        select(Interaction.id, Team.name, TeamNote.text)
        .join(Team, Team.id == Interaction.only_team_id)
        .outerjoin(TeamNote, theirs)
        .where(Interaction.id.in_(sealed))
    )
    found = {id: (team, text) for id, team, text in db.execute(asked)}
    for entry in entries:
        if entry.id in found:
            entry.unsealed(*found[entry.id])
