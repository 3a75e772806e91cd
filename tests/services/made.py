"""Short interviews made by hand, for the cases that random ones do not reach: only what a test speaks of is
answered."""

import uuid
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl

import xlsforms

FORMS = Path(xlsforms.__file__).parent / "forms"
BOTH = {
    "registration": ["case_uid", "case_ref", "interview_date", "interviewer_code", "interview_type"],
    "consent": ["apparent_minor", "guardian_available", "guardian_conflict", "consent_interview", "consent_data",
                "consent_continue", "consent_research", "consent_signature", "consent_ok", "consent_active"],
}  # fmt: skip
PLACES = {
    "screening": {
        "registration": BOTH["registration"],
        "safety": ["private_space", "controller_present", "immediate_danger", "urgent_medical_need",
                   "safe_to_proceed", "can_proceed"],
        "consent": [*BOTH["consent"], "case_status"],
        "referral_in": ["referral_org_name"],
        "person": ["family_name", "first_name", "sex", "is_minor", "age_estimate", "citizenship",
                   "number_of_children"],
        "determination": ["trafficking_status", "override_reason"],
        "eligibility": ["risk_level", "gaf_result", "next_contact_date"],
        "closing": ["narrative"],
    },
    "assistance": {
        **BOTH,
        "health": ["distress"],
        "assessment": ["risk_level"],
        "case_end": ["case_status", "closure_reason", "next_contact_date", "narrative"],
    },
}  # fmt: skip
"""Form → group → questions that a test may answer."""


@cache
def version(form: str) -> str:
    """Version of an authored workbook."""
    with closing(openpyxl.load_workbook(FORMS / f"{form}.xlsx", read_only=True)) as book:
        header, values = list(book["settings"].iter_rows(values_only=True))[:2]
    return str(dict(zip(header, values, strict=True))["version"])


def screening(
    *,
    case_uid: str = "",
    case_ref: str = "",
    instance_id: str = "",
    held_on: str = "2026-01-10",
    consent: str = "yes",
    end: str = "",
    **answers: Any,
) -> bytes:
    """A screening interview. Without a case uid it is about a new case."""
    said = {
        "case_uid": case_uid or str(uuid.uuid4()),
        "case_ref": case_ref or "MDCHI-26-0000ffff",
        "interview_date": held_on,
        "private_space": "yes",
        "controller_present": "no",
        "immediate_danger": "no",
        "urgent_medical_need": "no",
        "safe_to_proceed": 1,
        "can_proceed": 1,
        "apparent_minor": "no",
        "consent_interview": "yes",
        "consent_data": consent,
        "consent_ok": int(consent == "yes"),
        "case_status": "active",
        **answers,
    }
    return _xml("screening", instance_id, end or f"{held_on}T10:00:00.000Z", said)


def assistance(
    *,
    case_uid: str,
    case_ref: str = "",
    instance_id: str = "",
    held_on: str = "2026-02-10",
    consent: str = "yes",
    end: str = "",
    services: int = 0,
    **answers: Any,
) -> bytes:
    """An assistance interview with so many services."""
    said = {
        "case_uid": case_uid,
        "case_ref": case_ref,
        "interview_date": held_on,
        "interview_type": "initial",
        "consent_continue": consent,
        "consent_active": int(consent == "yes"),
        **answers,
    }
    rows = "".join(
        f"<service><sv_uid>{uuid.uuid4()}</sv_uid><sv_category>medical</sv_category><sv_type>medical_care</sv_type>"
        f"<sv_provider>Clinic {number}</sv_provider><sv_start>{held_on}</sv_start></service>"
        for number in range(services)
    )
    return _xml(
        "assistance", instance_id, end or f"{held_on}T10:00:00.000Z", said, f"<services>{rows}</services>"
    )


def _xml(form: str, instance_id: str, end: str, answers: dict[str, Any], more: str = "") -> bytes:
    groups = []
    left = dict(answers)
    for group, names in PLACES[form].items():
        inner = "".join(f"<{name}>{escape(str(left.pop(name)))}</{name}>" for name in names if name in left)
        groups.append(f"<{group}>{inner}</{group}>" if inner else "")
    assert not left, left
    return (
        f'<data id="ct_{form}" version="{version(form)}"><start>{end}</start><end>{end}</end>{"".join(groups)}{more}'
        f"<meta><instanceID>{instance_id or f'uuid:{uuid.uuid4()}'}</instanceID></meta></data>"
    ).encode()
