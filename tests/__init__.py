"""The tests; `tests.postgres` and `tests.chromium` bring a real server and a real browser."""
