"""The facts of a case: its sections, the tables in them, what a row is called and what of it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.language import N_, _
from app.ui.words.columns import written_out


@dataclass(frozen=True, slots=True)
class SectionWords:
    """A section of the case page: its anchor, its title, and the tables of the dictionary it shows."""

    key: str
    title: str
    tables: tuple[str, ...]


SECTIONS: Final = (
    SectionWords("case", N_("Case"), ("case_file",)),
    SectionWords(
        "person",
        N_("Person"),
        ("person", "person_name", "person_citizenship", "person_document", "person_address"),
    ),
    SectionWords("consent", N_("Consent and requests"), ("consent", "data_subject_request")),
    SectionWords(
        "screening",
        N_("Screening"),
        (
            "screening",
            "screening_act",
            "indicator",
            "screening_corroboration",
            "screening_emergency_action",
            "screening_need",
            "screening_next_action",
        ),
    ),
    SectionWords("eligibility", N_("Eligibility"), ("eligibility",)),
    SectionWords("episodes", N_("Trafficking episodes"), ("episode",)),
    SectionWords("referrals", N_("Referrals"), ("referral",)),
    SectionWords("plan", N_("Support plan"), ("plan_item",)),
    SectionWords("services", N_("Assistance delivered"), ("service",)),
    SectionWords("household", N_("Household and family"), ("household", "family_member")),
    SectionWords("background", N_("Situation before"), ("background", "background_leave_reason")),
    SectionWords("health", N_("Health"), ("health", "health_need")),
    SectionWords("legal", N_("Legal situation"), ("legal", "legal_protection", "legal_document_needed")),
    SectionWords("assessment", N_("Risk and protection"), ("assessment", "vulnerability_factor")),
    SectionWords("return", N_("Return and reintegration"), ("return_plan", "return_reintegration")),
    SectionWords("follow-up", N_("Follow-up"), ("follow_up",)),
    SectionWords(
        "interviews", N_("Circumstances of the interviews"), ("interview", "interview_person_present")
    ),
)

SETS: Final[Mapping[str, str]] = {
    "person_name": N_("Other names"),
    "person_citizenship": N_("Citizenship"),
    "screening_emergency_action": N_("Safety measures taken"),
    "screening_act": N_("Acts"),
    "screening_corroboration": N_("Corroboration"),
    "screening_need": N_("Immediate needs"),
    "screening_next_action": N_("Next steps"),
    "indicator": N_("Indicators"),
    "interview_person_present": N_("Others present"),
    "episode_recruitment_method": N_("How it began"),
    "episode_platform": N_("Platforms"),
    "episode_recruiter_relation": N_("Recruiter was"),
    "episode_exploitation": N_("Exploitation"),
    "episode_control": N_("Means of control"),
    "episode_promised_benefit": N_("Promised benefits"),
    "episode_travel_companion": N_("Travelled with"),
    "perpetrator_role": N_("Roles"),
    "background_leave_reason": N_("Reasons to leave"),
    "health_need": N_("Health needs"),
    "legal_protection": N_("Protection"),
    "legal_document_needed": N_("Documents needed"),
    "vulnerability_factor": N_("Factors"),
    "return_reintegration": N_("Reintegration support"),
}
"""Tables whose rows are ticks in a list, shown as one line. Their last key column is the tick; the others
tell apart lists of one kind (phase, dimension, level and polarity)."""

ROWS: Final[Mapping[str, str]] = {
    "episode": N_("Episode"),
    "route_leg": N_("Leg of the journey"),
    "perpetrator": N_("Person involved"),
    "referral": N_("Referral"),
    "plan_item": N_("Plan item"),
    "service": N_("Service"),
    "family_member": N_("Family member"),
    "person_address": N_("Address"),
    "person_document": N_("Identity document"),
    "consent": N_("Consent"),
    "data_subject_request": N_("Request"),
    "eligibility": N_("Programme"),
}
"""What one row is called in tables that may have several for one case or interview."""

TITLED_BY: Final[Mapping[str, str]] = {
    "consent": "purpose",
    "data_subject_request": "kind",
    "eligibility": "programme",
    "service": "type",
    "plan_item": "type",
    "referral": "category",
    "family_member": "relation",
    "perpetrator": "relation",
    "person_document": "kind",
}
"""The column whose value stands in the row's heading."""

DIGEST: Final[Mapping[str, tuple[str, ...]]] = {
    "consent": ("granted", "given_on", "method"),
    "data_subject_request": ("state", "received_on"),
    "eligibility": ("result", "identified_victim"),
    "family_member": ("sex", "age", "country"),
    "perpetrator": ("sex", "age_group", "citizenship"),
    "person_address": ("country", "living_situation"),
    "person_document": ("held",),
    "plan_item": ("status", "due_on", "objective"),
    "referral": ("direction", "organisation_name", "reason", "state", "status", "referred_on"),
    "route_leg": ("country", "from_country", "to_country", "travelled_on", "mode"),
    "service": ("status", "started_on", "ended_on", "organisation_name"),
}
"""What a row is about, in a few of its values: tables whose rows are many are shown folded under that."""

HIDDEN: Final = frozenset(
    {
        "case_file.case_id",
        "case_file.person_id",
        "case_file.mission_code",
        "person.name_index",
        "interview.instance_id",
        "referral.organisation_id",
        "service.organisation_id",
    }
)
"""Columns that say nothing to a reader: identifiers of rows, and what the head of the page says already."""

ROW_ACTS: Final[Mapping[str, str]] = {
    "plan_item": "plan-item",
    "service": "service-change",
    "referral": "referral-step",
}
"""What can be done with a row of a table, by the address of its form."""


@dataclass(frozen=True, slots=True)
class Due:
    """Until when something is to happen: the column of its day, and the states in which it has not happened yet."""

    column: str
    while_: tuple[str | None, ...]


DUE: Final[Mapping[str, Due]] = {
    "plan_item": Due("due_on", (None, "planned", "ongoing")),
    "service": Due("started_on", ("planned",)),
}

DECIDED: Final = frozenset(
    {
        "case_file.status",
        "case_file.registered_on",
        "case_file.next_contact_on",
        "case_file.closed_on",
        "case_file.closure_reason",
        "case_file.closure_details",
        "consent.superseded_by",
        "referral.state",
        "eligibility.result",
        "eligibility.decided_on",
    }
)
"""Columns that are not corrected: other decisions set them, or they follow from where their row stands."""


def table_title(table: str) -> str:
    """What a table is called where it has a heading or line of its own."""
    said = SETS.get(table) or ROWS.get(table)
    return _(said) if said else written_out(table)
