"""An agreement on A4, ready to be signed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from crm.agreements.paper import Paper
from web import paper

TEMPLATE = Path(__file__).parent / "templates" / "agreements" / "agreement.typ"


def agreement_pdf(written: Paper) -> bytes:
    """The agreement as an accessible PDF."""
    return paper.pdf(TEMPLATE, asdict(written) | {"paragraphs": [_part(part) for part in written.paragraphs]})


def _part(paragraph: str) -> str | list[str]:
    """A paragraph, or its points when every line begins with a dash."""
    lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
    if lines and all(line.startswith("- ") for line in lines):
        return [line.removeprefix("- ").strip() for line in lines]
    return " ".join(lines)
