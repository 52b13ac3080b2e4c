"""The main job: a telephone rings, and five interactions later it is written down. No mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from crm.companies.models import Company
from crm.db import Database
from crm.interactions.models import FollowUp, Interaction
from crm.requests.models import Request
from tests.browser.conftest import OpenPage
from tests.town import Town


def _calls(database: Database, cvr: str) -> list[Interaction]:
    with database.read() as db:
        ours = (
            select(Interaction).join(Company, Company.id == Interaction.company_id).where(Company.cvr == cvr)
        )
        return list(db.scalars(ours.order_by(Interaction.id)))


def _number(database: Database, table: type) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_a_call_in_five_interactions(open_page: OpenPage, town: Town, database: Database) -> None:
    page = open_page()
    keyboard = page.keyboard
    keyboard.press("/")  # 1
    assert _focused(page) == "soeg"
    keyboard.type("soendergaard")  # 2: however it is spelled
    keyboard.press("Enter")  # 3
    page.wait_for_url(f"**/virksomheder/{town.garden}*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Søndergård Planteskole A/S")
    assert _focused(page) == "f-summary"
    keyboard.type("De vil gerne have to unge i fritidsjob.")  # 4
    keyboard.press("Control+Enter")  # 5
    expect(page.locator("#besked")).to_contain_text("Gemt hos Søndergård Planteskole A/S.")
    expect(page.locator("#forloeb")).to_contain_text("De vil gerne have to unge i fritidsjob.")
    assert _focused(page) == "f-summary"
    written = _calls(database, town.garden)
    assert [(call.kind, call.direction, call.summary) for call in written] == [
        ("call", "in", "De vil gerne have to unge i fritidsjob.")
    ]


def test_kind_and_direction_are_one_key_and_remember_the_last(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page()
    page.goto(f"/virksomheder/{town.garden}")
    page.keyboard.type("Så planteskolen.")
    page.keyboard.press("Alt+b")
    page.keyboard.press("Alt+u")
    expect(page.get_by_role("button", name="Gem besøg")).to_be_visible()
    page.keyboard.type(" Fint sted.")  # The cursor has not moved.
    page.keyboard.press("Control+Enter")
    expect(page.locator("#besked")).to_contain_text("Gemt hos")
    (visit,) = _calls(database, town.garden)
    assert (visit.kind, visit.direction, visit.summary) == ("visit", "out", "Så planteskolen. Fint sted.")
    page.goto(f"/virksomheder/{town.protected}")
    expect(page.get_by_role("radio", name="Besøg")).to_be_checked()
    expect(page.get_by_role("radio", name="Udgående")).to_be_checked()


def test_a_request_and_a_follow_up_ride_in_the_same_form(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page()
    page.goto(f"/virksomheder/{town.garden}")
    page.keyboard.type("Mangler en gartner fra marts.")
    page.keyboard.press("Alt+h")
    assert _focused(page) == "f-request_kind"
    page.keyboard.type("Rekr")
    page.keyboard.press("Tab")
    page.keyboard.type("1 gartner")
    page.keyboard.press("Alt+f")
    assert _focused(page) == "f-follow_up_text"
    page.keyboard.type("Send profiler")
    page.keyboard.press("Tab")
    page.keyboard.type("+3")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#besked")).to_contain_text("Henvendelsen skal have svar inden")
    expect(page.get_by_role("region", name="Åbne henvendelser")).to_contain_text("1 gartner")
    expect(page.get_by_role("region", name="Opfølgninger")).to_contain_text("Send profiler")
    with database.read() as db:
        company = db.scalars(select(Company).where(Company.cvr == town.garden)).one()
        request = db.scalars(select(Request).where(Request.company_id == company.id)).one()
        promised = db.scalars(select(FollowUp).where(FollowUp.company_id == company.id)).one()
        assert (request.kind, request.title, promised.text) == ("recruitment", "1 gartner", "Send profiler")
        assert request.interaction_id == promised.interaction_id is not None


def test_a_draft_survives_a_closed_tab(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.goto(f"/virksomheder/{town.garden}")
    page.keyboard.type("Halvvejs i en sætn")
    page.keyboard.press("Alt+m")
    expect(page.locator("[data-draft-status]")).to_have_text("Kladden er gemt")
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(f"/virksomheder/{town.garden}")
    expect(page.locator("#f-summary")).to_have_value("Halvvejs i en sætn")
    expect(page.get_by_role("radio", name="Møde")).to_be_checked()
    page.keyboard.press("Control+End")
    page.keyboard.type("ing.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#forloeb")).to_contain_text("Halvvejs i en sætning.")
    page.reload()
    expect(page.locator("#f-summary")).to_have_value("")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_double_click_makes_one_record(
    open_page: OpenPage, town: Town, database: Database, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    page.goto(f"/virksomheder/{town.garden}")
    page.locator("#f-summary").fill("Ringede om såning.")
    page.locator("[data-primary]").dblclick()
    expect(page.locator("#forloeb")).to_contain_text("Ringede om såning.")
    assert len(_calls(database, town.garden)) == 1


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_reloading_and_going_back_and_forth_make_no_second_record(
    open_page: OpenPage, town: Town, database: Database, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    page.goto(f"/virksomheder/{town.garden}")
    page.locator("#f-summary").fill("Sendt én gang.")
    page.locator("[data-primary]").click()
    expect(page.locator("#forloeb")).to_contain_text("Sendt én gang.")
    page.reload()
    page.go_back()
    page.go_forward()
    page.goto(f"/virksomheder/{town.garden}")
    expect(page.locator("#f-summary")).to_have_value("")
    assert len(_calls(database, town.garden)) == 1


def test_what_is_wrong_is_said_and_what_was_typed_stays(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page()
    page.goto(f"/virksomheder/{town.garden}")
    page.keyboard.type("Medarbejderen hedder 070761-4285.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#f-summary-error")).to_contain_text("Det ligner et CPR-nummer")
    expect(page.locator("#f-summary")).to_have_value("Medarbejderen hedder 070761-4285.")
    assert page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    assert _calls(database, town.garden) == []
    page.locator("#f-summary").fill("En medarbejder.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#forloeb")).to_contain_text("En medarbejder.")


def test_what_was_just_written_can_be_undone_with_the_keyboard(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page()
    page.goto(f"/virksomheder/{town.garden}")
    page.keyboard.type("Forkert virksomhed!")
    page.keyboard.press("Control+Enter")
    undo = page.get_by_role("button", name="Fortryd").first
    expect(undo).to_be_visible()
    undo.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#besked")).to_contain_text("Fortrudt")
    expect(page.locator("#f-summary")).to_have_value("Forkert virksomhed!")
    assert _calls(database, town.garden) == []


def test_a_lost_connection_loses_nothing(open_page: OpenPage, town: Town, database: Database) -> None:
    page = open_page()
    page.goto(f"/virksomheder/{town.garden}")
    page.keyboard.type("Skrevet i toget.")
    expect(page.locator("[data-draft-status]")).to_have_text("Kladden er gemt")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Forbindelsen er væk")
    expect(page.locator("#f-summary")).to_have_value("Skrevet i toget.")
    page.context.set_offline(False)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#forloeb")).to_contain_text("Skrevet i toget.")
    assert len(_calls(database, town.garden)) == 1


def test_a_caller_opens_their_company(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.goto("/opkald?nummer=%2B4520114567")
    page.wait_for_url(f"**/virksomheder/{town.bakery}*")
    assert _focused(page) == "f-summary"
    expect(page.locator("#f-company_contact_id option:checked")).to_have_text("Lone Krogh, Daglig leder")


def test_an_unknown_number_can_be_placed(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.goto("/opkald?nummer=29990001")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ukendt nummer: 29 99 00 01")
    page.keyboard.type("soendergaard")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Gem nummeret her").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Mobil")).to_have_value("29990001")
    page.get_by_label("Navn", exact=True).fill("Ove Gartner")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/virksomheder/{town.garden}*")
    page.goto("/opkald?nummer=+45 29 99 00 01")
    page.wait_for_url(f"**/virksomheder/{town.garden}*")
    expect(page.locator("#f-company_contact_id option:checked")).to_have_text("Ove Gartner")


def test_suggestions_are_walked_with_the_arrows(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("bag")
    option = page.get_by_role("option").first
    expect(option).to_contain_text("Blovstrød Bageri ApS")
    expect(option).to_contain_text("Anna Kildeskov")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/virksomheder/{town.bakery}*")
