"""What all commands share: settings, a session, and errors said in one line instead of a traceback."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from app import problems
from app.config import Config, ConfigError
from app.keys import KeyringError
from app.models import Mission, User
from app.problems import Problem
from app.services import missions, users
from app.state import State, open_state
from xlsforms.finding import Finding


class Commands(click.Group):
    """A group of commands whose expected errors are messages."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; what it cannot do is one line on standard error and the exit status 1."""
        try:
            return super().invoke(context)
        except Problem as problem:
            raise click.ClickException(problem.message) from None
        except (ConfigError, KeyringError) as error:
            raise click.ClickException(str(error)) from None
        except (OperationalError, ProgrammingError):
            # The driver's own words may repeat a value.
            raise click.ClickException(
                "The database does not answer, or its tables are not up to date. Try: saif db upgrade"
            ) from None


def settings() -> Config:
    """The settings of the environment. Raises ConfigError."""
    return Config.from_environ(os.environ)


@contextmanager
def opened() -> Iterator[tuple[State, Session]]:
    """What the settings name, with a session."""
    state = open_state(settings())
    try:
        with Session(state.engine) as session:
            yield state, session
    finally:
        state.engine.dispose()


def mission_of(session: Session, code: str) -> Mission:
    """The mission with this code. Raises the Problem `not_found`."""
    mission = missions.find(session, code)
    if mission is None:
        raise problems.not_found("mission")
    return mission


def person_of(session: Session, email: str) -> User:
    """The person with this email address. Raises the Problem `not_found`."""
    user = users.find(session, email)
    if user is None:
        raise problems.not_found("person")
    return user


def base_url(config: Config) -> str:
    """Where the office and phones find this server."""
    return config.url or f"http://127.0.0.1:{config.port}"


def table(*rows: tuple[object, ...]) -> None:
    """Print rows in columns, the first one being their names."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[number]) for row in texts) for number in range(len(texts[0]))]
    for row in texts:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(findings: Iterable[Finding]) -> None:
    """Print findings on standard error, one a line."""
    for one in findings:
        place = f" ({one.where})" if one.where else ""
        click.echo(f"{one.severity}: {one.message}{place} {one.mend}".rstrip(), err=True)


mission_option = click.option("--mission", "code", required=True, metavar="CODE", help="Code of the mission.")
