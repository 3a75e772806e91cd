"""People who sign in, what they may do where, and their sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, now


class User(Model):
    """Somebody who signs in to the office."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True, comment="Lower case; the login")
    display_name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(comment="Argon2id")
    locale: Mapped[str] = mapped_column(String(2), default="en", comment="A key of app.language.LANGUAGES")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)


class Grant(Model):
    """A role somebody holds, in one mission or everywhere."""

    __tablename__ = "grant"
    __table_args__ = (UniqueConstraint("user_id", "role", "mission_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[str] = mapped_column(comment="administrator, coordinator or form_designer (app.policy)")
    mission_id: Mapped[int | None] = mapped_column(
        ForeignKey("mission.id"), comment="Empty: in every mission"
    )


class UserSession(Model):
    """A signed-in browser, or a script's bearer token. Only the token's hash is kept."""

    __tablename__ = "user_session"
    __table_args__ = (Index(None, "user_id"),)

    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    csrf: Mapped[str] = mapped_column(comment="Expected in every form a browser sends")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
