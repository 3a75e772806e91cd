"""Which rule set proposes for the fund in a mission"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "mission",
        sa.Column(
            "programme_rules",
            sa.String(length=20),
            nullable=True,
            comment="Rule set that proposes for the fund, of the dictionary; empty: its default",
        ),
    )


def downgrade() -> None:
    op.drop_column("mission", "programme_rules")
