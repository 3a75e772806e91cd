"""Commands about what phones sent: replay, export, demo, and the ledger."""

import shutil
from pathlib import Path
from uuid import UUID

import click

from app import ledger as entries
from app.cli.frame import Commands, mission_of, mission_option, opened
from app.policy import COMMAND
from app.services import demo as fiction

ledger = Commands("ledger", help="The ledger: who did what.")


@ledger.command()
def verify() -> None:
    """Recompute the chain of the ledger from its beginning; exit status 1 if it is broken.

    \b
    Example:
      saif ledger verify
    """
    with opened() as (_, session):
        verdict = entries.verify(session)
    click.echo(f"{verdict.chained} entries in the chain, {verdict.unchained} waiting for the worker")
    if not verdict.ok:
        raise click.ClickException(f"The chain is broken at entry {verdict.broken_at}.")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Everything there is.")
@click.option("--mission", "code", metavar="CODE", help="Everything of a mission.")
@click.option("--case", "case_id", type=click.UUID, help="One case.")
@click.option(
    "--submission", "instance_id", metavar="INSTANCE_ID", help="One submission and the case it is about."
)
def replay(everything: bool, code: str | None, case_id: UUID | None, instance_id: str | None) -> None:
    """Read submissions again and fold their cases anew; changes nothing if nothing changed.

    For after a mended form, mapping or dictionary.

    \b
    Example:
      saif replay --mission MDCHI
    """
    if sum(map(bool, (everything, code, case_id, instance_id))) != 1:
        raise click.UsageError("Say what to replay: one of --all, --mission, --case, --submission.")
    from app.services import replay as service

    with opened() as (state, session):
        mission_id = mission_of(session, code).id if code else None
        session.rollback()
        done = service.replay(
            state.engine,
            keyring=state.keyring,
            blobs=state.blobs,
            actor=COMMAND,
            mission_id=mission_id,
            case_id=case_id,
            instance_id=instance_id,
        )
    click.echo(f"{done.submissions} submissions, {done.cases} cases, {done.rows_changed} rows changed")


@click.command()
@click.argument("form_id")
@mission_option
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The .zip to write."
)
@click.option("--no-identifiers", is_flag=True, help="Leave out identifiers and free text (class P3).")
@click.option("--no-attachments", is_flag=True, help="Leave out the files sent with the answers.")
@click.option("--reason", help="Why; kept in the ledger.")
def export(
    form_id: str, code: str, to: Path, no_identifiers: bool, no_attachments: bool, reason: str | None
) -> None:
    """Write the submissions of a form as CSV tables in a ZIP, as ODK Central does.

    \b
    Example:
      saif export ct_screening --mission MDCHI --to screening.zip --reason "Monthly report"
    """
    from app.services.export import Filters
    from app.services.wanted import Wanted

    filters = Filters(identifiers=not no_identifiers, attachments=not no_attachments)
    with opened() as (state, session):
        prepared = Wanted("csv", form_id, filters).prepare(
            session,
            keyring=state.keyring,
            blobs=state.blobs,
            actor=COMMAND,
            mission_id=mission_of(session, code).id,
            reason=reason,
        )
        unfinished = to.with_name(f"{to.name}.part")
        unfinished.touch(mode=0o600)
        with unfinished.open("wb") as file:
            file.writelines(prepared.begin().chunks)
        shutil.move(unfinished, to)
    click.echo(to)


@click.command()
@click.option("--mission", "code", default="DEMO1", show_default=True, help="A demo mission.")
def demo(code: str) -> None:
    """Fill the demo mission with fictional interviews, as if a phone had sent them; once.

    \b
    Example:
      saif demo
    """
    with opened() as (state, session):
        mission = mission_of(session, code)
        filled = fiction.fill(session, inbox=state.inbox, mission=mission, actor=COMMAND)
    click.echo(f"{filled} interviews came in" if filled else "The demo interviews are here already")
