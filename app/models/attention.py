"""What about a case asks for somebody's attention: a view of its fold, kept so that counting it stays
cheap."""

import uuid

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class CaseAttention(Model):
    """One reason to look at a case. Follows from the fold; a replay makes the same rows."""

    __tablename__ = "case_attention"
    __table_args__ = (Index(None, "mission_id", "kind", "due_on"),)

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(
        primary_key=True, comment="imminent_danger, self_harm, contact, finding, …"
    )
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    due_on: Mapped[str | None] = mapped_column(String(10), comment="From which date on; empty: at once")
