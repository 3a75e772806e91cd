"""Deleting blobs for good: their names are noted in the transaction that makes them unwanted, and they go after it.

So a blob that a row refers to is never deleted, and one that none does is deleted even if the process ends in between.
"""

from collections.abc import Iterable
from typing import Final, cast

from sqlalchemy import Connection, Engine, Table, delete, insert, select
from sqlalchemy.orm import Session

from app.blobs import BlobStore
from app.db import connect_to_write
from app.models import UnwantedBlob

_TABLE: Final = cast("Table", UnwantedBlob.__table__)
AT_ONCE: Final = 500
"""Blobs deleted in one sweep."""


def note(connection: Connection | Session, blobs: Iterable[str]) -> None:
    """Say in the transaction at hand that nothing refers to these blobs any more, nor ever will."""
    rows = [{"blob": blob} for blob in blobs]
    if rows:
        connection.execute(insert(_TABLE), rows)


def sweep(engine: Engine, blobs: BlobStore) -> int:
    """Delete what was noted, at most `AT_ONCE`. Looks before it writes. Two at once do no harm."""
    with engine.connect() as connection:
        names = connection.scalars(select(_TABLE.c.blob).limit(AT_ONCE)).all()
    if not names:
        return 0
    for name in names:
        blobs.delete(name)
    with connect_to_write(engine) as connection:
        connection.execute(delete(_TABLE).where(_TABLE.c.blob.in_(names)))
    return len(names)
