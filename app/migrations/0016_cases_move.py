"""Cases that are proposed to another mission"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("case_state") as table:
        table.add_column(
            sa.Column(
                "proposed_to",
                sa.Integer(),
                nullable=True,
                comment="Mission that is asked to take the case, and has not answered",
            )
        )
        table.create_foreign_key(
            op.f("fk_case_state_proposed_to_mission"), "mission", ["proposed_to"], ["id"]
        )
        table.create_index(op.f("ix_case_state_proposed_to"), ["proposed_to"])


def downgrade() -> None:
    with op.batch_alter_table("case_state") as table:
        table.drop_index(op.f("ix_case_state_proposed_to"))
        table.drop_constraint(op.f("fk_case_state_proposed_to_mission"), type_="foreignkey")
        table.drop_column("proposed_to")
