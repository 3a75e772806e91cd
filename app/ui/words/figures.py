"""What figures are called, and what they count."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from app.language import N_, _, ngettext


@dataclass(frozen=True, slots=True)
class FigureWords:
    """What a figure is called, what it says, and what is counted in all: a key of `NOUNS`; the list of its
    codes, if they have one."""

    title: str
    about: str
    noun: str
    code_list: str | None = None
    not_known: str = N_("Not known yet")


NOUNS: Final[Mapping[str, str]] = {
    "interview": N_("Interviews"),
    "case": N_("Cases"),
    "person": N_("People assisted"),
}
"""What is counted, as the head of a column of numbers."""
_NONE: Final[Mapping[str, str]] = {
    "interview": N_("No interviews"),
    "case": N_("No cases"),
    "person": N_("No people assisted"),
}
FIGURES: Final[Mapping[str, FigureWords]] = {
    "interviews_by_week": FigureWords(
        N_("Interviews by week"),
        N_("By the Monday of the week they were held in."),
        "interview",
        not_known=N_("Date not known"),
    ),
    "cases_by_status": FigureWords(
        N_("Cases by status"), N_("As they stand now, by the day of registration."), "case", "case_status"
    ),
    "cases_by_mission": FigureWords(
        N_("Cases by mission"), N_("Open and closed, as they stand now."), "case"
    ),
    "exploitation": FigureWords(
        N_("Type of exploitation"),
        N_("A case counts in each type that was told, so they may add up to more than there are."),
        "case",
        "exploitation_type",
    ),
    "age_and_sex": FigureWords(
        N_("Age group and sex"), N_("Age at the first screening interview."), "case", "age_group"
    ),
    "countries": FigureWords(
        N_("Country of exploitation"),
        N_("A case counts in each country where the person was exploited."),
        "case",
        "country",
    ),
    "assistance": FigureWords(
        N_("Assistance by category"),
        N_(
            "People who got it, each once in a category; what was planned, declined or not available is not counted."
        ),
        "person",
        "service_category",
    ),
    "first_assistance": FigureWords(
        N_("From screening to first assistance"),
        N_("Days from the first screening interview to the beginning of the first assistance."),
        "case",
        not_known=N_("On a day not known"),
    ),
}
"""By name, as `app.services.figures` counts them."""

WAITS: Final[Mapping[str, str]] = {
    "0": N_("On the same day, or before"),
    "1_7": N_("1 to 7 days"),
    "8_14": N_("8 to 14 days"),
    "15_30": N_("15 to 30 days"),
    "31_90": N_("31 to 90 days"),
    "91_": N_("More than 90 days"),
    "none": N_("None yet"),
}
"""How long somebody waited for the first assistance."""


def figure_words(name: str) -> FigureWords:
    """Those of a figure in the reader's language."""
    said = FIGURES[name]
    return replace(said, title=_(said.title), about=_(said.about), not_known=_(said.not_known))


def counted(noun: str, number: int, shown: str) -> str:
    """So many of them; `shown` is the number as it is written, also one that is hidden."""
    match noun:
        case _ if not number:
            return _(_NONE[noun])
        case "interview":
            return ngettext("%(count)s interview", "%(count)s interviews", number, count=shown)
        case "case":
            return ngettext("%(count)s case", "%(count)s cases", number, count=shown)
        case _:
            return ngettext("%(count)s person assisted", "%(count)s people assisted", number, count=shown)
