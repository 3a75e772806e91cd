"""What things are called on the pages: tables, columns, states, what needs attention.

English; codes have labels of their own in the dictionary, in three languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from xlsforms import dictionary
from xlsforms.schema import text


@dataclass(frozen=True, slots=True)
class SectionWords:
    """A section of the case page: its anchor, its title, and the tables of the dictionary it shows."""

    key: str
    title: str
    tables: tuple[str, ...]


VALIDATE: Final[Mapping[str | None, str]] = {
    None: "ODK Validate was not asked about this version.",
    "waiting": "ODK Validate, which thinks as phones do, is still to look at it. What it objects to will stand here.",
    "absent": "ODK Validate was not run: this server has no Java. The converter and SAIF’s own checks were.",
    "done": "ODK Validate looked at it, too.",
}
"""What became of ODK Validate, by the state of a version."""
SECTIONS: Final = (
    SectionWords("case", "Case", ("case_file",)),
    SectionWords(
        "person",
        "Person",
        ("person", "person_name", "person_citizenship", "person_document", "person_address"),
    ),
    SectionWords("consent", "Consent and requests", ("consent", "data_subject_request")),
    SectionWords(
        "screening",
        "Screening",
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
    SectionWords("eligibility", "Eligibility", ("eligibility",)),
    SectionWords("episodes", "Trafficking episodes", ("episode",)),
    SectionWords("referrals", "Referrals", ("referral",)),
    SectionWords("plan", "Support plan", ("plan_item",)),
    SectionWords("services", "Assistance delivered", ("service",)),
    SectionWords("household", "Household and family", ("household", "family_member")),
    SectionWords("background", "Situation before", ("background", "background_leave_reason")),
    SectionWords("health", "Health", ("health", "health_need")),
    SectionWords("legal", "Legal situation", ("legal", "legal_protection", "legal_document_needed")),
    SectionWords("assessment", "Risk and protection", ("assessment", "vulnerability_factor")),
    SectionWords("return", "Return and reintegration", ("return_plan", "return_reintegration")),
    SectionWords("follow-up", "Follow-up", ("follow_up",)),
    SectionWords("interviews", "Circumstances of the interviews", ("interview", "interview_person_present")),
)

SETS: Final[Mapping[str, str]] = {
    "person_name": "Other names",
    "person_citizenship": "Citizenship",
    "screening_emergency_action": "Safety measures taken",
    "screening_act": "Acts",
    "screening_corroboration": "Corroboration",
    "screening_need": "Immediate needs",
    "screening_next_action": "Next steps",
    "indicator": "Indicators",
    "interview_person_present": "Others present",
    "episode_recruitment_method": "How it began",
    "episode_platform": "Platforms",
    "episode_recruiter_relation": "Recruiter was",
    "episode_exploitation": "Exploitation",
    "episode_control": "Means of control",
    "episode_promised_benefit": "Promised benefits",
    "episode_travel_companion": "Travelled with",
    "perpetrator_role": "Roles",
    "background_leave_reason": "Reasons to leave",
    "health_need": "Health needs",
    "legal_protection": "Protection",
    "legal_document_needed": "Documents needed",
    "vulnerability_factor": "Factors",
    "return_reintegration": "Reintegration support",
}
"""Tables whose rows are ticks in a list, shown as one line. Their last key column is the tick; the others
tell apart lists of one kind (phase, dimension, level and polarity)."""

ROWS: Final[Mapping[str, str]] = {
    "episode": "Episode",
    "route_leg": "Leg of the journey",
    "perpetrator": "Person involved",
    "referral": "Referral",
    "plan_item": "Plan item",
    "service": "Service",
    "family_member": "Family member",
    "person_address": "Address",
    "person_document": "Identity document",
    "consent": "Consent",
    "data_subject_request": "Request",
    "eligibility": "Programme",
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

COLUMNS: Final[Mapping[str, str]] = {
    "case_file.case_ref": "Reference",
    "case_file.status": "Status",
    "case_file.registered_on": "Registered",
    "case_file.is_minor": "Under 18",
    "case_file.identified_country": "Identified in",
    "person.birthdate": "Date of birth",
    "person.birthdate_precision": "Date of birth is known",
    "person.birth_year_estimate": "Year of birth, estimated",
    "person.last_residence_country": "Lived last in",
    "interview.held_on": "Held",
    "interview.interviewer_code": "Interviewer",
    "interview.org_type": "Interviewer's organisation",
    "interview.consent_ok": "Consent given",
    "screening.dim_deception": "Deceptive recruitment",
    "screening.dim_coercion_rec": "Coercive recruitment",
    "screening.dim_vulnerability_rec": "Recruitment by abuse of vulnerability",
    "screening.dim_exploitation": "Exploitative conditions",
    "screening.dim_coercion_dest": "Coercion at destination",
    "screening.dim_vulnerability_dest": "Abuse of vulnerability at destination",
    "screening.means_any": "Any means",
    "screening.act_present": "Act",
    "screening.means_established": "Means",
    "screening.purpose_present": "Purpose",
    "screening.child_rule": "Child: no means needed",
    "screening.suggested_status": "Suggested by the rules",
    "screening.trafficking_status": "Decision",
    "episode.source": "Told in",
    "episode.seq": "Order",
    "service.organisation_name": "Provider",
    "referral.organisation_name": "Organisation",
    "referral.state": "State",
    "referral.status": "Told in the interview",
    "plan_item.due_on": "Due",
    "plan_item.done_on": "Done",
    "follow_up.retrafficked": "Trafficked again",
}
"""Labels of columns where the column's own name, written out, would not do."""

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "received": ("Being read", "info"),
    "normalised": ("In a case", "good"),
    "waiting": ("Waiting", "warn"),
    "opaque": ("Kept encrypted", ""),
    "superseded": ("Edited since", ""),
    "failed": ("Not readable", "bad"),
    "deleted": ("Deleted", ""),
}
"""State of a submission: in words, and how it is coloured."""

