"""`saif mission`: country offices, their interviewers."""

import click

from app.cli.frame import Commands, mission_of, mission_option, opened, table
from app.db import writing
from app.policy import COMMAND
from app.services import missions

group = Commands("mission", help="Missions, their interviewers and groups of devices.")


@group.command()
@click.argument("code")
@click.option("--name", required=True, help="What people call it.")
@click.option("--country", required=True, help="ISO 3166-1 alpha-2.")
@click.option("--time-zone", default="UTC", show_default=True, help="IANA name; decides what 'today' means.")
@click.option("--demo", is_flag=True, help="Holds fiction only.")
def add(code: str, name: str, country: str, time_zone: str, demo: bool) -> None:
    """Open a mission; its code is the UN/LOCODE without the blank. Prints its id.

    \b
    Example:
      saif mission add MDCHI --name "Moldova" --country MD --time-zone Europe/Chisinau
    """
    with opened() as (_, session), writing(session):
        mission = missions.create(
            session, actor=COMMAND, code=code, name=name, country=country, time_zone=time_zone, demo=demo
        )
        click.echo(mission.id)


@group.command("list")
def list_missions() -> None:
    """List missions.

    \b
    Example:
      saif mission list
    """
    with opened() as (_, session):
        rows: list[tuple[object, ...]] = [("ID", "CODE", "NAME", "COUNTRY", "TIME ZONE", "STATE")]
        for one in missions.listing(session, COMMAND):
            state = "archived" if one.archived_at else "demo" if one.demo else "open"
            rows.append((one.id, one.code, one.name, one.country, one.time_zone, state))
    table(*rows)


@group.command()
@click.argument("code")
@click.option("--name", help="What people call it.")
@click.option("--time-zone", help="IANA name; decides what 'today' means.")
@click.option(
    "--log-places/--no-log-places",
    default=None,
    help="Whether the logs phones keep of interviews may tell where they were, for forms that ask for it.",
)
def update(code: str, name: str | None, time_zone: str | None, log_places: bool | None) -> None:
    """Change a mission. What is not named stays as it is.

    \b
    Example:
      saif mission update MDCHI --time-zone Europe/Chisinau --no-log-places
    """
    with opened() as (_, session), writing(session):
        missions.update(
            session,
            actor=COMMAND,
            mission=mission_of(session, code),
            name=name,
            time_zone=time_zone,
            log_places=log_places,
        )


@group.command()
@click.argument("code")
@click.option("--again", is_flag=True, help="Open it again.")
def archive(code: str, again: bool) -> None:
    """Let a mission take nothing in any more, or open it again.

    \b
    Example:
      saif mission archive MDCHI
    """
    with opened() as (_, session), writing(session):
        missions.archive(session, actor=COMMAND, mission=mission_of(session, code), archived=not again)


@group.command()
@click.argument("interviewer")
@mission_option
@click.option("--name", required=True, help="Shown in the office only.")
def interviewer(interviewer: str, code: str, name: str) -> None:
    """Name somebody who interviews, by the code they write into forms.

    \b
    Example:
      saif mission interviewer MD-07 --mission MDCHI --name "Ana"
    """
    with opened() as (_, session), writing(session):
        missions.add_interviewer(
            session,
            actor=COMMAND,
            mission_id=mission_of(session, code).id,
            code=interviewer,
            display_name=name,
        )
