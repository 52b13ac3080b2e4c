"""What the demo's agreements hold: own fields, promises and what became of them, notes, and organisations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from crm.access.models import User
from crm.agreements.fields import FIELDS
from scripts.demo.agreements import AFTER_SCHOOL, CODE_OF_CARE, KLAR, SICK_LEAVE
from scripts.demo.companies import Columns
from scripts.demo.days import Days

_TASKS = (
    "Lager og varemodtagelse",
    "Køkken og opvask",
    "Butik og oprydning",
    "Have og udearealer",
    "Enkle kontoropgaver",
)
_PROMISES = {
    CODE_OF_CARE: "unge i småjob", AFTER_SCHOOL: "unge i fritidsjob", SICK_LEAVE: "ledere på stresskursus",
    KLAR: "pladser til oplæring",
}  # fmt: skip
_NOTES = (
    "Holdt statusmøde. De er glade for ordningen og vil gerne have en mere til foråret.",
    "Den faste kollega har skiftet afdeling. De finder en ny inden næste møde.",
    "Aftalt, at vi ringer en uge før næste opstart.",
)
_CHANGE = "Én er begyndt"


@dataclass
class Told:
    """Rows to be, of all agreements."""

    values: list[Columns] = field(default_factory=list)
    commitments: list[Columns] = field(default_factory=list)
    histories: list[list[Columns]] = field(default_factory=list)
    notes: list[Columns] = field(default_factory=list)

    def changes(self) -> Iterator[tuple[Columns, list[Columns]]]:
        """Each commitment with its history."""
        return zip(self.commitments, self.histories, strict=True)


def tell(rng: Random, days: Days, agreements: Sequence[Columns], programmes: Mapping[int, str]) -> Told:
    """Everything that was agreed beside the title, for those that were signed."""
    told = Told()
    for agreement in agreements:
        key = programmes[agreement["programme_id"]]
        if agreement["valid_from"] is None or key not in _PROMISES:
            continue
        number = rng.randint(1, 3)
        told.values += list(_values(rng, agreement["id"], key, number))
        _promise(told, days, agreement, _PROMISES[key], number, rng.randint(0, number))
        if rng.random() < 0.5:
            told.notes.append(
                {"agreement_id": agreement["id"], "text": rng.choice(_NOTES), "at": days.noon(days.ago(20)),
                 "by_id": agreement["consultant_id"]}
            )  # fmt: skip
    return told


def _values(rng: Random, agreement_id: int, key: str, number: int) -> Iterator[Columns]:
    said: dict[str, int | str] = {"follow_up_months": rng.choice((3, 6))}
    if key == SICK_LEAVE:
        said |= {"employees_covered": rng.choice((25, 40, 80, 120)), "courses": number, "network": "yes"}
    else:
        said |= {"young_people": number, "tasks": rng.choice(_TASKS), "hours": rng.choice((6, 8, 12, 15))}
    if key == KLAR:
        said |= {"job_guarantee": "after_training"}
        del said["hours"]
    for name, value in said.items():
        kind = FIELDS[name].kind
        empty: Columns = {"number": None, "text": None, "choice": None}
        yield {"agreement_id": agreement_id, "field": name, "kind": kind} | empty | {kind: value}


def _promise(told: Told, days: Days, agreement: Columns, what: str, promised: int, fulfilled: int) -> None:
    at, by = agreement["created_at"], agreement["consultant_id"]
    told.commitments.append(
        {"agreement_id": agreement["id"], "what": what, "promised": promised, "fulfilled": 0, "due": agreement["valid_to"],
         "change_no": 1, "created_at": at}
    )  # fmt: skip
    first: Columns = {"seq": 1, "promised": promised, "fulfilled": 0, "note": None, "at": at, "by_id": by}
    history = [first]
    if fulfilled:
        later = {
            "seq": 2,
            "fulfilled": fulfilled,
            "note": _CHANGE if fulfilled == 1 else None,
            "at": days.noon(days.ago(4)),
        }
        history.append(first | later)
    told.histories.append(history)


def with_organisations(days: Days, ids: Mapping[str, int], users: Sequence[User]) -> list[Columns]:
    """Two agreements with organisations, which count as no company."""
    begins = days.ago(200).replace(day=1)
    rows = {
        "Code of Care": ("Netværk af virksomheder", "Code of Care samler et netværk af lokale virksomheder og holder to "
                         "arrangementer om året. Kommunen inviterer og finder de unge."),
        "Talentspejderne": ("Frivillige mentorer", "Foreningen finder en frivillig mentor til hver ung, der begynder i "
                            "et job. Vi mødes hvert kvartal."),
    }  # fmt: skip
    return [
        {
            "organisation_id": ids[name], "title": title, "agreed": agreed, "valid_from": begins,
            "valid_to": begins.replace(year=begins.year + 2), "contact": None, "notes": None,
            "consultant_id": users[0].id, "created_at": days.noon(begins), "created_by_id": users[0].id, "version": 1,
        }
        for name, (title, agreed) in rows.items()
        if name in ids
    ]  # fmt: skip
