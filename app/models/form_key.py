"""Keys of forms that phones encrypt, and the forms as phones then get them."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class FormKey(Model):
    """The pair of keys to which the phones of one mission encrypt what they send of one form.

    Never deleted: a phone that was offline for a year sends what was encrypted to an old one.
    """

    __tablename__ = "form_key"
    __table_args__ = (
        Index(None, "form_id", "mission_id"),
        # One that phones get at a time.
        Index(
            "ix_form_key_current",
            "form_id",
            "mission_id",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"))
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    public: Mapped[str] = mapped_column(comment="As the form carries it: Base64 of the SubjectPublicKeyInfo")
    private: Mapped[bytes] = mapped_column(
        LargeBinary, comment="PKCS#8, sealed (app.keys), context 'form-key:' + id"
    )
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    retired_at: Mapped[datetime | None] = mapped_column(
        Instant, comment="Since when phones no longer get it; it still opens"
    )


def private_context(key_id: uuid.UUID) -> str:
    """What the private half of a key is bound to where it is sealed."""
    return f"form-key:{key_id}"


class Rendition(Model):
    """A form version with a public key in it: what the phones of the key's mission download. Never changed."""

    __tablename__ = "rendition"
    __table_args__ = (UniqueConstraint("version_id", "key_id"), Index(None, "key_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("form_version.id"))
    key_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("form_key.id"))
    version: Mapped[str] = mapped_column(comment="Its own version string, which submissions name")
    md5: Mapped[str] = mapped_column(String(32), comment="Of the bytes: what OpenRosa lists")
    xform: Mapped[bytes] = mapped_column(LargeBinary, comment="The exact bytes a phone downloads")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
