"""The worker's batch: from what phones sent to the case store.

The submission table is the queue. A batch is claimed, unsealed, read and said in the dictionary's words; then
it is settled into the cases. On PostgreSQL all of it is one transaction, with the claimed rows locked so that
another worker takes others. On SQLite, which has one writer, everything but the writing happens outside the
write lock, and the writing in small pieces, so that phones that are sending wait a moment only.

No submission holds up the others: one that cannot be read or settled is marked and left for a replay.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import structlog
from sqlalchemy import Connection, Engine, Row, Table, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from app import ledger
from app.blobs import BlobStore
from app.db import connect_to_write
from app.keys import Keyring
from app.log import describe
from app.models import Submission
from app.services import decryption, entity_actions, packing, placing, plans, settling, unopened
from app.services.decryption import Opened
from app.services.desk import Reading
from app.services.settling import Prepared, Settled
from submissions import envelope, record
from submissions import normalise as interview
from submissions.entities import CASES
from xlsforms import dictionary
from xlsforms.finding import Finding

_TABLE = cast("Table", Submission.__table__)
_SEALED = (
    "id", "mission_id", "xml_form_id", "form_version", "instance_id", "findings", "xml", "plain",
)  # fmt: skip
# NO KEY: a phone may add a file to a submission while it is being read.
_CLAIM = (
    select(*(_TABLE.c[name] for name in _SEALED))
    .order_by(_TABLE.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, key_share=True)
)
_LATE = _CLAIM.where(_TABLE.c.id.in_(decryption.arrived()))
_RECEIVED = _CLAIM.where(_TABLE.c.state == "received")
WORKER = "worker"
"""Who did it, in the ledger."""
PIECE = 25
"""Submissions settled in one transaction on SQLite: some 30 ms of writing in which no phone can be
answered."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch. `claimed` 0: the queue is empty."""

    claimed: int = 0
    normalised: int = 0
    waiting: int = 0
    failed: int = 0

    def __add__(self, other: "Batch") -> "Batch":
        return Batch(
            self.claimed + other.claimed,
            self.normalised + other.normalised,
            self.waiting + other.waiting,
            self.failed + other.failed,
        )


# --- the queue ----------------------------------------------------------------------------------------------


def run_batch(engine: Engine, *, keyring: Keyring, blobs: BlobStore, limit: int = 100) -> Batch:
    """Take up to `limit` submissions from the queue, the oldest first, and settle them."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            claimed = _claim(connection, limit)
            readings = [read(connection, row, keyring=keyring, blobs=blobs) for row in claimed]
            return _settle(connection, readings, keyring)
    with engine.connect() as connection:
        claimed = _claim(connection, limit)
        readings = [read(connection, row, keyring=keyring, blobs=blobs) for row in claimed]
    total = Batch()
    for start in range(0, len(readings), PIECE):
        piece = readings[start : start + PIECE]
        prepared = _prepare(engine, piece, keyring)
        with connect_to_write(engine) as connection:
            if prepared is not None and prepared.stamp != settling.stamp(connection):
                prepared, piece = None, _queued(connection, piece)
            total += _settle(connection, piece, keyring, prepared)
    # What another worker took meanwhile was claimed here too: the queue was not empty.
    return replace(total, claimed=len(readings))


def run_until_empty(engine: Engine, *, keyring: Keyring, blobs: BlobStore, limit: int = 100) -> Batch:
    """Batches until one is not full: then the queue was empty."""
    total = batch = run_batch(engine, keyring=keyring, blobs=blobs, limit=limit)
    while batch.claimed == limit:
        batch = run_batch(engine, keyring=keyring, blobs=blobs, limit=limit)
        total += batch
    return total


def queued(session: Session | Connection) -> int:
    """How many submissions the worker has not looked at."""
    return session.scalar(select(func.count()).where(_TABLE.c.state == "received")) or 0


def requeue(session: Session | Connection, *, xml_form_id: str, version: str) -> int:
    """Put back into the queue what waits for a form version that is there now. Returns how many."""
    done: Any = session.execute(
        update(_TABLE)
        .where(
            _TABLE.c.state == "waiting",
            _TABLE.c.version_id.is_(None),
            _TABLE.c.xml_form_id == xml_form_id,
            _TABLE.c.form_version == version,
        )
        .values(state="received")
    )
    return int(done.rowcount)


def _claim(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    late = connection.execute(_LATE, {"limit": limit}).all()
    return [*late, *connection.execute(_RECEIVED, {"limit": limit - len(late)})]


def _queued(connection: Connection, readings: Sequence[Reading]) -> list[Reading]:
    """Those another worker has not settled meanwhile."""
    ids = [reading.id for reading in readings]
    mine = select(_TABLE.c.id).where(_TABLE.c.id.in_(ids))
    queued = or_(_TABLE.c.state == "received", _TABLE.c.id.in_(decryption.arrived()))
    still = set(connection.scalars(mine.where(queued)))
    return [reading for reading in readings if reading.id in still]


# --- reading ------------------------------------------------------------------------------------------------


def load_sealed(connection: Connection, ids: Collection[uuid.UUID]) -> Sequence[Row[Any]]:
    """Submissions as `read` takes them."""
    statement = select(*(_TABLE.c[name] for name in _SEALED)).where(_TABLE.c.id.in_(ids))
    return connection.execute(statement.order_by(_TABLE.c.id)).all()


def read(connection: Connection, row: Row[Any], *, keyring: Keyring, blobs: BlobStore) -> Reading:
    """Unseal one submission and say it in the dictionary's words. Whatever goes wrong becomes its state."""
    version: uuid.UUID | None = None
    opened: Opened | None = None
    try:
        plan = plans.find(
            connection, mission_id=row.mission_id, form_id=row.xml_form_id, version=row.form_version
        )
        if plan is None:
            return _unread(row, placing.unknown_version(), "waiting")
        version = plan.version_id
        xml = keyring.open(row.xml, f"submission:{row.id}")
        if b"encrypted" in xml and envelope.read(xml, max_bytes=len(xml)).encrypted:
            if plan.form.encrypted:
                return _unread(row, unopened.designers_key(), "opaque", version)
            opened = decryption.open_submission(connection, row, xml, keyring=keyring, blobs=blobs)
            if opened.xml is None:
                return Reading(row.id, row.mission_id, None, opened.findings, version, "waiting", opened)
            xml = opened.xml
        answers = record.read(xml, plan.form)
        intake = interview.normalise(
            answers, plan.mapping, dictionary.load(), form=plan.form, submission=row.instance_id
        )
        # The ids of the row are those the receiver made sure of; a rendition has a version string of its own.
        intake = replace(intake, instance_id=row.instance_id, form_version=plan.form.version)
    except Exception as error:  # noqa: BLE001 -- no submission may hold up the queue, whatever it holds
        _log.error("a submission could not be read", submission_id=str(row.id), exception=describe(error))
        return _unread(row, placing.unreadable(), "failed", version)
    # As on the phone, an edit does nothing anew to entities.
    acts = () if answers.deprecated_id else tuple(one for one in answers.entities if one.list_name != CASES)
    findings = (*(opened.findings if opened else ()), *plan.findings, *intake.findings)
    return Reading(row.id, row.mission_id, intake, findings, plan.version_id, opened=opened, actions=acts)


