"""Indexes by which many cases are counted, narrowed and sorted"""

from alembic import op
from sqlalchemy import text

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_INDEXES = (
    ("case_state", "ix_case_state_counted", ("case_id", "mission_id", "updated_at")),
    (
        "case_file",
        "ix_case_file_counted_1",
        (
            "case_id", "status", "registered_on", "next_contact_on", "trafficking_status", "risk_level", "is_minor",
            "age_at_registration",
        ),
    ),
    ("person", "ix_person_counted_1", ("case_id", "sex")),
    ("person", "ix_person_counted_2", ("sex", "case_id")),
    ("interview", "ix_interview_counted_1", ("case_id", "held_on", "form")),
    ("interview", "ix_interview_counted_2", ("held_on", "form", "case_id")),
    ("episode", "ix_episode_counted_1", ("exploitation_country", "case_id")),
    ("episode_exploitation", "ix_episode_exploitation_counted_1", ("facet", "code", "case_id")),
    ("eligibility", "ix_eligibility_counted_1", ("programme", "case_id")),
    ("service", "ix_service_counted_1", ("case_id", "started_on", "category", "status")),
)  # fmt: skip


def upgrade() -> None:
    for table, name, columns in _INDEXES:
        op.create_index(name, table, columns)
    op.drop_index("ix_case_state_proposed_to", "case_state")
    known = text("proposed_to IS NOT NULL")
    op.create_index(
        "ix_case_state_proposed_to", "case_state", ["proposed_to"], sqlite_where=known, postgresql_where=known
    )


def downgrade() -> None:
    for table, name, _ in _INDEXES:
        op.drop_index(name, table)
    op.drop_index("ix_case_state_proposed_to", "case_state")
    op.create_index("ix_case_state_proposed_to", "case_state", ["proposed_to"])
