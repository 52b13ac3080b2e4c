"""Files that leave the house: kept on disk by whoever asks for them, never shown as a page of ours."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from starlette.responses import Response

from web.deps import Visit

# Should a browser open it all the same, it may do nothing at all.
INERT = "sandbox; default-src 'none'"


def disposition(name: str) -> str:
    """The header that names a file: plain for old programs, and whole as RFC 6266 says."""
    plain = unicodedata.normalize("NFKD", name.translate(_DANISH)).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", plain).strip() or "fil"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


_DANISH = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"})


# Such a file is not to be found in a cache either.
HEADERS = {
    "Content-Security-Policy": INERT,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def download(content: bytes, media_type: str, name: str) -> Response:
    """A file to keep."""
    headers = HEADERS | {"Content-Disposition": disposition(name)}
    return Response(content, media_type=media_type, headers=headers)


def tell_page(visit: Visit, answer: Response) -> None:
    """Let the page that waits for the file know that it is here; see app.js."""
    if token := visit.form.data.get("hentes", ""):
        said = token[:40] if token.isalnum() else "1"
        answer.set_cookie("hentet", said, max_age=60, samesite="strict", secure=visit.house.secure)
