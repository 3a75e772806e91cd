"""What people in the office write about a submission or a case, and whom they tell of it."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class Comment(Model):
    """A remark: on a submission, kept with the version that was present when it was written, or on a case, kept with
    the uid that the case had then."""

    __tablename__ = "comment"
    __table_args__ = (CheckConstraint("(submission_id IS NULL) <> (case_id IS NULL)", name="about_one"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    submission_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("submission.id"), index=True)
    case_id: Mapped[uuid.UUID | None] = mapped_column(
        index=True, comment="As it was called then: a case that was merged takes its comments along, and back"
    )
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("user.id"), comment="Who wrote it; empty: the command line"
    )
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="Encrypted, context 'comment:' + id")
    made_at: Mapped[datetime] = mapped_column(Instant, default=now)


class Mention(Model):
    """Somebody who is told of a comment. Whether they may see what it is about is asked whenever they look."""

    __tablename__ = "mention"
    __table_args__ = (
        Index(
            "ix_mention_unread",
            "user_id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comment.id"), primary_key=True, index=True)
    read_at: Mapped[datetime | None] = mapped_column(Instant, comment="When they first opened the comments")
