"""A Chromium for the browser tests: one that is named, one on PATH, else the one from the npm package."""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import brotli

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/font-cache</cachedir></fontconfig>
"""


def launch_options() -> dict[str, Any]:
    """The keyword arguments for Playwright's `chromium.launch`.

    `ENINDGANG_TEST_BROWSER` names a program, or is `packaged` for the npm package's.
    """
    wanted = os.environ.get("ENINDGANG_TEST_BROWSER", "")
    if wanted and wanted != "packaged":
        return {"executable_path": found(wanted), "args": ARGUMENTS}
    on_path = None if wanted else next(filter(None, map(shutil.which, ON_PATH)), None)
    if on_path:
        return {"executable_path": on_path, "args": ARGUMENTS}
    if sys.platform == "darwin":
        return {"channel": "chrome", "args": ARGUMENTS}
    return packaged()


def found(wanted: str) -> str:
    """The full path of the browser that the environment names."""
    if path := shutil.which(wanted):
        return path
    raise RuntimeError(f"ENINDGANG_TEST_BROWSER names {wanted}, which is no program here.")


def packaged() -> dict[str, Any]:
    """The npm package's Chromium with the libraries and fonts that come beside it."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise RuntimeError(
            "The packaged browser is for x86-64 Linux: install Chromium or set ENINDGANG_TEST_BROWSER."
        )
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    folder = ROOT / ".cache" / f"chromium-{version}"
    if not folder.is_dir():
        unpack(folder)
    libraries = {"LD_LIBRARY_PATH": f"{folder}/lib", "FONTCONFIG_FILE": f"{folder}/fonts.conf"}
    return {
        "executable_path": str(folder / "chromium"),
        "args": [*ARGUMENTS, "--headless"],
        "env": {**os.environ, **libraries},
    }


def unpack(folder: Path) -> None:
    """Unpack beside and rename at the end: two test workers may begin at once, and the first one wins."""
    folder.parent.mkdir(exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix="chromium-part-"))
    # Debian 12's Python does not know the argument yet; newer ones warn where it is missing.
    safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    for name in ("al2023", "fonts", "swiftshader"):
        content = brotli.decompress((PACKAGE / "bin" / f"{name}.tar.br").read_bytes())
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(part, **safely)  # noqa: S202  # Our own locked package.
    (part / "chromium").write_bytes(brotli.decompress((PACKAGE / "bin" / "chromium.br").read_bytes()))
    (part / "chromium").chmod(0o755)
    (part / "fonts.conf").write_text(FONTS.format(folder=folder))
    part.chmod(0o755)
    try:
        part.rename(folder)
    except OSError:  # The other worker was faster.
        shutil.rmtree(part)
