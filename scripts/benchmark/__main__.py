"""Sets up what is missing, then measures. Needs nothing but Python itself."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from scripts.setup import set_up
from scripts.steps import PYTHON, ROOT, Missing


def main() -> NoReturn:
    """Become the measurement itself, so that Ctrl+C reaches it."""
    try:
        set_up("test")
    except Missing as missing:
        sys.exit(str(missing))
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "scripts.benchmark.main", *sys.argv[1:]])


if __name__ == "__main__":
    main()