PENDING: Final[Mapping[str, str]] = {
    "approval": "waits for the submission to be approved",
    "predecessor": "waits for an earlier change of its phone, five days at most",
    "unknown": "waits for the submission that makes the entity",
    "exists": "would make an entity that is there already",
    "deleted": "would change an entity that was deleted",
    "label": "would make an entity without a label",
}
"""Why an action on an entity was not done, or not yet."""

RISK: Final[Mapping[str, str]] = {"low": "good", "medium": "warn", "high": "bad", "imminent": "bad"}
"""How a risk level is coloured."""

DECISIONS: Final[Mapping[str, str]] = {
    "attach": "Interview attached",
    "detach": "Interview taken out",
    "merge": "Merged into another case",
    "unmerge": "Merge undone",
    "correct": "Corrected",
    "assign": "Given to an interviewer",
    "close": "Closed",
    "reopen": "Opened again",
    "transfer": "Handed to another mission",
    "eligibility": "Eligibility decided",
    "record": "Recorded",
    "distinct": "Held to be two people",
    "undistinct": "Not held to be two people any more",
}
"""What a decision did."""

TRANSFERS: Final[Mapping[str, str]] = {
    "proposed": "Proposed to another mission",
    "accepted": "Handed to another mission",
    "declined": "Not taken by the other mission",
    "revoked": "Proposal taken back",
}
"""What a decision about a transfer did, by its state."""

RECORDED: Final[Mapping[str, tuple[str, str]]] = {
    "case_file": ("Next contact", "Next contact"),
    "plan_item": ("Planned", "Plan changed"),
    "service": ("Assistance recorded", "Assistance changed"),
    "consent": ("Consent recorded", "Consent recorded"),
    "referral": ("Referral begun", "Referral"),
}
"""What a record in the office was about, by table: of a new row, and of one that was there."""

CRITERIA: Final[Mapping[str, str]] = {
    "victim": "Identified as a victim, or in need as the rules say",
    "area": "Identified outside the excluded areas",
    "other_programme": "No comparable programme would take the person",
    "wanted": "The person wants assistance",
}
"""The criteria of programmes."""

DOUBTS: Final[Mapping[str, str]] = {
    "other_category": "The fund does not pay for assistance of this category.",
    "early": "It began before the fund had approved.",
    "undecided": "The fund has not approved.",
}
"""What is doubtful about a service charged to the fund."""

