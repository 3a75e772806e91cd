"""Webhooks: addresses of other systems that are told when something happened here."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model, new_id, now


class Webhook(Model):
    """An address of a mission's, and which events are sent to it."""

    __tablename__ = "webhook"
    __table_args__ = (Index(None, "mission_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(JSON, comment="Keys of app.services.webhooks.EVENTS")
    secret: Mapped[bytes] = mapped_column(
        LargeBinary, comment="What deliveries are signed with, encrypted, context 'webhook:' + id"
    )
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    failing_since: Mapped[datetime | None] = mapped_column(Instant, comment="Since when nothing was taken")
    disabled_at: Mapped[datetime | None] = mapped_column(Instant, comment="Nothing is sent to it any more")


class WebhookDelivery(Model):
    """One event for one webhook, written as the event is chained into the ledger. The table is the queue."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index(None, "state", "next_at"), Index(None, "webhook_id", "id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, comment="Ids and states, never an answer")
    state: Mapped[str] = mapped_column(default="waiting", comment="waiting, delivered or failed")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Instant, default=now, comment="When it is tried next")
    outcome: Mapped[str] = mapped_column(default="", comment="What the last attempt came to")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
