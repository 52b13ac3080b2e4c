"""The command `enindgang`: 0 done, 1 refused or partly refused, 2 wrong usage."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import DBAPIError

from crm import danish, migrations
from crm.access import actions as access
from crm.access import identities
from crm.access import queries as users
from crm.access.models import Role, Scope
from crm.choices.queries import current
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.errors import CrmError, NotFound, Refused
from crm.goals.figures import same_figure
from crm.goals.queries import Progress, progress
from crm.handover.actions import close_leaver
from crm.handover.models import ItemKind
from crm.handover.queries import counts
from crm.handover.scope import told
from crm.panel import seats, signing
from crm.settings import Settings
from importers import commands as imports
from importers.receipt import Receipt, sayable

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Én indgang: one person to call.")
user_app = typer.Typer(no_args_is_help=True, help="Users of the house.")
token_app = typer.Typer(no_args_is_help=True, help="Keys for programs.")
import_app = typer.Typer(no_args_is_help=True, help="Take files in, and take them back.")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.add_typer(import_app, name="import")
panel_app = typer.Typer(no_args_is_help=True, help="The company panel.")
seat_app = typer.Typer(no_args_is_help=True, help="Seats in the panel.")
panel_app.add_typer(seat_app, name="seat")
app.add_typer(panel_app, name="panel")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Try everything, keep nothing.")]
Files = Annotated[list[Path], typer.Argument(help="Files to take in, each in one transaction.")]
Params = ParamSpec("Params")
out = Console(highlight=False, soft_wrap=True)


def refusals(command: Callable[Params, None]) -> Callable[Params, None]:
    """A refusal is one plain sentence on stderr and exit code 1, never a traceback."""

    @wraps(command)
    def careful(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except CrmError as error:
            fail(error.message)
        except ValidationError as error:
            wrong = ", ".join(str(each["loc"][0]) for each in error.errors())
            fail(f"Indstillingerne kan ikke læses: {wrong}. Se docs/settings.md.")
        except DBAPIError as error:
            fail(f"Databasen svarer ikke, som den skal: {str(error.orig).splitlines()[0]}")
        except OSError as error:
            fail(f"{error.filename or 'Filen'}: {error.strerror or error}")

    return careful


def fail(sentence: str) -> None:
    """Say why on stderr and end with 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


@contextmanager
def opened(*, migrated: bool = True) -> Iterator[tuple[Settings, Database]]:
    """The settings and their database; refuses one that is not brought up to date."""
    settings = Settings()
    database = Database(settings.url, readers=settings.threads)
    try:
        if migrated:
            # Not the writer: looking must not wait for a long import to end.
            with database.reader.connect() as connection:
                stands = migrations.current(connection)
            if stands != migrations.HEAD:
                fail("Databasen er ikke klar. Kør først: enindgang migrate")
        yield settings, database
    finally:
        database.close()


