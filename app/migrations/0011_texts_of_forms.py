"""Texts of form versions in their languages"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of versions from before, nothing is said: their workbooks are read when somebody asks for their texts.
    op.add_column(
        "form_version",
        sa.Column(
            "texts",
            sa.JSON(),
            nullable=True,
            comment="xlsforms.translations.Translations as JSON: what its cells say in each language; empty for XML",
        ),
    )


def downgrade() -> None:
    op.drop_column("form_version", "texts")
