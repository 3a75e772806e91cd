"""The fold: how interviews and decisions make a case."""

import uuid

import pytest

from submissions.case import fold, row_id
from submissions.determination import RULE_VERSION
from submissions.facts import ROWS
from submissions.intake import Said
from tests.submissions.conftest import codes
from tests.submissions.making import CASE, OTHER, codes_of, decided, every_fact, interview, row

ONE, TWO = "1b5e2f4c-6a7d-4c1e-9f21-5d3c8a1b2e44", "2b5e2f4c-6a7d-4c1e-9f21-5d3c8a1b2e44"
LATER = {"submission": "uuid:l", "held_on": "2026-05-01"}


def values(state, table, *columns):
    return [tuple(one.value(column) for column in columns) for one in state.rows.get(table, ())]


# ---- interviews


def test_no_interviews_make_no_case():
    state = fold(
        CASE, [], [decided("close", case_uid=CASE), decided("correct", table="person", column="sex")]
    )
    assert (state.rows, state.earlier_rows, state.interviews, state.findings) == ({}, {}, (), ())
    assert state.one("case_file") is None
    assert state.value("case_file", "status") is None


def test_each_interview_is_a_row_with_what_is_known_of_it():
    state = fold(CASE, [interview("assistance", **LATER), interview()])
    assert [head.submission for head in state.interviews] == ["uuid:s", "uuid:l"]
    assert [head.kind for head in state.interviews] == ["screening", "assistance"]
    assert values(state, "interview", "form", "held_on", "instance_id", "consent_ok") == [
        ("screening", "2026-03-10", "uuid:s", True),
        ("assistance", "2026-05-01", "uuid:l", True),
    ]
    first = state.rows["interview"][0]
    assert first.id == state.interviews[0].id == row_id(CASE, "interview", "uuid:s")
    assert first.interview_id == first.id


def test_a_refused_interview_counts_and_is_not_judged():
    state = fold(CASE, [interview(consent_ok=False, rows=[row("screening", immediate_danger="no")])])
    assert values(state, "interview", "consent_ok") == [(False,)]
    assert values(state, "screening", "immediate_danger", "suggested_status") == [("no", None)]
    assert "person" not in state.rows


def test_a_form_of_another_kind_says_what_it_maps():
    state = fold(
        CASE, [interview("other", rows=[row("person", first_name="A"), row("episode", age_at_entry=15)])]
    )
    assert state.value("person", "first_name") == "A"
    assert values(state, "interview", "form") == [(None,)]
    assert values(state, "episode", "source", "minor_at_entry") == [(None, True)]
    assert state.value("case_file", "registered_on") == "2026-03-10"


# ---- merge policies


def test_latest_takes_the_last_answer_that_was_given_and_keeps_the_others():
    state = fold(
        CASE,
        [
            interview("assistance", **LATER, rows=[row("person", contact_phone="+3732")]),
            interview(rows=[row("person", contact_phone="+3731", first_name="Ana")]),
        ],
    )
    person = state.one("person")
    assert (person.value("contact_phone"), person.value("first_name")) == ("+3732", "Ana")
    fact = person.columns["contact_phone"]
    assert (fact.submission, fact.question, fact.held_on, fact.answer) == (
        "uuid:l",
        "/data/contact_phone",
        "2026-05-01",
        "+3732",
    )
    assert [(one.value, one.submission) for one in fact.earlier] == [("+3731", "uuid:s")]
    assert person.interview_id is None


def test_first_keeps_the_first_answer_and_holds_the_later_ones_as_earlier():
    state = fold(
        CASE,
        [
            interview(rows=[row("case_file", age_at_registration=24)]),
            interview(**LATER, rows=[row("case_file", age_at_registration=25)]),
        ],
    )
    fact = state.one("case_file").columns["age_at_registration"]
    assert (fact.value, fact.submission) == (24, "uuid:s")
    assert [one.value for one in fact.earlier] == [25]


