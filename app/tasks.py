"""The worker: what goes on after a submission was received, in a process of its own.

It looks at the queue, works it off, keeps the index of answers, chains the ledger, which queues what webhooks are to be
told, deletes the files nobody refers to any more, and looks again. What it was doing when it was stopped or killed is
simply done again: everything is one transaction, and the queue is the table itself. Beside that it checks the forms that
designers upload, has ODK Validate look at them, makes saved downloads and sends what webhooks are told.
"""

import threading
import time
from collections.abc import Callable

import structlog
from obstore.exceptions import BaseError
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import ledger
from app.blobs import BlobStore
from app.db import writing
from app.keys import Keyring
from app.log import describe
from app.models import LedgerEntry
from app.services import (
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


def work(
    engine: Engine, *, keyring: Keyring, blobs: BlobStore, stop: threading.Event, idle: float = IDLE
) -> None:
    """Work until `stop` is set. A batch that was begun is finished."""
    _log.info("worker started", database=engine.dialect.name)
    pause = idle
    while not stop.is_set():
        try:
            busy = run_once(engine, keyring=keyring, blobs=blobs) or bool(disposal.sweep(engine, blobs))
            pause = idle
        except (DBAPIError, BaseError, OSError) as error:
            # Away or restarting; everything that was not committed is still in the queue.
            _log.error("the database or the blob store does not answer", exception=describe(error))
            busy, pause = False, min(pause * 2, TROUBLE)
        if not busy:
            stop.wait(pause)
    _log.info("worker stopped")


def check_forms(engine: Engine, *, stop: threading.Event, idle: float = IDLE) -> None:
    """Check what designers upload until `stop` is set: beside `work`, so that neither waits for the other."""
    swept = 0.0

    def once() -> bool:
        nonlocal swept
        if checking.check_next(engine):
            return True
        if time.monotonic() - swept > SWEEP:
            uploads.sweep(engine)
            swept = time.monotonic()
        return False

    _keep_on(once, stop=stop, idle=idle)


def validate_forms(engine: Engine, *, stop: threading.Event, idle: float = IDLE) -> None:
    """Have ODK Validate look at new versions until `stop` is set: beside the checks, which do not wait for it."""
    _keep_on(lambda: validating.validate_next(engine), stop=stop, idle=idle)


def pack_answers(engine: Engine, *, keyring: Keyring, stop: threading.Event, idle: float = IDLE) -> None:
    """Keep answers that were read in pages, for downloads, until `stop` is set: beside the queue, which does not wait
    for it."""
    _keep_on(lambda: packing.pack_next(engine, keyring=keyring), stop=stop, idle=idle)


def make_downloads(
    engine: Engine, *, keyring: Keyring, blobs: BlobStore, stop: threading.Event, idle: float = LULL
) -> None:
    """Make downloads that are saved or asked for until `stop` is set: beside `work`, which waits for no long one."""
    swept = 0.0

    def once() -> bool:
        nonlocal swept
        making.ask_for_due(engine)
        if making.make_next(engine, keyring=keyring, blobs=blobs):
            return True
        if time.monotonic() - swept > SWEEP:
            making.sweep(engine)
            swept = time.monotonic()
        return False

    _keep_on(once, stop=stop, idle=idle)


def tell_webhooks(
    engine: Engine, *, keyring: Keyring, private: bool, stop: threading.Event, idle: float = LULL
) -> None:
    """Send what webhooks are to be told until `stop` is set: beside `work`, which waits for no other system."""
    swept = 0.0

    def once() -> bool:
        nonlocal swept
        if telling.tell_next(engine, keyring=keyring, private=private):
            return True
        if time.monotonic() - swept > SWEEP:
            telling.sweep(engine)
            swept = time.monotonic()
        return False

    _keep_on(once, stop=stop, idle=idle)


def _keep_on(once: Callable[[], bool], *, stop: threading.Event, idle: float) -> None:
    """Do something again and again, and look at longer intervals while there is nothing to do or the database is
    away."""
    pause = idle
    while not stop.is_set():
        try:
            pause = 0.0 if once() else min(max(pause, idle) * 2, LULL)
        except (DBAPIError, OSError) as error:
            _log.error("the database does not answer", exception=describe(error))
            pause = min(max(pause, idle) * 2, TROUBLE)
        if pause:
            stop.wait(pause)


def run_once(engine: Engine, *, keyring: Keyring, blobs: BlobStore) -> bool:
    """One look at the queue, one at entities that wait, one at cases that may be alike, one at the index of answers,
    and one at the ledger. Whether there was anything to do."""
    batch = normalise.run_batch(engine, keyring=keyring, blobs=blobs, limit=BATCH)
    if batch.claimed:
        _log.info("normalised", count=batch.claimed)
    taken_up = entity_actions.take_up(engine, keyring)
    # What phones sent goes first: cases are compared, and answers indexed, once the queue is short.
    compared = twins.search(engine, keyring) if batch.claimed < BATCH else 0
    indexed = indexing.take_up(engine, keyring=keyring) if batch.claimed < BATCH else 0
    return bool(chain(engine) or batch.claimed or taken_up or compared or indexed)


def chain(engine: Engine) -> int:
    """Chain a batch of the ledger. Looks before it writes, so that an idle worker takes no lock."""
    with Session(engine) as session:
        if session.scalar(select(LedgerEntry.id).where(LedgerEntry.position.is_(None)).limit(1)) is None:
            return 0
        with writing(session):
            return ledger.chain(session, limit=CHAIN, each=lambda rows: webhooks.note(session, rows))
