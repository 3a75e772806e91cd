"""What people give to programs, so that these read for them without their password."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, now


class AccessToken(Model):
    """A personal access token. Only its keyed hash is kept; it can never do more than its owner may."""

    __tablename__ = "access_token"
    __table_args__ = (Index(None, "user_id"), Index(None, "digest", unique=True))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str] = mapped_column(comment="What its owner calls it")
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), comment="Keyed hash of the token")
    scopes: Mapped[list[str]] = mapped_column(JSON, comment="Keys of app.policy.scopes")
    missions: Mapped[list[int] | None] = mapped_column(
        JSON(none_as_null=True), comment="Ids of missions; empty: wherever its owner may"
    )
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant, comment="To the hour")
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
