"""Submissions on their way into the store: what a group of them becomes in one transaction."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Connection, Table, select

from app import ledger, problems
from app.db import insert_or
from app.keys import Keyring
from app.models import Conflict, Submission, SubmissionFile, new_id
from app.services.senders import Sender

SUBMISSION: Final = cast("Table", Submission.__table__)
_FILE: Final = cast("Table", SubmissionFile.__table__)
_CONFLICT: Final = cast("Table", Conflict.__table__)
_FILE_COLUMNS: Final = ("name_digest", "digest", "size", "content_type", "blob", "received_at")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What happened to a submission that was taken. `new` is false for a repeat."""

    submission_id: UUID
    instance_id: str
    xml_form_id: str
    new: bool
    files_added: int


@dataclass(slots=True)
class Arrival:
    """A submission ready to be committed, and what became of it. The lock is what its thread waits on."""

    row: dict[str, Any]
    files: list[dict[str, Any]]
    sender: Sender
    xml: bytes
    woken: threading.Lock
    leads: bool = False
    receipt: Receipt | None = None
    failure: Exception | None = None


def write(connection: Connection, group: list[Arrival], keyring: Keyring) -> None:
    """Store a group in the connection's transaction."""
    statement = insert_or(connection, SUBMISSION).on_conflict_do_nothing().returning(SUBMISSION.c.id)
    new = set(connection.execute(statement, [arrival.row for arrival in group]).scalars())
    entries: list[dict[str, Any]] = []
    for arrival in group:
        row = arrival.row
        standing, same = row["id"], True
        if row["id"] not in new:
            standing, xml_digest = _standing(connection, row)
            same = xml_digest == row["xml_digest"]
        added = _add_files(connection, standing, arrival.files, keyring) if same else set()
        # Of a file only what has no place yet is apart: a phone sends all of them each time.
        known = added | (
            _known_files(connection, standing) if same and len(added) < len(arrival.files) else set()
        )
        apart = [file for file in arrival.files if (file["name_digest"], file["digest"]) not in known]
        if not same or apart:
            _keep_apart(connection, arrival, standing, files=apart, keyring=keyring, xml=not same)
        if not same or apart:
            action = "conflict"
        elif row["id"] in new:
            action = "receive"
        else:
            action = "add_files" if added else ""
        if action:
            entries.append(
                ledger.entry(
                    actor=arrival.sender.actor,
                    action=f"submission.{action}",
                    mission_id=row["mission_id"],
                    object=f"submission:{standing}",
                    detail={"files": len(added)},
                )
            )
        arrival.failure = problems.other_content() if action == "conflict" else None
        arrival.receipt = Receipt(
            standing, row["instance_id"], row["xml_form_id"], row["id"] in new, len(added)
        )
    ledger.write_many(connection, entries)


def _standing(connection: Connection, row: Mapping[str, Any]) -> tuple[UUID, bytes]:
    """Id and digest of the submission that holds the number already."""
    found = connection.execute(
        select(SUBMISSION.c.id, SUBMISSION.c.xml_digest).where(
            SUBMISSION.c.mission_id == row["mission_id"],
            SUBMISSION.c.xml_form_id == row["xml_form_id"],
            SUBMISSION.c.instance_id == row["instance_id"],
        )
    ).one()
    return found.id, found.xml_digest


def _add_files(
    connection: Connection, submission_id: UUID, files: Sequence[Mapping[str, Any]], keyring: Keyring
) -> set[tuple[bytes, bytes]]:
    """Store the files whose names are not taken. Returns (name digest, digest) of those."""
    if not files:
        return set()
    rows = [
        {
            "submission_id": submission_id,
            "name": keyring.seal(file["name"].encode(), f"file-name:{submission_id}"),
            **{column: file[column] for column in _FILE_COLUMNS},
        }
        for file in files
    ]
    statement = insert_or(connection, _FILE).on_conflict_do_nothing()
    added = connection.execute(statement.returning(_FILE.c.name_digest, _FILE.c.digest), rows)
    return {(row.name_digest, row.digest) for row in added}


def _known_files(connection: Connection, submission_id: UUID) -> set[tuple[bytes, bytes]]:
    rows = connection.execute(
        select(_FILE.c.name_digest, _FILE.c.digest).where(_FILE.c.submission_id == submission_id)
    )
    return {(row.name_digest, row.digest) for row in rows}


def _keep_apart(
    connection: Connection,
    arrival: Arrival,
    standing: UUID,
    *,
    files: Sequence[Mapping[str, Any]],
    keyring: Keyring,
    xml: bool,
) -> None:
    """Keep what disagrees with the submission that stands, for a coordinator. The same twice is kept once."""
    rows: list[dict[str, Any]] = []

    def add(
        digest: bytes, *, content: bytes | None = None, name: str | None = None, blob: str | None = None
    ) -> None:
        identity = new_id()
        rows.append(
            {
                "id": identity,
                "submission_id": standing,
                "device_id": arrival.sender.device_id,
                "content": content and keyring.seal(content, f"conflict:{identity}"),
                "file_name": name and keyring.seal(name.encode(), f"conflict:{identity}"),
                "blob": blob,
                "digest": digest,
                "received_at": arrival.row["received_at"],
            }
        )

    if xml:
        add(arrival.row["xml_digest"], content=arrival.xml)
    for file in files:
        add(bytes.fromhex(file["blob"]), name=file["name"], blob=file["blob"])
    connection.execute(insert_or(connection, _CONFLICT).on_conflict_do_nothing(), rows)
