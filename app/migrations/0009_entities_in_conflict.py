"""An index of the entities in conflict"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("conflict IS NOT NULL")
    op.create_index(
        "ix_entity_in_conflict",
        "entity",
        ["list_id", "created_at", "entity_id"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_entity_in_conflict", table_name="entity")
