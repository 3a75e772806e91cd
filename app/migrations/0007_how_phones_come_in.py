"""User names of phones, and how they are set up"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "device",
        sa.Column(
            "username",
            sa.String(length=32),
            nullable=True,
            comment="Random; if there is one, the token is its password and no part of the URL",
        ),
    )
    op.add_column(
        "device",
        sa.Column(
            "ha1",
            sa.LargeBinary(),
            nullable=True,
            comment="HA1 of Digest, locked (app.keys), context 'device-ha1'",
        ),
    )
    op.add_column(
        "device",
        sa.Column(
            "managed",
            sa.Boolean(),
            server_default=sa.true(),
            nullable=False,
            comment="Its forms match the server's; else they are chosen on it",
        ),
    )
    op.add_column(
        "device",
        sa.Column(
            "language",
            sa.String(length=8),
            server_default="en",
            nullable=False,
            comment="Of its interviewer: en, fr, es or ar",
        ),
    )
    op.add_column(
        "device",
        sa.Column(
            "called_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When it last asked for its forms, to the hour",
        ),
    )
    op.create_index(op.f("ix_device_username"), "device", ["username"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_device_username"), "device")
    # Without its name a phone would have nothing to come in by.
    op.execute("UPDATE device SET revoked_at = CURRENT_TIMESTAMP WHERE username IS NOT NULL")
    for name in ("called_at", "language", "managed", "ha1", "username"):
        op.drop_column("device", name)
