"""Settling: versions into submissions, submissions into cases, cases into their tables.

Everything that changes what a case is comes through here: the worker with what it has read, a replay, a
decision. One at a time settles, so no case is ever folded from two different pasts: on PostgreSQL whoever
settles holds a lock from before reading to the commit; on SQLite, where a lock would keep phones waiting, the
work may be prepared beforehand and is done again if somebody else settled in between.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, Table, and_, or_, select, text

from app.keys import Keyring
from app.models import CaseHint
from app.services.admission import admit
from app.services.desk import Desk, Reading
from app.services.filing import Filing, Statement

_HINT = cast("Table", CaseHint.__table__).c
# Any number that nothing else locks.
_LOCK = 0x5A1D


@dataclass(frozen=True, slots=True)
class Settled:
    """What settling did: the state each submission on the desk is in now, the cases concerned, and how many
    rows were written."""

    states: Mapping[uuid.UUID, str]
    cases: frozenset[uuid.UUID]
    rows: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A settling that is only to be written. `stamp` is that of the store it was read from."""

    stamp: int
    statements: list[Statement]
    settled: Settled
    references: Mapping[int, set[bytes]]


def settle(
    connection: Connection,
    *,
    keyring: Keyring,
    readings: Iterable[Reading] = (),
    submissions: Collection[uuid.UUID] = (),
    cases: Collection[uuid.UUID] = (),
) -> Settled:
    """Bring the case store in line with new readings, with submissions to be placed again, and with cases
    about which something was decided. `connection` is in a transaction that writes."""
    stand_alone(connection)
    prepared = prepare(connection, keyring=keyring, readings=readings, submissions=submissions, cases=cases)
    return write(connection, prepared, keyring=keyring)


def stand_alone(connection: Connection) -> None:
    """Let nobody else settle until this transaction ends. On SQLite whoever writes is alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def prepare(
    connection: Connection,
    *,
    keyring: Keyring,
    readings: Iterable[Reading] = (),
    submissions: Collection[uuid.UUID] = (),
    cases: Collection[uuid.UUID] = (),
) -> Prepared:
    """All of a settling but the writing."""
    before = stamp(connection)
    desk = Desk(connection, keyring, {reading.id: reading for reading in readings})
    desk.take({*desk.readings, *submissions})
    members = admit(desk, cases)
    filing = Filing(desk, members)
    states = {one.row.id: one.state for one in (*desk.standing, *desk.others)}
    return Prepared(
        before, filing.statements, Settled(states, frozenset(members), filing.rows), filing.references
    )


def write(connection: Connection, prepared: Prepared, *, keyring: Keyring) -> Settled:
    """Write what was prepared, on the very store it was prepared for."""
    for statement, rows in prepared.statements:
        connection.execute(statement, rows)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {(prepared.stamp + 1) % 0x7FFFFFFF}")
    done = prepared.settled
    if prepared.references and (typed := _who_typed(connection, prepared.references)):
        # A reference has come to mean something else: those who typed it are placed again. They do not change
        # what
        # it means, so this ends.
        again = settle(connection, keyring=keyring, submissions=typed)
        done = Settled({**done.states, **again.states}, done.cases | again.cases, done.rows + again.rows)
    return done


def stamp(connection: Connection) -> int:
    """A number that changes whenever somebody settles: SQLite's own counter for applications, which is a part
    of the transaction. On PostgreSQL the lock does without."""
    if connection.dialect.name != "sqlite":
        return 0
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def _who_typed(connection: Connection, references: Mapping[int, set[bytes]]) -> set[uuid.UUID]:
    """Submissions that look for their case by one of these references."""
    either = or_(
        *(
            and_(_HINT.mission_id == mission, _HINT.reference.in_(some))
            for mission, some in references.items()
        )
    )
    return set(connection.scalars(select(_HINT.submission_id).where(either)))
