"""Papers to print and sign: PDF that a screen reader can read, made by typst from data and never from code."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import typst

from crm.agreements.paper import Paper

HERE = Path(__file__).parent
# PDF/UA-1 asks for tags, a title, a language and fonts that are inside the file.
STANDARD: Final = "ua-1"


def agreement_pdf(paper: Paper) -> bytes:
    """An agreement on A4, ready to be signed."""
    return _made("agreement.typ", asdict(paper) | {"paragraphs": [_part(part) for part in paper.paragraphs]})


def _part(paragraph: str) -> str | list[str]:
    """A paragraph, or its points when every line begins with a dash."""
    lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
    if lines and all(line.startswith("- ") for line in lines):
        return [line.removeprefix("- ").strip() for line in lines]
    return " ".join(lines)


def _made(source: str, data: dict[str, Any]) -> bytes:
    """What typst makes of one of our own sources. What people wrote comes as JSON, and stays text."""
    return typst.compile(
        str(HERE / source),
        root=str(HERE),
        format="pdf",
        pdf_standards=STANDARD,
        sys_inputs={"paper": json.dumps(data, ensure_ascii=False)},
        ignore_system_fonts=True,
    )
