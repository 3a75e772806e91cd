"""The command line on the test's own database."""

import click
import pytest
from click.testing import CliRunner

from app.cli import main


@pytest.fixture
def saif(config, monkeypatch):
    """Run `saif ARGUMENTS`; returns its standard output. `fails=True` expects exit status 1 and returns the message;
    `stderr=True` what was said besides."""
    monkeypatch.setenv("SAIF_HOME", str(config.home))
    monkeypatch.setenv("SAIF_KEYS", str(config.keys))
    monkeypatch.setenv("DATABASE_URL", config.database_url.render_as_string(hide_password=False))

    def run(*arguments, stdin=None, fails=False, stderr=False):
        done = CliRunner().invoke(main, [str(one) for one in arguments], input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert (done.exit_code != 0) == fails, done.output
        return done.stderr if fails or stderr else done.stdout

    return run


def every_command(command=main, path=()):
    """(path, command) of every command that does something."""
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from every_command(command.commands[name], (*path, name))
    else:
        yield path, command
