"""Downloads that are made by the worker: asked for once, again and again, or by the calendar."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class SavedDownload(Model):
    """What somebody wants of a form or of the cases, when, and how it is protected. Made with the rights its owner has
    then."""

    __tablename__ = "saved_download"
    __table_args__ = (Index(None, "next_at"), Index(None, "mission_id", "user_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), comment="Its owner; nobody else sees it")
    name: Mapped[str]
    once: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="Not saved: asked for once, and gone a day after"
    )
    xml_form_id: Mapped[str] = mapped_column(comment="Empty for cases")
    format: Mapped[str] = mapped_column(comment="A key of app.services.formats, or htcds")
    options: Mapped[dict[str, Any]] = mapped_column(
        JSON, comment="Of app.services.wanted.Wanted; no condition"
    )
    secret: Mapped[bytes] = mapped_column(
        LargeBinary, comment="Condition and password, encrypted, context 'saved-download:' + id"
    )
    protection: Mapped[str] = mapped_column(default="", comment="password, key, or empty")
    recipient: Mapped[str] = mapped_column(default="", comment="age public key it is encrypted to, or empty")
    reason: Mapped[str] = mapped_column(comment="What it is for; goes into the ledger each time")
    schedule: Mapped[str] = mapped_column(default="", comment="daily, weekly, monthly, or empty")
    next_at: Mapped[datetime | None] = mapped_column(Instant, comment="When it is due")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)


class MadeDownload(Model):
    """One making of it. The table is the queue."""

    __tablename__ = "made_download"
    __table_args__ = (Index(None, "state", "asked_at"), Index(None, "saved_id", "asked_at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    saved_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("saved_download.id", ondelete="CASCADE"))
    asked_at: Mapped[datetime] = mapped_column(Instant, default=now)
    state: Mapped[str] = mapped_column(default="waiting", comment="waiting, making, made, failed or gone")
    touched_at: Mapped[datetime | None] = mapped_column(
        Instant, comment="When the process that makes it last said that it lives"
    )
    expected: Mapped[int] = mapped_column(
        default=0, server_default="0", comment="Submissions or cases that are gone through"
    )
    done: Mapped[int] = mapped_column(default=0, server_default="0", comment="How many of them are done")
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    problem: Mapped[str] = mapped_column(default="", comment="Why it failed, for its owner")
    seen: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="Whether its owner has looked since it ended"
    )
    file_name: Mapped[str] = mapped_column(default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0, comment="Bytes, as they are handed out")
    sha256: Mapped[str | None] = mapped_column(String(64), comment="Of the file, as it is handed out")
    blob: Mapped[str | None] = mapped_column(
        String(64), comment="Name in the blob store; sealed, context 'made-download:' + id"
    )
