"""Access tokens: what people give to programs instead of a password"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="What its owner calls it"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="Keyed hash of the token"),
        sa.Column("scopes", sa.JSON(), nullable=False, comment="Keys of app.policy.scopes"),
        sa.Column(
            "missions",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="Ids of missions; empty: wherever its owner may",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True, comment="To the hour"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_access_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
    )
    op.create_index(op.f("ix_access_token_user_id"), "access_token", ["user_id"])
    op.create_index(op.f("ix_access_token_digest"), "access_token", ["digest"], unique=True)


def downgrade() -> None:
    op.drop_table("access_token")
