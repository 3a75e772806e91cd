"""The rules of domain reference, sections 3 and 4, and their acceptance cases (section 9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions import determination
from submissions.determination import Facts, suggest
from submissions.eligibility import area_excluded, gaf
from submissions.intake import Said
from xlsforms.dictionary import load

CLEAR = {
    "acts": ("recruited",),
    "exploitation_status": "occurred",
    "exploitation_types": ("forced_labour",),
    "control_means": ("debt_bondage", "withholds_travel"),
    "indicators": {
        "deception": ("job_nature", "wages"),
        "exploitation": ("hours", "low_pay"),
        "coercion_dest": ("documents", "debt"),
    },
}


@pytest.mark.parametrize(
    ("dimension", "codes", "adult", "child"),
    [
        ("deception", ("wages", "conditions", "contract"), True, True),  # three medium
        (
            "deception",
            ("wages", "conditions", "education"),
            True,
            True,
        ),  # two medium, one weak (strong for a child)
        ("deception", ("job_nature", "education"), True, True),  # strong and weak
        ("deception", ("job_nature",), False, False),  # one strong alone
        ("deception", ("wages", "conditions"), False, False),
        ("deception", ("wages", "education"), False, True),
        ("coercion_rec", ("violence", "debt"), True, True),
        ("coercion_rec", ("threat_violence", "debt"), False, True),
        ("coercion_dest", ("documents", "debt"), True, True),
        ("coercion_dest", ("threat_inform", "documents"), True, True),
        ("vulnerability_rec", ("beliefs", "context", "economic"), False, True),
        (
            "vulnerability_rec",
            ("false_law", "economic", "dependency"),
            True,
            False,
        ),  # not counted for a child
        ("vulnerability_dest", ("dependency", "economic", "personal"), True, True),
        ("exploitation", ("hours", "no_protection"), True, False),
        ("exploitation", ("hours", "no_education"), True, True),
        ("deception", (), False, False),
        ("deception", ("no_such_indicator",), False, False),
        ("deception", ("job_nature", "job_nature"), False, False),
    ],
)
def test_a_dimension_is_positive_by_the_weights_of_its_profile(dimension, codes, adult, child):
    assert determination.positive(dimension, codes, child=False) is adult
    assert determination.positive(dimension, codes, child=True) is child


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (CLEAR, "actual"),
        (
            {**CLEAR, "indicators": {"deception": ("wages",)}, "control_means": ("false_promises",)},
            "possible",
        ),
        ({**CLEAR, "indicators": {}, "control_means": ("none",), "minor": True}, "actual"),
        ({**CLEAR, "indicators": {}, "control_means": ("none",), "minor_at_entry": True}, "actual"),
        ({**CLEAR, "indicators": {}, "control_means": ("none",)}, "possible"),
        ({**CLEAR, "acts": ("none",)}, "possible"),
        ({"acts": ("none",), "exploitation_status": "none"}, "not_victim"),
        ({"acts": ("recruited",), "exploitation_status": "unknown"}, "possible"),
        ({"acts": ("recruited",), "exploitation_status": "none"}, "not_victim"),
        ({"acts": ("recruited",), "exploitation_status": "none", "entry_mode": "abduction"}, "possible"),
        ({"acts": ("recruited",), "exploitation_status": "none", "control_means": ("physical",)}, "possible"),
        (
            {"acts": ("recruited",), "exploitation_status": "none", "control_means": ("unknown",)},
            "not_victim",
        ),
        (
            {
                "acts": ("recruited",),
                "exploitation_status": "intended",
                "exploitation_types": ("forced_labour",),
                "indicators": {"coercion_rec": ("violence", "debt")},
            },
            "actual",
        ),
        ({}, "not_victim"),
    ],
)
def test_the_suggestion_follows_the_table_of_section_3_3(facts, expected):
    assert suggest(Facts(**facts)).suggestion == expected


def test_the_clear_case_shows_its_elements():
    found = suggest(Facts(**CLEAR))
    assert found.act_present
    assert found.means_any
    assert found.means_established
    assert found.purpose_present
    assert not found.child_rule
    assert found.profile == "adult"
    assert {name for name, positive in found.dims.items() if positive} == {
        "deception", "exploitation", "coercion_dest",
    }  # fmt: skip


@pytest.mark.parametrize("dimension", determination.DIMENSIONS)
def test_every_indicator_of_the_lists_has_a_weight_for_adults(dimension):
    for code in load().code_lists[f"ind_{dimension}"]:
        assert determination.weight(dimension, code, child=False) in ("S", "M", "W")
        assert determination.weight(dimension, code, child=True) in ("S", "M", "W", None)


SETS = {
    dimension: st.sets(st.sampled_from(sorted(load().code_lists[f"ind_{dimension}"])))
    for dimension in determination.DIMENSIONS
}


@given(
    st.fixed_dictionaries(SETS), st.booleans(), st.sampled_from(["occurred", "intended", "none", "unknown"])
)
def test_more_indicators_never_weaken_the_suggestion(indicators, minor, status):
    order = ["not_victim", "possible", "actual"]
    facts = Facts(
        acts=("recruited",),
        exploitation_status=status,
        exploitation_types=("other",),
        indicators=indicators,
        minor=minor,
    )
    for dimension, codes in indicators.items():
        fewer = {**indicators, dimension: set(sorted(codes)[1:])}
        less = suggest(
            Facts(**{name: getattr(facts, name) for name in facts.__slots__} | {"indicators": fewer})
        )
        assert order.index(less.suggestion) <= order.index(suggest(facts).suggestion)


def said(**values):
    return {column: Said(value, str(value), "/q") for column, value in values.items()}


def test_facts_are_gathered_from_the_rows_of_an_interview():
    facts = determination.facts(
        [
            ("screening_act", said(act="recruited")),
            ("screening_act", said(act="transported")),
            ("indicator", said(dimension="deception", code="wages")),
            ("indicator", said(code="wages")),
            ("episode_control", said(phase="exploitation", means="debt")),
            ("episode_control", said(phase="journey", means="physical")),
            ("episode_exploitation", said(facet="type", code="forced_labour")),
            ("episode_exploitation", said(facet="sector", code="fishing")),
            ("screening", said(exploitation_status="occurred")),
            ("episode", said(entry_mode="abduction", age_at_entry=17)),
            ("person", said(birthdate="2008-03-11")),
            ("case_file", said(is_minor=False)),
            ("health", said(status="good")),
        ],
        held_on="2026-03-10",
    )
    assert facts.acts == {"recruited", "transported"}
    assert facts.control_means == {"debt"}
    assert facts.exploitation_types == {"forced_labour"}
    assert facts.indicators == {"deception": {"wages"}}
    assert (facts.entry_mode, facts.exploitation_status) == ("abduction", "occurred")
    assert facts.minor is True  # by the date of birth, whatever the phone says
    assert facts.minor_at_entry is True


@pytest.mark.parametrize(
    ("person", "case", "expected"),
    [
        ({"birth_year_estimate": 2010}, {}, True),
        ({"birth_year_estimate": 1990}, {"is_minor": True}, False),
        ({}, {"is_minor": True}, True),
        ({}, {}, None),
    ],
)
def test_without_a_date_of_birth_the_estimate_counts_then_what_the_phone_says(person, case, expected):
    rows = [("person", said(**person)), ("case_file", said(**case))]
    assert determination.facts(rows, held_on="2026-03-10").minor is expected


def test_minor_at_entry_may_be_said_without_an_age():
    assert determination.facts([("episode", said(minor_at_entry=True))], held_on="").minor_at_entry is True
    assert determination.facts([("episode", {})], held_on="").minor_at_entry is None


@pytest.mark.parametrize(
    ("birthdate", "day", "age"),
    [
        ("2000-03-09", "2026-03-10", 26),
        (
            "2000-03-10",
            "2026-03-10",
            25,
        ),  # 365.25 days a year: on the birthday itself the form may be a day late
        ("2027-01-01", "2026-03-10", None),
        ("someday", "2026-03-10", None),
    ],
)
def test_age_is_reckoned_in_whole_years_as_the_form_reckons_it(birthdate, day, age):
    assert determination.age_on(birthdate, day) == age


def test_months_are_reckoned_as_the_form_reckons_them():
    assert determination.months("2024-02-01", "2025-08-01") == 17
    assert determination.months("2024-02-01", "someday") is None


# ---- the Global Assistance Fund

PERSON = {
    "trafficking_status": "actual",
    "identified_country": "KH",
    "other_programme": "no",
    "assistance_wanted": "yes",
}


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({}, "eligible"),
        ({"trafficking_status": "not_victim"}, "not_eligible"),
        ({"trafficking_status": "possible"}, "pending"),
        ({"trafficking_status": None}, "pending"),
        ({"identified_country": "JP"}, "not_eligible"),
        ({"identified_country": None}, "pending"),
        ({"other_programme": "yes"}, "not_eligible"),
        ({"other_programme": "unknown"}, "pending"),
        ({"other_programme": "refused"}, "pending"),
        ({"other_programme": None}, "pending"),
        ({"assistance_wanted": "no"}, "not_eligible"),
        ({"assistance_wanted": "undecided"}, "eligible"),
    ],
)
def test_the_fund_of_2009_asks_four_things(more, result):
    found = gaf(**PERSON | more)
    assert found.result == result
    assert found.rule_version == "gaf-2009"


def test_the_rules_of_2021_take_other_migrants_in_need_and_every_area():
    person = PERSON | {
        "trafficking_status": "not_victim",
        "other_category": "stranded",
        "identified_country": "JP",
    }
    assert gaf(**person).result == "not_eligible"
    found = gaf(**person, rules="gaf-2021")
    assert (found.result, found.identified_victim) == ("eligible", "yes")
    assert gaf(**person | {"other_category": None}, rules="gaf-2021").result == "not_eligible"


@pytest.mark.parametrize(
    ("country", "excluded"),
    [("AU", True), ("NZ", True), ("JP", True), ("US", True), ("CA", True), ("MX", False), ("CY", True),
     ("MD", True), ("KH", False), ("TR", False), ("ZZ", False), ("QQ", None), ("", None)],
)  # fmt: skip
def test_excluded_areas_are_those_of_section_4_2(country, excluded):
    assert area_excluded(country) is excluded