def test_a_set_is_that_of_the_last_interview_that_said_any_of_it():
    state = fold(
        CASE,
        [
            interview(rows=[codes_of("person_citizenship", "country", "MD", "UA")]),
            interview("assistance", **LATER, rows=[codes_of("person_citizenship", "country", "MD")]),
            interview("assistance", "uuid:x", held_on="2026-06-01"),
        ],
    )
    assert values(state, "person_citizenship", "country") == [("MD",)]
    assert [one.submission for one in state.rows["person_citizenship"][0].columns["country"].earlier] == [
        "uuid:s"
    ]
    (gone,) = state.earlier_rows["person_citizenship"]
    assert (gone.value("country"), gone.columns["country"].submission) == ("UA", "uuid:s")


def test_rows_of_each_interview_stand_side_by_side():
    state = fold(
        CASE,
        [
            interview("assistance", rows=[row("health", status="good")]),
            interview("assistance", **LATER, rows=[row("health", status="poor")]),
        ],
    )
    assert values(state, "health", "status") == [("good",), ("poor",)]
    assert [one.interview_id for one in state.rows["health"]] == [head.id for head in state.interviews]


def test_consent_is_appended_and_each_line_points_to_the_later_one_of_its_purpose():
    def consent(purpose, granted):
        return row("consent", f"purpose={purpose}", purpose=purpose, granted=granted)

    state = fold(
        CASE,
        [
            interview(rows=[consent("research", True), consent("referral", True)]),
            interview("assistance", **LATER, rows=[consent("research", False)]),
        ],
    )
    first, referral, second = state.rows["consent"]
    assert (first.value("granted"), second.value("granted")) == (True, False)
    assert first.value("superseded_by") == second.id
    assert second.value("superseded_by") is None
    assert referral.value("superseded_by") is None
    assert (first.value("given_on"), second.value("given_on")) == ("2026-03-10", "2026-05-01")


def test_a_row_with_a_uid_is_one_row_whichever_interview_says_it():
    state = fold(
        CASE,
        [
            interview("assistance", rows=[row("plan_item", ONE, status="planned", type="legal")]),
            interview("assistance", **LATER, rows=[row("plan_item", ONE, status="done")]),
        ],
    )
    (item,) = state.rows["plan_item"]
    assert (item.value("status"), item.value("type")) == ("done", "legal")
    assert item.interview_id == state.interviews[1].id


def test_rows_without_a_uid_of_their_own_are_those_of_their_interview():
    state = fold(
        CASE,
        [
            interview("assistance", rows=[row("plan_item", "#1", status="planned")]),
            interview("assistance", **LATER, rows=[row("plan_item", "#1", status="done")]),
        ],
    )
    assert values(state, "plan_item", "status") == [("planned",), ("done",)]


PROVISIONAL = [
    row("episode", entry_mode="abduction"),
    *codes_of("episode_control", "means", "physical", phase="exploitation"),
]
FULL = [
    row("episode", ONE, episode_id=ONE, age_at_entry=16),
    *codes_of("episode_control", "means", "sexual", parent=ONE, phase="journey"),
    row("perpetrator", f"{ONE}/{TWO}", ONE, perpetrator_id=TWO, sex="male"),
    *codes_of("perpetrator_role", "role", "recruiter", parent=f"{ONE}/{TWO}"),
    row("episode", TWO, episode_id=TWO),
]


def test_the_screening_gives_a_provisional_episode():
    state = fold(CASE, [interview(rows=PROVISIONAL)])
    (episode,) = state.rows["episode"]
    assert (episode.value("entry_mode"), episode.value("source"), episode.value("seq")) == (
        "abduction",
        "screening",
        1,
    )
    assert state.rows["episode_control"][0].parent_id == episode.id


def test_the_assistance_interview_replaces_it_whole_and_it_stays_as_earlier():
    for intakes in (
        [interview(rows=PROVISIONAL), interview("assistance", **LATER, rows=FULL)],
        [interview("assistance", **LATER, rows=FULL), interview(rows=PROVISIONAL)],
        [interview("assistance", "uuid:l", held_on="2026-01-01", rows=FULL), interview(rows=PROVISIONAL)],
    ):
        state = fold(CASE, intakes)
        assert values(state, "episode", "episode_id", "source", "seq") == [
            (ONE, "assistance", 1),
            (TWO, "assistance", 2),
        ]
        assert values(state, "episode_control", "phase", "means") == [("journey", "sexual")]
        assert [one.value("entry_mode") for one in state.earlier_rows["episode"]] == ["abduction"]
        assert [one.value("means") for one in state.earlier_rows["episode_control"]] == ["physical"]
        role = state.rows["perpetrator_role"][0]
        perpetrator = state.rows["perpetrator"][0]
        assert role.parent_id == perpetrator.id
        assert perpetrator.parent_id == state.rows["episode"][0].id


