"""Which company goes on in the place of another."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Base, Guard, guards
from crm.types import Utc


class CompanyContinuation(Base):
    """From this day on the company is a part of another, which goes on itself."""

    __tablename__ = "company_continuation"
    __data_class__ = "register"
    __table_args__ = (CheckConstraint("company_id <> by_company_id", name="another"),)

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), primary_key=True, autoincrement=False)
    by_company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    company: Mapped[Company] = relationship(foreign_keys=[company_id], innerjoin=True, lazy="raise")
    by_company: Mapped[Company] = relationship(foreign_keys=[by_company_id], innerjoin=True, lazy="raise")
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


# Neither end of the arrow may be the other end of one: whoever follows it is there in one step, and no ring closes.
_NO_STEP_FURTHER = (
    "EXISTS (SELECT 1 FROM company_continuation AS other WHERE other.company_id = NEW.by_company_id "
    "OR other.by_company_id = NEW.company_id)"
)
_WHY = "a company is continued by one that goes on itself"
_NAME = "company_continuation_one_step"
guards(
    Guard(
        _NAME,
        sqlite=tuple(
            f"CREATE TRIGGER {_NAME}_{when.lower()} AFTER {when} ON company_continuation "
            f"WHEN {_NO_STEP_FURTHER} BEGIN SELECT RAISE(ABORT, '{_WHY}'); END"
            for when in ("INSERT", "UPDATE")
        ),
        sqlite_drop=tuple(f"DROP TRIGGER IF EXISTS {_NAME}_{when}" for when in ("insert", "update")),
        postgresql=(
            f"CREATE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {_NO_STEP_FURTHER} THEN RAISE EXCEPTION '{_WHY}' USING ERRCODE = '23514'; "
            "END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {_NAME} AFTER INSERT OR UPDATE ON company_continuation "
            f"FOR EACH ROW EXECUTE FUNCTION {_NAME}()",
        ),
        postgresql_drop=(
            f"DROP TRIGGER IF EXISTS {_NAME} ON company_continuation",
            f"DROP FUNCTION IF EXISTS {_NAME}()",
        ),
    ),
)
