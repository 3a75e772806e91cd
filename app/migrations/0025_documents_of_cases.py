"""Documents of cases"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "case_id",
            sa.Uuid(),
            nullable=False,
            comment="As it was called then: a case that was merged takes its documents along, and back",
        ),
        sa.Column("kind", sa.String(20), nullable=False, comment="app.services.documents.KINDS"),
        sa.Column("dated_on", sa.String(10), nullable=True, comment="The day that stands on it"),
        sa.Column(
            "name",
            sa.LargeBinary(),
            nullable=False,
            comment="File name, which may name somebody: encrypted, context 'document-name:' + id",
        ),
        sa.Column(
            "media_type",
            sa.String(),
            nullable=False,
            comment="By what it holds, not by what was said of it",
        ),
        sa.Column("size", sa.Integer(), nullable=False, comment="Bytes of the plain content"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="Keyed hash of the plain content"),
        sa.Column(
            "blob", sa.String(64), nullable=False, comment="Name in the blob store, this document's alone"
        ),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["user.id"], name=op.f("fk_document_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_case_id"), "document", ["case_id"])


def downgrade() -> None:
    op.drop_table("document")
