"""Programme criteria. Today one programme has rules: the Global Assistance Fund (GAF) of IOM.

Domain reference, section 4. The rules of 2009 leave out some areas; those of 2021 take further migrants in
need and no longer look at the area. The result here is a proposal: the fund decides (`approved`,
`declined`).
"""

from dataclasses import dataclass
from typing import Literal

from xlsforms.dictionary import Dictionary, load

Rules = Literal["gaf-2009", "gaf-2021"]
DEFAULT_RULES: Rules = "gaf-2009"

_ALSO_2021 = frozenset(
    {
        "exploited_migrant",
        "uasc",
        "torture_kidnap",
        "gbv",
        "stranded",
        "smuggled",
        "health_needs",
        "other_vulnerable",
    }
)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """`result`: eligible, not_eligible or pending. `identified_victim`: yes, no or pending. `area_excluded`
    is None where the country is not known, or not of the criteria."""

    result: str
    identified_victim: str
    area_excluded: bool | None
    other_programme: str | None
    rule_version: str


def gaf(
    *,
    trafficking_status: str | None,
    identified_country: str | None,
    other_programme: str | None,
    assistance_wanted: str | None,
    other_category: str | None = None,
    rules: Rules = DEFAULT_RULES,
    dictionary: Dictionary | None = None,
) -> Eligibility:
    """Apply the criteria of the Global Assistance Fund (domain reference, 4.1; 4.4 for the rules of 2021)."""
    area = area_excluded(identified_country, dictionary=dictionary)
    identified = {"actual": "yes", "not_victim": "no"}.get(trafficking_status or "", "pending")
    if rules == "gaf-2021" and identified == "no" and other_category in _ALSO_2021:
        identified = "yes"
    out_of_area = rules == "gaf-2009" and area is True
    in_area = rules != "gaf-2009" or area is False
    if identified == "no" or out_of_area or other_programme == "yes" or assistance_wanted == "no":
        result = "not_eligible"
    elif identified == "yes" and in_area and other_programme == "no":
        result = "eligible"
    else:
        result = "pending"
    return Eligibility(result, identified, area, other_programme, rules)


def area_excluded(country: str | None, *, dictionary: Dictionary | None = None) -> bool | None:
    """Whether the fund leaves this country (alpha-2) out; None for a country that is not known."""
    found = (dictionary or load()).countries.get(country or "")
    return None if found is None else found.gaf_excluded
