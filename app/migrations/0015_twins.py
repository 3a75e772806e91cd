"""Cases that may be about one person: what is compared of each, and the pairs"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_trace",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False, comment="Number of the rules it was made by"),
        sa.Column(
            "stamp",
            sa.LargeBinary(length=12),
            nullable=False,
            comment="Keyed hash of the traits: have they changed?",
        ),
        sa.Column(
            "keys", sa.LargeBinary(), nullable=False, comment="Its rows of trace_key, eight bytes each"
        ),
        sa.Column(
            "traits", sa.LargeBinary(), nullable=False, comment="JSON, encrypted, context 'trace:' + case_id"
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_case_trace_mission_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_trace")),
    )
    op.create_table(
        "trace_key",
        sa.Column(
            "key",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="Blind index of mission and key",
        ),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("key", "case_id", name=op.f("pk_trace_key")),
        sqlite_with_rowid=False,
    )
    due = op.create_table(
        "trace_due",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_trace_due")),
    )
    op.create_table(
        "twin",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The smaller of the two uids"),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column(
            "reasons",
            sa.JSON(),
            nullable=False,
            comment="As submissions.likeness names them; no answers",
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_twin_mission_id")),
        sa.PrimaryKeyConstraint("case_id", "other_id", name=op.f("pk_twin")),
    )
    op.create_index(op.f("ix_twin_other_id"), "twin", ["other_id"])
    op.create_index(
        op.f("ix_twin_mission_id_score_case_id_other_id"),
        "twin",
        ["mission_id", "score", "case_id", "other_id"],
    )
    # Every case that is there is compared once: by the worker, which has the keys.
    cases = sa.table("case_state", sa.column("case_id", sa.Uuid()))
    op.execute(sa.insert(due).from_select(["case_id"], sa.select(cases.c.case_id)))


def downgrade() -> None:
    for table in ("twin", "trace_due", "trace_key", "case_trace"):
        op.drop_table(table)