def test_a_follow_up_without_episodes_replaces_nothing():
    state = fold(CASE, [interview(rows=PROVISIONAL), interview("assistance", **LATER)])
    assert values(state, "episode", "entry_mode") == [("abduction",)]


def test_of_two_screenings_the_last_one_with_an_episode_gives_it():
    state = fold(
        CASE,
        [
            interview(rows=PROVISIONAL),
            interview(**LATER, rows=[row("episode", entry_mode="labour_migration")]),
            interview("screening", "uuid:x", held_on="2026-06-01"),
        ],
    )
    assert values(state, "episode", "entry_mode") == [("labour_migration",)]
    assert len(state.earlier_rows["episode"]) == 1


def test_episodes_told_in_later_assistance_interviews_stand_beside_the_first():
    more = "3b5e2f4c-6a7d-4c1e-9f21-5d3c8a1b2e44"
    state = fold(
        CASE,
        [
            interview("assistance", rows=FULL),
            interview("assistance", **LATER, rows=[row("episode", more, episode_id=more)]),
        ],
    )
    assert values(state, "episode", "episode_id") == [(ONE,), (TWO,), (more,)]


def test_a_row_whose_parent_was_not_said_gets_one():
    state = fold(
        CASE, [interview(rows=codes_of("perpetrator_role", "role", "recruiter", parent=f"{ONE}/{TWO}"))]
    )
    assert state.rows["perpetrator_role"][0].parent_id == state.rows["perpetrator"][0].id
    assert state.rows["perpetrator"][0].parent_id == state.rows["episode"][0].id


def test_two_questions_about_one_field_leave_both_values():
    rows = [row("person", contact_phone="1"), row("person", contact_phone=Said("2", "2", "/data/again"))]
    fact = fold(CASE, [interview(rows=rows)]).one("person").columns["contact_phone"]
    assert (fact.value, fact.question, [one.value for one in fact.earlier]) == ("2", "/data/again", ["1"])


def test_tables_the_dictionary_does_not_fold_are_left_out():
    state = fold(CASE, [interview(rows=[row("organisation", name="X"), row("nonsense", a="b")])])
    assert set(state.rows) == {"case_file", "interview", "screening"}


# ---- edits


def edit(instance_id="uuid:e", deprecated_id="uuid:s", **more):
    return interview(instance_id=instance_id, deprecated_id=deprecated_id, **more)


def test_an_edit_equals_its_final_answers_sent_once():
    first = interview(rows=[row("person", first_name="Anna", family_name="B"), *PROVISIONAL])
    last = edit(rows=[row("person", first_name="Ana")], held_on="2026-03-11")
    once = interview(instance_id="uuid:e", rows=[row("person", first_name="Ana")], held_on="2026-03-11")
    assert fold(CASE, [first, last]) == fold(CASE, [last]) == fold(CASE, [once])


def test_an_interview_edited_in_two_places_says_so():
    state = fold(CASE, [interview(), edit("uuid:a"), edit("uuid:b")])
    assert codes(state.findings) == ["edit_branches"]
    assert state.interviews[0].instance_id == "uuid:b"


# ---- what the server computes

SCREENED = [
    *codes_of("screening_act", "act", "recruited"),
    *codes_of("indicator", "code", "job_nature", "wages", dimension="deception"),
    *codes_of("indicator", "code", "no_protection", dimension="exploitation"),
    *codes_of("episode_exploitation", "code", "forced_labour", facet="type"),
    row("episode", age_at_entry=20),
    row("screening", exploitation_status="occurred", trafficking_status="actual", assistance_wanted="yes"),
    row("case_file", identified_country="KH", is_minor=False, trafficking_status="actual"),
]


