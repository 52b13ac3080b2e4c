"""Opsætning: what can be set up, and the users."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import actions as access
from crm.access import holdings, links, passkeys, second_factor, tokens
from crm.access import queries as users
from crm.access.models import LinkPurpose, User
from crm.errors import Conflict, renamed
from crm.handover.actions import close_leaver
from crm.responsibility import queries
from web import words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning")


@router.get("")
def index(visit: Annotated[Visit, reading("responsibility.rules")]) -> Response:
    """What can be set up."""
    return page(visit, "setup/index.html", section="admin")


def _users(visit: Visit, form: Form) -> Response:
    return page(
        visit,
        "setup/users.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        users=users.users(visit.db, like=visit.request.query_params.get("q", "")[:100]),
        q=visit.request.query_params.get("q", "")[:100],
        loads=queries.loads(visit.db),
        roles=words.choices(words.ROLES),
        teams=_teams(visit),
    )


def _teams(visit: Visit) -> list[tuple[int, str]]:
    return [(team.id, team.name) for team in users.teams(visit.db)]


def _chosen_team(visit: Visit, form: Form) -> int | None:
    """The team that was chosen; None when none was, or it is said beside the field."""
    chosen = form.number("team_id", "Vælg fra listen.")
    if chosen is not None and chosen not in dict(_teams(visit)):
        form.refuse("team_id", "Vælg fra listen.")
        return None
    return chosen


@router.get("/brugere")
def all_users(visit: Annotated[Visit, reading("users.write")]) -> Response:
    """Everyone, and a form for one more."""
    return _users(visit, Form.of({"role": "consultant", "invite": "1"}))


@router.post("/brugere")
def add_user(visit: Annotated[Visit, writing("users.write")]) -> Response:
    """Create a user: with a first password, or, when asked for, with an invitation by mail."""
    form = visit.form
    team = _chosen_team(visit, form)
    made = form.act(
        visit.db,
        lambda: access.add_user(
            visit.db,
            email=form.data.get("email", ""),
            name=form.data.get("name", ""),
            role=form.data.get("role", ""),
            phone=form.text("phone"),
            title=form.text("title"),
            password=form.data.get("password") or None,
            team_id=team,
            now=visit.now,
        ),
    )
    if made is None:
        form.data.pop("password", None)
        return _users(visit, form)
    if not made.password_hash and form.data.get("invite") == "1":
        links.send(
            visit.db,
            user=made,
            purpose=LinkPurpose.INVITATION,
            home=visit.house.settings.base_url,
            now=visit.now,
        )
        return redirect(
            visit, "/opsaetning/brugere", flash=f"{made.name} er oprettet og får et link med mail."
        )
    return redirect(visit, "/opsaetning/brugere", flash=f"{made.name} er oprettet.")


def _user(visit: Visit, user: User, form: Form) -> Response:
    return page(
        visit,
        "setup/user.html",
        status=form.status if form.errors else 200,
        section="admin",
        user=user,
        form=form,
        factor=second_factor.factor_of(visit.db, user) or passkeys.has_any(visit.db, user),
        held=holdings.told(holdings.held(visit.db, user, visit.today)),
        roles=words.choices(words.ROLES),
        teams=_teams(visit),
        keys=len(tokens.of_user(visit.db, user)),
        colleagues=[(each.id, each.name) for each in users.colleagues(visit.db) if each.id != user.id],
    )


def _filled(user: User) -> Form:
    return Form.of({name: getattr(user, name) for name in ("name", "role", "phone", "title", "team_id")})


@router.get("/brugere/{id}")
def show_user(visit: Annotated[Visit, reading("users.write")], id: int) -> Response:
    """One user."""
    user = users.get(visit.db, id)
    return _user(visit, user, _filled(user))


@router.post("/brugere/{id}")
def change_user(visit: Annotated[Visit, writing("users.write")], id: int) -> Response:
    """Correct a user."""
    user, form = users.get(visit.db, id), visit.form
    values = {name: form.data.get(name, "") for name in ("name", "role")} | form.given("phone", "title")
    if user.id == visit.me.id and values["role"] != user.role:
        form.refuse("role", "Du kan ikke ændre din egen rolle. Bed en anden administrator om det.")
    team = _chosen_team(visit, form)
    changed = form.act(visit.db, lambda: access.change_user(visit.db, user=user, team_id=team, **values))  # type: ignore[arg-type]
    if changed is None:
        return _user(visit, user, form)
    return redirect(visit, "/opsaetning/brugere", flash="Rettelsen er gemt.")


@router.post("/brugere/{id}/adgangskode")
def set_password(visit: Annotated[Visit, writing("users.write")], id: int) -> Response:
    """Give a user a new password; their sessions end."""
    user, form = users.get(visit.db, id), visit.form

    def change() -> bool:
        access.set_password(visit.db, user=user, password=form.data.get("password", ""), now=visit.now)
        return True

    if form.act(visit.db, change) is None:
        form.data = _filled(user).data
        return _user(visit, user, form)
    return redirect(visit, "/opsaetning/brugere", flash=f"{user.name} har fået en ny adgangskode.")


@router.post("/brugere/{id}/link")
def send_link(visit: Annotated[Visit, writing("users.write")], id: int) -> Response:
    """Let a user choose a password by a link in a mail; nobody else sees it."""
    user = users.get(visit.db, id)
    if not user.is_active:
        raise Conflict(f"{user.name} er lukket.")
    purpose = LinkPurpose.RESET if user.password_hash else LinkPurpose.INVITATION
    links.send(visit.db, user=user, purpose=purpose, home=visit.house.settings.base_url, now=visit.now)
    return redirect(visit, f"/opsaetning/brugere/{id}", flash=f"{user.name} får et link med mail.")


@router.post("/brugere/{id}/kode-app/fjern")
def remove_factor(visit: Annotated[Visit, writing("users.write")], id: int) -> Response:
    """Help a user who has lost the telephone, the passkeys and the codes on paper."""
    user = users.get(visit.db, id)
    passkeys.remove_all(visit.db, user=user, now=visit.now)
    second_factor.remove(visit.db, user=user, now=visit.now)
    return redirect(
        visit,
        f"/opsaetning/brugere/{id}",
        flash=f"{user.name} har ikke længere kode-app eller adgangsnøgler.",
    )


@router.post("/brugere/{id}/luk")
def close_user(visit: Annotated[Visit, writing("users.write")], id: int) -> Response:
    """Close a leaver, giving all they have to a colleague in the same act."""
    user, form = users.get(visit.db, id), visit.form
    if user.id == visit.me.id:
        form.refuse("", "Du kan ikke lukke dig selv. Bed en anden administrator om det.")
    receiver = form.number("hand_over_to", "Vælg en kollega.")

    def close() -> bool:
        with renamed(to="hand_over_to", note="hand_over_to"):
            close_leaver(
                visit.db,
                leaver=user,
                to=users.get(visit.db, receiver) if receiver else None,
                note=f"{user.name} er stoppet",
                by=visit.me,
                now=visit.now,
                today=visit.today,
                home=visit.house.settings.base_url,
            )
        return True

    if form.act(visit.db, close) is None:
        form.data = _filled(user).data | form.data
        return _user(visit, user, form)
    return redirect(visit, "/opsaetning/brugere", flash=f"{user.name} er lukket.")
