"""The Global Assistance Fund in words: its criteria, and what it doubts."""

from collections.abc import Mapping
from typing import Final

from app.language import N_

CRITERIA: Final[Mapping[str, str]] = {
    "victim": N_("Identified as a victim, or in need as the rules say"),
    "area": N_("Identified outside the excluded areas"),
    "other_programme": N_("No comparable programme would take the person"),
    "wanted": N_("The person wants assistance"),
}
"""The criteria of programmes."""

DOUBTS: Final[Mapping[str, str]] = {
    "other_category": N_("The fund does not pay for assistance of this category."),
    "early": N_("It began before the fund had approved."),
    "undecided": N_("The fund has not approved."),
}
"""What is doubtful about a service charged to the fund."""
