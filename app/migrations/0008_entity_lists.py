"""Entity lists"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entity_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="An XML name; phones look for it as NAME.csv"),
        sa.Column(
            "approval_required",
            sa.Boolean(),
            nullable=False,
            comment="Whether a submission acts only once it is approved",
        ),
        sa.Column(
            "revision", sa.Uuid(), nullable=False, comment="Another one with every change of what phones see"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True, comment="Empty: a form declared it"),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_entity_list_created_by")),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_entity_list_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity_list")),
        sa.UniqueConstraint("mission_id", "name", name=op.f("uq_entity_list_mission_id_name")),
    )
    op.create_table(
        "entity",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False, comment="UUIDv4: phones ignore others"),
        sa.Column("version", sa.Integer(), nullable=False, comment="From 1; only rises"),
        sa.Column(
            "said",
            sa.LargeBinary(),
            nullable=False,
            comment="Label and properties as JSON, locked (app.keys), context 'entity:' + both keys",
        ),
        sa.Column(
            "conflict", sa.String(length=4), nullable=True, comment="soft or hard, until somebody resolved it"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["entity_list.id"], name=op.f("fk_entity_list_id")),
        sa.PrimaryKeyConstraint("list_id", "entity_id", name=op.f("pk_entity")),
    )
    op.create_index(
        op.f("ix_entity_list_id_created_at_entity_id"),
        "entity",
        ["list_id", "created_at", "entity_id"],
        unique=False,
    )
    op.create_table(
        "entity_property",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["entity_list.id"], name=op.f("fk_entity_property_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity_property")),
        sa.UniqueConstraint("list_id", "name", name=op.f("uq_entity_property_list_id_name")),
    )
    op.create_table(
        "entity_pending",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.String(length=16),
            nullable=False,
            comment="approval, predecessor, unknown (no such entity yet), exists, deleted or label",
        ),
        sa.Column(
            "action",
            sa.LargeBinary(),
            nullable=False,
            comment="The action as JSON, encrypted, context 'entity-action:' + the keys",
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["entity_list.id"], name=op.f("fk_entity_pending_list_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_entity_pending_submission_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", "list_id", "entity_id", name=op.f("pk_entity_pending")),
    )
    op.create_index(
        op.f("ix_entity_pending_list_id_entity_id"), "entity_pending", ["list_id", "entity_id"], unique=False
    )
    op.create_index(
        op.f("ix_entity_pending_reason_since"), "entity_pending", ["reason", "since"], unique=False
    )
    op.create_table(
        "entity_version",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "said",
            sa.LargeBinary(),
            nullable=False,
            comment="What was said, and the whole after it, as JSON; encrypted, context as above + version",
        ),
        sa.Column("base_version", sa.Integer(), nullable=True, comment="The version it was made on"),
        sa.Column(
            "trunk_version", sa.Integer(), nullable=True, comment="Last version its phone had from here"
        ),
        sa.Column("branch_id", sa.Uuid(), nullable=True, comment="Its phone's run of changes made offline"),
        sa.Column("conflict", sa.String(length=4), nullable=True, comment="soft or hard"),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("user_agent", sa.String(length=200), nullable=False, comment="Of a script that made it"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_entity_version_device_id")),
        sa.ForeignKeyConstraint(
            ["list_id", "entity_id"],
            ["entity.list_id", "entity.entity_id"],
            name=op.f("fk_entity_version_list_id_entity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_entity_version_submission_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_entity_version_user_id")),
        sa.PrimaryKeyConstraint("list_id", "entity_id", "version", name=op.f("pk_entity_version")),
        sa.UniqueConstraint(
            "submission_id",
            "list_id",
            "entity_id",
            name=op.f("uq_entity_version_submission_id_list_id_entity_id"),
        ),
    )


def downgrade() -> None:
    for table in ("entity_pending", "entity_version", "entity", "entity_property", "entity_list"):
        op.drop_table(table)
