"""Documents of a case: papers, photographs and recordings that the office keeps with it."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class Document(Model):
    """A file kept with a case; its sealed content is a blob. No part of the fold: a replay does not touch it."""

    __tablename__ = "document"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(
        index=True,
        comment="As it was called then: a case that was merged takes its documents along, and back",
    )
    kind: Mapped[str] = mapped_column(String(20), comment="app.services.documents.KINDS")
    dated_on: Mapped[str | None] = mapped_column(String(10), comment="The day that stands on it")
    name: Mapped[bytes] = mapped_column(
        LargeBinary, comment="File name, which may name somebody: encrypted, context 'document-name:' + id"
    )
    media_type: Mapped[str] = mapped_column(comment="By what it holds, not by what was said of it")
    size: Mapped[int] = mapped_column(comment="Bytes of the plain content")
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), comment="Keyed hash of the plain content")
    blob: Mapped[str] = mapped_column(String(64), comment="Name in the blob store, this document's alone")
    added_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime] = mapped_column(Instant, default=now)
