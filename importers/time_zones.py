"""Time zones that a calendar file defines itself, as Outlook does under names such as "Customized Time Zone".

They are made here and for one file. The calendar library would remember a definition for every file to come,
so that one person's calendar could shift another's, and would follow rules that never end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import tzinfo
from io import StringIO

# The rules of a zone change its clock on one day of a year, or on days that are named.
_RULE = re.compile(
    r"FREQ=YEARLY(?:;(?:INTERVAL=1|BYMONTH=\d{1,2}|BYDAY=-?\d?[A-Z]{2}|BYMONTHDAY=-?\d{1,2}|WKST=[A-Z]{2}"
    r"|UNTIL=[0-9TZ]{8,16}))*|\d{8}T\d{6}Z?(?:,\d{8}T\d{6}Z?){0,9}",
    re.IGNORECASE,
)
_RULED = ("RRULE", "RDATE", "EXRULE", "EXDATE")
LONGEST = 400


def defined(lines: Iterable[str]) -> dict[str, tzinfo]:
    """The zone between BEGIN and END:VTIMEZONE by its name; nothing when it cannot be understood."""
    from dateutil.tz import tzical  # type: ignore[import-untyped]

    known = [line for line in lines if not line.upper().startswith("X-")]
    rules = [line.partition(":")[2] for line in known if line.upper().startswith(_RULED)]
    if len(known) > LONGEST or not all(map(_RULE.fullmatch, rules)):
        return {}
    try:
        made = tzical(StringIO("\r\n".join(["BEGIN:VTIMEZONE", *known, "END:VTIMEZONE", ""])))
        return {name: made.get(name) for name in made.keys()}  # noqa: SIM118  # It is no dictionary.
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return {}
