"""Telling us that something about one's company is wrong."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from crm.panel import remarks, seen, told
from crm.panel.models import PanelRemark
from web.forms import Form
from web.panel.doors import Here, Reads, Writes, page, redirect

router = APIRouter(prefix="/panel/ret")
COMPANY = "virksomheden"


def _choices(here: Here) -> list[tuple[str, str]]:
    found = seen.agreements(here.db, here.member, here.today)
    return [
        (COMPANY, here.member.company),
        *((str(each.id), f"{each.programme}: {each.title}") for each in found),
    ]


def _show(here: Here, form: Form) -> Response:
    return page(
        here,
        "remark.html",
        status=form.status if form.errors else 200,
        form=form,
        choices=_choices(here),
        told=told.remarks(here.db, here.member),
    )


@router.get("")
def show(here: Reads, om: str = "") -> Response:
    """What is it about, and what is wrong; and what the member told us before."""
    return _show(here, Form.of({"about": om if om.isdecimal() else COMPANY}))


@router.post("")
def tell(here: Writes) -> Response:
    """Keep it; the company's way in finds it today."""
    form, choices = here.form, dict(_choices(here))
    about = form.choice("about", choices, "Vælg, hvad det handler om.")

    def act() -> PanelRemark:
        return remarks.make(
            here.db,
            member=here.member,
            about=choices[about] if about else None,
            text=form.data.get("text", "").strip(),
            now=here.now,
            today=here.today,
        )

    if form.act(here.db, act) is None:
        return _show(here, form)
    return redirect(here, "ret", "Tak. Vi ser på det og svarer dig her.")
