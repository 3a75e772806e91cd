"""The ledger: who did what to what, append-only, hash-chained by the worker."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class LedgerEntry(Model):
    """One action. Written in the action's own transaction without a position; chained in batches later."""

    __tablename__ = "ledger"
    __table_args__ = (
        # What waits for its place, and what has one: writing an entry touches the first only, which stays small.
        Index(
            "ix_ledger_unchained",
            "id",
            sqlite_where=text("position IS NULL"),
            postgresql_where=text("position IS NULL"),
        ),
        Index(
            "ix_ledger_chained",
            "position",
            unique=True,
            sqlite_where=text("position IS NOT NULL"),
            postgresql_where=text("position IS NOT NULL"),
        ),
        Index(None, "object", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor: Mapped[str] = mapped_column(comment="'user:7', 'device:12', 'worker' or 'command line'")
    action: Mapped[str] = mapped_column(
        comment="submission.receive, case.reveal, export.csv, session.create, deny, …"
    )
    mission_id: Mapped[int | None]
    object: Mapped[str | None] = mapped_column(
        comment="'case:…', 'submission:…', 'form:…'; never personal data"
    )
    reason: Mapped[str | None] = mapped_column(
        comment="As the person gave it, for reveals, exports and decisions"
    )
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, comment="Counts, filters, hashes")
    position: Mapped[int | None] = mapped_column(comment="Place in the chain, from 1")
    digest: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), comment="SHA-256 over the previous digest and this row"
    )
