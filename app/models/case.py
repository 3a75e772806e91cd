"""What surrounds the folded tables of a case: decisions, aliases, the manifest of the fold, entities."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


def _of_open(column: str) -> Index:
    """The open cases within one reach, in the order of their list."""
    return Index(
        f"ix_case_entity_{column}",
        "mission_id",
        column,
        "label",
        "case_id",
        sqlite_where=text("open = 1"),
        postgresql_where=text("open"),
    )


class Decision(Model):
    """What a person in the office decided about a case. Append-only; a part of the fold."""

    __tablename__ = "decision"
    __table_args__ = (Index(None, "case_id", "id"), Index(None, "other_case_id"), Index(None, "instance_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(
        comment="attach, detach, merge, unmerge, correct, assign, close, reopen, …"
    )
    case_id: Mapped[uuid.UUID] = mapped_column(comment="The case decided about")
    other_case_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="merge and unmerge: the case it becomes part of"
    )
    instance_id: Mapped[str | None] = mapped_column(
        comment="attach and detach: root instanceID of the submission"
    )
    body: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="The rest as JSON, sealed, context 'decision:' + id"
    )
    reason: Mapped[str]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(Instant, default=now)


class CaseAlias(Model):
    """A case uid that now means another case, because the two were merged. Follows from the decisions."""

    __tablename__ = "case_alias"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="The uid phones may still hold")
    target_id: Mapped[uuid.UUID] = mapped_column(index=True, comment="The case that carries on")


class CaseState(Model):
    """The manifest of a case's folded rows: which rows stand in which table, with a keyed hash of each.

    The worker compares a new fold with it and writes only what differs.
    """

    __tablename__ = "case_state"
    __table_args__ = (
        Index(None, "mission_id", "updated_at", "case_id"),
        Index(None, "mission_id", "reference"),
        # All that many cases are counted by: the rows themselves are long.
        Index("ix_case_state_counted", "case_id", "mission_id", "updated_at"),
        # Without the many that nobody is asked to take, for which SQLite would otherwise think it of no use.
        Index(
            "ix_case_state_proposed_to",
            "proposed_to",
            sqlite_where=text("proposed_to IS NOT NULL"),
            postgresql_where=text("proposed_to IS NOT NULL"),
        ),
    )

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    owner_id: Mapped[int | None] = mapped_column(
        ForeignKey("interviewer.id"), comment="Interviewer of the first screening"
    )
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON, comment="{table: {row id: keyed hash}}")
    reference: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), comment="Blind index of the case reference: what a typed one is compared with"
    )
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    proposed_to: Mapped[int | None] = mapped_column(
        ForeignKey("mission.id"),
        comment="Mission that is asked to take the case, and has not answered",
    )
    updated_at: Mapped[datetime] = mapped_column(Instant, default=now)


class CaseEntity(Model):
    """A case as phones see it: its version only rises and survives replay."""

    __tablename__ = "case_entity"
    __table_args__ = (Index(None, "mission_id"), _of_open("owner_id"), _of_open("group_id"))

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("interviewer.id"))
    group_id: Mapped[int | None] = mapped_column(
        ForeignKey("device_group.id"),
        comment="Group of the phone of the first screening, until it is assigned",
    )
    version: Mapped[int] = mapped_column(default=1)
    open: Mapped[bool] = mapped_column(default=True, comment="Closed cases are absent from the list")
    label: Mapped[str] = mapped_column(comment="The case reference")
    sex: Mapped[str] = mapped_column(default="")
    is_minor: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="")
    next_contact_on: Mapped[str] = mapped_column(default="")


class CaseReach(Model):
    """The list of the open cases within one reach, as far as a phone must know whether it changed; and, for the office,
    all that is folded in a mission."""

    __tablename__ = "case_reach"

    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"), primary_key=True)
    reach: Mapped[str] = mapped_column(
        String(40), primary_key=True, comment="As app.services.reach writes it"
    )
    revision: Mapped[uuid.UUID] = mapped_column(comment="Another one with every change of the list")
