"""Measures how long the house takes, beside a yardstick on the same machine; see docs/speed.md."""
