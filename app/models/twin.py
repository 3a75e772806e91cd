"""Cases that may be about one person: what is compared of each, the keys by which others are found, and the pairs."""

import uuid
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class CaseTrace(Model):
    """What of a case is compared with others. Follows from the case; sealed, because it holds a name."""

    __tablename__ = "case_trace"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    rules: Mapped[int] = mapped_column(comment="Number of the rules it was made by")
    stamp: Mapped[bytes] = mapped_column(
        LargeBinary(12), comment="Keyed hash of the traits: have they changed?"
    )
    keys: Mapped[bytes] = mapped_column(LargeBinary, comment="Its rows of trace_key, eight bytes each")
    traits: Mapped[bytes] = mapped_column(LargeBinary, comment="JSON, encrypted, context 'trace:' + case_id")


class TraceKey(Model):
    """A key of a case: cases of a mission that have one in common are compared."""

    __tablename__ = "trace_key"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="Blind index of mission and key"
    )
    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class TraceDue(Model):
    """A case that has changed since it was compared. The worker's second queue."""

    __tablename__ = "trace_due"

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class Twin(Model):
    """Two cases of a mission that may be about one person, until somebody decides."""

    __tablename__ = "twin"
    __table_args__ = (Index(None, "other_id"), Index(None, "mission_id", "score", "case_id", "other_id"))

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="The smaller of the two uids")
    other_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    score: Mapped[int]
    reasons: Mapped[list[Any]] = mapped_column(JSON, comment="As submissions.likeness names them; no answers")
