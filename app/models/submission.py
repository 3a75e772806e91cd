"""What phones sent, as they sent it. This and the decisions are all that cannot be rebuilt."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


def _where_known(column: str) -> Index:
    """An index without the rows that say nothing: receiving one more does not touch it."""
    known = text(f"{column} IS NOT NULL")
    return Index(f"ix_submission_{column}", column, sqlite_where=known, postgresql_where=known)


def _of_the_table(name: str, *columns: str, unique: bool = False) -> Index:
    """An index of what is in the tables of submissions."""
    there = text("number IS NOT NULL")
    return Index(name, *columns, unique=unique, sqlite_where=there, postgresql_where=there)


# The columns below the line are the worker's; receive leaves them empty and never updates a row.


class Submission(Model):
    """One version of one submission: the XML sealed to the keyring's public key, immutable.

    An edit (deprecatedID) is a row of its own; `root_instance_id` joins the rows of one submission.
    The table is the worker's queue: it claims rows whose state is 'received'.
    """

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("mission_id", "xml_form_id", "instance_id"),
        Index("ix_submission_queue", "state", "id"),
        Index(None, "mission_id", "id"),
        Index(None, "mission_id", "xml_form_id", "id"),
        Index(None, "device_id", "received_at"),
        Index(
            "ix_submission_flagged",
            "mission_id",
            "id",
            sqlite_where=text("flagged = 1"),
            postgresql_where=text("flagged"),
        ),
        *(_where_known(column) for column in ("root_instance_id", "deprecated_id", "case_id")),
        # What the index of answers has to look at; what was just received is not in it yet.
        Index(
            "ix_submission_unindexed",
            "id",
            sqlite_where=text("indexed = 0 AND state <> 'received'"),
            postgresql_where=text("NOT indexed AND state <> 'received'"),
        ),
        _of_the_table("ix_submission_number", "number", unique=True),
        # All that a table of submissions is filtered and sorted by, so that it is read from here alone: the rows
        # themselves are long.
        _of_the_table(
            "ix_submission_table",
            "mission_id",
            "xml_form_id",
            "id",
            "number",
            "state",
            "review_state",
            "deprecated_id",
            "flagged",
            "version_id",
            "device_id",
            "interviewer_id",
            "held_on",
            "case_id",
            "received_at",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=new_id, comment="UUIDv7: order of arrival"
    )
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"), comment="The device's mission")
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    interviewer_id: Mapped[int | None] = mapped_column(
        ForeignKey("interviewer.id"), comment="Whose phone it was when it came in"
    )
    group_id: Mapped[int | None] = mapped_column(
        ForeignKey("device_group.id"), comment="In which group the phone was when it came in"
    )
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("user.id"), comment="If a person sent it in the office"
    )
    phone: Mapped[str | None] = mapped_column(comment="deviceID of the query: advisory, never an identity")
    xml_form_id: Mapped[str] = mapped_column(comment="As the XML says it; the form may be unknown")
    form_version: Mapped[str] = mapped_column(comment="As the XML says it; empty where it says none")
    instance_id: Mapped[str] = mapped_column(String(250), comment="meta/instanceID, the idempotency key")
    deprecated_id: Mapped[str | None] = mapped_column(
        String(250), comment="meta/deprecatedID: what this replaces"
    )
    received_at: Mapped[datetime] = mapped_column(Instant, default=now)
    xml_digest: Mapped[bytes] = mapped_column(
        LargeBinary(32), comment="Keyed hash of the plain XML: same bytes again?"
    )
    # ---- the worker's
    state: Mapped[str] = mapped_column(
        default="received",
        comment="received, normalised, waiting (for its case or form), opaque, superseded, failed, deleted",
    )
    root_instance_id: Mapped[str | None] = mapped_column(
        String(250), comment="First instanceID of its chain of edits"
    )
    version_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("form_version.id"), comment="What it was read by"
    )
    # Only a normalised submission has one. To ask for that state as well would lead SQLite to the index of
    # states, and through every submission there is.
    case_id: Mapped[uuid.UUID | None] = mapped_column(comment="The case it was folded into, aliases resolved")
    held_on: Mapped[str | None] = mapped_column(String(10), comment="Date of the interview, if it says one")
    findings: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, comment="Never holds an answer"
    )
    flagged: Mapped[bool] = mapped_column(
        default=False, comment="Whether a finding asks somebody to look at it"
    )
    review_state: Mapped[str | None] = mapped_column(
        comment="None, hasIssues, approved, rejected (as in Central)"
    )
    normalised_at: Mapped[datetime | None] = mapped_column(Instant)
    number: Mapped[int | None] = mapped_column(
        comment="By which the index of answers knows it; empty: it is in no table of submissions"
    )
    indexed: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="Whether the index of answers says what it is now"
    )
    # ---- last, so that reading a line of a list does not walk through the large values (SQLite)
    xml: Mapped[bytes] = mapped_column(LargeBinary, comment="Sealed (app.keys), context 'submission:' + id")
    intake: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="The Intake, sealed, context 'intake:' + id"
    )
    plain: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="The XML of one that came encrypted, sealed, context 'submission-plain:' + id"
    )


class SubmissionFile(Model):
    """A file of a submission; its sealed content is a blob."""

    __tablename__ = "submission_file"

    submission_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    name_digest: Mapped[bytes] = mapped_column(
        LargeBinary(32),
        primary_key=True,
        comment="Keyed hash of the name: a phone's file names may say too much",
    )
    name: Mapped[bytes] = mapped_column(LargeBinary, comment="Sealed, context 'file-name:' + submission id")
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), comment="Keyed SHA-256 of the plain content")
    size: Mapped[int] = mapped_column(comment="Bytes of the plain content")
    content_type: Mapped[str]
    blob: Mapped[str] = mapped_column(String(64), comment="Name in the blob store")
    received_at: Mapped[datetime] = mapped_column(Instant, default=now)
    opened: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="It came encrypted; what was in it stands beside it"
    )


class AwaitedFile(Model):
    """A file that an encrypted submission names and that has not arrived. When it has, the worker looks again;
    who receives it need not know."""

    __tablename__ = "awaited_file"

    submission_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    name_digest: Mapped[bytes] = mapped_column(
        LargeBinary(32), primary_key=True, comment="Keyed hash of the name, as of those that have arrived"
    )


class Conflict(Model):
    """The same instanceID with other bytes: kept aside for a coordinator, nothing overwritten."""

    __tablename__ = "conflict"
    # A phone tries again by itself for days: the same other bytes are kept once.
    __table_args__ = (UniqueConstraint("submission_id", "digest"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    submission_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("submission.id"), comment="The one that stands"
    )
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    file_name: Mapped[bytes | None] = mapped_column(LargeBinary, comment="Sealed; empty when it is the XML")
    content: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="The other XML, sealed, context 'conflict:' + id"
    )
    blob: Mapped[str | None] = mapped_column(String(64), comment="The other file's blob")
    digest: Mapped[bytes] = mapped_column(
        LargeBinary(32), comment="Keyed hash of the XML, or the blob's name in bytes"
    )
    received_at: Mapped[datetime] = mapped_column(Instant, default=now)
