"""Very many cases: those of some interviews that were worked off, again and again under other ids.

    multitude.fill(engine, keyring, blobs, count=100_000)

What the worker would take hours for is written straight into the tables. Each copy is some days earlier than the one
before, so that dates differ. What pages open is sealed anew for its row; what phones sent is that of the original, and
stays closed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Column, Connection, Date, Engine, Table, Uuid, insert, select, text

from app.blobs import BlobStore
from app.db import connect_to_write
from app.keys import Keyring
from app.models import (
    TABLES,
    CaseAttention,
    CaseEntity,
    CaseHint,
    CaseState,
    CaseTrace,
    Decision,
    Model,
    Submission,
    TraceKey,
    Twin,
)  # fmt: skip
from app.models.case_store import p3_context
from app.services import indexing, normalise, twins
from benchmarks import crowd
from xlsforms import dictionary

ORIGINALS: Final = 600
"""Interviews that really arrive."""
_APART: Final = 3
"""Days between a copy and the next."""
_SPAN: Final = 250
"""Copies after which the days begin again."""
_CONTEXTS: Final = {
    "submission": ("id", "intake", "intake"),
    "case_trace": ("case_id", "traits", "trace"),
    "decision": ("id", "body", "decision"),
}
_COPIED: Final = tuple(
    cast("Table", one.__table__)
    for one in (
        Submission,
        CaseHint,
        CaseState,
        CaseEntity,
        CaseAttention,
        CaseTrace,
        TraceKey,
        Twin,
        Decision,
    )
)


def fill(engine: Engine, keyring: Keyring, blobs: BlobStore, *, count: int) -> int:
    """A mission with so many interviews in cases, in the tables that are there or in new ones. Returns its id."""
    Model.metadata.create_all(engine)
    mission_id = crowd.furnish(engine)
    crowd.receive(engine, keyring, mission_id, crowd.interviews(), min(ORIGINALS, count))
    normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
    indexing.run_until_empty(engine, keyring=keyring)
    twins.search_all(engine, keyring)
    with engine.connect() as connection:
        cases = connection.scalars(select(CaseState.case_id).where(CaseState.mission_id == mission_id)).all()
        tables = [*_COPIED, *TABLES.values()]
        rows = {table: _rows(connection, table, mission_id, cases) for table in tables}
    for copy in range(1, count // ORIGINALS):
        with connect_to_write(engine) as connection:
            for table, some in rows.items():
                if some:
                    connection.execute(insert(table), list(_copies(table, some, copy, keyring)))
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    return mission_id


def _rows(
    connection: Connection, table: Table, mission_id: int, cases: Sequence[UUID]
) -> list[Mapping[str, Any]]:
    here = table.c.mission_id == mission_id if "mission_id" in table.c else table.c.case_id.in_(cases)
    return list(connection.execute(select(table).where(here)).mappings())


def _copies(
    table: Table, rows: list[Mapping[str, Any]], copy: int, keyring: Keyring
) -> Iterator[dict[str, Any]]:
    earlier = timedelta(days=_APART * (copy % _SPAN))
    changes = [(column.name, _changing(column, copy, earlier)) for column in table.c]
    key, sealed = _sealed(table)
    for row in rows:
        made = {name: change(row[name]) if row[name] is not None else None for name, change in changes}
        for column, context in sealed:
            if row[column] is not None:
                plain = keyring.decrypt(row[column], context(row[key]))
                made[column] = keyring.encrypt(plain, context(made[key]))
        yield made


def _sealed(table: Table) -> tuple[str, list[tuple[str, Callable[[UUID], str]]]]:
    """By which column values are sealed for their row; which are, and in what context."""
    if table.name in TABLES:
        said = dictionary.load().tables[table.name]
        columns = [one.column for one in said.fields.values() if one.privacy == "P3"]
        return said.id_column, [(one, partial(p3_context, table.name, one)) for one in columns]
    key, column, context = _CONTEXTS.get(table.name, ("", "", ""))
    return key, [(column, lambda id_: f"{context}:{id_}")] if key else []


def _changing(column: Column[Any], copy: int, earlier: timedelta) -> Callable[[Any], Any]:
    """What becomes of a value of this column in a copy."""
    if isinstance(column.type, Uuid):
        if column.name == "submission_id" or (column.table.name == "submission" and column.name == "id"):
            return lambda id_: UUID(int=(id_.int ^ copy) - (earlier // timedelta(milliseconds=1) << 80))
        # What is made apart alike stays together: the same is done to an id wherever it stands.
        return (
            _same
            if column.name in ("version_id", "organisation_id")
            else lambda id_: UUID(int=id_.int ^ copy)
        )
    if isinstance(column.type, Date) or column.name in ("received_at", "updated_at", "made_at"):
        return lambda value: value - earlier
    if column.name in ("due_on", "held_on", "next_contact_on"):
        return lambda value: value and (date.fromisoformat(value) - earlier).isoformat()
    if column.name in ("instance_id", "root_instance_id", "deprecated_id"):
        return lambda value: f"{value}-{copy}"
    if column.table.name == "trace_key":
        return lambda key: key ^ copy
    if column.table.name == "submission" and column.name == "number":
        return lambda _: None  # its answers are not copied into the index
    return _same


def _same(value: Any) -> Any:
    return value
