"""Taking files in, and taking them back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from crm import danish
from crm.errors import CrmError
from importers import commands as imports
from importers.receipt import Receipt, sayable
from scripts.command import Json, fail, holding, now, opened, refusals, report

import_app = typer.Typer(no_args_is_help=True, help="Take files in, and take them back.")
DryRun = Annotated[bool, typer.Option("--dry-run", help="Try everything, keep nothing.")]
Files = Annotated[list[Path], typer.Argument(help="Files to take in, each in one transaction.")]


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
