"""Files of submissions: those that came with a version, and those that came with an earlier one of its chain.

Collect sends all files again with an edit; an edit made in the office sends the XML alone. A file that a version's
answers name and that did not come with it is therefore the nearest predecessor's. Nothing is copied: the chain is
followed when somebody asks, so it does not matter which of the versions arrived first.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.blobs import BlobStore
from app.keys import Keyring
from app.models import Submission, SubmissionFile

FARTHEST = 500
"""Versions a chain is followed back: far more than anybody edits, and the end of a circle."""

Files = Mapping[bytes, Row[Any]]
"""Digest of a file's name → its row. `age` says how many versions earlier it came: 0, with this one."""


def at_hand(
    session: Session | Connection, versions: Collection[uuid.UUID], *, name_digest: bytes | None = None
) -> dict[uuid.UUID, Files]:
    """The files of each of these versions and, under names that it has no file for, those of its predecessors, the
    nearest first: in one query. What is there of an earlier version belongs to this one only if its answers name
    it."""
    statement = _of_chains()
    if name_digest is not None:
        statement = statement.where(SubmissionFile.name_digest == name_digest)
    found: dict[uuid.UUID, dict[bytes, Row[Any]]] = {}
    for row in session.execute(statement, {"versions": list(versions)}):
        found.setdefault(row.version, {}).setdefault(row.name_digest, row)
    return {version: found.get(version, {}) for version in versions}


@cache
def _of_chains() -> Select[Any]:
    """The files of `versions` and of those before them. Made once: to make it takes longer than to ask it."""
    first = select(
        Submission.id.label("version"),
        Submission.id,
        Submission.mission_id,
        Submission.xml_form_id,
        Submission.deprecated_id,
        literal(0).label("age"),
    )
    chain = first.where(Submission.id.in_(bindparam("versions", expanding=True))).cte("chain", recursive=True)
    older = aliased(Submission)
    chain = chain.union_all(
        select(
            chain.c.version,
            older.id,
            older.mission_id,
            older.xml_form_id,
            older.deprecated_id,
            chain.c.age + 1,
        ).where(
            older.mission_id == chain.c.mission_id,
            older.xml_form_id == chain.c.xml_form_id,
            older.instance_id == chain.c.deprecated_id,
            # Said of both: for a condition of its own SQLite would read all submissions once, for a filter of them.
            or_(older.state != "deleted", chain.c.age < 0),
            chain.c.age < FARTHEST,
        )
    )
    return (
        select(chain.c.version, chain.c.age, *SubmissionFile.__table__.c)
        .where(SubmissionFile.submission_id == chain.c.id)
        .order_by(chain.c.age)
    )


def belonging(files: Files, named: Collection[str], keyring: Keyring) -> list[Row[Any]]:
    """The files of a version: all that came with it, and of the earlier ones those its answers name. What came
    encrypted and was opened is there once, as it was before."""
    digests = {digest(one, keyring) for one in named}
    return [file for key, file in files.items() if key in digests or not (file.age or file.opened)]


def digest(name: str, keyring: Keyring) -> bytes:
    """The digest of a file's name; of any text, also one that cannot be a name."""
    return keyring.digest(name.encode("utf-8", "surrogatepass"))


def name(file: Row[Any], keyring: Keyring) -> str:
    """What the phone called it."""
    return keyring.open(file.name, f"file-name:{file.submission_id}").decode()


def content(file: Row[Any], keyring: Keyring, blobs: BlobStore) -> Iterator[bytes]:
    """Its plain content, piece by piece."""
    return keyring.open_file(blobs.open(file.blob), f"file:{file.blob}")
