"""Views of tables that somebody keeps under a name"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("xml_form_id", sa.String(), nullable=False),
        sa.Column(
            "user_id", sa.Integer(), nullable=False, comment="Whose it is: who may rename and delete it"
        ),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("query", sa.String(), nullable=False, comment="Of the address, but for the form"),
        sa.Column(
            "shared",
            sa.Boolean(),
            nullable=False,
            comment="Whether whoever reads submissions of the mission has it too",
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_saved_view_mission_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_saved_view_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint(
            "mission_id",
            "xml_form_id",
            "user_id",
            "name",
            name=op.f("uq_saved_view_mission_id_xml_form_id_user_id_name"),
        ),
    )


def downgrade() -> None:
    op.drop_table("saved_view")
