"""The pictures of the documentation, made from the demo: `.venv/bin/python -m scripts.screenshots [FOLDER]`.

Every page is pictured whole, at a desk's and at a phone's width; with `--readme` only the README's pictures,
each of what one sees without scrolling. The demo is filled anew for a fixed day, so that two runs differ
only where the pages do.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from crm import migrations
from crm.access.queries import by_email
from crm.companies.models import Company
from crm.db import Database
from crm.lists import requests
from crm.lists.requests import Wanted
from crm.settings import Settings
from scripts.chromium import launch_options
from scripts.demo.fill import fill
from scripts.demo.team import PASSWORD
from scripts.steps import ROOT, say
from web.app import create_app

# A Tuesday morning in the plan's year.
MOMENT = datetime(2026, 11, 24, 8, 10, tzinfo=UTC)
WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
# What the README shows: name of the page and width.
README = ("virksomhed-desk", "min-dag-desk", "maal-desk", "virksomhed-phone", "tavle-vaeg", "tavle-a4")
# The board where it hangs, and on the paper it is printed on: address, size, medium.
WALLS = {
    "tavle-vaeg": ("/tavle/vaeg", (1920, 1080), "screen"),
    "tavle-a4": ("/tavle/ark", (1123, 794), "print"),
}
PANES = ("siden", "aftalt", "virksomheder")
CONSULTANT, LEADER, ADMIN, AWAY = "anna@demo.test", "inge@demo.test", "jakob@demo.test", "bo@demo.test"


def pages(database: Database) -> dict[str, tuple[str, str]]:
    """File name → who looks, and at which address."""
    with database.read() as db:
        anna = by_email(db, CONSULTANT)
        asked, _ = requests.page(db, Wanted(owner_id=anna.id), limit=1)
        busy = asked[0].company.cvr if asked else db.query(Company.cvr).limit(1).scalar()
        company = f"/virksomheder/{busy}"
        # One whose way in is away today.
        covered, _ = requests.page(db, Wanted(owner_id=by_email(db, AWAY).id), limit=1)
        request = f"/henvendelser/{asked[0].id}" if asked else "/henvendelser"
    return {
        "min-dag": (CONSULTANT, "/"),
        "soegning": (CONSULTANT, "/soeg?q=lager"),
        "virksomheder": (CONSULTANT, "/virksomheder"),
        "virksomhed": (CONSULTANT, company),
        "virksomhed-vaek": (CONSULTANT, f"/virksomheder/{covered[0].company.cvr}" if covered else company),
        "virksomhed-ret": (CONSULTANT, f"{company}/ret"),
        "virksomhed-profil": (CONSULTANT, f"{company}/profil"),
        "virksomhed-ny": (CONSULTANT, "/virksomheder/ny"),
        "ansvarlig": (CONSULTANT, f"{company}/ansvarlig"),
        "ansvarlig-skift": (CONSULTANT, f"{company}/ansvarlig/skift"),
        "kontakt-ny": (CONSULTANT, f"{company}/kontakter/ny"),
        "opkald-ukendt": (CONSULTANT, "/opkald?nummer=20999999"),
        "henvendelser": (CONSULTANT, "/henvendelser"),
        "henvendelse": (CONSULTANT, request),
        "henvendelse-ny": (CONSULTANT, f"{company}/henvendelser/ny?slags=recruitment"),
        "henvendelse-fastholdelse": (CONSULTANT, f"{company}/henvendelser/ny?slags=retention"),
        "aftaler": (CONSULTANT, "/aftaler"),
        "aftale": (CONSULTANT, "/aftaler/1"),
        "aftale-ny": (CONSULTANT, f"{company}/aftaler/ny"),
        "maal": (CONSULTANT, "/maal"),
        "maal-et": (CONSULTANT, "/maal/youth_employment"),
        "tilfredshed": (CONSULTANT, "/maal/tilfredshed"),
        "besvarelser": (CONSULTANT, "/maal/tilfredshed/besvarelser"),
        "maalinger": (ADMIN, "/opsaetning/maalinger"),
        "maaling-ny": (ADMIN, "/opsaetning/maalinger/ny"),
        "maaling": (ADMIN, "/opsaetning/maalinger/1"),
        "svar": (CONSULTANT, "/svar/demo"),
        "tavle": (CONSULTANT, "/tavle"),
        "tavle-moeder": (LEADER, "/tavle/moeder"),
        "tavle-moede": (CONSULTANT, "/tavle/4"),
        "tavle-kommende": (CONSULTANT, "/tavle/5"),
        "tavle-aftal": (CONSULTANT, "/tavle/aftalt/ny?moede=4"),
        "tavle-plan": (LEADER, "/tavle/plan"),
        "tavle-skaerme": (LEADER, "/tavle/skaerme"),
        "tavle-ark": (CONSULTANT, "/tavle/ark"),
        "noegletal": (ADMIN, "/maal/noegletal"),
        "rapport": (CONSULTANT, "/maal/rapport"),
        "fravaer": (CONSULTANT, "/fravaer"),
        "fravaer-leder": (ADMIN, "/fravaer"),
        "fravaer-et": (ADMIN, "/fravaer/1"),
        "fravaer-kalender": (CONSULTANT, "/fravaer/kalender"),
        "videregiv": (ADMIN, f"/videregiv?fra={anna.id}&stille=6"),
        "videregiv-alt": (ADMIN, f"/videregiv?fra={anna.id}&alt=1"),
        "videregivelse": (ADMIN, "/videregivelser/1"),
        "kollega": (CONSULTANT, f"/kolleger/{anna.id}?dag=15. marts"),
        "forslag": (ADMIN, "/forslag"),
        "bruger": (ADMIN, f"/opsaetning/brugere/{anna.id}"),
        "konto": (CONSULTANT, "/konto"),
        "sikkerhed": (CONSULTANT, "/konto/sikkerhed"),
        "mine-tal": (CONSULTANT, "/mine-tal"),
        "opgaver": (ADMIN, "/opsaetning/opgaver"),
        "adgangslog": (ADMIN, "/opsaetning/adgangslog"),
        "stikproever": (LEADER, "/opsaetning/stikproever"),
        "fortsaet": (ADMIN, f"{company}/fortsaet"),
        "genveje": (CONSULTANT, "/genveje"),
        "import": (ADMIN, "/import"),
        "opsaetning": (ADMIN, "/opsaetning"),
        "indstillinger": (ADMIN, "/opsaetning/indstillinger"),
        "log": (ADMIN, "/opsaetning/log"),
        "teams": (ADMIN, "/opsaetning/teams"),
        "rettigheder": (ADMIN, "/opsaetning/rettigheder"),
        "drift": (ADMIN, "/opsaetning/drift"),
        "noegler": (ADMIN, "/opsaetning/noegler"),
        "konto-noegler": (CONSULTANT, "/konto/noegler"),
        "brugere": (ADMIN, "/opsaetning/brugere"),
        "fordeling": (ADMIN, "/opsaetning/fordeling"),
        "slags": (ADMIN, "/opsaetning/henvendelser"),
        "slags-en": (ADMIN, "/opsaetning/henvendelser/slags/recruitment"),
        "maaltal": (ADMIN, "/opsaetning/maal"),
        "maaltal-et": (ADMIN, "/opsaetning/maal/youth_employment"),
        "ikke-fundet": (CONSULTANT, "/virksomheder/99999999"),
    }


def main() -> None:
    """Picture every page, those whose names are given, or those of the README."""
    parser = argparse.ArgumentParser("scripts.screenshots", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, help="docs/screens for the README, else .cache/screens"
    )
    parser.add_argument("--only", nargs="*", default=[], help="names of pages")
    parser.add_argument("--readme", action="store_true", help="the README's pictures, without scrolling")
    options = parser.parse_args()
    folder = options.folder or ROOT / ("docs/screens" if options.readme else ".cache/screens")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        demo(Path(data)) as (database, address),
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(**launch_options())
        for width in WIDTHS:
            names = [name for name in pages(database) if wanted(name, width, options)]
            picture(browser, database, address, folder, width, names, whole=not options.readme)
        if options.readme or not options.only or any(name.startswith("tavle") for name in options.only):
            picture_walls(browser, address, folder, panes=not options.readme)
        browser.close()


def wanted(name: str, width: str, options: argparse.Namespace) -> bool:
    """Whether this page was asked for at this width."""
    if options.readme:
        return f"{name}-{width}" in README
    return not options.only or name in options.only


def picture(
    browser: Browser,
    database: Database,
    address: str,
    folder: Path,
    width: str,
    names: Sequence[str],
    *,
    whole: bool,
) -> None:
    """These pages at one width: whole, or what one sees without scrolling."""
    size = WIDTHS[width]
    addresses = pages(database)
    signed_in: dict[str, Page] = {}
    for name in names:
        who, path = addresses[name]
        if who not in signed_in:
            signed_in[who] = sign_in(browser, address, who, size)
        page = signed_in[who]
        answer = page.goto(address + path)
        if not whole and not (answer and answer.ok):
            raise SystemExit(f"{path} is answered with an error: no picture for the README.")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=whole)
        say(f"{name}-{width}.png")


def picture_walls(browser: Browser, address: str, folder: Path, *, panes: bool) -> None:
    """The board on the wall and on paper; with `panes` also the wall's other panes."""
    wanted = dict(WALLS)
    if panes:
        wanted |= {f"tavle-vaeg-{pane}": (f"/tavle/vaeg#{pane}", (1920, 1080), "screen") for pane in PANES}
        wanted["tavle-a3"] = ("/tavle/ark", (1587, 1123), "print")
    for name, (path, size, medium) in wanted.items():
        page = sign_in(browser, address, CONSULTANT, size)
        page.emulate_media(media=medium)  # type: ignore[arg-type]  # One of the two.
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}.png")
        page.context.close()
        say(f"{name}.png")


def sign_in(browser: Browser, address: str, who: str, size: tuple[int, int]) -> Page:
    """A page of a signed-in browser of this size."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="da-DK").new_page()
    page.goto(f"{address}/log-ind")
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Adgangskode").fill(PASSWORD)
    page.get_by_role("button", name="Log ind").click()
    page.wait_for_url(address + "/")
    return page


@contextmanager
def demo(data: Path) -> Iterator[tuple[Database, str]]:
    """The demo of the fixed day, served on loopback."""
    settings = Settings(data_dir=data, municipality="Eksempel Kommune")
    database = Database(settings.url)
    migrations.upgrade(database)
    fill(database, MOMENT)
    app = create_app(settings, database)
    app.state.house.clock = lambda: MOMENT
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.05)
        try:
            yield database, f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


if __name__ == "__main__":
    main()
