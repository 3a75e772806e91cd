"""Entities and their versions: read and written, whoever changes them.

What an entity says is one flat object, its label under the name `label` among the properties. It may hold
anything, so it is never in clear: the current state is locked, for machines that serve phones to open, all versions
are encrypted to the office.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, Table, insert, select, tuple_, update
from sqlalchemy.orm import Session

from app.db import insert_or
from app.keys import Keyring
from app.models import Entity, EntityVersion, now
from app.services import entity_lists
from submissions.branching import Applied, Conflict

TABLE: Final = cast("Table", Entity.__table__)
VERSION: Final = cast("Table", EntityVersion.__table__)
_PORTION: Final = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """Who or what made a version: a person, with the program they used, or a submission from a phone."""

    user_id: int | None = None
    user_agent: str = ""
    submission_id: uuid.UUID | None = None
    device_id: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an entity. `said` is what was said to make it, `after` all that the entity then says."""

    version: int
    said: Mapping[str, str]
    after: Mapping[str, str]
    base_version: int | None
    branch_id: uuid.UUID | None
    conflict: str | None
    source: Source
    created_at: datetime

    @property
    def applied(self) -> Applied:
        return Applied(self.version, self.said, str(self.branch_id) if self.branch_id else None)


@dataclass(frozen=True, slots=True)
class Stored:
    """An entity as it is now."""

    id: uuid.UUID
    version: int
    says: Mapping[str, str]
    conflict: str | None
    created_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None


# --- reading


def get(
    connection: Connection | Session,
    keyring: Keyring,
    list_id: int,
    entity_id: uuid.UUID,
    *,
    lock: bool = False,
) -> Stored | None:
    """An entity, a deleted one too. `lock`: nobody else changes it before the transaction ends."""
    statement = select(TABLE).where(TABLE.c.list_id == list_id, TABLE.c.entity_id == entity_id)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    return _stored(row, keyring) if row is not None else None


def rows(
    session: Session,
    keyring: Keyring,
    list_id: int,
    *,
    after: tuple[datetime, uuid.UUID] | None = None,
    limit: int | None = None,
    conflicts: bool = False,
) -> Iterator[Stored]:
    """The entities of a list in the order in which they were made, or only those in conflict, as they come: one
    query, in constant memory."""
    key = (TABLE.c.created_at, TABLE.c.entity_id)
    statement = select(TABLE).where(TABLE.c.list_id == list_id, TABLE.c.deleted_at.is_(None)).order_by(*key)
    if conflicts:
        statement = statement.where(TABLE.c.conflict.is_not(None))
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    if limit is not None:
        statement = statement.limit(limit)
    # Closed at once if the reader stops early.
    with session.execute(statement, execution_options={"yield_per": _PORTION}) as found:
        for row in found:
            yield _stored(row, keyring)


def versions(
    connection: Connection | Session, keyring: Keyring, list_id: int, entity_id: uuid.UUID
) -> list[Version]:
    """All versions of an entity, the first one first."""
    statement = select(VERSION).where(VERSION.c.list_id == list_id, VERSION.c.entity_id == entity_id)
    found = connection.execute(statement.order_by(VERSION.c.version))
    return [_version(row, keyring) for row in found]


def current_versions(
    session: Session, keyring: Keyring, list_id: int, entities: Sequence[Stored]
) -> dict[uuid.UUID, tuple[Version, Source]]:
    """Of each of some entities its current version, and who made the entity."""
    wanted = select(VERSION).where(
        VERSION.c.list_id == list_id, VERSION.c.entity_id.in_([one.id for one in entities])
    )
    latest = {one.id: one.version for one in entities}
    found: dict[uuid.UUID, Version] = {}
    made: dict[uuid.UUID, Source] = {}
    for row in session.execute(wanted.where(VERSION.c.version == 1)):
        made[row.entity_id] = _source(row)
    current = wanted.where(tuple_(VERSION.c.entity_id, VERSION.c.version).in_(list(latest.items())))
    for row in session.execute(current):
        found[row.entity_id] = _version(row, keyring)
    return {key: (version, made[key]) for key, version in found.items()}


def integrity(session: Session, list_id: int, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, bool]:
    """For entities a phone holds: whether it shall delete them. One never seen here stays."""
    found = session.execute(
        select(TABLE.c.entity_id, TABLE.c.deleted_at).where(
            TABLE.c.list_id == list_id, TABLE.c.entity_id.in_(ids)
        )
    )
    deleted = {row.entity_id: row.deleted_at is not None for row in found}
    return {one: deleted.get(one, False) for one in ids}


# --- writing: in the caller's transaction


