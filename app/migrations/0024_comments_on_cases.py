"""Comments on cases, and people who are told of a comment"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("comment") as table:
        table.alter_column("submission_id", existing_type=sa.Uuid(), nullable=True)
        table.add_column(
            sa.Column(
                "case_id",
                sa.Uuid(),
                nullable=True,
                comment="As it was called then: a case that was merged takes its comments along, and back",
            )
        )
        table.create_check_constraint(
            op.f("ck_comment_about_one"), "(submission_id IS NULL) <> (case_id IS NULL)"
        )
        table.create_index(op.f("ix_comment_case_id"), ["case_id"])
    op.create_table(
        "mention",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "read_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When they first opened the comments",
        ),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_mention_comment_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_mention_user_id")),
        sa.PrimaryKeyConstraint("user_id", "comment_id", name=op.f("pk_mention")),
    )
    op.create_index(op.f("ix_mention_comment_id"), "mention", ["comment_id"])
    op.create_index(
        "ix_mention_unread",
        "mention",
        ["user_id"],
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("mention")
    op.execute("DELETE FROM comment WHERE submission_id IS NULL")
    with op.batch_alter_table("comment") as table:
        table.drop_index(op.f("ix_comment_case_id"))
        table.drop_constraint(op.f("ck_comment_about_one"), type_="check")
        table.drop_column("case_id")
        table.alter_column("submission_id", existing_type=sa.Uuid(), nullable=False)
