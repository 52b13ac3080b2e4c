"""Paper: PDF through typst, tagged for screen readers (PDF/UA), and charts as SVG that carry their own colours.

On pages the stylesheet gives a chart its colours; on paper there is none, so they stand in the picture. Lines
differ in thickness and dashes too, since paper is often grey.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import typst

from web.charts import Development

INK, ACCENT, GOOD, LINE = "#1a1a1a", "#004d99", "#2f7000", "#dcdcdc"


def pdf(template: Path, data: Mapping[str, Any]) -> bytes:
    """The template filled with the data, as an accessible PDF. Nothing is fetched, only its own fonts are used."""
    made: bytes = typst.compile(
        str(template),
        root=str(template.parent),
        # What people wrote comes as JSON, and stays text.
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        # PDF/UA-1 asks for tags, a title, a language and fonts that are inside the file.
        pdf_standards="ua-1",
        ignore_system_fonts=True,
    )
    return made


def svg(drawing: Development) -> str:
    """A development as a picture for paper."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width} {drawing.height}" '
        f'width="{drawing.width}" height="{drawing.height}" font-family="Libertinus Serif" font-size="15" '
        f'fill="{INK}">'
    ]
    for tick in drawing.values:
        parts.append(_line(drawing.left, drawing.right, tick.at, LINE))
        parts.append(_text(drawing.left - 8, tick.at + 5, tick.text, anchor="end"))
    parts += [_text(tick.at, drawing.bottom + 24, tick.text, anchor="middle") for tick in drawing.months]
    for goal in drawing.goals:
        parts.append(
            _line(drawing.left, goal.until, goal.at, GOOD, 'stroke-width="2" stroke-dasharray="2 5"')
        )
        parts.append(_text(drawing.right + 8, goal.at + 5, goal.text, fill=GOOD))
    if drawing.plan:
        parts.append(_path(drawing.plan, "#595959", 'stroke-width="1.5" stroke-dasharray="8 4 2 4"'))
    parts.append(_path(drawing.path, ACCENT, 'stroke-width="3"'))
    if drawing.forecast:
        parts.append(_path(drawing.forecast, ACCENT, 'stroke-width="2" stroke-dasharray="5 5"'))
    x, y = drawing.now
    parts.append(f'<circle cx="{x}" cy="{y}" r="6" fill="{ACCENT}"/>')
    parts.append(_text(x + 8, y + 24, drawing.now_text, fill=ACCENT))
    return "".join([*parts, "</svg>"])


def _line(left: float, right: float, at: float, stroke: str, more: str = "") -> str:
    return f'<line x1="{left}" x2="{right}" y1="{at}" y2="{at}" stroke="{stroke}" {more}/>'


def _path(d: str, stroke: str, more: str) -> str:
    return f'<path d="{d}" fill="none" stroke="{stroke}" {more}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = INK) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'
