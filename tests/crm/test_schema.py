"""What holds for every table, every column and every file of the domain, also those still to come."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import Text
from sqlalchemy.orm import Mapper

from crm.db import Base
from crm.tables import metadata
from crm.types import Json, SafeText

ROOT = Path(__file__).parents[2]
MAPPERS = sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)
DATA_CLASSES = {"organisation", "staff", "security", "register", "person", "notes", "technical"}
# The register gives out these numbers, and they are checked for being one.
NUMBERS = {("company", "cvr"), ("production_unit", "p_number")}
# Text that only we write: codes, keys, hashes, and what follows from a column that is guarded.
OURS = {
    "role", "state", "kind", "counts", "source", "actor", "action", "from_state", "to_state", "password_hash",
    "token_hash", "key", "route", "digest", "hash", "previous", "payload_hash", "object_kind", "object_id",
    "register_digest", "sort_key", "phone_e164", "mobile_e164", "word", "reversed", "text", "topic",
    "direction", "act", "stamp", "job_key", "repeat_unit", "calendar_hash",
    "cause", "end_cause", "field", "choice", "media_type", "sha256", "made_by", "content",
    "counts_when", "what", "better", "purpose", "code_hash", "secret", "month", "scope",
    "issuer", "subject_hash", "sid_hash", "id_token", "credential_id", "public_key",
}  # fmt: skip


@pytest.mark.parametrize("mapper", MAPPERS, ids=lambda mapper: mapper.class_.__name__)
def test_every_table_says_what_kind_of_data_it_holds(mapper: Mapper[object]) -> None:
    assert mapper.class_.__dict__.get("__data_class__") in DATA_CLASSES
    assert mapper.class_.__doc__


@pytest.mark.parametrize("mapper", MAPPERS, ids=lambda mapper: mapper.class_.__name__)
def test_nothing_is_loaded_behind_the_back_of_a_query(mapper: Mapper[object]) -> None:
    lazy = {name: relation.lazy for name, relation in mapper.relationships.items()}
    assert set(lazy.values()) <= {"raise"}, lazy


def test_every_text_a_person_can_write_is_guarded_against_cpr_numbers() -> None:
    unguarded = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, SafeText) and not column.type.guard
    }
    assert unguarded == NUMBERS


def test_every_other_text_is_one_that_only_we_write() -> None:
    free = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Text) and not isinstance(column.type, (SafeText, Json))
    }
    assert {name for name in free if name[1] not in OURS} == set()


def test_every_rule_of_the_tables_has_a_name() -> None:
    unnamed = [
        f"{table.name}: {constraint}"
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if not constraint.name
    ]
    assert unnamed == []


def _calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def test_nothing_commits_but_the_session_that_was_opened_for_it() -> None:
    commits = [
        str(path.relative_to(ROOT))
        for floor in ("crm", "web")
        for path in (ROOT / floor).rglob("*.py")
        if "commit" in _calls(path)
    ]
    assert commits == []


def test_no_action_asks_the_clock_behind_its_callers_back() -> None:
    """Whoever calls says what time it is, so that tests and imports can. The log itself stamps its rows."""
    allowed = {ROOT / "crm" / "audit.py"}
    asked = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "crm").rglob("*.py")
        if {"now", "today", "utcnow"} & _calls(path) and path not in allowed
    ]
    assert asked == []
