"""A wheel without the static parts would serve naked pages, so building one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StaticPartsHook(BuildHookInterface[Any]):
    """Named by pyproject.toml; hatchling calls it before it packs a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not (Path(self.root) / "web" / "static" / "vendor" / "htmx.min.js").is_file():
            raise RuntimeError("The static parts are missing: ./scripts/run --setup-only copies them.")
