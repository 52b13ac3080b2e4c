"""Opsætning, Indstillinger: what belongs to daily running is changed here, what belongs to the machine is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import SecretStr
from starlette.responses import Response

from crm import danish
from crm.choices import actions, queries
from crm.choices.queries import DAILY, written
from crm.settings import Settings
from web import words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect
from web.setting_words import BY_NAME, GROUPS, Setting

router = APIRouter(prefix="/opsaetning/indstillinger")
HOME = "/opsaetning/indstillinger"
ONE_DAY = "Skriv hver dag på sin egen linje, for eksempel 24-12-2026."


def _shown(setting: Setting, value: Any) -> Iterator[tuple[str, str]]:
    """A value as its fields hold it."""
    if setting.kind == "roles":
        yield from ((f"{setting.name}_{role}", "1") for role in value)
    elif setting.kind == "days":
        yield setting.name, "\n".join("-".join(reversed(day.split("-"))) for day in value)
    elif isinstance(value, time):
        yield setting.name, f"{value.hour}.{value.minute:02}"
    else:
        yield setting.name, str(int(value)) if isinstance(value, bool) else str(value)


def _filled(settings: Settings) -> Form:
    return Form(dict(pair for name in DAILY for pair in _shown(BY_NAME[name], getattr(settings, name))))


def _typed(visit: Visit, form: Form, setting: Setting) -> str | None:
    """What was typed, as it would stand in the environment; None when it cannot be read."""
    name = setting.name
    if setting.kind == "yes":
        return "true" if form.data.get(name) == "1" else "false"
    if setting.kind == "roles":
        return ",".join(role for role in words.ROLES if form.data.get(f"{name}_{role}") == "1")
    if setting.kind == "days":
        return _days(visit, form, name)
    if setting.kind == "clock":
        found = danish.parse_clock(form.data.get(name, ""))
        if found is None:
            form.refuse(name, danish.TIME_SENTENCE)
        return f"{found:%H:%M}" if found else None
    if setting.kind == "number":
        number = form.number(name)
        if number is None:
            form.refuse(name, "Skriv et helt tal.")
        return None if number is None else str(number)
    return form.text(name) or ""


def _days(visit: Visit, form: Form, name: str) -> str | None:
    found = []
    for line in filter(str.strip, form.data.get(name, "").splitlines()):
        part = Form({"day": line})
        day = part.day("day", visit.today)
        if day is None:
            form.refuse(name, ONE_DAY)
            return None
        found.append(day.isoformat())
    return ",".join(sorted(set(found)))


def _show(visit: Visit, form: Form) -> Response:
    house = visit.house
    chosen, defaults = queries.chosen(visit.db), Settings.model_construct()
    return page(
        visit,
        "setup/settings.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        groups=GROUPS,
        locked=queries.locked(house.base),
        chosen=chosen,
        usual={
            name: dict(_shown(BY_NAME[name], getattr(defaults, name))).get(name, "")
            for name in DAILY
            if BY_NAME[name].kind in {"clock", "number"}
        },
        roles=words.choices(words.ROLES),
        machine=list(_machine(house.base)),
    )


def _machine(base: Settings) -> Iterator[tuple[str, str, str]]:
    """What belongs to the machine: its name, its value without secrets, and where it was set."""
    for name in Settings.model_fields:
        if name not in DAILY:
            value = getattr(base, name)
            if isinstance(value, SecretStr) or (name == "database_url" and value):
                said = (
                    "sat, vises ikke"
                    if not isinstance(value, SecretStr) or value.get_secret_value()
                    else "tom"
                )
            else:
                said = written(value) if value is not None else "tom"
            yield (
                f"ENINDGANG_{name.upper()}",
                said or "tom",
                "miljøet" if name in base.model_fields_set else "standard",
            )


@router.get("")
def show(visit: Annotated[Visit, reading("settings.write")]) -> Response:
    """All settings."""
    return _show(visit, _filled(queries.current(visit.db, visit.house.base)))


@router.post("")
def change(visit: Annotated[Visit, writing("settings.write")]) -> Response:
    """Change what belongs to daily running. What the environment decides is left as it is."""
    form, base = visit.form, visit.house.base
    values = {
        name: _typed(visit, form, setting)
        for name, setting in BY_NAME.items()
        if name not in queries.locked(base)
    }
    readable = {name: value for name, value in values.items() if value is not None}
    for name, sentence in actions.faults(base, readable).items():
        form.refuse(name, sentence)
    changed = form.act(
        visit.db, lambda: actions.choose(visit.db, base=base, values=readable, by=visit.me, now=visit.now)
    )
    if changed is None:
        return _show(visit, form)
    told = ", ".join(BY_NAME[name].label for name in changed)
    visit.request.state.settings_changed = True
    return redirect(
        visit, HOME, flash=f"Gemt og gælder nu: {told}." if changed else "Der var ikke ændret noget."
    )
