"""What a submission says about its case where saying it is not enough."""

import uuid

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class CaseHint(Model):
    """A submission whose case has to be found: it typed a reference, or named a case out of its reach.

    Kept for as long as that is so, found or not: what a reference means depends on the other cases of the
    mission, and when they change the submission is placed again, so that the order of arrival does not
    matter.
    """

    __tablename__ = "case_hint"
    __table_args__ = (Index(None, "mission_id", "reference"), Index(None, "case_uid"))

    submission_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    case_uid: Mapped[uuid.UUID | None] = mapped_column(comment="The case it names")
    reference: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), comment="Blind index of the reference it typed"
    )