LIKENESS: Final[Mapping[str, str]] = {
    "document_same": "the same identity number",
    "name_same": "the same name",
    "name_sounds_same": "names that sound the same",
    "name_alike": "names that are alike",
    "name_partly": "a part of the name in common",
    "name_differs": "different names",
    "phone_same": "the same telephone number",
    "email_same": "the same e-mail address",
    "birthdate_same": "the same date of birth",
    "birthdate_swapped": "the same date of birth with day and month exchanged",
    "birth_year_same": "the same year of birth",
    "birth_year_near": "years of birth at most two apart",
    "birth_year_differs": "years of birth far apart",
    "reference_same": "the same case reference",
    "sex_same": "the same sex",
    "sex_differs": "not the same sex",
    "citizenship_shared": "a citizenship in common",
    "citizenship_differs": "no citizenship in common",
    "case_named": "the interview names this case",
    "reference_near": "a case reference that differs in one or two letters",
    "interviewer_same": "the same interviewer",
    "device_same": "sent by the same phone",
    "days_near": "an interview of this case within a week of this one",
}
"""What speaks for two being one person, or for an interview belonging to a case."""


@dataclass(frozen=True, slots=True)
class FormStateWords:
    """How a form stands with phones: in a word, how it is coloured, and what it means for all and for a group."""

    word: str
    kind: str
    everybody: str
    group: str


FORM_STATES: Final[Mapping[str, FormStateWords]] = {
    "open": FormStateWords(
        "Open",
        "good",
        "Every phone gets the form, and what it sends is taken.",
        "The phones of the group get the form, and what they send is taken.",
    ),
    "closing": FormStateWords(
        "Closing",
        "warn",
        "No new downloads: phones put the form away when they next look, finish what was begun, and what they "
        "hold is taken.",
        "No new downloads: the phones of the group put the form away, finish what was begun, and what they hold "
        "is taken.",
    ),
    "closed": FormStateWords(
        "Closed",
        "",
        "Phones put the form away, and no new interview is taken: it stays on the phone until the form opens "
        "again. Repeats, late files and edits of what is here are taken.",
        "The group gets nothing beyond what every phone gets.",
    ),
}
"""By the state of an assignment, the most open first."""


@dataclass(frozen=True, slots=True)
class AttentionWords:
    """What needs attention: one and many of it, why it matters, and how it is coloured."""

    one: str
    many: str
    why: str
    kind: str


REVIEWS: Final[Mapping[str, tuple[str, str]]] = {
    "received": ("Not reviewed", ""),
    "edited": ("Edited", "info"),
    "hasIssues": ("Has issues", "warn"),
    "approved": ("Approved", "good"),
    "rejected": ("Rejected", "bad"),
}
"""What a coordinator thinks of a submission, as Central says it."""
OPERATORS: Final[Mapping[str, str]] = {
    "is": "is",
    "not": "is not",
    "ge": "is at least",
    "le": "is at most",
    "begins": "begins with",
    "contains": "contains",
    "empty": "has no answer",
    "filled": "has an answer",
}
ATTENTION: Final[Mapping[str, AttentionWords]] = {
    "imminent_danger": AttentionWords(
        "case in imminent danger", "cases in imminent danger", "Act now: the last interview says so.", "bad"
    ),
    "self_harm": AttentionWords(
        "risk of self-harm", "risks of self-harm", "The interviewer noted it in the last interview.", "bad"
    ),
    "unaccompanied_child": AttentionWords(
        "child without a guardian",
        "children without a guardian",
        "Find a guardian before anything else.",
        "bad",
    ),
    "guardian_conflict": AttentionWords(
        "conflict with a guardian",
        "conflicts with a guardian",
        "The guardian may not act in the child's interest.",
        "bad",
    ),
    "override": AttentionWords(
        "decision against the suggestion",
        "decisions against the suggestion",
        "Read the grounds; then correct the determination, or confirm it by setting it to what it is.",
        "warn",
    ),
    "eligibility_pending": AttentionWords(
        "eligibility to decide",
        "eligibilities to decide",
        "The programme's criteria were applied; decide.",
        "warn",
    ),
    "eligibility_changed": AttentionWords(
        "eligibility decided on other facts",
        "eligibilities decided on other facts",
        "A criterion comes out otherwise than when it was decided.",
        "warn",
    ),
    "second_screening": AttentionWords(
        "second screening due",
        "second screenings due",
        "The first left open whether this is trafficking, and two weeks are over.",
        "warn",
    ),
    "plan_item": AttentionWords(
        "case with a step of its plan due",
        "cases with a step of their plan due",
        "The date set for it has come, or is past.",
        "warn",
    ),
    "contact": AttentionWords(
        "contact due", "contacts due", "The date agreed with the person has come, or is past.", "warn"
    ),
    "possible_duplicate": AttentionWords(
        "possible duplicate",
        "possible duplicates",
        "Two cases may be about one person. Merge them, or say that they are two.",
        "warn",
    ),
    "waiting": AttentionWords(
        "submission waits",
        "submissions wait",
        "For their form, or for the case they belong to. Nothing is lost.",
        "warn",
    ),
    "failed": AttentionWords(
        "submission not readable", "submissions not readable", "Kept as sent. The findings say why.", "bad"
    ),
    "conflict": AttentionWords(
        "interview sent twice, differently",
        "interviews sent twice, differently",
        "The first stands; the other is kept aside.",
        "warn",
    ),
    "finding": AttentionWords("with findings", "with findings", "Read what the checks have to say.", "info"),
}
"""By kind, as `app.services.todo` counts them."""

