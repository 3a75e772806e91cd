"""Lists of cases by interviewer and group"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OF_OPEN = {"sqlite_where": sa.text("open = 1"), "postgresql_where": sa.text("open")}


def upgrade() -> None:
    for table, comment in (
        ("submission", "In which group the phone was when it came in"),
        ("case_entity", "Group of the phone of the first screening, until it is assigned"),
    ):
        group = sa.ForeignKey("device_group.id", name=f"fk_{table}_group_id")
        op.add_column(
            table,
            sa.Column("group_id", sa.Integer(), group, nullable=True, comment=comment),
            inline_references=True,
        )
    # The nearest to what was: `saif replay` then brings the cases in line.
    op.execute(
        "UPDATE submission SET group_id = (SELECT group_id FROM device WHERE device.id = submission.device_id)"
    )
    op.drop_index("ix_case_entity_owner_id", table_name="case_entity")
    for column in ("owner_id", "group_id"):
        op.create_index(
            f"ix_case_entity_{column}", "case_entity", ["mission_id", column, "label", "case_id"], **_OF_OPEN
        )
    op.create_table(
        "case_reach",
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("reach", sa.String(length=40), nullable=False, comment="As app.services.reach writes it"),
        sa.Column("revision", sa.Uuid(), nullable=False, comment="Another one with every change of the list"),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_case_reach_mission_id")),
        sa.PrimaryKeyConstraint("mission_id", "reach", name=op.f("pk_case_reach")),
    )


def downgrade() -> None:
    op.drop_table("case_reach")
    for column in ("owner_id", "group_id"):
        op.drop_index(f"ix_case_entity_{column}", table_name="case_entity")
    op.create_index("ix_case_entity_owner_id", "case_entity", ["owner_id"])
    for table in ("case_entity", "submission"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("group_id")
