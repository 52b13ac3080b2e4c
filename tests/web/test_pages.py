"""Every page there is, read by everyone who may: whole, valid, and without a trace in the database."""

from __future__ import annotations

import pytest

from crm.db import Database
from tests.fingerprint import fingerprint
from tests.town import ADAM, ANNA, Town
from tests.web.conftest import SignIn
from tests.web.matrix import address_of
from web.routing import table

PAGES = sorted(
    row["path"]
    for row in table()
    # What only a member of the panel sees is read in test_panel.py.
    if row["method"] == "GET"
    and row["who"] != ["panel"]
    and not row["path"].startswith(("/api/", "/health", "/metrics"))
)
PARTS = {"/soeg/hits"}
# Only between a right password and a right code, or where a provider is set up.
ELSEWHERE = {
    "/log-ind/kode", "/log-ind/kode-app", "/log-ind/kommune", "/log-ind/kommune/svar", "/panel/log-ind/udbyder",
    "/panel/log-ind/udbyder/svar",
}  # fmt: skip
# No browser makes passkeys for an address of digits, as the town's is.
ABSENT = {"/log-ind/noegle/spoerg"}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_leaves_no_trace(
    sign_in: SignIn, town: Town, database: Database, path: str
) -> None:
    visitor = sign_in(ADAM)
    before = fingerprint(database)
    if address := address_of(path, town):
        status = 303 if path in ELSEWHERE else 404 if path in ABSENT else 200
        answer = visitor.get(address, status=status, whole=path not in PARTS)
        assert "Traceback" not in answer.text
    assert fingerprint(database) == before


def test_the_demo_says_so_on_every_page(sign_in: SignIn, town: Town, app: object) -> None:
    app.state.house.__dict__["demo"] = True  # type: ignore[attr-defined]
    visitor = sign_in(ANNA)
    for path in ("/", "/virksomheder", f"/virksomheder/{town.bakery}", "/maal", "/konto", "/was"):
        assert "Demodata" in visitor.get(path).text
    assert "Demodata" in sign_in().get("/log-ind").text


def test_no_page_says_demo_where_the_data_are_real(sign_in: SignIn) -> None:
    assert "Demodata" not in sign_in(ANNA).get("/").text


def test_whoever_asks_for_what_is_not_there_keeps_their_menu(sign_in: SignIn) -> None:
    for path in ("/findes/ikke", "/virksomheder/99999999", "/was"):
        assert "Min dag" in sign_in(ANNA).client.get(path).text
        assert "Min dag" not in sign_in().client.get(path).text


def test_an_error_says_what_to_do_and_repeats_nothing_of_what_was_asked(sign_in: SignIn) -> None:
    page = sign_in(ANNA).get("/virksomheder/070761-4285", status=404).text
    assert "070761" not in page
    assert "Gå til Min dag" in page
