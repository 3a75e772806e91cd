"""Programme criteria. Today one programme has rules: the Global Assistance Fund (GAF) of IOM.

Domain reference, section 4. The rule sets and their criteria are data (`xlsforms/dictionary/rule_sets.csv` and
`criteria.csv`): those of 2009 leave out some areas; those of 2021 take further migrants in need and no longer look at
the area. The result here is a proposal: the fund decides (`approved`, `declined`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from xlsforms.dictionary import Criterion, Dictionary, load

Rules = str
DEFAULT_RULES: Final = "gaf-2009"
DECIDED: Final = ("approved", "declined")
"""Results that a person gives, and no rule."""
ASSISTANCE: Final = frozenset(
    {"accommodation", "basic_needs", "medical", "psychosocial", "legal", "return_travel", "reintegration"}
)
"""Categories of services the fund pays for (domain reference, 4.3)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One criterion applied: the field that was asked, what it says, and `yes`, `no` or `pending`."""

    criterion: str
    asks: str
    value: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Eligibility:
    """`result`: eligible, not_eligible or pending. `identified_victim`: yes, no or pending. `area_excluded`
    is None where the country is not known."""

    result: str
    identified_victim: str
    area_excluded: bool | None
    other_programme: str | None
    rule_version: str


class Saying(Protocol):
    """What has a value, and what was said before."""

    @property
    def value(self) -> object: ...

    @property
    def earlier(self) -> "tuple[Saying, ...]": ...


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
    outcomes = judge(
        {
            "screening.trafficking_status": trafficking_status,
            "case_file.identified_country": identified_country,
            "eligibility.other_programme": other_programme,
            "screening.assistance_wanted": assistance_wanted,
            "screening.other_category": other_category,
        },
        rules=rules,
        dictionary=dictionary,
    )
    identified = next(one.outcome for one in outcomes if one.criterion == "victim")
    area = area_excluded(identified_country, dictionary=dictionary)
    return Eligibility(result(outcomes), identified, area, other_programme, rules)


def judge(
    values: Mapping[str, str | None], *, rules: Rules, dictionary: Dictionary | None = None
) -> tuple[Outcome, ...]:
    """Every criterion of a rule set, applied to the fields of a case (`screening.trafficking_status` and so on). Of
    several lines of one criterion the first whose `where` holds says what counts."""
    dictionary = dictionary or load()
    found: dict[str, Outcome] = {}
    for one in dictionary.rule_sets[rules].criteria:
        if one.criterion not in found and _holds(one, values):
            value = _value(one.asks, values, dictionary)
            found[one.criterion] = Outcome(one.criterion, one.asks, value, _outcome(one, value))
    return tuple(found.values())


def result(outcomes: tuple[Outcome, ...]) -> str:
    """What the criteria come to: one that fails decides, one that is open leaves it open."""
    said = {one.outcome for one in outcomes}
    return "not_eligible" if "no" in said else ("pending" if "pending" in said else "eligible")


def rules_on(day: str, chosen: Rules, *, dictionary: Dictionary | None = None) -> Rules:
    """The rule set that proposes for an interview of a day: the one chosen, if it was there by then."""
    rule_set = (dictionary or load()).rule_sets.get(chosen)
    return chosen if rule_set is not None and day >= rule_set.valid_from else DEFAULT_RULES


def snapshot(columns: Mapping[str, Saying]) -> dict[str, object]:
    """What an eligibility row says by itself, without what the programme decided: kept with a decision, to see later
    whether it was made on other facts."""
    seen: dict[str, object] = {}
    for column in ("identified_victim", "area_excluded", "other_programme", "result"):
        fact = columns.get(column)
        said = () if fact is None else (fact.value, *(one.value for one in fact.earlier))
        seen[column] = next((value for value in said if column != "result" or value not in DECIDED), None)
    return seen


def area_excluded(country: str | None, *, dictionary: Dictionary | None = None) -> bool | None:
    """Whether the fund leaves this country (alpha-2) out; None for a country that is not known."""
    found = (dictionary or load()).countries.get(country or "")
    return None if found is None else found.gaf_excluded


def _holds(one: Criterion, values: Mapping[str, str | None]) -> bool:
    field, _, value = one.where.partition("=")
    return not field or values.get(field) == value


def _value(asks: str, values: Mapping[str, str | None], dictionary: Dictionary) -> str | None:
    if asks != "country.gaf_excluded":
        return values.get(asks)
    excluded = area_excluded(values.get("case_file.identified_country"), dictionary=dictionary)
    return None if excluded is None else ("yes" if excluded else "no")


def _outcome(one: Criterion, value: str | None) -> str:
    if value in one.met:
        return "yes"
    return "no" if value in one.failed else one.otherwise
