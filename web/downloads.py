"""Files that leave the house: kept on disk by whoever asks for them, never shown as a page of ours."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from starlette.responses import Response

# Should a browser open it all the same, it may do nothing at all.
INERT = "sandbox; default-src 'none'"


def disposition(name: str) -> str:
    """The header that names a file: plain for old programs, and whole as RFC 6266 says."""
    plain = unicodedata.normalize("NFKD", name.translate(_DANISH)).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", plain).strip() or "fil"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


_DANISH = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"})


def download(content: bytes, media_type: str, name: str) -> Response:
    """A file to keep."""
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": disposition(name),
            "Content-Security-Policy": INERT,
            "X-Content-Type-Options": "nosniff",
        },
    )