def test_the_determination_is_computed_from_the_answers_with_its_version():
    screening = fold(CASE, [interview(rows=SCREENED)]).one("screening")
    assert screening.value("suggested_status") == "actual"
    assert screening.value("act_present") is True
    assert screening.value("means_established") is True
    assert screening.value("dim_deception") is True
    assert screening.value("dim_coercion_dest") is False
    assert screening.value("child_rule") is False
    assert screening.value("rule_version") == RULE_VERSION
    fact = screening.columns["suggested_status"]
    assert (fact.question, fact.rule, fact.submission) == ("", RULE_VERSION, "uuid:s")


def test_what_the_phone_computed_keeps_its_source_where_it_agrees_and_is_earlier_where_not():
    said = row("screening", suggested_status="not_victim", act_present=True)
    screening = fold(CASE, [interview(rows=[*SCREENED, said])]).one("screening")
    assert screening.columns["act_present"].question == "/data/act_present"
    fact = screening.columns["suggested_status"]
    assert (fact.value, fact.rule) == ("actual", RULE_VERSION)
    assert [(one.value, one.question) for one in fact.earlier] == [("not_victim", "/data/suggested_status")]


@pytest.mark.parametrize(("minor", "profile", "weight"), [(False, "adult", "M"), (True, "child", None)])
def test_indicators_carry_the_weight_of_the_profile_applied(minor, profile, weight):
    rows = [*SCREENED, row("case_file", is_minor=minor)]
    state = fold(CASE, [interview(rows=rows)])
    found = {
        one.value("code"): (one.value("profile"), one.value("weight")) for one in state.rows["indicator"]
    }
    assert found["job_nature"] == (profile, "S")
    assert found["no_protection"] == (profile, weight)


def test_each_screening_is_judged_by_what_was_said_in_it():
    second = [row("screening", exploitation_status="none"), row("case_file", is_minor=True)]
    state = fold(CASE, [interview(rows=SCREENED), interview(**LATER, rows=second)])
    assert values(state, "screening", "suggested_status", "child_rule") == [
        ("actual", False),
        ("not_victim", True),
    ]


def test_the_provisional_episode_counts_for_its_screening_after_it_was_replaced():
    state = fold(CASE, [interview(rows=SCREENED), interview("assistance", **LATER, rows=FULL)])
    assert values(state, "screening", "suggested_status") == [("actual",)]


def test_the_funds_criteria_are_a_proposal():
    said = row("eligibility", "programme=gaf", programme=Said("gaf", "", "/data/r"), other_programme="no")
    state = fold(CASE, [interview(rows=[*SCREENED, said])])
    (gaf,) = state.rows["eligibility"]
    assert (gaf.value("programme"), gaf.value("result"), gaf.value("proposed")) == ("gaf", "eligible", False)
    assert (gaf.value("identified_victim"), gaf.value("area_excluded")) == ("yes", False)
    assert gaf.value("rule_version") == "gaf-2009"


def test_a_programme_that_was_ticked_is_proposed():
    rows = [*SCREENED, *codes_of("eligibility", "programme", "gaf", "mission_project")]
    state = fold(CASE, [interview(rows=rows)])
    assert values(state, "eligibility", "programme", "proposed", "result") == [
        ("gaf", True, "pending"),
        ("mission_project", True, None),
    ]


def test_the_fund_is_looked_at_wherever_a_status_was_decided():
    assert values(
        fold(CASE, [interview(rows=SCREENED)]), "eligibility", "programme", "result", "proposed"
    ) == [("gaf", "pending", False)]
    assert "eligibility" not in fold(CASE, [interview()]).rows


def test_dates_of_the_interview_stand_in_the_rows_that_ask_for_them():
    rows = [
        row("person_address", country="MD"),
        *codes_of("data_subject_request", "kind", "access", "none"),
        *codes_of("person_document", "kind", "passport"),
    ]
    state = fold(CASE, [interview("assistance", rows=rows)])
    assert values(state, "person_address", "valid_from") == [("2026-03-10",)]
    assert values(state, "data_subject_request", "kind", "received_on", "state") == [
        ("access", "2026-03-10", "open"),
        ("none", "2026-03-10", None),
    ]
    assert values(state, "person_document", "kind", "held") == [("passport", True)]


