"""What keeps running: `saif serve`, `saif worker`; and what runs before: `saif db upgrade`."""

import signal
import threading

import click

from app.cli.frame import Commands, opened, settings

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
    from app import log
    from app.tasks import jobs, keep_on, work

    log.configure()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with opened() as (state, session):
        session.close()
        private = state.config.webhooks_private
        for job in jobs(state.engine, keyring=state.keyring, blobs=state.blobs, private=private):
            # Nobody waits for one under way when it is time to stop: the next worker begins it again.
            threading.Thread(target=keep_on, args=(job,), kwargs={"stop": stop}, daemon=True).start()
        work(state.engine, keyring=state.keyring, blobs=state.blobs, stop=stop)


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
