"""The index of answers, which tables of submissions are filtered, sorted and searched by"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_THERE = sa.text("number IS NOT NULL")
_TABLE = (
    "mission_id",
    "xml_form_id",
    "id",
    "number",
    "state",
    "review_state",
    "deprecated_id",
    "flagged",
    "version_id",
    "device_id",
    "interviewer_id",
    "held_on",
    "case_id",
    "received_at",
)


def upgrade() -> None:
    op.create_table(
        "indexed_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("xml_form_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False, comment="Without positions: /data/person/age"),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_indexed_question_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indexed_question")),
        sa.UniqueConstraint(
            "mission_id", "xml_form_id", "path", name=op.f("uq_indexed_question_mission_id_xml_form_id_path")
        ),
    )
    text = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
    op.create_table(
        "answer",
        sa.Column(
            "question_id", sa.Integer(), autoincrement=False, nullable=False, comment="indexed_question.id"
        ),
        sa.Column("value", sa.Double(), nullable=False, comment="Of a number; 0 for all else"),
        sa.Column("text", text, nullable=False, comment="As the phone wrote it, its beginning"),
        sa.Column(
            "submission", sa.Integer(), autoincrement=False, nullable=False, comment="submission.number"
        ),
        sa.Column(
            "position",
            sa.String(40),
            nullable=False,
            comment="In which rows of repeats: 2.1; empty outside of them",
        ),
        sa.PrimaryKeyConstraint(
            "question_id", "value", "text", "submission", "position", name=op.f("pk_answer")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_answer_submission_question_id"), "answer", ["submission", "question_id"])
    op.add_column(
        "submission",
        sa.Column(
            "number",
            sa.Integer(),
            nullable=True,
            comment="By which the index of answers knows it; empty: it is in no table of submissions",
        ),
    )
    op.add_column(
        "submission",
        sa.Column(
            "indexed",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="Whether the index of answers says what it is now",
        ),
    )
    op.create_index(
        "ix_submission_unindexed",
        "submission",
        ["id"],
        sqlite_where=sa.text("indexed = 0 AND state <> 'received'"),
        postgresql_where=sa.text("NOT indexed AND state <> 'received'"),
    )
    op.create_index(
        "ix_submission_number",
        "submission",
        ["number"],
        unique=True,
        sqlite_where=_THERE,
        postgresql_where=_THERE,
    )
    op.create_index(
        "ix_submission_table", "submission", list(_TABLE), sqlite_where=_THERE, postgresql_where=_THERE
    )


def downgrade() -> None:
    for name in ("ix_submission_table", "ix_submission_number", "ix_submission_unindexed"):
        op.drop_index(name, "submission")
    op.drop_column("submission", "indexed")
    op.drop_column("submission", "number")
    op.drop_table("answer")
    op.drop_table("indexed_question")
