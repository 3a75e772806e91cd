"""Views of tables that somebody keeps under a name."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class SavedView(Model):
    """Columns, filters and order of a form's table, or, with an empty form id, of the list of cases, as its address says
    them. Never what was typed to search."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("mission_id", "xml_form_id", "user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    xml_form_id: Mapped[str]
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id"), comment="Whose it is: who may rename and delete it"
    )
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(comment="Of the address, but for the form")
    shared: Mapped[bool] = mapped_column(
        comment="Whether whoever reads submissions of the mission has it too"
    )
