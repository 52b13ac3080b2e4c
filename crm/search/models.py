"""The search index: one row for each text a company can be found by, kept by the writing session itself."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base, Bytewise, Key, Row
from crm.guards import Guard, guards

KINDS = ("name", "alias", "unit", "contact", "street", "cvr", "p_number", "phone")
WORDED = ("name", "alias", "unit", "contact", "street")


class SearchEntry(Row, Base):
    """A folded text (or a number's digits) that leads to a company.

    `ref_id` is the production unit or contact it was read from, 0 for the company itself.
    """

    __tablename__ = "search_entry"
    __data_class__ = "person"
    __audited__ = False
    __table_args__ = (
        CheckConstraint("kind IN ('name', 'alias', 'unit', 'contact', 'street', 'cvr', 'p_number', 'phone')",
                        name="kind"),
        Index("ix_search_entry_text", "text", "kind"),
        Index("ix_search_entry_source", "company_id", "kind", "ref_id"),
    )  # fmt: skip

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str] = mapped_column(Text)
    ref_id: Mapped[int] = mapped_column(Key, default=0)
    text: Mapped[str] = mapped_column(Bytewise)


class SearchWord(Base):
    """Every word that occurs in the index, to find those one letter away from what was typed.

    One wrong letter leaves either the first or the last half of a word whole, so a range on `word` and a
    range on `reversed`, both within a length, find all candidates.
    """

    __tablename__ = "search_word"
    __data_class__ = "person"
    __audited__ = False
    __table_args__ = (
        Index("ix_search_word_forward", "length", "word"),
        Index("ix_search_word_backward", "length", "reversed"),
    )

    word: Mapped[str] = mapped_column(Bytewise, primary_key=True)
    reversed: Mapped[str] = mapped_column(Bytewise)
    length: Mapped[int] = mapped_column(Integer)


# Written out wherever it is asked for, since PostgreSQL uses a partial index only for the very condition.
IS_WORDED = "kind IN ('name', 'alias', 'unit', 'contact', 'street')"
_GONE = "INSERT INTO search_fts(search_fts, rowid, text) VALUES ('delete', OLD.id, OLD.text)"
_CAME = "INSERT INTO search_fts(rowid, text) VALUES (NEW.id, NEW.text)"
guards(
    Guard(
        "search_fts",
        sqlite=(
            "CREATE VIRTUAL TABLE IF NOT EXISTS search_fts "
            "USING fts5(text, content='search_entry', content_rowid='id', tokenize='trigram', columnsize=0)",
            "CREATE TRIGGER search_fts_i AFTER INSERT ON search_entry "
            f"WHEN NEW.{IS_WORDED} BEGIN {_CAME}; END",
            "CREATE TRIGGER search_fts_d AFTER DELETE ON search_entry "
            f"WHEN OLD.{IS_WORDED} BEGIN {_GONE}; END",
            "CREATE TRIGGER search_fts_u BEFORE UPDATE ON search_entry "
            "BEGIN SELECT RAISE(ABORT, 'search entries are replaced, not changed'); END",
        ),
        sqlite_drop=tuple(f"DROP TRIGGER IF EXISTS search_fts_{letter}" for letter in "idu"),
        postgresql=(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            "CREATE INDEX IF NOT EXISTS ix_search_entry_trigram ON search_entry "
            f"USING gin (text gin_trgm_ops) WHERE {IS_WORDED}",
            # New entries wait in a list that every search reads through; after an import it would be so long
            # that reading the whole table looks cheaper, and is.
            "ALTER INDEX ix_search_entry_trigram SET (gin_pending_list_limit = 64)",
        ),
    )
)
