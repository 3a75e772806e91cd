"""Downloads that are saved, and made by the worker"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_download",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False, comment="Its owner; nobody else sees it"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("xml_form_id", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False, comment="A key of app.services.formats"),
        sa.Column(
            "options", sa.JSON(), nullable=False, comment="Of app.services.export.Filters; no condition"
        ),
        sa.Column(
            "secret",
            sa.LargeBinary(),
            nullable=False,
            comment="Condition and password, encrypted, context 'saved-download:' + id",
        ),
        sa.Column("protection", sa.String(), nullable=False, comment="password, key, or empty"),
        sa.Column(
            "recipient", sa.String(), nullable=False, comment="age public key it is encrypted to, or empty"
        ),
        sa.Column(
            "reason", sa.String(), nullable=False, comment="What it is for; goes into the ledger each time"
        ),
        sa.Column("schedule", sa.String(), nullable=False, comment="daily, weekly, monthly, or empty"),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True, comment="When it is due"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_saved_download_mission_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_saved_download_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_download")),
    )
    op.create_index(op.f("ix_saved_download_next_at"), "saved_download", ["next_at"])
    op.create_index(op.f("ix_saved_download_mission_id_user_id"), "saved_download", ["mission_id", "user_id"])
    op.create_table(
        "made_download",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("saved_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="waiting, making, made, failed or gone"),
        sa.Column(
            "touched_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the process that makes it last said that it lives",
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=False, comment="Why it failed, for its owner"),
        sa.Column(
            "seen",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="Whether its owner has looked since it ended",
        ),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="Bytes, as they are handed out"),
        sa.Column(
            "blob",
            sa.String(64),
            nullable=True,
            comment="Name in the blob store; sealed, context 'made-download:' + id",
        ),
        sa.ForeignKeyConstraint(
            ["saved_id"], ["saved_download.id"], name=op.f("fk_made_download_saved_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_made_download")),
    )
    op.create_index(op.f("ix_made_download_state_asked_at"), "made_download", ["state", "asked_at"])
    op.create_index(op.f("ix_made_download_saved_id_asked_at"), "made_download", ["saved_id", "asked_at"])


def downgrade() -> None:
    op.drop_table("made_download")
    op.drop_table("saved_download")