def test_an_episode_has_a_length_and_its_legs_a_place():
    rows = [
        row("episode", ONE, exploitation_start="2024-02-01", exploitation_end="2025-08-01", seq=3),
        row("route_leg", f"{ONE}/a", ONE, to_country="MD"),
        row("route_leg", f"{ONE}/b", ONE, to_country="KH"),
        row("episode", TWO, exploitation_start="2026-02-01"),
        row("route_leg", f"{TWO}/c", TWO, to_country="TH"),
    ]
    state = fold(CASE, [interview("assistance", rows=rows)])
    assert values(state, "episode", "exploitation_months", "seq") == [(17, 3), (1, 2)]
    assert values(state, "route_leg", "to_country", "seq") == [("MD", 1), ("KH", 2), ("TH", 1)]


def test_the_case_knows_its_registration_its_person_and_its_uid():
    said = row("case_file", case_id=OTHER, case_ref="MD-1")
    state = fold(CASE, [interview(**LATER), interview(rows=[said, row("person", sex="female")])])
    case = state.one("case_file")
    assert case.id == row_id(CASE, "case_file", "")
    assert (case.value("case_id"), case.value("case_ref")) == (CASE, "MD-1")
    assert [one.value for one in case.columns["case_id"].earlier] == [OTHER]
    assert case.value("registered_on") == "2026-03-10"
    assert case.columns["registered_on"].submission == "uuid:s"
    assert case.value("person_id") == state.one("person").id
    assert case.value("retention_review_on") is None


def test_a_case_that_began_with_an_assistance_interview_is_not_registered_yet():
    case = fold(CASE, [interview("assistance")]).one("case_file")
    assert case.value("registered_on") is None
    assert case.value("status") == "active"


# ---- open and closed


def status(intakes, decisions=()):
    case = fold(CASE, intakes, decisions).one("case_file")
    return case.value("status"), case.value("closed_on"), case.value("closure_reason")


def told(said, held_on, reason=None, submission=None):
    rows = [row("case_file", status=said, **({"closure_reason": reason} if reason else {}))]
    return interview("assistance", submission or f"uuid:{held_on}", held_on=held_on, rows=rows)


def test_a_case_is_active_until_somebody_says_otherwise():
    assert status([interview()]) == ("active", None, None)


def test_the_interview_that_closes_a_case_gives_the_date():
    intakes = [interview(), told("follow_up", "2026-04-01"), told("closed", "2026-05-01", "plan_completed")]
    assert status(intakes) == ("closed", "2026-05-01", "plan_completed")


def test_a_case_that_stays_closed_was_closed_the_first_time():
    intakes = [told("closed", "2026-04-01"), told("closed_referred", "2026-05-01")]
    assert status(intakes) == ("closed_referred", "2026-04-01", None)


def test_a_case_that_opens_again_has_no_closure_any_more_but_remembers_it():
    intakes = [told("closed", "2026-04-01", "lost_contact"), told("active", "2026-05-01")]
    case = fold(CASE, intakes).one("case_file")
    assert status(intakes) == ("active", None, None)
    assert [one.value for one in case.columns["closure_reason"].earlier] == ["lost_contact"]
    assert [one.value for one in case.columns["status"].earlier] == ["closed"]


def test_the_office_closes_and_reopens_by_decision_and_the_later_word_counts():
    close = decided(
        "close", "2026-06-02T08:00:00.000Z", "c", closed_on="2026-06-01", closure_reason="lost_contact"
    )
    reopen = decided("reopen", "2026-06-10T08:00:00.000Z", "r")
    assert status([interview()], [close]) == ("closed", "2026-06-01", "lost_contact")
    assert status([interview(), told("active", "2026-06-05")], [close]) == ("active", None, None)
    assert status([interview(), told("active", "2026-06-01")], [close]) == (
        "closed",
        "2026-06-01",
        "lost_contact",
    )
    assert status([interview()], [reopen, close]) == ("active", None, None)
    case = fold(CASE, [interview()], [close]).one("case_file")
    assert case.columns["status"].decision == case.columns["closure_reason"].decision == "c"
    case = fold(CASE, [interview()], [close, reopen]).one("case_file")
    assert case.columns["status"].decision == "r"


