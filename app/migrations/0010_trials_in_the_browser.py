"""Trials in the browser"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


@contextmanager
def _keeping_files() -> Iterator[None]:
    """SQLite makes the table anew to change a column, and what refers to its rows would go with the old one."""
    if op.get_context().dialect.name != "sqlite":
        yield
        return
    op.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM trial_file")
    yield
    op.execute("INSERT INTO trial_file SELECT * FROM kept")
    op.execute("DROP TABLE kept")


def upgrade() -> None:
    with _keeping_files(), op.batch_alter_table("trial") as batch:
        batch.alter_column(
            "mission_id",
            existing_type=sa.Integer(),
            comment="Where it was tried",
            existing_comment="The test device's mission",
        )
        batch.alter_column(
            "device_id",
            existing_type=sa.Integer(),
            nullable=True,
            comment="The test device; none if it was tried in the browser",
        )
        batch.add_column(
            sa.Column("user_id", sa.Integer(), nullable=True, comment="Who tried it in the browser")
        )
        batch.create_foreign_key(op.f("fk_trial_user_id"), "user", ["user_id"], ["id"])


def downgrade() -> None:
    # Their files go with them; the blobs are named, to be swept.
    op.execute(
        "INSERT INTO unwanted_blob SELECT blob FROM trial_file JOIN trial ON trial.id = trial_file.trial_id "
        "WHERE device_id IS NULL"
    )
    op.execute("DELETE FROM trial WHERE device_id IS NULL")
    with _keeping_files(), op.batch_alter_table("trial") as batch:
        batch.drop_constraint(op.f("fk_trial_user_id"), type_="foreignkey")
        batch.drop_column("user_id")
        batch.alter_column(
            "device_id",
            existing_type=sa.Integer(),
            nullable=False,
            comment=None,
            existing_comment="The test device; none if it was tried in the browser",
        )
        batch.alter_column(
            "mission_id",
            existing_type=sa.Integer(),
            comment="The test device's mission",
            existing_comment="Where it was tried",
        )
