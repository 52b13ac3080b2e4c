"""Who may come in: users, keys for programs, and seats in the company panel."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from crm.access import actions as access
from crm.access import identities
from crm.access import queries as users
from crm.access.models import Role, Scope
from crm.companies.queries import by_cvr
from crm.errors import NotFound, Refused
from crm.handover.actions import close_leaver
from crm.handover.models import ItemKind
from crm.handover.queries import counts
from crm.handover.scope import told
from crm.panel import seats, signing
from scripts.command import Json, now, opened, refusals, report

user_app = typer.Typer(no_args_is_help=True, help="Users of the house.")
token_app = typer.Typer(no_args_is_help=True, help="Keys for programs.")
seat_app = typer.Typer(no_args_is_help=True, help="Seats in the panel.")
panel_app = typer.Typer(no_args_is_help=True, help="The company panel.")
panel_app.add_typer(seat_app, name="seat")


@user_app.command("add")
@refusals
def add_user(
    email: str,
    name: Annotated[str, typer.Option()],
    role: Annotated[Role, typer.Option()],
    phone: Annotated[str | None, typer.Option()] = None,
    title: Annotated[str | None, typer.Option()] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Create a user."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    if password_stdin and not password:
        raise Refused("password", "Der kom ingen adgangskode på stdin.")
    with opened() as (_settings, database), database.write("command line") as db:
        team = next(iter(users.teams(db)), None)
        user = access.add_user(
            db, email=email, name=name, role=role, now=now(), password=password, phone=phone, title=title,
            team_id=team.id if team else None,
        )  # fmt: skip
        answer = {"email": user.email, "name": user.name, "role": user.role}
    report(answer, as_json, f"{answer['name']} er oprettet." + ("" if password else " Uden adgangskode."))


@user_app.command("password")
@refusals
def password(email: str) -> None:
    """Give a user a new password, read from stdin. Their sessions end."""
    secret = sys.stdin.readline().rstrip("\n")
    with opened() as (_settings, database), database.write("command line") as db:
        access.set_password(db, user=users.by_email(db, email), password=secret)
    typer.echo("Adgangskoden er ændret.")


@user_app.command("close")
@refusals
def close_user(
    email: str,
    hand_over_to: Annotated[
        str | None, typer.Option("--hand-over-to", help="Who takes over all that the leaver has.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Close a user who has left. Refused while they have anything in hand, unless it is handed over."""
    with opened() as (settings, database), database.write("command line") as db:
        leaver, moment = users.by_email(db, email), now()
        receiver = users.by_email(db, hand_over_to) if hand_over_to else None
        act = close_leaver(
            db, leaver=leaver, to=receiver, note=f"{leaver.name} er stoppet", by=None, now=moment,
            today=moment.astimezone(settings.zone).date(), home=settings.base_url,
        )  # fmt: skip
        moved = counts(db, act) if act else {}
        answer = {
            "email": leaver.email,
            "handed_over": moved.get(ItemKind.COMPANY, 0),
            "handover": act.id if act else None,
            "moved": {str(kind): number for kind, number in moved.items()},
        }
        given = f" {told(moved)} er givet videre til {receiver.name}." if moved and receiver else ""
    report(answer, as_json, f"{email} er lukket.{given}")


@user_app.command("unlink")
@refusals
def unlink_user(email: str) -> None:
    """Forget which account at the municipality's provider is this user's; the next log-in there links anew."""
    with opened() as (_settings, database), database.write("command line") as db:
        known = identities.unlink(db, user=users.by_email(db, email))
    typer.echo(f"{email} er ikke længere forbundet." if known else f"{email} var ikke forbundet.")


@token_app.command("add")
@refusals
def add_token(
    email: str,
    days: Annotated[int, typer.Option(min=1, max=3650)] = 365,
    scope: Annotated[Scope, typer.Option(help="What a program may do with it.")] = Scope.WRITE,
    name: Annotated[str, typer.Option(help="What uses it.")] = "Lavet på kommandolinjen",
    as_json: Json = False,
) -> None:
    """Print a new API token. It is shown this once."""
    with opened() as (_settings, database), database.write("command line") as db:
        user = users.by_email(db, email)
        token = access.add_token(db, user=user, now=now(), days=days, scope=scope, name=name)
    report({"email": email, "token": token}, as_json, token)


@seat_app.command("add")
@refusals
def add_seat(
    email: str,
    company: Annotated[str, typer.Option(help="The company's CVR number.")],
    name: Annotated[
        str | None, typer.Option(help="Left out: that of the company's contact with this e-mail.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Give a person a seat in the panel for their company, and mail them the way in."""
    with opened() as (settings, database), database.write("command line") as db:
        moment = now()
        seat = seats.add(
            db, company=by_cvr(db, company), email=email, name=name, home=settings.base_url, now=moment,
            today=moment.astimezone(settings.zone).date(),
        )  # fmt: skip
        answer = {"seat": seat.id, "email": seat.email, "name": seat.name, "company": company}
    waits = "" if settings.mail_server else " Mailen venter, for der er ikke sat en mailserver op."
    report(
        answer,
        as_json,
        f"{answer['name']} har en plads i panelet. Et link er på vej til {answer['email']}.{waits}",
    )


@seat_app.command("end")
@refusals
def end_seat(email: str, as_json: Json = False) -> None:
    """End a seat at once: its log-ins, its links, everything it opened."""
    with opened() as (settings, database), database.write("command line") as db:
        moment = now()
        seat = seats.end_by_email(db, email=email, now=moment, today=moment.astimezone(settings.zone).date())
        answer = {"seat": seat.id, "email": seat.email, "ended_at": moment.isoformat()}
    report(answer, as_json, f"Pladsen for {answer['email']} er afsluttet.")


@seat_app.command("link")
@refusals
def seat_link(email: str, as_json: Json = False) -> None:
    """Print a link that lets the seat's holder in once, for handing over by other means than mail."""
    with opened() as (settings, database), database.write("command line") as db:
        moment = now()
        seat = seats.standing(db, email.strip().lower(), moment.astimezone(settings.zone).date())
        if seat is None:
            raise NotFound(f"{email} har ingen plads i panelet.")
        _, token = signing.issue(db, seat=seat, now=moment)
    url = f"{settings.base_url.rstrip('/')}/panel/ind/{token}"
    report({"email": email, "url": url}, as_json, url)
