"""Is this trafficking? Act, means and purpose; the weight of the indicators; the suggestion.

The rules are those of the domain reference, section 3: the definition of the Palermo Protocol (article 3),
and the operational indicators of the ILO and the European Commission (2009) with one set of weights for
adults and one for children. The weights are data (`xlsforms/dictionary/indicators.csv`). The suggestion is
never final: a person decides.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from xlsforms.dictionary import Dictionary, load

RULE_VERSION = "determination-2026.1"

MEANS = ("deception", "coercion_rec", "vulnerability_rec", "coercion_dest", "vulnerability_dest")
"""Dimensions that show a means. `exploitation` is the sixth and shows none."""
DIMENSIONS = (*MEANS[:3], "exploitation", *MEANS[3:])

_ACTS = frozenset({"recruited", "transported", "transferred", "harboured", "received"})
_NO_MEANS = frozenset({"none", "unknown"})
_MEANS_BY_ENTRY = frozenset({"abduction", "sold_by_family", "sold_by_other"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What one screening interview says, as far as the rules ask for it. None: not answered."""

    acts: Collection[str] = ()
    entry_mode: str | None = None
    control_means: Collection[str] = ()
    exploitation_status: str | None = None
    exploitation_types: Collection[str] = ()
    indicators: Mapping[str, Collection[str]] = field(default_factory=dict)
    minor: bool | None = None
    """Under 18 at the interview."""
    minor_at_entry: bool | None = None


@dataclass(frozen=True, slots=True)
class Determination:
    """The elements and the suggestion: `actual`, `possible` or `not_victim`. `dims` tells for each dimension
    whether it is positive."""

    act_present: bool
    means_any: bool
    means_established: bool
    purpose_present: bool
    child_rule: bool
    dims: Mapping[str, bool]
    suggestion: str

    @property
    def profile(self) -> str:
        return "child" if self.child_rule else "adult"


def suggest(facts: Facts, *, dictionary: Dictionary | None = None) -> Determination:
    """Apply the rules (domain reference, 3.1 to 3.3)."""
    child_rule = bool(facts.minor or facts.minor_at_entry)
    dims = {
        dimension: positive(
            dimension, facts.indicators.get(dimension, ()), child=child_rule, dictionary=dictionary
        )
        for dimension in DIMENSIONS
    }
    act = not _ACTS.isdisjoint(facts.acts)
    purpose = facts.exploitation_status in ("occurred", "intended") and bool(facts.exploitation_types)
    means_any = (
        (bool(facts.control_means) and _NO_MEANS.isdisjoint(facts.control_means))
        or any(facts.indicators.get(dimension) for dimension in MEANS)
        or facts.entry_mode in _MEANS_BY_ENTRY
    )
    established = any(dims[dimension] for dimension in MEANS)
    if act and purpose and (child_rule or established):
        suggestion = "actual"
    elif purpose or (act and (means_any or facts.exploitation_status == "unknown")):
        suggestion = "possible"
    else:
        suggestion = "not_victim"
    return Determination(act, means_any, established, purpose, child_rule, dims, suggestion)


def positive(
    dimension: str, codes: Collection[str], *, child: bool, dictionary: Dictionary | None = None
) -> bool:
    """Whether a dimension is positive: two strong; a strong and another; three medium; two medium and a
    weak."""
    if not codes:
        return False
    counts = {"S": 0, "M": 0, "W": 0}
    for code in set(codes):
        if said := weight(dimension, code, child=child, dictionary=dictionary):
            counts[said] += 1
    strong, medium, weak = counts["S"], counts["M"], counts["W"]
    return strong >= 2 or (strong >= 1 and medium + weak >= 1) or medium >= 3 or (medium >= 2 and weak >= 1)


def weight(dimension: str, code: str, *, child: bool, dictionary: Dictionary | None = None) -> str | None:
    """`S`, `M` or `W`; None for an indicator the profile does not count."""
    found = (dictionary or load()).indicators.get(f"ind_{dimension}", {}).get(code)
    return None if found is None else (found.child if child else found.adult)


def age_on(birthdate: str, day: str) -> int | None:
    """Age in whole years, reckoned as the form reckons it (days by 365.25), so that phone and server
    agree."""
    try:
        days = (date.fromisoformat(day) - date.fromisoformat(birthdate)).days
    except ValueError:
        return None
    return int(days / 365.25) if days >= 0 else None


def months(start: str, end: str) -> int | None:
    """Length of an exploitation in whole months, reckoned as the form reckons it (days by 30.4375)."""
    try:
        return int((date.fromisoformat(end) - date.fromisoformat(start)).days / 30.4375)
    except ValueError:
        return None


class Saying(Protocol):
    """What has a value: what an interview said, or a fact of a case."""

    @property
    def value(self) -> object: ...


def facts(rows: Iterable[tuple[str, Mapping[str, Saying]]], *, held_on: str) -> Facts:
    """The facts in the rows of one screening interview: pairs of table and columns."""
    sets: dict[str, set[str]] = {"act": set(), "means": set(), "type": set()}
    indicators: dict[str, set[str]] = {}
    single: dict[str, object] = {}
    for table, columns in rows:
        if table == "screening_act":
            _add(sets["act"], columns.get("act"))
        elif table == "indicator":
            if (dimension := columns.get("dimension")) is not None:
                _add(indicators.setdefault(str(dimension.value), set()), columns.get("code"))
        elif table == "episode_control":
            if (phase := columns.get("phase")) is None or phase.value == "exploitation":
                _add(sets["means"], columns.get("means"))
        elif table == "episode_exploitation":
            if (facet := columns.get("facet")) is not None and facet.value == "type":
                _add(sets["type"], columns.get("code"))
        elif table in ("screening", "episode", "person", "case_file"):
            for column in _SINGLE.get(table, ()):
                if (said := columns.get(column)) is not None and said.value is not None:
                    single[column] = said.value
    return Facts(
        acts=sets["act"],
        entry_mode=_text(single.get("entry_mode")),
        control_means=sets["means"],
        exploitation_status=_text(single.get("exploitation_status")),
        exploitation_types=sets["type"],
        indicators=indicators,
        minor=_minor(single, held_on),
        minor_at_entry=_minor_at_entry(single),
    )


_SINGLE = {
    "screening": ("exploitation_status",),
    "episode": ("entry_mode", "age_at_entry", "minor_at_entry"),
    "person": ("birthdate", "birth_year_estimate"),
    "case_file": ("is_minor",),
}


def _minor(single: Mapping[str, object], held_on: str) -> bool | None:
    birthdate, year = _text(single.get("birthdate")), single.get("birth_year_estimate")
    if birthdate and held_on and (age := age_on(birthdate, held_on)) is not None:
        return age < 18
    if isinstance(year, int) and held_on:
        return int(held_on[:4]) - year < 18
    said = single.get("is_minor")
    return said if isinstance(said, bool) else None


def _minor_at_entry(single: Mapping[str, object]) -> bool | None:
    age = single.get("age_at_entry")
    if isinstance(age, int):
        return age < 18
    said = single.get("minor_at_entry")
    return said if isinstance(said, bool) else None


def _add(to: set[str], said: Saying | None) -> None:
    if said is not None and said.value is not None:
        to.add(str(said.value))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
