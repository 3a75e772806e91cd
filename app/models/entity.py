"""Entity lists: what forms create and update besides cases, and what people keep for forms to choose from."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class EntityList(Model):
    """A list of entities of one mission. ODK Central calls it a dataset. The list `cases` is none of these."""

    __tablename__ = "entity_list"
    __table_args__ = (UniqueConstraint("mission_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    name: Mapped[str] = mapped_column(comment="An XML name; phones look for it as NAME.csv")
    approval_required: Mapped[bool] = mapped_column(
        default=False, comment="Whether a submission acts only once it is approved"
    )
    revision: Mapped[uuid.UUID] = mapped_column(
        default=new_id, comment="Another one with every change of what phones see"
    )
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"), comment="Empty: a form declared it")


class EntityProperty(Model):
    """What the entities of a list say beside their label. In the order in which they were added."""

    __tablename__ = "entity_property"
    __table_args__ = (UniqueConstraint("list_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("entity_list.id"))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)


class Entity(Model):
    """An entity as it is now, and as phones get it."""

    __tablename__ = "entity"
    __table_args__ = (
        Index(None, "list_id", "created_at", "entity_id"),
        Index(
            "ix_entity_in_conflict",
            "list_id",
            "created_at",
            "entity_id",
            sqlite_where=text("conflict IS NOT NULL"),
            postgresql_where=text("conflict IS NOT NULL"),
        ),
    )

    list_id: Mapped[int] = mapped_column(ForeignKey("entity_list.id"), primary_key=True)
    entity_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="UUIDv4: phones ignore others")
    version: Mapped[int] = mapped_column(comment="From 1; only rises")
    said: Mapped[bytes] = mapped_column(
        LargeBinary, comment="Label and properties as JSON, locked (app.keys), context 'entity:' + both keys"
    )
    conflict: Mapped[str | None] = mapped_column(
        String(4), comment="soft or hard, until somebody resolved it"
    )
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    updated_at: Mapped[datetime | None] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)


class EntityVersion(Model):
    """One state of an entity, with what was said to make it: neither value of a conflict is ever lost."""

    __tablename__ = "entity_version"
    __table_args__ = (
        ForeignKeyConstraint(["list_id", "entity_id"], ["entity.list_id", "entity.entity_id"]),
        # An action counts once, however often its submission is read.
        UniqueConstraint("submission_id", "list_id", "entity_id"),
    )

    list_id: Mapped[int] = mapped_column(primary_key=True)
    entity_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    said: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="What was said, and the whole after it, as JSON; encrypted, context as above + version",
    )
    base_version: Mapped[int | None] = mapped_column(comment="The version it was made on")
    trunk_version: Mapped[int | None] = mapped_column(comment="Last version its phone had from here")
    branch_id: Mapped[uuid.UUID | None] = mapped_column(comment="Its phone's run of changes made offline")
    conflict: Mapped[str | None] = mapped_column(String(4), comment="soft or hard")
    submission_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("submission.id"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    user_agent: Mapped[str] = mapped_column(String(200), default="", comment="Of a script that made it")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)


class EntityPending(Model):
    """An action of a submission that was not done, or not yet."""

    __tablename__ = "entity_pending"
    __table_args__ = (Index(None, "list_id", "entity_id"), Index(None, "reason", "since"))

    submission_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("entity_list.id"), primary_key=True)
    entity_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(
        String(16), comment="approval, predecessor, unknown (no such entity yet), exists, deleted or label"
    )
    action: Mapped[bytes] = mapped_column(
        LargeBinary, comment="The action as JSON, encrypted, context 'entity-action:' + the keys"
    )
    since: Mapped[datetime] = mapped_column(Instant, default=now)