def test_closing_a_case_that_was_merged_into_this_one_does_not_close_this_one():
    assert status([interview()], [decided("close", case_uid=OTHER)]) == ("active", None, None)
    assert status([interview()], [decided("close", case_uid=CASE)])[0] == "closed"


def test_a_person_who_died_is_known_to_be_dead():
    rows = [row("person", sex="male"), row("case_file", status="closed", closure_reason="died")]
    assert fold(CASE, [interview("assistance", rows=rows)]).value("person", "deceased") is True


# ---- corrections


def correct(table, column, value, made_at="2026-06-01T08:00:00.000Z", id="k", row_key="", **overrules):  # noqa: A002 -- as decisions
    return decided(
        "correct",
        made_at,
        id,
        table=table,
        row_key=row_key,
        column=column,
        value=value,
        overrules=overrules or None,
    )


def test_a_correction_holds_and_shows_who_decided_and_what_it_overrules():
    decision = correct("person", "first_name", "Ana", submission="uuid:s", question="/data/first_name")
    state = fold(CASE, [interview(rows=[row("person", first_name="Anna")])], [decision])
    fact = state.one("person").columns["first_name"]
    assert (fact.value, fact.decision, fact.submission, fact.question) == ("Ana", "k", "", "")
    assert [(one.value, one.submission) for one in fact.earlier] == [("Anna", "uuid:s")]
    assert state.findings == ()


def test_of_two_corrections_the_last_one_holds():
    decisions = [
        correct("person", "first_name", "Ane", "2026-06-02T08:00:00.000Z", "b"),
        correct("person", "first_name", "Ana", id="a"),
    ]
    fact = (
        fold(CASE, [interview(rows=[row("person", first_name="Anna")])], decisions)
        .one("person")
        .columns["first_name"]
    )
    assert (fact.value, [one.value for one in fact.earlier]) == ("Ane", ["Ana", "Anna"])


@pytest.mark.parametrize(
    "intakes",
    [
        [
            interview(rows=[row("person", first_name="Anna")]),
            interview(**LATER, rows=[row("person", first_name="Ani")]),
        ],
        [interview(rows=[row("person", first_name="Anna")]), edit(rows=[row("person", first_name="Ani")])],
    ],
)
def test_a_correction_of_an_answer_that_is_not_the_present_one_holds_with_a_finding(intakes):
    decisions = [
        correct(
            "person",
            "first_name",
            "Ana",
            submission="uuid:s",
            question="/data/first_name",
            instance_id="uuid:s",
        ),
        correct("person", "first_name", "Ana", "2026-06-02T08:00:00.000Z", "again"),
    ]
    state = fold(CASE, intakes, decisions)
    assert state.value("person", "first_name") == "Ana"
    assert codes(state.findings) == ["correction_outdated"]
    assert "Ana" not in str(state.findings)


def test_a_correction_may_give_a_value_that_nobody_said():
    state = fold(CASE, [interview()], [correct("person", "sex", "female")])
    assert state.value("person", "sex") == "female"


def test_a_correction_may_take_a_value_away():
    state = fold(CASE, [interview(rows=[row("person", sex="male")])], [correct("person", "sex", None)])
    assert state.value("person", "sex") is None
    assert state.one("person").columns["sex"].earlier[0].value == "male"


def test_a_correction_may_add_to_a_set_and_take_from_it():
    decisions = [
        correct("person_citizenship", "country", None, row_key="country=UA", id="a"),
        correct("person_citizenship", "country", "RO", row_key="country=RO", id="b"),
    ]
    state = fold(CASE, [interview(rows=codes_of("person_citizenship", "country", "MD", "UA"))], decisions)
    assert values(state, "person_citizenship", "country") == [("MD",), ("RO",)]
    (gone,) = state.earlier_rows["person_citizenship"]
    assert gone.columns["country"].earlier[0].value == "UA"
    assert state.findings == ()


def test_a_correction_of_a_list_is_a_list():
    rows = [row("consent", "purpose=interview", purpose="interview")]
    decision = correct("consent", "information_given", ["voluntary"], row_key="uuid:s|purpose=interview")
    assert fold(CASE, [interview(rows=rows)], [decision]).one("consent").value("information_given") == (
        "voluntary",
    )