def holding(settings: Settings, database: Database) -> Settings:
    """The settings with those that were chosen on a page."""
    with database.read() as db:
        return current(db, settings)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def report(value: Any, as_json: bool, sentence: str) -> None:
    """The same answer for programs and for people."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2) if as_json else sentence)


@app.command()
@refusals
def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 1,
) -> None:
    """Serve the pages and the API. Brings the database up to date first."""
    import uvicorn

    from web.api.metrics import shared_by

    with opened(migrated=False) as (_settings, database):
        migrations.upgrade(database)
    with shared_by(workers):
        uvicorn.run(
            "web.main:create",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            access_log=False,
            log_level="warning",
            server_header=False,
            date_header=True,
            timeout_graceful_shutdown=20,
        )


@app.command()
@refusals
def migrate(as_json: Json = False) -> None:
    """Bring the database to the schema this program knows."""
    with opened(migrated=False) as (_settings, database):
        before, after = migrations.upgrade(database)
    sentence = (
        "Databasen er ajour." if before == after else f"Databasen er bragt fra {before or 'tom'} til {after}."
    )
    report({"before": before, "after": after}, as_json, sentence)


@app.command()
@refusals
def demo(
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing when there are users already.")
    ] = False,
    companies: Annotated[int, typer.Option(min=10, max=1_000_000)] = 1300,
) -> None:
    """Fill an empty database with a believable, fictional municipality."""
    from scripts.demo.fill import fill
    from scripts.demo.team import COLLEAGUES, PASSWORD

    with opened(migrated=False) as (_settings, database):
        migrations.upgrade(database)
        with database.read() as db:
            filled, is_demo = bool(users.users(db)), users.is_demo(db)
        if filled and if_empty and not is_demo:
            return
        if not (filled and if_empty):
            typer.echo("Opdigter en kommune. Det tager et øjeblik …")
            done = fill(database, now(), companies=companies)
            typer.echo(f"{danish.count(done.counts['company'], 'virksomhed', 'virksomheder')} er på plads.")
    table = Table(
        "Log ind som", "E-mail", "Adgangskode", title="Demodata: alt er opdigtet", title_justify="left"
    )
    for each in COLLEAGUES:
        table.add_row(f"{each.name}, {each.title[0].lower()}{each.title[1:]}", each.email, PASSWORD)
    out.print(table)


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


def _import(kind: str, files: list[Path], *, dry_run: bool, as_json: bool) -> None:
    answers: list[dict[str, Any]] = []
    sentences: list[str] = []
    with opened() as (base, database):
        settings = holding(base, database)
        for file in files:
            try:
                receipt = imports.KINDS[kind](database, file, now=now(), dry_run=dry_run, settings=settings)
            except CrmError as error:
                receipt, refusal = Receipt(sayable(file.name)), error.message
                answers.append(receipt.figures() | {"error": refusal})
                sentences.append(f"{receipt.file}: {refusal}")
                continue
            answers.append(receipt.figures())
            if not as_json:
                _say(receipt, dry_run=dry_run)
            if receipt.refused:
                refused = danish.count(receipt.refused, "række", "rækker")
                sentences.append(f"{receipt.file}: {refused} blev afvist.")
    if as_json:
        typer.echo(json.dumps(answers[0] if len(files) == 1 else answers, ensure_ascii=False, indent=2))
    if sentences:
        fail("\n".join(sentences))


def _say(receipt: Receipt, *, dry_run: bool) -> None:
    head = "Prøve, intet er gemt" if dry_run else f"Import nr. {receipt.batch}"
    typer.echo(
        f"{head}: {receipt.file}. Læst {receipt.read}: {receipt.created} oprettet, {receipt.changed} ændret, "
        f"{receipt.unchanged} uændret, {receipt.refused} afvist."
    )
    for name in receipt.columns_left_out:
        typer.echo(f"  Kolonnen »{name}« kendes ikke og er ikke taget med.")
    for line, reason in receipt.rows:
        typer.echo(f"  linje {line}: {reason}")


@import_app.command("cvr")
@refusals
def import_cvr(files: Files, dry_run: DryRun = False, as_json: Json = False) -> None:
    """The register's own JSON: a whole answer, one document a line, or single documents."""
    _import("cvr", files, dry_run=dry_run, as_json=as_json)


@import_app.command("companies")
@refusals
def import_companies(files: Files, dry_run: DryRun = False, as_json: Json = False) -> None:
    """A list of companies kept by hand (xlsx, ods, csv)."""
    _import("companies", files, dry_run=dry_run, as_json=as_json)


@import_app.command("contacts")
@refusals
def import_contacts(files: Files, dry_run: DryRun = False, as_json: Json = False) -> None:
    """A list of people at companies (xlsx, ods, csv)."""
    _import("contacts", files, dry_run=dry_run, as_json=as_json)


@import_app.command("agreements")
@refusals
def import_agreements(files: Files, dry_run: DryRun = False, as_json: Json = False) -> None:
    """A list of agreements (xlsx, ods, csv)."""
    _import("agreements", files, dry_run=dry_run, as_json=as_json)


@import_app.command("interactions")
@refusals
def import_interactions(files: Files, dry_run: DryRun = False, as_json: Json = False) -> None:
    """A list of calls, meetings, visits, mails and notes (xlsx, ods, csv)."""
    _import("interactions", files, dry_run=dry_run, as_json=as_json)


@import_app.command("undo")
@refusals
def import_undo(batch: int, as_json: Json = False) -> None:
    """Take an import back, whole or not at all."""
    from importers.undo import undo

    with opened() as (_settings, database), database.write("command line") as db:
        undo(db, batch_id=batch, now=now())
    report({"batch": batch, "undone": True}, as_json, f"Import nr. {batch} er fortrudt.")


