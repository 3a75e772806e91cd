"""Answers that were read, kept to be read again by the thousand: they can be made anew from what phones sent."""

import uuid

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model, new_id

_WAITING = text("page_id IS NULL")


class AnswerPage(Model):
    """The answers of some hundred submissions of one form in one mission, laid flat (`submissions.flat`) and encrypted
    together."""

    __tablename__ = "answer_page"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    revision: Mapped[int] = mapped_column(
        index=True, comment="How they are laid out: submissions.flat.REVISION"
    )
    content: Mapped[bytes] = mapped_column(
        LargeBinary, comment="Encrypted (app.keys), context 'answer-page:' + id"
    )


class Packed(Model):
    """A submission whose answers were read: where they are kept, or that they wait to be."""

    __tablename__ = "packed"
    __table_args__ = (
        Index(
            "ix_packed_waiting",
            "mission_id",
            "xml_form_id",
            "submission_id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index(None, "page_id"),
    )

    submission_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    xml_form_id: Mapped[str]
    page_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("answer_page.id"))
    place: Mapped[int | None] = mapped_column(comment="Which of the page it is, from 0")
