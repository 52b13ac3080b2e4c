"""Who looked at what: the access log, the look-ups a manager checks, and the alarm (docs/decisions/0027)."""
