"""What keeps running: `saif serve`, `saif worker`; and what runs before: `saif db upgrade`."""

import click

from app.cli.frame import Commands, settings

db = Commands("db", help="The database.")


@db.command()
def upgrade() -> None:
    """Bring the database to the newest migration. Run it before starting a new release.

    \b
    Example:
      DATABASE_URL=postgresql://saif@db/saif saif db upgrade
    """
    from app import first_run

    first_run.upgrade(settings())


@click.command()
def worker() -> None:
    """Normalise what phones sent, check uploaded forms, make downloads, until told to stop. Any number may run.

    \b
    Example:
      saif worker
    """
    from app import tasks

    tasks.run(settings())


@click.command()
def serve() -> None:
    """Run everything on this machine: migrations, first run, two web processes and a worker. Ctrl-C stops
    all.

    \b
    Example:
      PORT=8080 SAIF_HOME=/srv/saif saif serve
    """
    from app import serve as server

    raise SystemExit(server.serve(settings()))