def add_many(
    connection: Connection,
    keyring: Keyring,
    list_id: int,
    wanted: Mapping[uuid.UUID, Mapping[str, str]],
    *,
    source: Source,
    branch_id: str | None = None,
) -> set[uuid.UUID]:
    """Make entities, by id. Returns those that were made: an id that is taken is left alone."""
    at = now()
    rows = [
        {
            "list_id": list_id,
            "entity_id": key,
            "version": 1,
            "said": _lock(keyring, list_id, key, said),
            "created_at": at + timedelta(microseconds=place),  # in the order in which they were given
        }
        for place, (key, said) in enumerate(wanted.items())
    ]
    if not rows:
        return set()
    statement = insert_or(connection, TABLE).on_conflict_do_nothing().returning(TABLE.c.entity_id)
    made = set(connection.execute(statement, rows).scalars())
    if made:
        connection.execute(
            insert(VERSION),
            [
                _row(keyring, list_id, key, 1, said, said, source) | {"branch_id": _uuid(branch_id)}
                for key, said in wanted.items()
                if key in made
            ],
        )
        entity_lists.mark(connection, list_id)
    return made


def change(
    connection: Connection,
    keyring: Keyring,
    list_id: int,
    before: Stored,
    said: Mapping[str, str],
    *,
    source: Source,
    base: int,
    conflict: Conflict | None = None,
    trunk: int | None = None,
    branch_id: str | None = None,
) -> None:
    """Make the next version of an entity that is locked. An unresolved conflict stays, and the worse one
    counts."""
    after = {**before.says, **said}
    row = _row(keyring, list_id, before.id, before.version + 1, said, after, source)
    connection.execute(
        insert(VERSION),
        [
            row
            | {
                "base_version": base,
                "trunk_version": trunk,
                "branch_id": _uuid(branch_id),
                "conflict": conflict,
            }
        ],
    )
    worse = "hard" if "hard" in (conflict, before.conflict) else conflict or before.conflict
    _update(
        connection,
        list_id,
        before.id,
        version=before.version + 1,
        said=_lock(keyring, list_id, before.id, after),
        conflict=worse,
        updated_at=row["created_at"],
    )


def resolve(connection: Connection, list_id: int, entity_id: uuid.UUID) -> None:
    """Somebody looked at the versions and says that the entity is right as it is."""
    _update(connection, list_id, entity_id, conflict=None, updated_at=now())


def remove(connection: Connection, list_id: int, entity_id: uuid.UUID) -> None:
    """Take an entity off the phones. Its versions stay."""
    _update(connection, list_id, entity_id, deleted_at=now())


def _update(connection: Connection, list_id: int, entity_id: uuid.UUID, **columns: Any) -> None:
    this = (TABLE.c.list_id == list_id) & (TABLE.c.entity_id == entity_id)
    connection.execute(update(TABLE).where(this).values(columns))
    entity_lists.mark(connection, list_id)


# --- rows


def _context(list_id: int, entity_id: uuid.UUID) -> str:
    return f"entity:{list_id}:{entity_id}"


def _lock(keyring: Keyring, list_id: int, entity_id: uuid.UUID, says: Mapping[str, str]) -> bytes:
    return keyring.lock(_json(dict(says)), _context(list_id, entity_id))


def _row(
    keyring: Keyring,
    list_id: int,
    entity_id: uuid.UUID,
    version: int,
    said: Mapping[str, str],
    after: Mapping[str, str],
    source: Source,
) -> dict[str, Any]:
    context = f"{_context(list_id, entity_id)}:{version}"
    return {
        "list_id": list_id,
        "entity_id": entity_id,
        "version": version,
        "said": keyring.encrypt(_json([dict(said), dict(after)]), context),
        "submission_id": source.submission_id,
        "device_id": source.device_id,
        "user_id": source.user_id,
        "user_agent": source.user_agent[:200],
        "created_at": now(),
    }


def _stored(row: Row[Any], keyring: Keyring) -> Stored:
    says = json.loads(keyring.unlock(row.said, _context(row.list_id, row.entity_id)))
    return Stored(
        row.entity_id, row.version, says, row.conflict, row.created_at, row.updated_at, row.deleted_at
    )


def _version(row: Row[Any], keyring: Keyring) -> Version:
    context = f"{_context(row.list_id, row.entity_id)}:{row.version}"
    said, after = json.loads(keyring.decrypt(row.said, context))
    return Version(
        row.version, said, after, row.base_version, row.branch_id, row.conflict, _source(row), row.created_at
    )


def _source(row: Row[Any]) -> Source:
    return Source(row.user_id, row.user_agent, row.submission_id, row.device_id)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _uuid(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