def _unread(row: Row[Any], finding: Finding, state: str, version: uuid.UUID | None = None) -> Reading:
    return Reading(row.id, row.mission_id, None, (finding,), version, state)


# --- settling -----------------------------------------------------------------------------------------------


def settle_safely(
    connection: Connection,
    readings: Sequence[Reading],
    *,
    keyring: Keyring,
    prepared: Prepared | None = None,
) -> list[Settled]:
    """Settle readings together; if that fails, one by one, so that only the one at fault is marked failed."""
    if not readings:
        return []
    try:
        with connection.begin_nested():
            if prepared is not None:
                done = settling.write(connection, prepared, keyring=keyring)
            else:
                done = settling.settle(connection, keyring=keyring, readings=readings)
            for reading in readings:
                _act(connection, reading, keyring)
            return [done]
    except Exception as error:  # noqa: BLE001 -- as above
        _log.error("a batch could not be settled", count=len(readings), exception=describe(error))
    if len(readings) > 1:
        return [
            done for reading in readings for done in settle_safely(connection, [reading], keyring=keyring)
        ]
    failed = Reading(readings[0].id, readings[0].mission_id, None, (placing.unfolded(),), None, "failed")
    return [settling.settle(connection, keyring=keyring, readings=[failed])]


def _act(connection: Connection, reading: Reading, keyring: Keyring) -> None:
    """What a submission does to entity lists, once it is read: whatever case it is in, or waits for."""
    if reading.actions and reading.version_id is not None:
        form = plans.get(connection, reading.version_id).form
        entity_actions.act(connection, keyring, submission_id=reading.id, form=form, actions=reading.actions)


def _prepare(engine: Engine, readings: Sequence[Reading], keyring: Keyring) -> Prepared | None:
    """The settling of a piece, made ready without keeping anybody waiting; None if it fails, to find out why
    later."""
    try:
        with engine.connect() as connection:
            return settling.prepare(connection, keyring=keyring, readings=readings)
    except Exception as error:  # noqa: BLE001 -- as above
        _log.error("a batch could not be prepared", count=len(readings), exception=describe(error))
        return None


def _settle(
    connection: Connection,
    readings: Sequence[Reading],
    keyring: Keyring,
    prepared: Prepared | None = None,
) -> Batch:
    states: dict[uuid.UUID, str] = {}
    for done in settle_safely(connection, readings, keyring=keyring, prepared=prepared):
        states |= done.states
    packing.queue(connection, [reading.id for reading in readings], anew=True)
    ledger.write_many(
        connection,
        [
            ledger.entry(
                actor=WORKER,
                action="submission.normalise",
                mission_id=reading.mission_id,
                object=f"submission:{reading.id}",
                detail={"state": states[reading.id]},
            )
            for reading in readings
        ],
    )
    counts = Counter(states[reading.id] for reading in readings)
    return Batch(
        len(readings),
        counts["normalised"] + counts["superseded"],
        counts["waiting"] + counts["opaque"] + counts["deleted"],
        counts["failed"],
    )
