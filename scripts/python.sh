#!/usr/bin/env bash
# Runs, in the checkout, the first Python that is new enough. Each candidate is started first,
# because a name on PATH may be a version manager's empty promise.
set -eu
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
for candidate in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$candidate" "$@"
    fi
done
echo "Python 3.11 or newer is missing. On Debian or Ubuntu: sudo apt-get install python3 python3-venv" >&2
exit 1
