"""The command `enindgang`: 0 done, 1 refused or partly refused, 2 wrong usage."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from crm import danish, migrations
from crm.access import queries as users
from crm.choices.queries import current
from crm.errors import Refused
from crm.goals.figures import same_figure
from crm.goals.queries import Progress, progress
from crm.settings import Settings
from scripts.command import Json, now, opened, refusals, report
from scripts.people import panel_app, token_app, user_app
from scripts.taking_in import import_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Én indgang: one person to call.")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.add_typer(import_app, name="import")
app.add_typer(panel_app, name="panel")

out = Console(highlight=False, soft_wrap=True)


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
