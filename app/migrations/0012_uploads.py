"""Uploads that wait for a worker; the cells of a workbook, its name, and what ODK Validate made of it"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "name", sa.String(), nullable=False, comment="The file's name, as on the designer's machine"
        ),
        sa.Column(
            "content",
            sa.LargeBinary(),
            nullable=True,
            comment="The form; empty once it is the original of a version",
        ),
        sa.Column("note", sa.String(), nullable=False, comment="What is new"),
        sa.Column(
            "state",
            sa.String(),
            nullable=False,
            comment="waiting, checking, refused, draft, or published: it was that already",
        ),
        sa.Column(
            "step",
            sa.String(),
            nullable=False,
            comment="Where a check is at: reading, converting, checking",
        ),
        sa.Column("share", sa.Double(), nullable=True, comment="Of the step, 0 to 1, where that is known"),
        sa.Column("tries", sa.Integer(), nullable=False, comment="How often a check was begun"),
        sa.Column(
            "touched_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the process that checks it last said that it lives",
        ),
        sa.Column(
            "problem", sa.String(), nullable=False, comment="Why it was refused, if not for its findings"
        ),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column(
            "cells",
            sa.LargeBinary(),
            nullable=True,
            comment="Of a refused workbook, as xlsforms.workbook.Workbook packs them",
        ),
        sa.Column(
            "version_id",
            sa.Uuid(),
            nullable=True,
            comment="The version it became, or was already; a draft may be gone since",
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_upload_mission_id")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_upload_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_state_created_at"), "upload", ["state", "created_at"])
    op.create_table(
        "upload_file",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_upload_file_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "name", name=op.f("pk_upload_file")),
    )
    for column in (
        sa.Column(
            "workbook_name", sa.String(), nullable=True, comment="What the original was called, made safe"
        ),
        sa.Column(
            "cells",
            sa.LargeBinary(),
            nullable=True,
            comment="Of the workbook, as xlsforms.workbook.Workbook packs them",
        ),
        sa.Column(
            "validated",
            sa.String(),
            nullable=True,
            comment="ODK Validate: waiting, absent (no Java there) or done; empty: never asked",
        ),
    ):
        op.add_column("form_version", column)


def downgrade() -> None:
    for name in ("validated", "cells", "workbook_name"):
        op.drop_column("form_version", name)
    op.drop_table("upload_file")
    op.drop_table("upload")