def test_a_correction_of_a_row_that_is_gone_is_kept_among_the_earlier_rows_with_a_finding():
    decision = correct("health", "status", "poor", row_key="uuid:gone")
    state = fold(CASE, [interview()], [decision])
    assert "health" not in state.rows
    assert state.earlier_rows["health"][0].value("status") == "poor"
    assert codes(state.findings) == ["correction_without_row"]


def test_a_correction_of_a_field_the_dictionary_does_not_have_changes_nothing():
    decisions = [correct("person", "shoe_size", 44, id="a"), correct("shoes", "size", 44, id="b")]
    assert fold(CASE, [interview()], decisions) == fold(CASE, [interview()])


def test_the_determination_follows_a_correction():
    decision = correct("screening", "exploitation_status", "none", row_key="uuid:s")
    state = fold(CASE, [interview(rows=SCREENED)], [decision])
    assert state.one("screening").value("suggested_status") == "possible"
    assert state.one("screening").columns["exploitation_status"].decision == "k"


def test_what_the_server_computes_can_be_corrected_too():
    decision = correct("screening", "suggested_status", "possible", row_key="uuid:s")
    fact = fold(CASE, [interview(rows=SCREENED)], [decision]).one("screening").columns["suggested_status"]
    assert (fact.value, fact.decision) == ("possible", "k")


def test_a_corrected_date_of_birth_mends_the_ages_and_the_child_rule():
    rows = [*SCREENED, row("person", birthdate="1996-01-01"), row("case_file", age_at_registration=30)]
    decision = correct("person", "birthdate", "2010-01-01")
    state = fold(CASE, [interview(rows=rows)], [decision])
    case = state.one("case_file")
    assert (case.value("age_at_registration"), case.value("is_minor")) == (16, True)
    assert [one.value for one in case.columns["age_at_registration"].earlier] == [30]
    assert state.one("screening").value("child_rule") is True
    gone = fold(CASE, [interview(rows=rows)], [correct("person", "birthdate", None)]).one("case_file")
    assert gone.value("age_at_registration") == 30


def test_a_corrected_status_stands():
    state = fold(CASE, [told("closed", "2026-04-01")], [correct("case_file", "status", "follow_up")])
    assert state.value("case_file", "status") == "follow_up"
    assert state.value("case_file", "closed_on") is None


# ---- programmes


def test_the_programmes_decision_stands_in_the_newest_row_over_the_proposal():
    approve = decided("eligibility", programme="gaf", result="approved", decided_on="2026-06-01")
    state = fold(CASE, [interview(rows=SCREENED), interview(**LATER, rows=SCREENED)], [approve])
    assert values(state, "eligibility", "result", "decided_on") == [
        ("pending", None),
        ("approved", "2026-06-01"),
    ]
    fact = state.rows["eligibility"][1].columns["result"]
    assert (fact.decision, fact.earlier[0].value) == ("d1", "pending")


def test_a_programme_may_decide_before_anybody_proposed_it():
    decline = decided("eligibility", programme="mission_project", result="declined")
    state = fold(CASE, [interview()], [decline])
    assert values(state, "eligibility", "programme", "result", "decided_on") == [
        ("mission_project", "declined", "2026-06-01")
    ]


def test_decisions_for_the_application_alone_change_nothing():
    decisions = [decided("assign", id="a", owner=1), decided("transfer", id="b", mission=2)]
    assert fold(CASE, [interview()], decisions) == fold(CASE, [interview()])


# ---- ids


def test_ids_are_those_of_the_case_the_table_and_the_key():
    for key in ("", "country=MD", "ключ|#1/" * 40):
        assert row_id(CASE, "person", key) == str(uuid.uuid5(ROWS, f"{CASE}/person/{key}"))


def test_row_keys_do_not_change_when_the_case_gets_another_uid():
    intakes = [interview(rows=SCREENED), interview("assistance", **LATER, rows=FULL)]
    one, other = fold(CASE, intakes), fold(OTHER, intakes)
    keys = {(table, key, column) for table, key, column, _ in every_fact(one)}
    assert keys == {(table, key, column) for table, key, column, _ in every_fact(other)}
    assert one.rows["episode"][0].id != other.rows["episode"][0].id
