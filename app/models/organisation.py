"""Organisations that refer, receive or provide: met as names typed into forms."""

import uuid
from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class Organisation(Model):
    """Somebody cases are referred by or to. Its id follows from its normalised name, so a replay makes no
    twins."""

    __tablename__ = "organisation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="UUIDv5 of name_norm")
    name: Mapped[str] = mapped_column(comment="As first typed, or as the office corrected it")
    name_norm: Mapped[str] = mapped_column(unique=True, comment="For matching what the forms say")
    type: Mapped[str | None] = mapped_column(comment="Code of the list org_type")
    country: Mapped[str | None] = mapped_column(String(2), comment="ISO 3166-1 alpha-2")
    phone: Mapped[str | None]
    sharing_agreement_from: Mapped[date | None] = mapped_column(comment="First day of the agreement")
    sharing_agreement_until: Mapped[date | None] = mapped_column(comment="No outgoing transfer without one")
    confirmed: Mapped[bool] = mapped_column(default=False, comment="The office has looked at it")
