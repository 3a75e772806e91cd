"""Whether the logs phones keep may tell where they were"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "Whether the logs phones keep of interviews may tell where they were, if a form asks"
    column = sa.Column("log_places", sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment)
    op.add_column("mission", column)


def downgrade() -> None:
    op.drop_column("mission", "log_places")