COMING: Final[Mapping[str, str]] = {
    "second_screening": "Second screening",
    "contact": "Contact",
    "plan_item": "Step of the plan",
}
"""What will be due, by kind of attention."""


@dataclass(frozen=True, slots=True)
class FigureWords:
    """What a figure is called, what it says, and what is counted in all; the list of its codes, if they have one."""

    title: str
    about: str
    one: str
    many: str
    code_list: str | None = None
    not_known: str = "Not known yet"


FIGURES: Final[Mapping[str, FigureWords]] = {
    "interviews_by_week": FigureWords(
        "Interviews by week",
        "By the Monday of the week they were held in.",
        "interview",
        "interviews",
        not_known="Date not known",
    ),
    "cases_by_status": FigureWords(
        "Cases by status", "As they stand now, by the day of registration.", "case", "cases", "case_status"
    ),
    "cases_by_mission": FigureWords(
        "Cases by mission", "Open and closed, as they stand now.", "case", "cases"
    ),
    "exploitation": FigureWords(
        "Type of exploitation",
        "A case counts in each type that was told, so they may add up to more than there are.",
        "case",
        "cases",
        "exploitation_type",
    ),
    "age_and_sex": FigureWords(
        "Age group and sex", "Age at the first screening interview.", "case", "cases", "age_group"
    ),
    "countries": FigureWords(
        "Country of exploitation",
        "A case counts in each country where the person was exploited.",
        "case",
        "cases",
        "country",
    ),
    "assistance": FigureWords(
        "Assistance by category",
        "People who got it, each once in a category; what was planned, declined or not available is not counted.",
        "person assisted",
        "people assisted",
        "service_category",
    ),
    "first_assistance": FigureWords(
        "From screening to first assistance",
        "Days from the first screening interview to the beginning of the first assistance.",
        "case",
        "cases",
        not_known="On a day not known",
    ),
}
"""By name, as `app.services.figures` counts them."""

WAITS: Final[Mapping[str, str]] = {
    "0": "On the same day, or before",
    "1_7": "1 to 7 days",
    "8_14": "8 to 14 days",
    "15_30": "15 to 30 days",
    "31_90": "31 to 90 days",
}
"""How long somebody waited for the first assistance."""


def table_title(table: str) -> str:
    """What a table is called where it has a heading or line of its own."""
    return SETS.get(table) or ROWS.get(table) or _written_out(table)


def column_label(table: str, column: str) -> str:
    """What a column is called beside its value."""
    return COLUMNS.get(f"{table}.{column}") or _written_out(column)


def code_label(code_list: str | None, code: str, locale: str) -> str:
    """The label of a code in the reader's language; the code itself if the list does not know it."""
    found = dictionary.load().code_lists.get(code_list or "")
    return text(found.codes[code].label, locale, "en") if found is not None and code in found else code


def _written_out(name: str) -> str:
    words = name.removesuffix("_on").removesuffix("_ok").replace("_", " ")
    return words[:1].upper() + words[1:]
