"""Keys of forms that phones encrypt"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


STATES = "received, normalised, waiting (for its case or form), superseded, failed, deleted"
STATES_AND_OPAQUE = STATES.replace("superseded", "opaque, superseded")


def upgrade() -> None:
    _comment(STATES_AND_OPAQUE, instead_of=STATES)
    op.create_table(
        "form_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column(
            "public",
            sa.String(),
            nullable=False,
            comment="As the form carries it: Base64 of the SubjectPublicKeyInfo",
        ),
        sa.Column(
            "private",
            sa.LargeBinary(),
            nullable=False,
            comment="PKCS#8, sealed (app.keys), context 'form-key:' + id",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since when phones no longer get it; it still opens",
        ),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_form_key_created_by")),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_form_key_form_id")),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_form_key_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_key")),
    )
    op.create_index(op.f("ix_form_key_form_id_mission_id"), "form_key", ["form_id", "mission_id"])
    op.create_index(
        "ix_form_key_current",
        "form_key",
        ["form_id", "mission_id"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "rendition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column(
            "version", sa.String(), nullable=False, comment="Its own version string, which submissions name"
        ),
        sa.Column("md5", sa.String(length=32), nullable=False, comment="Of the bytes: what OpenRosa lists"),
        sa.Column("xform", sa.LargeBinary(), nullable=False, comment="The exact bytes a phone downloads"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["form_key.id"], name=op.f("fk_rendition_key_id")),
        sa.ForeignKeyConstraint(["version_id"], ["form_version.id"], name=op.f("fk_rendition_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rendition")),
        sa.UniqueConstraint("version_id", "key_id", name=op.f("uq_rendition_version_id_key_id")),
    )
    op.create_index(op.f("ix_rendition_key_id"), "rendition", ["key_id"])
    op.create_table(
        "awaited_file",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column(
            "name_digest",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="Keyed hash of the name, as of those that have arrived",
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_awaited_file_submission_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", "name_digest", name=op.f("pk_awaited_file")),
    )
    op.add_column(
        "submission",
        sa.Column(
            "plain",
            sa.LargeBinary(),
            nullable=True,
            comment="The XML of one that came encrypted, sealed, context 'submission-plain:' + id",
        ),
    )
    op.add_column(
        "submission_file",
        sa.Column(
            "opened",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="It came encrypted; what was in it stands beside it",
        ),
    )


def downgrade() -> None:
    _comment(STATES, instead_of=STATES_AND_OPAQUE)
    op.drop_column("submission_file", "opened")
    op.drop_column("submission", "plain")
    op.drop_table("awaited_file")
    op.drop_table("rendition")
    op.drop_table("form_key")


def _comment(states: str, *, instead_of: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column(
            "submission", "state", existing_type=sa.String(), comment=states, existing_comment=instead_of
        )
