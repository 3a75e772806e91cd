"""Webhooks and what is to be sent to them"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False, comment="Keys of app.services.webhooks.EVENTS"),
        sa.Column(
            "secret",
            sa.LargeBinary(),
            nullable=False,
            comment="What deliveries are signed with, encrypted, context 'webhook:' + id",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "failing_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since when nothing was taken",
        ),
        sa.Column(
            "disabled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Nothing is sent to it any more",
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_webhook_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_mission_id"), "webhook", ["mission_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False, comment="Ids and states, never an answer"),
        sa.Column("state", sa.String(), nullable=False, comment="waiting, delivered or failed"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, comment="When it is tried next"),
        sa.Column("outcome", sa.String(), nullable=False, comment="What the last attempt came to"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(op.f("ix_webhook_delivery_state_next_at"), "webhook_delivery", ["state", "next_at"])
    op.create_index(op.f("ix_webhook_delivery_webhook_id_id"), "webhook_delivery", ["webhook_id", "id"])


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
