"""`saif keys`: the keyring."""

import click

from app import keys, ledger
from app.cli.frame import Commands, opened, settings, table
from app.db import writing
from app.keys import Keyring
from app.policy import COMMAND

group = Commands("keys", help="The keyring: what seals, and what opens.")


@group.command()
def generate() -> None:
    """Make a keyring where there is none.

    \b
    Example:
      SAIF_KEYS=/etc/saif/keys saif keys generate
    """
    config = settings()
    keyring = keys.generate(config.keys)
    click.echo(f"{config.keys}: key {keyring.current}. Back up private.json apart from the database.")


@group.command()
def show() -> None:
    """Say which key seals now and whether this machine can open; never the keys themselves.

    \b
    Example:
      saif keys show
    """
    config = settings()
    keyring = Keyring.load(config.keys)
    table(
        ("DIRECTORY", "SEALS WITH", "CAN OPEN"),
        (config.keys, keyring.current, "yes" if keyring.can_open else "no"),
    )


@group.command()
def rotate() -> None:
    """Make new keys and seal with them from now on; the old ones stay, to open what they sealed.

    Restart every process after it, and copy public.json to the machines that only receive.

    \b
    Example:
      saif keys rotate
    """
    with opened() as (state, session):
        keyring = keys.rotate(state.config.keys)
        with writing(session):
            ledger.write(session, actor=COMMAND.ref, action="key.rotate", object=f"key:{keyring.current}")
    click.echo(f"Now sealing with {keyring.current}. Restart every process.")
