"""Downloads that are made once, and how far one is"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("saved_download") as table:
        table.add_column(
            sa.Column(
                "once",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="Not saved: asked for once, and gone a day after",
            )
        )
        table.alter_column("xml_form_id", existing_type=sa.String(), comment="Empty for cases")
        table.alter_column(
            "format", existing_type=sa.String(), comment="A key of app.services.formats, or htcds"
        )
        table.alter_column(
            "options", existing_type=sa.JSON(), comment="Of app.services.wanted.Wanted; no condition"
        )
    with op.batch_alter_table("made_download") as table:
        table.add_column(
            sa.Column(
                "expected",
                sa.Integer(),
                server_default="0",
                nullable=False,
                comment="Submissions or cases that are gone through",
            )
        )
        table.add_column(
            sa.Column(
                "done", sa.Integer(), server_default="0", nullable=False, comment="How many of them are done"
            )
        )
        table.add_column(
            sa.Column("sha256", sa.String(64), nullable=True, comment="Of the file, as it is handed out")
        )


def downgrade() -> None:
    with op.batch_alter_table("made_download") as table:
        for name in ("sha256", "done", "expected"):
            table.drop_column(name)
    with op.batch_alter_table("saved_download") as table:
        table.drop_column("once")
