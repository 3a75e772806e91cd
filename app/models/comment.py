"""What people in the office write about a submission."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class Comment(Model):
    """A remark on a submission, kept with the version that was present when it was written."""

    __tablename__ = "comment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    submission_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("submission.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("user.id"), comment="Who wrote it; empty: the command line"
    )
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="Encrypted, context 'comment:' + id")
    made_at: Mapped[datetime] = mapped_column(Instant, default=now)