@app.command()
@refusals
def goals(
    on: Annotated[str | None, typer.Option("--on", help="Any day, such as 2026-12-31.")] = None,
    check: Annotated[
        str | None, typer.Option("--check", help="The hash of a list: is it still the figure?")
    ] = None,
    as_json: Json = False,
) -> None:
    """How far the objectives have come on a day; or whether a list that left the house is still what is counted."""
    with opened() as (base, database), database.read() as db:
        settings = current(db, base)
        today = now().astimezone(settings.zone).date()
        day = _day(on) if on else today
        found = progress(
            db, day, defined_on=max(day, today), with_pipeline=day >= today, least=settings.survey_min_n
        )
        then = progress(db, day) if check else []
    if check:
        _check_figure([*found, *then], check)
        return
    items = [
        {
            "key": each.objective.key,
            "name": each.objective.name,
            "value": each.value,
            "target": each.target.value if each.target else None,
            "due": each.target.due.isoformat() if each.target else None,
            "companies": [company.cvr for company in each.companies],
            "n": each.share.n if each.share else None,
            "response_rate": each.share.response_rate if each.share else None,
            "forecast": each.forecast.words,
            "hash": each.hash,
        }
        for each in found
    ]
    if as_json:
        typer.echo(json.dumps({"on": day.isoformat(), "items": items}, ensure_ascii=False, indent=2))
        return
    typer.echo(f"Mål {danish.long_date(day)}")
    for item in items:
        typer.echo(f"  {item['name']}: {_told(item)} ({item['due']})")
        typer.echo(f"    {item['forecast']}")


def _told(item: dict[str, Any]) -> str:
    """How far an objective is, in words."""
    if item["n"] is None:
        return f"{item['value']} af {item['target']}"
    answers = danish.count(item["n"], "svar", "svar")
    if item["value"] is None:
        return f"for få svar endnu ({answers}), målet er {item['target']} %"
    return f"{item['value']} % af {answers}, målet er {item['target']} %"


def _check_figure(found: list[Progress], told: str) -> None:
    """Say which figure of the day has this hash, by today's definitions or by those of the day."""
    for each in found:
        if each.hash and same_figure(told, each.hash):
            typer.echo(f"Det samme tal: {each.objective.name}, {each.value} {danish.long_date(each.on)}.")
            return
    raise Refused("", "Intet tal den dag har den kontrolsum. Aftaler eller definition er ændret siden.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("Write the day as 2026-12-31.") from error


@app.command("who-saw")
@refusals
def who_saw(
    company: Annotated[str, typer.Option("--company", help="The company's CVR number.")],
    contact: Annotated[
        int | None, typer.Option("--contact", help="Only where this person at the company is shown.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From this day on, such as 2026-12-31.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Who has looked at a company or a person there, as the access log tells it. Asking is logged too."""
    from scripts.who_saw import answer, sentences

    day = _day(since) if since else None
    with opened() as (settings, database):
        found = answer(settings, database, cvr=company, contact=contact, since=day, now=now())
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(sentences(found, settings.zone)))


@app.command()
@refusals
def work(
    once: Annotated[bool, typer.Option("--once", help="Do what is due and end.")] = False,
    as_json: Json = False,
) -> None:
    """Do what is due without anybody asking, such as sending mails, until it is stopped."""
    from scripts.bars import bars
    from scripts.work import Round, work_on, work_once

    def tell(done: Round) -> None:
        said = json.dumps(done.figures) if as_json else done.sentence
        if said:
            typer.echo(said)
        for trouble in done.troubles:
            typer.echo(trouble, err=True)

    with opened() as (settings, database), bars() as show:
        if settings.mail_server is None:
            typer.echo("Der er ingen mailserver (ENINDGANG_SMTP_URL), så mails venter i udbakken.", err=True)
        if not once:
            work_on(database, settings, now, tell, show=show)
            return
        done = work_once(database, settings, now, show=show)
    tell(done)
    if not done.sentence and not as_json and not done.troubles:
        typer.echo("Der var ikke noget at gøre.")
    if done.troubles:
        raise typer.Exit(1)


@app.command()
@refusals
def doctor(as_json: Json = False) -> None:
    """Look for anything that must never be: settings, schema, rules, the audit chain, CPR numbers."""
    from scripts.doctor import examine

    with opened(migrated=False) as (settings, database):
        findings = examine(settings, database)
    if as_json:
        typer.echo(json.dumps({"findings": findings}, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(findings) if findings else "Alt er, som det skal være.")
    if findings:
        raise typer.Exit(1)


@app.command()
@refusals
def backup(file: Path) -> None:
    """Copy the SQLite database to a file while it is in use."""
    from scripts.copies import backup as copy

    with opened() as (settings, database):
        copy(database, file)
        # For the page that shows an administrator how the house is.
        with suppress(OSError):
            (settings.data_dir / "last-backup").touch()
    typer.echo(f"Gemt i {file}.")


@app.command()
@refusals
def restore(file: Path) -> None:
    """Put a backup in the database's place. The server must be stopped."""
    from scripts.copies import restore as put_back

    put_back(Settings(), file)
    typer.echo("Databasen er hentet tilbage.")


@app.command()
def routes(as_json: Json = False) -> None:
    """Every address, and who may use it."""
    from web.routing import table

    rows = table()
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['method']:7}{row['path']:60}{', '.join(row['who'])}")


def main() -> None:
    """The entry point."""
    app()
