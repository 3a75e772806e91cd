"""Test devices, and what they send"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The constraint stands in the column: SQLite adds none to a table that is there, and to make the table anew would
    # break what refers to it.
    op.execute(
        "ALTER TABLE device ADD COLUMN test_form_id INTEGER "
        "CONSTRAINT fk_device_test_form_id REFERENCES form (id)"
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "COMMENT ON COLUMN device.test_form_id IS "
            "'A test device: it gets the draft of this form, and sends trials'"
        )
    op.create_table(
        "trial",
        sa.Column("id", sa.Uuid(), nullable=False, comment="UUIDv7"),
        sa.Column("mission_id", sa.Integer(), nullable=False, comment="The test device's mission"),
        sa.Column("form_id", sa.Integer(), nullable=False, comment="The form whose draft it tries"),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column(
            "form_version",
            sa.String(),
            nullable=False,
            comment="As the XML says it; empty where it says none",
        ),
        sa.Column("instance_id", sa.String(length=250), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "xml_digest",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="Keyed hash of the plain XML: same bytes again?",
        ),
        sa.Column(
            "xml",
            sa.LargeBinary(),
            nullable=False,
            comment="Sealed (app.keys), context 'trial:' + form + ':' + instanceID",
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_trial_device_id")),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_trial_form_id")),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_trial_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint(
            "mission_id", "form_id", "instance_id", name=op.f("uq_trial_mission_id_form_id_instance_id")
        ),
    )
    op.create_table(
        "trial_file",
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("name_digest", sa.LargeBinary(length=32), nullable=False, comment="Keyed hash of the name"),
        sa.Column(
            "name", sa.LargeBinary(), nullable=False, comment="Sealed, context 'file-name:' + trial id"
        ),
        sa.Column(
            "digest",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="Keyed SHA-256 of the plain content",
        ),
        sa.Column("size", sa.Integer(), nullable=False, comment="Bytes of the plain content"),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False, comment="Name in the blob store"),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["trial.id"], name=op.f("fk_trial_file_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "name_digest", name=op.f("pk_trial_file")),
    )
    op.create_table(
        "unwanted_blob",
        sa.Column("blob", sa.String(length=64), nullable=False, comment="Name in the blob store"),
        sa.PrimaryKeyConstraint("blob", name=op.f("pk_unwanted_blob")),
    )


def downgrade() -> None:
    op.drop_table("unwanted_blob")
    op.drop_table("trial_file")
    op.drop_table("trial")
    # Without the column a test device would be a phone like any other.
    op.execute("DELETE FROM device WHERE test_form_id IS NOT NULL")
    op.drop_column("device", "test_form_id")
