"""Adding objectives, saying what they count and from when, naming, ordering and retiring them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.agreements.models import Programme
from crm.danish import fold, long_date
from crm.errors import Refused
from crm.goals.actions import EARLIEST, LATEST, ODD_DAY, note, set_target
from crm.goals.models import Change, CountsWhen, Definition, DefinitionProgramme, Objective, ObjectiveChange

COUNTS_WHEN = {
    CountsWhen.IN_FORCE: "underskrevet og gældende på dagen",
    CountsWhen.SIGNED: "underskrevet, også før den begynder",
    CountsWhen.EVER: "underskrevet engang, også når den er slut",
}
# Words that are addresses beside the objectives.
TAKEN = {"noegletal", "rapport", "tilfredshed"}


def key_of(name: str, taken: set[str]) -> str:
    """A key from a name, unlike those there are."""
    base = "_".join(fold(name).split())[:40].strip("_") or "maal"
    free = (base if number == 1 else f"{base}_{number}" for number in range(1, 1000))
    return next(key for key in free if key not in taken | TAKEN)


def add_objective(
    db: Session,
    *,
    name: str,
    words: str,
    programmes: Sequence[Programme],
    counts_when: str,
    due: date,
    value: int,
    by: User,
    now: datetime,
    today: date,
) -> Objective:
    """A new objective that counts companies, last in order, with its definition and first target.

    It counts alike on all days, also those before it was thought of.
    """
    name = _named(db, name)
    keys = set(db.scalars(select(Objective.key)))
    last = max([0, *db.scalars(select(Objective.position))])
    objective = Objective(
        key=key_of(name, keys), name=name, counts="companies", position=last + 1, definitions=[], targets=[]
    )
    db.add(objective)
    db.flush()
    note(db, objective, Change.ADDED, by=by, now=now, after=name)
    define(
        db, objective=objective, words=words, programmes=programmes, counts_when=counts_when,
        holds_from=EARLIEST, by=by, now=now, today=today,
    )  # fmt: skip
    set_target(db, objective=objective, due=due, value=value, by=by, now=now)
    return objective


def _named(db: Session, name: str, but: Objective | None = None) -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused("name", "Skriv, hvad målet hedder.")
    for each in db.scalars(select(Objective)):
        if each is not but and each.name.casefold() == name.casefold():
            raise Refused("name", "Der er allerede et mål med det navn.")
    return name


def define(
    db: Session,
    *,
    objective: Objective,
    words: str,
    programmes: Sequence[Programme],
    counts_when: str,
    holds_from: date,
    by: User,
    now: datetime,
    today: date,
) -> Definition:
    """Say anew what an objective counts, from a day on. What was said before stays for the days before."""
    if not words.strip():
        raise Refused("words", "Skriv med ord, hvad der tæller med.")
    if counts_when not in set(CountsWhen):
        raise Refused("counts_when", "Vælg fra listen.")
    if not EARLIEST <= holds_from <= LATEST:
        raise Refused("holds_from", ODD_DAY)
    share = objective.counts == "share"
    if share and programmes:
        raise Refused("programmes", "Målet er en andel af svar og tæller ingen aftaler.")
    if not share and not programmes:
        raise Refused("programmes", "Vælg mindst ét program.")
    if any(each.kind != "company" for each in programmes):
        raise Refused("programmes", "Aftaler med organisationer tæller aldrig som virksomheder.")
    before = _told(objective.defined_on(today)) if objective.definitions else None
    made = Definition(
        objective_id=objective.id, holds_from=holds_from, words=words, counts_when=counts_when,
        programmes_in_all=len(set(programmes)), at=now, by_id=by.id,
    )  # fmt: skip
    db.add(made)
    db.flush()
    chosen = sorted({each.id for each in programmes})
    db.add_all([DefinitionProgramme(definition_id=made.id, programme_id=id) for id in chosen])
    db.flush()
    db.refresh(objective, ["definitions"])
    db.refresh(made, ["programmes"])
    after = f"Fra {long_date(holds_from)}: {_told(made)}"
    note(db, objective, Change.DEFINED, by=by, now=now, before=before, after=after)
    return made


def _told(definition: Definition) -> str:
    names = ", ".join(each.name for each in definition.programmes)
    counted = f" ({names}; {COUNTS_WHEN[CountsWhen(definition.counts_when)]})" if names else ""
    return f"{definition.words}{counted}"[:700]


def rename(db: Session, *, objective: Objective, name: str, by: User, now: datetime) -> None:
    """Another name for the same objective."""
    before, after = objective.name, _named(db, name, objective)
    if before == after:
        return
    objective.name = after
    db.flush()
    note(db, objective, Change.RENAMED, by=by, now=now, before=before, after=after)


def move(db: Session, *, objective: Objective, up: bool, by: User, now: datetime) -> None:
    """One place up or down."""
    ordered = list(db.scalars(select(Objective).order_by(Objective.position, Objective.id)))
    place = ordered.index(objective)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(ordered):
        return
    ordered[place], ordered[other] = ordered[other], ordered[place]
    for number, each in enumerate(ordered, 1):
        each.position = number
    db.flush()
    note(db, objective, Change.MOVED, by=by, now=now, before=f"nr. {place + 1}", after=f"nr. {other + 1}")


def retire(db: Session, *, objective: Objective, valid_to: date, by: User, now: datetime) -> None:
    """Follow it no longer after a day. Its past can still be asked for."""
    if not EARLIEST <= valid_to <= LATEST:
        raise Refused("valid_to", ODD_DAY)
    objective.valid_to = valid_to
    db.flush()
    after = f"sidste dag {long_date(valid_to)}"
    note(db, objective, Change.RETIRED, by=by, now=now, after=after)


def resume(db: Session, *, objective: Objective, by: User, now: datetime) -> None:
    """Follow it again."""
    if objective.valid_to is None:
        return
    before = f"sidste dag {long_date(objective.valid_to)}"
    objective.valid_to = None
    db.flush()
    note(db, objective, Change.RESUMED, by=by, now=now, before=before)


def changes(db: Session, objective: Objective, limit: int = 100) -> Sequence[ObjectiveChange]:
    """Who changed what, the newest first."""
    return db.scalars(
        select(ObjectiveChange)
        .options(joinedload(ObjectiveChange.by))
        .where(ObjectiveChange.objective_id == objective.id)
        .order_by(ObjectiveChange.id.desc())
        .limit(limit)
    ).all()
