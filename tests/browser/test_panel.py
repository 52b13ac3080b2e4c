"""A member's phone: from the mail to the agreement, and every page of the panel looked through by axe-core."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from crm.companies.queries import by_cvr
from crm.db import Database
from crm.outbox.models import Mail
from crm.panel import seats
from tests.browser.conftest import DESK, ONE_ENGINE, OpenPage, violations
from tests.conftest import TODAY
from tests.town import PDF, Town
from tests.web.matrix import address_of
from web.house import utc_now
from web.routing import table

SMALL = {"width": 360, "height": 740}
PAGES = sorted(row["path"] for row in table() if row["method"] == "GET" and row["path"].startswith("/panel/"))
PAGES = [path for path in PAGES if not path.endswith(".ics") and "/dokumenter/" not in path]


def _invited(database: Database, town: Town, address: str) -> str:
    """What stands in the mail a new member gets."""
    now = utc_now()
    with database.write() as db:
        from crm.panel.queries import seat

        seats.end(db, seat=seat(db, town.seat), now=now, today=TODAY)
        made = seats.add(
            db, company=by_cvr(db, town.bakery), email="ny@bageri.test", name="Ny Bager", home=address, now=now,
            today=TODAY,
        )  # fmt: skip
        body = db.query(Mail.body).where(Mail.recipient == made.email).scalar()
    return next(line for line in str(body).splitlines() if "/panel/ind/" in line)


def test_from_the_mail_to_the_agreement_takes_at_most_four_taps(
    open_page: OpenPage, town: Town, database: Database, address: str
) -> None:
    link = _invited(database, town, address)
    page = open_page(None, size=SMALL, has_touch=True, is_mobile=True)
    page.goto(link)
    taps = 0
    expect(page.get_by_role("heading", level=1)).to_have_text("Velkommen til virksomhedspanelet")
    page.get_by_role("button", name="Gå ind").tap()
    taps += 1
    expect(page.get_by_role("heading", level=1)).to_have_text("Jeres aftaler")
    assert page.get_by_text("1 af 2 unge i bageriet").is_visible()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Læs aftalen").tap()
        taps += 1
    assert coming.value.path().read_bytes() == PDF
    assert taps <= 4
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@ONE_ENGINE
@pytest.mark.parametrize("size", [DESK, SMALL], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_on_any_page_of_the_panels(
    open_page: OpenPage, town: Town, database: Database, address: str, size: dict[str, int]
) -> None:
    link = _invited(database, town, address)
    page = open_page(None, size=size)
    found = {}

    def look(where: str) -> None:
        if wrong := violations(page):
            found[where] = wrong
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
        for target in page.locator("button:visible, a.btn:visible, summary:visible").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 24, f"{where}: {target.inner_text()}"

    page.goto("/panel/log-ind")
    look("log-ind")
    page.get_by_role("button", name="Send mig et link").click()
    look("log-ind refused")
    page.goto(link)
    look("link")
    page.get_by_role("button", name="Gå ind").click()
    for path in PAGES:
        page.goto(address_of(path, town) or path)
        look(path)
    page.goto(f"/panel/spoergsmaal/{town.question}")
    page.get_by_role("button", name="Send svar").click()
    expect(page.locator(".field-error")).to_be_visible()
    look("refused answer")
    page.goto("/panel/findes-ikke")
    look("error")
    page.goto(link)
    look("used link")
    assert found == {}


def test_the_panel_is_used_without_script_and_without_mouse(
    open_page: OpenPage, town: Town, database: Database, address: str
) -> None:
    link = _invited(database, town, address)
    page = open_page(None, size=SMALL, java_script_enabled=False)
    page.goto(link)
    page.get_by_role("button", name="Gå ind").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Svar på: Hvad skal der til?").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Dit svar").fill("En mentor")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tak. Dit svar er gemt.")).to_be_visible()
    page.get_by_text("Ny Bager").click()
    page.get_by_role("button", name="Log ud").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log ind i virksomhedspanelet")
