"""What speaks for two being one person, or for an interview belonging to a case."""

from collections.abc import Mapping
from typing import Final

from app.language import N_

LIKENESS: Final[Mapping[str, str]] = {
    "document_same": N_("the same identity number"),
    "name_same": N_("the same name"),
    "name_sounds_same": N_("names that sound the same"),
    "name_alike": N_("names that are alike"),
    "name_partly": N_("a part of the name in common"),
    "name_differs": N_("different names"),
    "phone_same": N_("the same telephone number"),
    "email_same": N_("the same e-mail address"),
    "birthdate_same": N_("the same date of birth"),
    "birthdate_swapped": N_("the same date of birth with day and month exchanged"),
    "birth_year_same": N_("the same year of birth"),
    "birth_year_near": N_("years of birth at most two apart"),
    "birth_year_differs": N_("years of birth far apart"),
    "reference_same": N_("the same case reference"),
    "sex_same": N_("the same sex"),
    "sex_differs": N_("not the same sex"),
    "citizenship_shared": N_("a citizenship in common"),
    "citizenship_differs": N_("no citizenship in common"),
    "case_named": N_("the interview names this case"),
    "reference_near": N_("a case reference that differs in one or two letters"),
    "interviewer_same": N_("the same interviewer"),
    "device_same": N_("sent by the same phone"),
    "days_near": N_("an interview of this case within a week of this one"),
}
"""What speaks for two being one person, or for an interview belonging to a case."""
