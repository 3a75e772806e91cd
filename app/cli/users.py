"""`saif user`: people who sign in."""

import sys

import click

from app.cli.frame import Commands, mission_of, opened, person_of, table
from app.db import writing
from app.policy import COMMAND
from app.policy.permissions import ROLES
from app.services import missions, users

group = Commands("user", help="People who sign in, and what they may do.")

_role = click.argument("role", type=click.Choice(list(ROLES)))
_where = click.option("--mission", "code", metavar="CODE", help="In this mission only; without it, in all.")
_password = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of making one."
)


@group.command()
@click.argument("email")
@click.option("--name", default="", help="What they are called; default: the email address.")
@click.option(
    "--role", "roles", type=click.Choice(list(ROLES)), multiple=True, help="Role to give; repeatable."
)
@_where
@click.option("--locale", type=click.Choice(users.LOCALES), default="en", show_default=True)
@_password
def add(
    email: str, name: str, roles: tuple[str, ...], code: str | None, locale: str, password_stdin: bool
) -> None:
    """Add a person; prints the password that was made for them, once.

    \b
    Example:
      saif user add ana@example.org --name "Ana" --role coordinator --mission MDCHI
    """
    password = _read_password() if password_stdin else None
    with opened() as (_, session), writing(session):
        mission_id = mission_of(session, code).id if code else None
        user, made = users.create(
            session, actor=COMMAND, email=email, display_name=name, password=password, locale=locale
        )
        for role in roles:
            users.grant(session, actor=COMMAND, user=user, role=role, mission_id=mission_id)
    if password is None:
        click.echo(made)


@group.command("list")
def list_users() -> None:
    """List people and their roles.

    \b
    Example:
      saif user list
    """
    with opened() as (_, session):
        codes = {mission.id: mission.code for mission in missions.listing(session, COMMAND)}
        rows: list[tuple[object, ...]] = [("EMAIL", "NAME", "ACTIVE", "ROLES")]
        for line in users.listing(session):
            roles = [
                f"{held.role}@{codes[held.mission_id] if held.mission_id else '*'}" for held in line.grants
            ]
            active = "yes" if line.user.active else "no"
            rows.append((line.user.email, line.user.display_name, active, " ".join(roles)))
    table(*rows)


@group.command()
@click.argument("email")
@_role
@_where
def grant(email: str, role: str, code: str | None) -> None:
    """Give somebody a role, in one mission or in all.

    \b
    Example:
      saif user grant ana@example.org coordinator --mission MDCHI
    """
    with opened() as (_, session), writing(session):
        mission_id = mission_of(session, code).id if code else None
        users.grant(session, actor=COMMAND, user=person_of(session, email), role=role, mission_id=mission_id)


@group.command()
@click.argument("email")
@_role
@_where
def withdraw(email: str, role: str, code: str | None) -> None:
    """Take a role from somebody.

    \b
    Example:
      saif user withdraw ana@example.org coordinator --mission MDCHI
    """
    with opened() as (_, session), writing(session):
        mission_id = mission_of(session, code).id if code else None
        users.withdraw(
            session, actor=COMMAND, user=person_of(session, email), role=role, mission_id=mission_id
        )


@group.command("password")
@click.argument("email")
@_password
def set_password(email: str, password_stdin: bool) -> None:
    """Set somebody's password and end their sessions; prints the one that was made.

    \b
    Example:
      saif user password ana@example.org
    """
    given = _read_password() if password_stdin else None
    with opened() as (_, session), writing(session):
        made = users.set_password(session, actor=COMMAND, user=person_of(session, email), password=given)
    if given is None:
        click.echo(made)


@group.command()
@click.argument("email")
@click.option("--again", is_flag=True, help="Let them in again.")
def shut(email: str, again: bool) -> None:
    """Shut somebody out at once, or let them in again.

    \b
    Example:
      saif user shut ana@example.org
    """
    with opened() as (_, session), writing(session):
        users.set_active(session, actor=COMMAND, user=person_of(session, email), active=again)


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")
