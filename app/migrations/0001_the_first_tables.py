"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = ("default",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assessment",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("safety_plan", sa.LargeBinary(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_assessment")),
        comment="The risk assessment of one interview.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "background",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("occupation_status", sa.String(), nullable=True),
        sa.Column("occupation_kind", sa.String(), nullable=True),
        sa.Column("economic_situation", sa.String(), nullable=True),
        sa.Column("prior_migration", sa.String(), nullable=True),
        sa.Column("prior_trafficking", sa.String(), nullable=True),
        sa.Column("prior_violence", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_background")),
        comment="The situation before the trafficking, as told in one interview.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "background_leave_reason",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_background_leave_reason")),
        comment="Why the person left.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "case_alias",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The uid phones may still hold"),
        sa.Column("target_id", sa.Uuid(), nullable=False, comment="The case that carries on"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_alias")),
    )
    op.create_index(op.f("ix_case_alias_target_id"), "case_alias", ["target_id"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("case_ref", sa.Text(), nullable=True, comment="Shown to staff; holds no personal data"),
        sa.Column("person_id", sa.Uuid(), nullable=True, comment="Empty until there is consent"),
        sa.Column(
            "mission_code",
            sa.Text(),
            nullable=True,
            comment="From mission.csv on the phone; the mission that counts is that of the device",
        ),
        sa.Column("identified_country", sa.String(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True, comment="Date of the first screening interview"),
        sa.Column(
            "age_at_registration",
            sa.BigInteger(),
            nullable=True,
            comment="Age at the first screening interview",
        ),
        sa.Column("is_minor", sa.Boolean(), nullable=True),
        sa.Column("trafficking_status", sa.String(), nullable=True),
        sa.Column("risk_level", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.String(),
            nullable=True,
            comment="Active while no interview and no decision says otherwise",
        ),
        sa.Column("owner_user_id", sa.Uuid(), nullable=True),
        sa.Column("next_contact_on", sa.Date(), nullable=True),
        sa.Column(
            "closed_on",
            sa.Date(),
            nullable=True,
            comment="Date of the interview, or of the decision, that closed it",
        ),
        sa.Column("closure_reason", sa.String(), nullable=True),
        sa.Column("closure_details", sa.LargeBinary(), nullable=True),
        sa.Column("retention_review_on", sa.Date(), nullable=True, comment="Set on closure"),
        sa.Column("legal_hold", sa.Boolean(), nullable=True),
        sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_file")),
        comment="One spell of identification and assistance of one person. One person may have several, over the years.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consent",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("consent_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column(
            "purpose",
            sa.String(),
            nullable=True,
            comment="Interview, case_management, referral, law_enforcement, research, guardian",
        ),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=True, comment="Date of the interview"),
        sa.Column("method", sa.String(), nullable=True, comment="How the answer was given"),
        sa.Column(
            "information_given",
            sa.JSON(),
            nullable=True,
            comment="The points explained before consent was asked",
        ),
        sa.Column("guardian_available", sa.Boolean(), nullable=True),
        sa.Column("guardian_relation", sa.String(), nullable=True),
        sa.Column("guardian_conflict", sa.String(), nullable=True),
        sa.Column("superseded_by", sa.Uuid(), nullable=True, comment="The later line of the same purpose"),
        sa.Column(
            "signature",
            sa.LargeBinary(),
            nullable=True,
            comment="File name of the signature image; the image is a file of the submission",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "consent_id", name=op.f("pk_consent")),
        comment="One line per purpose and event; never updated, only appended.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "data_subject_request",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("request_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True, comment="Date of the interview"),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=True, comment="Open until the office has answered it"),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("handled_by", sa.Uuid(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "request_id", name=op.f("pk_data_subject_request")),
        comment="Access, correction, restriction, withdrawal, deletion.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "eligibility",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("eligibility_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("programme", sa.String(), nullable=True),
        sa.Column("identified_victim", sa.String(), nullable=True, comment="From trafficking_status"),
        sa.Column("area_excluded", sa.Boolean(), nullable=True),
        sa.Column("other_programme", sa.String(), nullable=True),
        sa.Column(
            "result",
            sa.String(),
            nullable=True,
            comment="eligible, not_eligible, pending from the rules; approved, declined by decision of the programme",
        ),
        sa.Column("proposed", sa.Boolean(), nullable=True, comment="True where the programme was ticked"),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("rule_version", sa.Text(), nullable=True, comment="Version of the eligibility rules"),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "eligibility_id", name=op.f("pk_eligibility")),
        comment="A programme’s criteria applied to a case.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "episode",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("source", sa.String(), nullable=True, comment="Which form said it"),
        sa.Column("seq", sa.BigInteger(), nullable=True, comment="1 = oldest"),
        sa.Column("entry_mode", sa.String(), nullable=True),
        sa.Column("recruitment_country", sa.String(), nullable=True),
        sa.Column("recruitment_place", sa.LargeBinary(), nullable=True),
        sa.Column("recruited_on", sa.Date(), nullable=True, comment="First day of the month"),
        sa.Column("age_at_entry", sa.BigInteger(), nullable=True),
        sa.Column("minor_at_entry", sa.Boolean(), nullable=True),
        sa.Column("promised_activity", sa.String(), nullable=True),
        sa.Column("fee_amount", sa.Double(), nullable=True),
        sa.Column("debt_amount", sa.Double(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("movement_type", sa.String(), nullable=True),
        sa.Column("destination_country", sa.String(), nullable=True),
        sa.Column("arrived_on", sa.Date(), nullable=True),
        sa.Column("border_crossing", sa.String(), nullable=True),
        sa.Column("exploitation_country", sa.String(), nullable=True),
        sa.Column("exploitation_place", sa.LargeBinary(), nullable=True),
        sa.Column("exploitation_start", sa.Date(), nullable=True),
        sa.Column("exploitation_end", sa.Date(), nullable=True),
        sa.Column("still_in_situation", sa.Boolean(), nullable=True),
        sa.Column("exploitation_months", sa.BigInteger(), nullable=True, comment="Whole months"),
        sa.Column("activity_forced", sa.String(), nullable=True),
        sa.Column("hours_per_week", sa.BigInteger(), nullable=True),
        sa.Column("pay_received", sa.String(), nullable=True),
        sa.Column("exit_mode", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "episode_id", name=op.f("pk_episode")),
        comment="One trafficking episode. The screening gives one provisional episode; the first assistance interview replaces it.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "episode_control",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("phase", sa.String(), nullable=True),
        sa.Column("means", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_episode_control")),
        comment="Means of control, during the journey and during the exploitation.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "episode_exploitation",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("facet", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_episode_exploitation")),
        comment="Types, sectors and sexual types in one table.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "episode_platform",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("phase", sa.String(), nullable=True),
        sa.Column("platform", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_episode_platform")),
        comment="Websites and apps used to recruit or to exploit.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "episode_promised_benefit",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("benefit", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_episode_promised_benefit")),
        comment="What was promised beside the work.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "episode_recruiter_relation",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("relation", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_episode_recruiter_relation")),
        comment="What the recruiter was to the person.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "episode_recruitment_method",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_episode_recruitment_method")),
        comment="How the contact with the recruiter began.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "episode_travel_companion",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("companion", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_episode_travel_companion")),
        comment="With whom the person travelled.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "family_member",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("family_member_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("relation", sa.String(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("age", sa.BigInteger(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("accompanying", sa.Boolean(), nullable=True),
        sa.Column("knows", sa.String(), nullable=True),
        sa.Column("needs_assistance", sa.Boolean(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "family_member_id", name=op.f("pk_family_member")),
        comment="Members of the family and household, as told in one interview.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "follow_up",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("safe_home", sa.String(), nullable=True),
        sa.Column("income", sa.String(), nullable=True),
        sa.Column("health_access", sa.String(), nullable=True),
        sa.Column("contact_trafficker", sa.String(), nullable=True),
        sa.Column("retrafficked", sa.String(), nullable=True),
        sa.Column("wellbeing", sa.BigInteger(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_follow_up")),
        comment="How the person is, some time after.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "health",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("pregnancy", sa.String(), nullable=True),
        sa.Column("distress", sa.String(), nullable=True),
        sa.Column("exam_consent", sa.Boolean(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_health")),
        comment="Health, as told in one interview.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "health_need",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("need", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_health_need")),
        comment="Health needs.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "household",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("dependants", sa.BigInteger(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_household")),
        comment="The household, as told in one interview.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "indicator",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("dimension", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("weight", sa.String(), nullable=True, comment="Under the profile applied"),
        sa.Column("profile", sa.String(), nullable=True, comment="Child where child_rule is true"),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_indicator")),
        comment="ILO operational indicators observed.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "interview",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("interview_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column(
            "instance_id", sa.Text(), nullable=True, comment="Of the current version of the submission"
        ),
        sa.Column("form", sa.String(), nullable=True, comment="Screening, assistance"),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("setting", sa.String(), nullable=True),
        sa.Column("interviewer_code", sa.Text(), nullable=True, comment="Staff code, never a name"),
        sa.Column("org_type", sa.String(), nullable=True),
        sa.Column("preference_met", sa.Boolean(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("interpreter_used", sa.Boolean(), nullable=True),
        sa.Column("interpreter_pledge", sa.Boolean(), nullable=True),
        sa.Column("private_space", sa.Boolean(), nullable=True),
        sa.Column("basic_needs_offered", sa.Boolean(), nullable=True),
        sa.Column("controller_present", sa.String(), nullable=True),
        sa.Column("consent_ok", sa.Boolean(), nullable=True),
        sa.Column("narrative", sa.LargeBinary(), nullable=True),
        sa.Column("observations", sa.LargeBinary(), nullable=True),
        sa.Column("debrief_done", sa.Boolean(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "interview_id", name=op.f("pk_interview")),
        comment="One interview, of either form.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "interview_person_present",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_interview_person_present")),
        comment="Third persons in the room.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "actor", sa.String(), nullable=False, comment="'user:7', 'device:12', 'worker' or 'command line'"
        ),
        sa.Column(
            "action",
            sa.String(),
            nullable=False,
            comment="submission.receive, case.reveal, export.csv, session.create, deny, …",
        ),
        sa.Column("mission_id", sa.Integer(), nullable=True),
        sa.Column(
            "object",
            sa.String(),
            nullable=True,
            comment="'case:…', 'submission:…', 'form:…'; never personal data",
        ),
        sa.Column(
            "reason",
            sa.String(),
            nullable=True,
            comment="As the person gave it, for reveals, exports and decisions",
        ),
        sa.Column("detail", sa.JSON(), nullable=False, comment="Counts, filters, hashes"),
        sa.Column("position", sa.Integer(), nullable=True, comment="Place in the chain, from 1"),
        sa.Column(
            "digest",
            sa.LargeBinary(length=32),
            nullable=True,
            comment="SHA-256 over the previous digest and this row",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    op.create_index(
        "ix_ledger_chained",
        "ledger",
        ["position"],
        unique=True,
        sqlite_where=sa.text("position IS NOT NULL"),
        postgresql_where=sa.text("position IS NOT NULL"),
    )
    op.create_index(op.f("ix_ledger_object_id"), "ledger", ["object", "id"], unique=False)
    op.create_index(
        "ix_ledger_unchained",
        "ledger",
        ["id"],
        unique=False,
        sqlite_where=sa.text("position IS NULL"),
        postgresql_where=sa.text("position IS NULL"),
    )
    op.create_table(
        "legal",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("fears_return", sa.String(), nullable=True),
        sa.Column("cooperation", sa.String(), nullable=True),
        sa.Column("proceedings", sa.String(), nullable=True),
        sa.Column("compensation", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_legal")),
        comment="Legal situation, as told in one interview.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "legal_document_needed",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_legal_document_needed")),
        comment="Documents the person needs.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "legal_protection",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_legal_protection")),
        comment="International protection held or sought.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False, comment="UN/LOCODE without the blank: MDCHI"),
        sa.Column("name", sa.String(), nullable=False, comment="What people call it"),
        sa.Column("country", sa.String(length=2), nullable=False, comment="ISO 3166-1 alpha-2"),
        sa.Column(
            "time_zone", sa.String(), nullable=False, comment="IANA name; decides what 'today' means here"
        ),
        sa.Column("demo", sa.Boolean(), nullable=False, comment="Holds fiction only"),
        sa.Column(
            "archived_at", sa.DateTime(timezone=True), nullable=True, comment="No longer takes anything in"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission")),
        sa.UniqueConstraint("code", name=op.f("uq_mission_code")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False, comment="UUIDv5 of name_norm"),
        sa.Column(
            "name", sa.String(), nullable=False, comment="As first typed, or as the office corrected it"
        ),
        sa.Column("name_norm", sa.String(), nullable=False, comment="For matching what the forms say"),
        sa.Column("type", sa.String(), nullable=True, comment="Code of the list org_type"),
        sa.Column("country", sa.String(length=2), nullable=True, comment="ISO 3166-1 alpha-2"),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column(
            "sharing_agreement_until", sa.Date(), nullable=True, comment="No outgoing transfer without one"
        ),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="The office has looked at it"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name_norm", name=op.f("uq_organisation_name_norm")),
    )
    op.create_table(
        "perpetrator",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("perpetrator_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("relation", sa.String(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("age_group", sa.String(), nullable=True),
        sa.Column("citizenship", sa.String(), nullable=True),
        sa.Column("paid", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "perpetrator_id", name=op.f("pk_perpetrator")),
        comment="Persons involved. No names: they belong to the police file.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "perpetrator_role",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column(
            "perpetrator_id", sa.Uuid(), nullable=False, comment="The row of perpetrator it hangs from"
        ),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_perpetrator_role")),
        comment="What a perpetrator did.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("person_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("family_name", sa.LargeBinary(), nullable=True),
        sa.Column("first_name", sa.LargeBinary(), nullable=True),
        sa.Column("birthdate", sa.LargeBinary(), nullable=True),
        sa.Column(
            "birthdate_precision",
            sa.String(),
            nullable=True,
            comment="yes to “date of birth known” is day, no is estimated",
        ),
        sa.Column(
            "birth_year_estimate",
            sa.BigInteger(),
            nullable=True,
            comment="Year of the interview less the estimated age",
        ),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("gender", sa.String(), nullable=True),
        sa.Column("birth_country", sa.String(), nullable=True),
        sa.Column("birth_place", sa.LargeBinary(), nullable=True),
        sa.Column("stateless", sa.String(), nullable=True),
        sa.Column("primary_language", sa.String(), nullable=True),
        sa.Column("secondary_language", sa.String(), nullable=True),
        sa.Column("marital_status", sa.String(), nullable=True),
        sa.Column("number_of_children", sa.BigInteger(), nullable=True),
        sa.Column("education_level", sa.String(), nullable=True),
        sa.Column("last_residence_country", sa.String(), nullable=True),
        sa.Column("contact_method", sa.String(), nullable=True),
        sa.Column("contact_phone", sa.LargeBinary(), nullable=True, comment="E.164"),
        sa.Column("contact_email", sa.LargeBinary(), nullable=True),
        sa.Column("deceased", sa.Boolean(), nullable=True, comment="True once closure_reason is died"),
        sa.Column(
            "name_index",
            sa.Text(),
            nullable=True,
            comment="Keyed hash of the normalised name, for duplicate search without decryption",
        ),
        sa.Column("merged_into", sa.Uuid(), nullable=True, comment="Merges are reversible"),
        sa.Column(
            "identity_number",
            sa.LargeBinary(),
            nullable=True,
            comment="Number of the main identity document; the forms do not ask of which kind it is",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "person_id", name=op.f("pk_person")),
        comment="A human being known to the store. Identity lives here and nowhere else.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_address",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("address_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("place", sa.LargeBinary(), nullable=True),
        sa.Column(
            "region", sa.LargeBinary(), nullable=True, comment="State or province, where a form asks it apart"
        ),
        sa.Column("living_situation", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="Date of the interview"),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "address_id", name=op.f("pk_person_address")),
        comment="Where the person lives, over time.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_citizenship",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_person_citizenship")),
        comment="Citizenships held.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_document",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("document_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column(
            "number", sa.LargeBinary(), nullable=True, comment="For forms that ask a number for each document"
        ),
        sa.Column("held", sa.Boolean(), nullable=True, comment="True for the kinds ticked"),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "document_id", name=op.f("pk_person_document")),
        comment="Identity documents.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_name",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_person_name")),
        comment="Alias, maiden name, spelling variant.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_item",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("plan_item_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("objective", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "plan_item_id", name=op.f("pk_plan_item")),
        comment="Support plan.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "referral",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("referral_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("direction", sa.String(), nullable=True),
        sa.Column("source_type", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True, comment="UUIDv5 of the normalised name"),
        sa.Column("organisation_name", sa.Text(), nullable=True, comment="As typed"),
        sa.Column("organisation_type", sa.String(), nullable=True, comment="Kind of organisation, as told"),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("referred_on", sa.Date(), nullable=True),
        sa.Column("consented", sa.Boolean(), nullable=True),
        sa.Column("urgency", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column(
            "case_worker",
            sa.LargeBinary(),
            nullable=True,
            comment="Case worker there, where a form asks it apart",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "referral_id", name=op.f("pk_referral")),
        comment="A referral, in or out.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "return_plan",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("option", sa.String(), nullable=True),
        sa.Column("voluntary", sa.Boolean(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("risk_assessed", sa.Boolean(), nullable=True),
        sa.Column("family_traced", sa.String(), nullable=True),
        sa.Column("travelled_on", sa.Date(), nullable=True),
        sa.Column("escort", sa.String(), nullable=True),
        sa.Column("received", sa.Boolean(), nullable=True),
        sa.Column("grant_amount", sa.Double(), nullable=True),
        sa.Column("grant_currency", sa.Text(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_return_plan")),
        comment="Plans for return or another durable solution, as told in one interview.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "return_reintegration",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("support", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_return_reintegration")),
        comment="Reintegration support agreed.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "route_leg",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("route_leg_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("episode_id", sa.Uuid(), nullable=False, comment="The row of episode it hangs from"),
        sa.Column("seq", sa.BigInteger(), nullable=True, comment="Order in which they were said"),
        sa.Column("country", sa.String(), nullable=True, comment="Screening: a country of transit"),
        sa.Column("from_country", sa.String(), nullable=True),
        sa.Column("to_country", sa.String(), nullable=True),
        sa.Column("travelled_on", sa.Date(), nullable=True),
        sa.Column("mode", sa.String(), nullable=True),
        sa.Column("border_crossing", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "route_leg_id", name=op.f("pk_route_leg")),
        comment="Legs of the journey; from the screening only countries of transit.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "screening",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("immediate_danger", sa.String(), nullable=True),
        sa.Column("urgent_medical_need", sa.String(), nullable=True),
        sa.Column("safe_to_proceed", sa.Boolean(), nullable=True),
        sa.Column("safety_resolved", sa.Boolean(), nullable=True),
        sa.Column("apparent_minor", sa.String(), nullable=True),
        sa.Column("prior_identification", sa.String(), nullable=True),
        sa.Column("prior_identification_by", sa.String(), nullable=True),
        sa.Column("exploitation_status", sa.String(), nullable=True),
        sa.Column("others_remaining", sa.String(), nullable=True),
        sa.Column("child_rule", sa.Boolean(), nullable=True),
        sa.Column("act_present", sa.Boolean(), nullable=True),
        sa.Column("means_any", sa.Boolean(), nullable=True),
        sa.Column("means_established", sa.Boolean(), nullable=True),
        sa.Column("purpose_present", sa.Boolean(), nullable=True),
        sa.Column("dim_deception", sa.Boolean(), nullable=True),
        sa.Column("dim_coercion_rec", sa.Boolean(), nullable=True),
        sa.Column("dim_vulnerability_rec", sa.Boolean(), nullable=True),
        sa.Column("dim_exploitation", sa.Boolean(), nullable=True),
        sa.Column("dim_coercion_dest", sa.Boolean(), nullable=True),
        sa.Column("dim_vulnerability_dest", sa.Boolean(), nullable=True),
        sa.Column(
            "suggested_status",
            sa.String(),
            nullable=True,
            comment="The phone’s suggestion; the server computes it again and a difference is a finding",
        ),
        sa.Column("rule_version", sa.Text(), nullable=True, comment="Version of the determination rules"),
        sa.Column("trafficking_status", sa.String(), nullable=True),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("decision_grounds", sa.LargeBinary(), nullable=True),
        sa.Column("decision_org", sa.String(), nullable=True),
        sa.Column("other_category", sa.String(), nullable=True),
        sa.Column("assistance_wanted", sa.String(), nullable=True),
        sa.Column("wants_return", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_screening")),
        comment="The outcome of a screening interview.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "screening_act",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("act", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_screening_act")),
        comment="Acts of the definition.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "screening_corroboration",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_screening_corroboration")),
        comment="Corroborating material.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "screening_emergency_action",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_screening_emergency_action")),
        comment="Safety measures taken.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "screening_need",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("need", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_screening_need")),
        comment="Immediate needs.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "screening_next_action",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_screening_next_action")),
        comment="Next steps.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "service",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("service_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True, comment="UUIDv5 of the normalised name"),
        sa.Column("organisation_name", sa.Text(), nullable=True, comment="As typed"),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("funding", sa.String(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "service_id", name=op.f("pk_service")),
        comment="Assistance delivered.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False, comment="Lower case; the login"),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False, comment="Argon2id"),
        sa.Column("locale", sa.String(length=2), nullable=False, comment="A key of app.language.LANGUAGES"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
    )
    op.create_table(
        "vulnerability_factor",
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case"),
        sa.Column("row_id", sa.Uuid(), nullable=False, comment="UUIDv5 of case, table and row key"),
        sa.Column("interview_id", sa.Uuid(), nullable=True, comment="The interview that said it"),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("polarity", sa.String(), nullable=True),
        sa.Column("factor", sa.String(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the fold last wrote the row",
        ),
        sa.PrimaryKeyConstraint("case_id", "row_id", name=op.f("pk_vulnerability_factor")),
        comment="Risk and protective factors, by level.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "case_attention",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.String(), nullable=False, comment="imminent_danger, self_harm, contact, finding, …"
        ),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column(
            "due_on", sa.String(length=10), nullable=True, comment="From which date on; empty: at once"
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_case_attention_mission_id")),
        sa.PrimaryKeyConstraint("case_id", "kind", name=op.f("pk_case_attention")),
    )
    op.create_index(
        op.f("ix_case_attention_mission_id_kind_due_on"),
        "case_attention",
        ["mission_id", "kind", "due_on"],
        unique=False,
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.String(),
            nullable=False,
            comment="attach, detach, merge, unmerge, correct, assign, close, reopen, …",
        ),
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="The case decided about"),
        sa.Column(
            "other_case_id",
            sa.Uuid(),
            nullable=True,
            comment="merge and unmerge: the case it becomes part of",
        ),
        sa.Column(
            "instance_id",
            sa.String(),
            nullable=True,
            comment="attach and detach: root instanceID of the submission",
        ),
        sa.Column(
            "body",
            sa.LargeBinary(),
            nullable=True,
            comment="The rest as JSON, sealed, context 'decision:' + id",
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_decision_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_case_id_id"), "decision", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_decision_instance_id"), "decision", ["instance_id"], unique=False)
    op.create_index(op.f("ix_decision_other_case_id"), "decision", ["other_case_id"], unique=False)
    op.create_table(
        "device_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_device_group_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_group")),
        sa.UniqueConstraint("mission_id", "name", name=op.f("uq_device_group_mission_id_name")),
    )
    op.create_table(
        "form",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "xml_form_id",
            sa.String(),
            nullable=False,
            comment="The form id of the XLSForm's settings: ct_screening",
        ),
        sa.Column("mission_id", sa.Integer(), nullable=True, comment="Owner; empty: headquarters"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_form_created_by")),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_form_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form")),
        sa.UniqueConstraint("xml_form_id", "mission_id", name=op.f("uq_form_xml_form_id_mission_id")),
    )
    op.create_table(
        "grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.String(),
            nullable=False,
            comment="administrator, coordinator or form_designer (app.policy)",
        ),
        sa.Column("mission_id", sa.Integer(), nullable=True, comment="Empty: in every mission"),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_grant_mission_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_grant_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant")),
        sa.UniqueConstraint("user_id", "role", "mission_id", name=op.f("uq_grant_user_id_role_mission_id")),
    )
    op.create_table(
        "interviewer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=12), nullable=False, comment="What the forms carry as interviewer_code"
        ),
        sa.Column("display_name", sa.String(), nullable=False, comment="Shown in the office only"),
        sa.Column("user_id", sa.Integer(), nullable=True, comment="If the person also signs in"),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_interviewer_mission_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_interviewer_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interviewer")),
        sa.UniqueConstraint("mission_id", "code", name=op.f("uq_interviewer_mission_id_code")),
    )
    op.create_table(
        "user_session",
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False, comment="Expected in every form a browser sends"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_user_session")),
    )
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True, comment="Empty: every device"),
        sa.Column("state", sa.String(), nullable=False, comment="open, closing (no new downloads), closed"),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_assignment_form_id")),
        sa.ForeignKeyConstraint(["group_id"], ["device_group.id"], name=op.f("fk_assignment_group_id")),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_assignment_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint(
            "form_id", "mission_id", "group_id", name=op.f("uq_assignment_form_id_mission_id_group_id")
        ),
    )
    op.create_index(op.f("ix_assignment_mission_id"), "assignment", ["mission_id"], unique=False)
    op.create_table(
        "case_entity",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False, comment="Closed cases are absent from the list"),
        sa.Column("label", sa.String(), nullable=False, comment="The case reference"),
        sa.Column("sex", sa.String(), nullable=False),
        sa.Column("is_minor", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("next_contact_on", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_case_entity_mission_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["interviewer.id"], name=op.f("fk_case_entity_owner_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_entity")),
    )
    op.create_index(op.f("ix_case_entity_mission_id"), "case_entity", ["mission_id"], unique=False)
    op.create_index(op.f("ix_case_entity_owner_id"), "case_entity", ["owner_id"], unique=False)
    op.create_table(
        "case_state",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True, comment="Interviewer of the first screening"),
        sa.Column("manifest", sa.JSON(), nullable=False, comment="{table: {row id: keyed hash}}"),
        sa.Column(
            "reference",
            sa.LargeBinary(length=32),
            nullable=True,
            comment="Blind index of the case reference: what a typed one is compared with",
        ),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_case_state_mission_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["interviewer.id"], name=op.f("fk_case_state_owner_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_state")),
    )
    op.create_index(
        op.f("ix_case_state_mission_id_reference"), "case_state", ["mission_id", "reference"], unique=False
    )
    op.create_index(
        op.f("ix_case_state_mission_id_updated_at_case_id"),
        "case_state",
        ["mission_id", "updated_at", "case_id"],
        unique=False,
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("interviewer_id", sa.Integer(), nullable=True, comment="Whose phone it is"),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column(
            "display_name",
            sa.String(),
            nullable=False,
            comment="'Phone 7, Chisinau'; never a beneficiary's name",
        ),
        sa.Column(
            "token_digest",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="Keyed hash of the token: what a request is looked up by",
        ),
        sa.Column(
            "token_sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="The token itself, to print its QR code again",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column(
            "revoked_at", sa.DateTime(timezone=True), nullable=True, comment="Cut off at its next request"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_device_created_by")),
        sa.ForeignKeyConstraint(["group_id"], ["device_group.id"], name=op.f("fk_device_group_id")),
        sa.ForeignKeyConstraint(
            ["interviewer_id"], ["interviewer.id"], name=op.f("fk_device_interviewer_id")
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_device_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_device_token_digest")),
    )
    op.create_index(op.f("ix_device_mission_id"), "device", ["mission_id"], unique=False)
    op.create_table(
        "form_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column(
            "version", sa.String(), nullable=False, comment="As the XForm says it; empty where it says none"
        ),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "published",
            sa.Boolean(),
            nullable=True,
            comment="True, or NULL for the draft, so that a draft may share its version string with drafts only",
        ),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="Of the XForm's bytes"),
        sa.Column(
            "md5", sa.String(length=32), nullable=False, comment="Of the same bytes: what OpenRosa lists"
        ),
        sa.Column("xform", sa.LargeBinary(), nullable=False, comment="The exact bytes a phone downloads"),
        sa.Column("workbook", sa.LargeBinary(), nullable=True, comment="The original upload, byte for byte"),
        sa.Column("workbook_type", sa.String(), nullable=True, comment="xlsx, xls or xml"),
        sa.Column("wants", sa.JSON(), nullable=False, comment="Names of the media files the XForm refers to"),
        sa.Column("schema", sa.JSON(), nullable=False, comment="xlsforms.schema.Form as JSON"),
        sa.Column("findings", sa.JSON(), nullable=False, comment="What compile and lint had to say"),
        sa.Column("note", sa.String(), nullable=False, comment="Why this version was made"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_form_version_created_by")),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_form_version_form_id")),
        sa.ForeignKeyConstraint(["published_by"], ["user.id"], name=op.f("fk_form_version_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_version")),
        sa.UniqueConstraint(
            "form_id", "version", "published", name=op.f("uq_form_version_form_id_version_published")
        ),
    )
    op.create_index(
        op.f("ix_form_version_form_id_published_at"),
        "form_version",
        ["form_id", "published_at"],
        unique=False,
    )
    op.create_table(
        "form_media",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="As the XForm names it"),
        sa.Column("md5", sa.String(length=32), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["form_version.id"], name=op.f("fk_form_media_version_id")),
        sa.PrimaryKeyConstraint("version_id", "name", name=op.f("pk_form_media")),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Uuid(), nullable=False, comment="UUIDv7: order of arrival"),
        sa.Column("mission_id", sa.Integer(), nullable=False, comment="The device's mission"),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column(
            "interviewer_id", sa.Integer(), nullable=True, comment="Whose phone it was when it came in"
        ),
        sa.Column("user_id", sa.Integer(), nullable=True, comment="If a person sent it in the office"),
        sa.Column(
            "phone", sa.String(), nullable=True, comment="deviceID of the query: advisory, never an identity"
        ),
        sa.Column(
            "xml_form_id", sa.String(), nullable=False, comment="As the XML says it; the form may be unknown"
        ),
        sa.Column(
            "form_version",
            sa.String(),
            nullable=False,
            comment="As the XML says it; empty where it says none",
        ),
        sa.Column(
            "instance_id",
            sa.String(length=250),
            nullable=False,
            comment="meta/instanceID, the idempotency key",
        ),
        sa.Column(
            "deprecated_id",
            sa.String(length=250),
            nullable=True,
            comment="meta/deprecatedID: what this replaces",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "xml_digest",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="Keyed hash of the plain XML: same bytes again?",
        ),
        sa.Column(
            "state",
            sa.String(),
            nullable=False,
            comment="received, normalised, waiting (for its case or form), superseded, failed, deleted",
        ),
        sa.Column(
            "root_instance_id",
            sa.String(length=250),
            nullable=True,
            comment="First instanceID of its chain of edits",
        ),
        sa.Column("version_id", sa.Uuid(), nullable=True, comment="What it was read by"),
        sa.Column(
            "case_id", sa.Uuid(), nullable=True, comment="The case it was folded into, aliases resolved"
        ),
        sa.Column(
            "held_on", sa.String(length=10), nullable=True, comment="Date of the interview, if it says one"
        ),
        sa.Column("findings", sa.JSON(), nullable=False, comment="Never holds an answer"),
        sa.Column(
            "flagged", sa.Boolean(), nullable=False, comment="Whether a finding asks somebody to look at it"
        ),
        sa.Column(
            "review_state",
            sa.String(),
            nullable=True,
            comment="None, hasIssues, approved, rejected (as in Central)",
        ),
        sa.Column("normalised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "xml", sa.LargeBinary(), nullable=False, comment="Sealed (app.keys), context 'submission:' + id"
        ),
        sa.Column(
            "intake", sa.LargeBinary(), nullable=True, comment="The Intake, sealed, context 'intake:' + id"
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_submission_device_id")),
        sa.ForeignKeyConstraint(
            ["interviewer_id"], ["interviewer.id"], name=op.f("fk_submission_interviewer_id")
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_submission_mission_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_submission_user_id")),
        sa.ForeignKeyConstraint(["version_id"], ["form_version.id"], name=op.f("fk_submission_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "mission_id",
            "xml_form_id",
            "instance_id",
            name=op.f("uq_submission_mission_id_xml_form_id_instance_id"),
        ),
    )
    op.create_index(
        "ix_submission_case_id",
        "submission",
        ["case_id"],
        unique=False,
        sqlite_where=sa.text("case_id IS NOT NULL"),
        postgresql_where=sa.text("case_id IS NOT NULL"),
    )
    op.create_index(
        "ix_submission_deprecated_id",
        "submission",
        ["deprecated_id"],
        unique=False,
        sqlite_where=sa.text("deprecated_id IS NOT NULL"),
        postgresql_where=sa.text("deprecated_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_submission_device_id_received_at"), "submission", ["device_id", "received_at"], unique=False
    )
    op.create_index(
        "ix_submission_flagged",
        "submission",
        ["mission_id", "id"],
        unique=False,
        sqlite_where=sa.text("flagged = 1"),
        postgresql_where=sa.text("flagged"),
    )
    op.create_index(op.f("ix_submission_mission_id_id"), "submission", ["mission_id", "id"], unique=False)
    op.create_index(
        op.f("ix_submission_mission_id_xml_form_id_id"),
        "submission",
        ["mission_id", "xml_form_id", "id"],
        unique=False,
    )
    op.create_index("ix_submission_queue", "submission", ["state", "id"], unique=False)
    op.create_index(
        "ix_submission_root_instance_id",
        "submission",
        ["root_instance_id"],
        unique=False,
        sqlite_where=sa.text("root_instance_id IS NOT NULL"),
        postgresql_where=sa.text("root_instance_id IS NOT NULL"),
    )
    op.create_table(
        "case_hint",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("case_uid", sa.Uuid(), nullable=True, comment="The case it names"),
        sa.Column(
            "reference",
            sa.LargeBinary(length=32),
            nullable=True,
            comment="Blind index of the reference it typed",
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_case_hint_mission_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_case_hint_submission_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_case_hint")),
    )
    op.create_index(op.f("ix_case_hint_case_uid"), "case_hint", ["case_uid"], unique=False)
    op.create_index(
        op.f("ix_case_hint_mission_id_reference"), "case_hint", ["mission_id", "reference"], unique=False
    )
    op.create_table(
        "conflict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False, comment="The one that stands"),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("file_name", sa.LargeBinary(), nullable=True, comment="Sealed; empty when it is the XML"),
        sa.Column(
            "content",
            sa.LargeBinary(),
            nullable=True,
            comment="The other XML, sealed, context 'conflict:' + id",
        ),
        sa.Column("blob", sa.String(length=64), nullable=True, comment="The other file's blob"),
        sa.Column(
            "digest",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="Keyed hash of the XML, or the blob's name in bytes",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_conflict_device_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_conflict_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
        sa.UniqueConstraint("submission_id", "digest", name=op.f("uq_conflict_submission_id_digest")),
    )
    op.create_table(
        "submission_file",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column(
            "name_digest",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="Keyed hash of the name: a phone's file names may say too much",
        ),
        sa.Column(
            "name", sa.LargeBinary(), nullable=False, comment="Sealed, context 'file-name:' + submission id"
        ),
        sa.Column(
            "digest", sa.LargeBinary(length=32), nullable=False, comment="Keyed SHA-256 of the plain content"
        ),
        sa.Column("size", sa.Integer(), nullable=False, comment="Bytes of the plain content"),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False, comment="Name in the blob store"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_submission_file_submission_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", "name_digest", name=op.f("pk_submission_file")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("submission_file")
    op.drop_table("conflict")
    op.drop_index(op.f("ix_case_hint_mission_id_reference"), table_name="case_hint")
    op.drop_index(op.f("ix_case_hint_case_uid"), table_name="case_hint")
    op.drop_table("case_hint")
    op.drop_index(
        "ix_submission_root_instance_id",
        table_name="submission",
        sqlite_where=sa.text("root_instance_id IS NOT NULL"),
        postgresql_where=sa.text("root_instance_id IS NOT NULL"),
    )
    op.drop_index("ix_submission_queue", table_name="submission")
    op.drop_index(op.f("ix_submission_mission_id_xml_form_id_id"), table_name="submission")
    op.drop_index(op.f("ix_submission_mission_id_id"), table_name="submission")
    op.drop_index(
        "ix_submission_flagged",
        table_name="submission",
        sqlite_where=sa.text("flagged = 1"),
        postgresql_where=sa.text("flagged"),
    )
    op.drop_index(op.f("ix_submission_device_id_received_at"), table_name="submission")
    op.drop_index(
        "ix_submission_deprecated_id",
        table_name="submission",
        sqlite_where=sa.text("deprecated_id IS NOT NULL"),
        postgresql_where=sa.text("deprecated_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_submission_case_id",
        table_name="submission",
        sqlite_where=sa.text("case_id IS NOT NULL"),
        postgresql_where=sa.text("case_id IS NOT NULL"),
    )
    op.drop_table("submission")
    op.drop_table("form_media")
    op.drop_index(op.f("ix_form_version_form_id_published_at"), table_name="form_version")
    op.drop_table("form_version")
    op.drop_index(op.f("ix_device_mission_id"), table_name="device")
    op.drop_table("device")
    op.drop_index(op.f("ix_case_state_mission_id_updated_at_case_id"), table_name="case_state")
    op.drop_index(op.f("ix_case_state_mission_id_reference"), table_name="case_state")
    op.drop_table("case_state")
    op.drop_index(op.f("ix_case_entity_owner_id"), table_name="case_entity")
    op.drop_index(op.f("ix_case_entity_mission_id"), table_name="case_entity")
    op.drop_table("case_entity")
    op.drop_index(op.f("ix_assignment_mission_id"), table_name="assignment")
    op.drop_table("assignment")
    op.drop_index(op.f("ix_user_session_user_id"), table_name="user_session")
    op.drop_table("user_session")
    op.drop_table("interviewer")
    op.drop_table("grant")
    op.drop_table("form")
    op.drop_table("device_group")
    op.drop_index(op.f("ix_decision_other_case_id"), table_name="decision")
    op.drop_index(op.f("ix_decision_instance_id"), table_name="decision")
    op.drop_index(op.f("ix_decision_case_id_id"), table_name="decision")
    op.drop_table("decision")
    op.drop_index(op.f("ix_case_attention_mission_id_kind_due_on"), table_name="case_attention")
    op.drop_table("case_attention")
    op.drop_table("vulnerability_factor")
    op.drop_table("user")
    op.drop_table("service")
    op.drop_table("screening_next_action")
    op.drop_table("screening_need")
    op.drop_table("screening_emergency_action")
    op.drop_table("screening_corroboration")
    op.drop_table("screening_act")
    op.drop_table("screening")
    op.drop_table("route_leg")
    op.drop_table("return_reintegration")
    op.drop_table("return_plan")
    op.drop_table("referral")
    op.drop_table("plan_item")
    op.drop_table("person_name")
    op.drop_table("person_document")
    op.drop_table("person_citizenship")
    op.drop_table("person_address")
    op.drop_table("person")
    op.drop_table("perpetrator_role")
    op.drop_table("perpetrator")
    op.drop_table("organisation")
    op.drop_table("mission")
    op.drop_table("legal_protection")
    op.drop_table("legal_document_needed")
    op.drop_table("legal")
    op.drop_index(
        "ix_ledger_unchained",
        table_name="ledger",
        sqlite_where=sa.text("position IS NULL"),
        postgresql_where=sa.text("position IS NULL"),
    )
    op.drop_index(op.f("ix_ledger_object_id"), table_name="ledger")
    op.drop_index(
        "ix_ledger_chained",
        table_name="ledger",
        sqlite_where=sa.text("position IS NOT NULL"),
        postgresql_where=sa.text("position IS NOT NULL"),
    )
    op.drop_table("ledger")
    op.drop_table("interview_person_present")
    op.drop_table("interview")
    op.drop_table("indicator")
    op.drop_table("household")
    op.drop_table("health_need")
    op.drop_table("health")
    op.drop_table("follow_up")
    op.drop_table("family_member")
    op.drop_table("episode_travel_companion")
    op.drop_table("episode_recruitment_method")
    op.drop_table("episode_recruiter_relation")
    op.drop_table("episode_promised_benefit")
    op.drop_table("episode_platform")
    op.drop_table("episode_exploitation")
    op.drop_table("episode_control")
    op.drop_table("episode")
    op.drop_table("eligibility")
    op.drop_table("data_subject_request")
    op.drop_table("consent")
    op.drop_table("case_file")
    op.drop_index(op.f("ix_case_alias_target_id"), table_name="case_alias")
    op.drop_table("case_alias")
    op.drop_table("background_leave_reason")
    op.drop_table("background")
    op.drop_table("assessment")
    # ### end Alembic commands ###
