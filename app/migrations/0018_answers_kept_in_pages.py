"""Answers that were read, kept in pages for downloads; what is there waits to be packed"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_page",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "revision",
            sa.Integer(),
            nullable=False,
            comment="How they are laid out: submissions.flat.REVISION",
        ),
        sa.Column(
            "content",
            sa.LargeBinary(),
            nullable=False,
            comment="Encrypted (app.keys), context 'answer-page:' + id",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_page")),
    )
    op.create_index(op.f("ix_answer_page_revision"), "answer_page", ["revision"])
    op.create_table(
        "packed",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("xml_form_id", sa.String(), nullable=False),
        sa.Column("page_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True, comment="Which of the page it is, from 0"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_packed_submission_id")),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_packed_mission_id")),
        sa.ForeignKeyConstraint(["page_id"], ["answer_page.id"], name=op.f("fk_packed_page_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_packed")),
    )
    op.create_index(op.f("ix_packed_page_id"), "packed", ["page_id"])
    waiting = sa.text("page_id IS NULL")
    op.create_index(
        "ix_packed_waiting",
        "packed",
        ["mission_id", "xml_form_id", "submission_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.execute(
        "INSERT INTO packed (submission_id, mission_id, xml_form_id) "
        "SELECT id, mission_id, xml_form_id FROM submission "
        "WHERE version_id IS NOT NULL AND state NOT IN ('received', 'deleted')"
    )


def downgrade() -> None:
    op.drop_table("packed")
    op.drop_table("answer_page")
