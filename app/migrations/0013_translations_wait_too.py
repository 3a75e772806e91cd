"""Files of translations wait for a worker as forms do"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "upload",
        sa.Column(
            "translates",
            sa.Uuid(),
            nullable=True,
            comment="The version whose texts the file brings; empty: the file is a form",
        ),
    )
    op.add_column(
        "upload",
        sa.Column(
            "written", sa.Integer(), nullable=True, comment="Texts of translations that went into cells"
        ),
    )


def downgrade() -> None:
    # Without its version a file of translations would be taken for a form.
    op.execute("DELETE FROM upload WHERE translates IS NOT NULL")
    for name in ("written", "translates"):
        op.drop_column("upload", name)
