"""The worker: what goes on after a submission was received, in a process of its own.

It looks whether anything waits, works the queue off, keeps the index of answers, chains the ledger, which queues what
webhooks are to be told, deletes the files nobody refers to any more, and looks again. What it was doing when it was
stopped or killed is simply done again: everything is one transaction, and the queue is the table itself. Beside that it
checks the forms that designers upload, has ODK Validate look at them, makes downloads that are saved or asked for and
sends what webhooks are told.
"""

import gc
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from obstore.exceptions import BaseError
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import ledger, log
from app.blobs import BlobStore
from app.config import Config
from app.db import writing
from app.keys import Keyring
from app.log import describe
from app.models import LedgerEntry
from app.services import (
    agenda,
    checking,
    disposal,
    entity_actions,
    indexing,
    making,
    normalise,
    packing,
    telling,
    twins,
    uploads,
    validating,
    webhooks,
)
from app.state import open_state

IDLE = 0.2
"""Seconds between two looks at an empty queue."""
LULL = 1.0
"""Longest wait, in seconds, between two looks for forms to check: they come now and then."""
TROUBLE = 30.0
"""Longest wait, in seconds, while the database or the blob store does not answer."""
CHECKS = 2
"""Uploads of forms that one worker checks at the same time."""
DOWNLOADS = 2
"""Downloads that one worker makes at the same time: a short one does not wait for a long one."""
SWEEP = 600.0
"""Seconds between two looks for uploads that are long past."""
BATCH = 100
"""Submissions taken from the queue at once."""
CHAIN = 1000
"""Rows of the ledger chained in one transaction."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """Something the worker does beside the queue, in a thread of its own, so that neither waits for the other."""

    once: Callable[[], bool]
    """Do what has waited longest. Whether there was anything."""
    sweep: Callable[[], object] | None = None
    """Let go of what is long past; every now and then, while there is nothing else to do."""


def run(config: Config) -> None:
    """The worker process, until SIGINT or SIGTERM. Raises KeyringError."""
    log.configure()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    state = open_state(config)
    gc.freeze()
    # As Python has it, now that the start is over: rarer, it takes half as much memory again.
    gc.set_threshold(700, 10, 10)
    private = config.webhooks_private
    for job in jobs(state.engine, keyring=state.keyring, blobs=state.blobs, private=private):
        # Nobody waits for one under way when it is time to stop: the next worker begins it again.
        threading.Thread(target=keep_on, args=(job,), kwargs={"stop": stop}, daemon=True).start()
    work(state.engine, keyring=state.keyring, blobs=state.blobs, stop=stop)
    state.engine.dispose()


def jobs(engine: Engine, *, keyring: Keyring, blobs: BlobStore, private: bool) -> list[Job]:
    """All that goes on beside the queue. `private`: webhooks may lead into the own network."""

    def make() -> bool:
        making.ask_for_due(engine)
        return making.make_next(engine, keyring=keyring, blobs=blobs)

    return [
        *[checks(engine)] * CHECKS,
        Job(partial(validating.validate_next, engine)),
        Job(partial(packing.pack_next, engine, keyring=keyring)),
        *[Job(make, partial(making.sweep, engine))] * DOWNLOADS,
        Job(
            partial(telling.tell_next, engine, keyring=keyring, private=private),
            partial(telling.sweep, engine),
        ),
    ]


def checks(engine: Engine) -> Job:
    """Checking what designers upload."""
    return Job(partial(checking.check_next, engine), partial(uploads.sweep, engine))


def keep_on(job: Job, *, stop: threading.Event, idle: float = IDLE, lull: float = LULL) -> None:
    """Do a job again and again until `stop` is set; look at longer intervals while there is nothing to do, up to `lull`
    seconds, or the database is away, up to `TROUBLE`."""
    pause, swept = idle, -SWEEP
    while not stop.is_set():
        try:
            busy = job.once()
            if not busy and job.sweep is not None and time.monotonic() - swept > SWEEP:
                job.sweep()
                swept = time.monotonic()
            pause = 0.0 if busy else min(max(pause, idle) * 2, lull)
        except (DBAPIError, BaseError, OSError) as error:
            # Away or restarting; everything that was not committed is still in its queue.
            _log.error("the database or the blob store does not answer", exception=describe(error))
            pause = min(max(pause, idle) * 2, TROUBLE)
        if pause:
            stop.wait(pause)


def work(
    engine: Engine, *, keyring: Keyring, blobs: BlobStore, stop: threading.Event, idle: float = IDLE
) -> None:
    """Work the queue off until `stop` is set. A batch that was begun is finished."""
    _log.info("worker started", database=engine.dialect.name)
    queue = Job(partial(run_once, engine, keyring=keyring, blobs=blobs))
    keep_on(
        queue, stop=stop, idle=idle, lull=idle
    )  # a phone's interview waits no longer however quiet it was
    _log.info("worker stopped")


def run_once(engine: Engine, *, keyring: Keyring, blobs: BlobStore) -> bool:
    """One look at the queue, one at entities that wait, one at cases that may be alike, one at the index of answers,
    one at the ledger and one at files nobody refers to. Whether there was anything to do."""
    if not agenda.anything(engine):
        return False
    batch = normalise.run_batch(engine, keyring=keyring, blobs=blobs, limit=BATCH)
    if batch.claimed:
        _log.info("normalised", count=batch.claimed)
    taken_up = entity_actions.take_up(engine, keyring)
    # What phones sent goes first: cases are compared, and answers indexed, once the queue is short.
    compared = twins.search(engine, keyring) if batch.claimed < BATCH else 0
    indexed = indexing.take_up(engine, keyring=keyring) if batch.claimed < BATCH else 0
    done = (batch.claimed, taken_up, compared, indexed, chain(engine))
    return any(done) or bool(disposal.sweep(engine, blobs))


def chain(engine: Engine) -> int:
    """Chain a batch of the ledger. Looks before it writes, so that an idle worker takes no lock."""
    with Session(engine) as session:
        if session.scalar(select(LedgerEntry.id).where(LedgerEntry.position.is_(None)).limit(1)) is None:
            return 0
        with writing(session):
            return ledger.chain(session, limit=CHAIN, each=lambda rows: webhooks.note(session, rows))
