"""From answers to rows of the case tables."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions import conversion
from submissions.binding import Binding
from submissions.intake import Intake, Said
from submissions.normalise import normalise
from submissions.record import read
from tests.submissions.conftest import authored, codes, instance, mapped
from xlsforms.dictionary import load
from xlsforms.mapping import Mapping, Target

HEAD = """
| settings | | | |
|          | form_id | version | namespaces |
|          | {form_id} | 1 | case="https://saif.iom.int/case" |
| choices  | | | |
|          | list_name | name | label |
|          | yn        | yes  | Yes |
|          | yn        | no   | No |
|          | country   | MD   | Moldova |
|          | country   | KH   | Cambodia |
|          | country   | QQ   | Nowhere |
|          | act       | recruited | Recruited |
|          | act       | received  | Received |
|          | means     | debt_bondage | Debt |
|          | means     | withholds_identity | Papers |
|          | purposes  | any       | Any |
|          | points    | voluntary | Voluntary |
|          | points    | purpose   | Purpose |
| survey   | | | | | |
|          | type | name | label | bind::case:field | calculation |
"""


def questions(*lines, form_id="ct_assistance"):
    return mapped(HEAD.format(form_id=form_id) + "\n".join(f"| | {line} |" for line in lines))


def say(made, body, **settings):
    form, mapping = made
    record = read(instance(form, body, **settings), form)
    return normalise(record, mapping, form=form, submission=record.instance_id)


def rows(intake, table):
    return {
        row.key: {column: said.value for column, said in row.values.items()}
        for row in intake.rows
        if row.table == table
    }


DATE = "date | on | When | interview.held_on | "
UID = "calculate | uid | | case_file.case_id | once(uuid())"
CASE = "0b5e2f4c-6a7d-4c1e-9f21-5d3c8a1b2e44"


def test_an_answer_becomes_a_value_with_its_text_and_question():
    intake = say(questions("integer | kids | Children | person.number_of_children |"), "<kids>3</kids>")
    (row,) = intake.rows
    assert (row.table, row.key, row.parent) == ("person", "", "")
    assert row.values == {"number_of_children": Said(3, "3", "/data/kids")}


def test_the_head_says_what_the_fold_sorts_and_finds_by():
    made = questions(DATE, UID, "text | ref | Reference | case_file.case_ref |", "end | end | | |")
    intake = say(
        made,
        f"<on>2026-03-10</on><uid>{CASE.upper()}</uid><ref>MD-1</ref><end>2026-03-10T12:00:00.000+03:00</end>",
        meta="<deprecatedID>uuid:0</deprecatedID>",
    )
    assert (intake.submission, intake.instance_id, intake.deprecated_id) == ("uuid:1", "uuid:1", "uuid:0")
    assert (intake.form_id, intake.form_version, intake.kind) == ("ct_assistance", "1", "assistance")
    assert (intake.held_on, intake.ended_at) == ("2026-03-10", "2026-03-10T09:00:00.000Z")
    assert (intake.case_uid, intake.case_ref, intake.consent_ok) == (CASE, "MD-1", None)
    assert intake.order == ("2026-03-10", "2026-03-10T09:00:00.000Z", "uuid:1")


def test_without_a_date_of_the_interview_the_day_it_was_started_counts():
    made = questions(DATE, UID, "start | start | | |")
    assert say(made, "<start>2026-03-10T23:30:00.000-11:00</start>").held_on == "2026-03-10"
    assert say(made, "<on>someday</on><start>2026-03-10T23:30:00.000-11:00</start>").held_on == "2026-03-10"
    assert say(made, "").held_on == ""
    made = questions("today | today | | |", "text | name | Name | person.first_name |")
    assert say(made, "<today>2026-03-10</today>").held_on == "2026-03-10"


def test_an_interview_may_name_no_case():
    made = questions(UID, "text | name | Name | person.first_name |")
    for body in ("", "<uid>the usual one</uid>"):
        assert say(made, body).case_uid is None


def test_a_form_that_knows_of_no_cases_is_one_for_each_submission():
    made = questions("text | name | Name | person.first_name |")
    first, again = say(made, "<name>A</name>"), say(made, "<name>B</name>")
    other = say(made, "<name>A</name>", instance_id="uuid:2")
    assert first.case_uid == again.case_uid != other.case_uid
    assert first.case_uid[14] == "4"
    assert first.case_uid[19] in "89ab"
    assert first.kind == "assistance"


def test_a_form_that_maps_nothing_is_about_no_case():
    intake = say(questions("text | name | Name | |", form_id="survey"), "<name>A</name>")
    assert (intake.case_uid, intake.rows, intake.kind, intake.findings) == (None, (), "other", ())


def test_each_code_of_a_select_multiple_is_a_row():
    intake = say(
        questions("select_multiple act | acts | Acts | screening_act.act |"),
        "<acts>recruited received</acts>",
    )
    assert rows(intake, "screening_act") == {
        "act=recruited": {"act": "recruited"},
        "act=received": {"act": "received"},
    }
    assert {row.values["act"].answer for row in intake.rows} == {"recruited received"}


def test_codes_of_the_mapping_tell_rows_apart_and_stand_in_them():
    made = questions(
        "select_one yn | a | A | consent[purpose='research'].granted |",
        "select_one yn | b | B | consent[purpose='referral'].granted |",
        "select_multiple means | c | C | episode_control[phase='journey'].means |",
    )
    intake = say(made, "<a>yes</a><b>no</b><c>debt_bondage</c>")
    assert rows(intake, "consent") == {
        "purpose=research": {"purpose": "research", "granted": True},
        "purpose=referral": {"purpose": "referral", "granted": False},
    }
    assert rows(intake, "episode_control") == {
        "phase=journey|means=debt_bondage": {"phase": "journey", "means": "debt_bondage"}
    }
    assert rows(intake, "episode") == {"": {}}
    assert intake.rows[0].values["purpose"] == Said("research", "", "/data/a")


def test_a_value_without_a_key_holds_for_every_row_of_its_table():
    made = questions(
        "select_one yn | a | A | consent[purpose='research'].granted |",
        "select_one yn | b | B | consent[purpose='referral'].granted |",
        "select_multiple points | p | P | consent.information_given |",
    )
    intake = say(made, "<a>yes</a><b>no</b><p>voluntary purpose</p>")
    for one in rows(intake, "consent").values():
        assert one["information_given"] == ("voluntary", "purpose")


def test_a_value_without_a_key_is_kept_where_its_table_has_no_row():
    made = questions("select_multiple points | p | P | consent.information_given |")
    assert rows(say(made, "<p>voluntary</p>"), "consent") == {"": {"information_given": ("voluntary",)}}


def test_a_key_that_the_mapping_leaves_open_stays_open():
    lists = load().code_lists
    code = next(iter(lists["factor_protective"]))
    form, _ = questions("text | f | F | |")
    mapping = Mapping({"/data/f": (Target("vulnerability_factor", "factor", {"polarity": "protective"}),)})
    intake = normalise(read(instance(form, f"<f>{code}</f>"), form), mapping, form=form, submission="s")
    assert rows(intake, "vulnerability_factor") == {
        f"polarity=protective|factor={code}": {"polarity": "protective", "factor": code}
    }


def test_one_answer_may_have_two_targets():
    form, _ = questions("text | f | F | |")
    mapping = Mapping({"/data/f": (Target("person", "first_name"), Target("person_name", "name"))})
    intake = normalise(read(instance(form, "<f>Ana</f>"), form), mapping, form=form, submission="s")
    assert rows(intake, "person") == {"": {"first_name": "Ana"}}
    assert rows(intake, "person_name") == {"": {"name": "Ana"}}


def test_two_answers_to_one_field_are_both_kept_the_later_question_after_the_first():
    made = questions("text | a | A | person.contact_phone |", "text | b | B | person.contact_phone |")
    intake = say(made, "<a>+37322111111</a><b>+37322222222</b>")
    assert [row.values["contact_phone"].value for row in intake.rows] == ["+37322111111", "+37322222222"]
    assert len({row.key for row in intake.rows}) == 1


ONE, TWO = "1b5e2f4c-6a7d-4c1e-9f21-5d3c8a1b2e44", "2b5e2f4c-6a7d-4c1e-9f21-5d3c8a1b2e44"


@pytest.fixture(scope="module")
def repeats():
    return mapped(
        HEAD.format(form_id="ct_assistance").replace(
            "| survey ", "|          | role      | recruiter | Recruiter |\n| survey ", 1
        )
        + "\n".join(
            f"| | {line} |"
            for line in (
                "begin_repeat | episode | Episodes | episode | ",
                "calculate | ep_uid | | episode.episode_id | once(uuid())",
                "integer | age | Age | episode.age_at_entry | ",
                "select_multiple means | means | Means | episode_control[phase='exploitation'].means | ",
                "begin_repeat | leg | Legs | route_leg | ",
                "calculate | leg_uid | | route_leg.route_leg_id | once(uuid())",
                "select_one country | to | To | route_leg.to_country | ",
                "end_repeat | | | | ",
                "begin_repeat | who | Who | perpetrator | ",
                "select_multiple role | roles | Roles | perpetrator_role.role | ",
                "end_repeat | | | | ",
                "end_repeat | | | | ",
                "begin_repeat | ref | Referral | referral[direction='out'] | ",
                "text | org | Organisation | organisation_by_name: referral.organisation_id | ",
                "end_repeat | | | | ",
            )
        )
    )


def test_repeat_rows_are_known_by_their_uid_and_hang_from_the_rows_around_them(repeats):
    intake = say(
        repeats,
        f"<episode><ep_uid>{ONE}</ep_uid><age>17</age><means>debt_bondage</means>"
        f"<leg><leg_uid>{TWO}</leg_uid><to>MD</to></leg><leg><to>KH</to></leg>"
        "<who><roles>recruiter</roles></who></episode><episode/>",
    )
    assert rows(intake, "episode") == {ONE: {"episode_id": ONE, "age_at_entry": 17}, "#2": {}}
    assert rows(intake, "episode_control") == {
        f"{ONE}/phase=exploitation|means=debt_bondage": {"phase": "exploitation", "means": "debt_bondage"}
    }
    assert rows(intake, "route_leg") == {
        f"{ONE}/{TWO}": {"route_leg_id": TWO, "to_country": "MD"},
        f"{ONE}/#1.2": {"to_country": "KH"},
    }
    assert rows(intake, "perpetrator_role") == {f"{ONE}/#1.1/role=recruiter": {"role": "recruiter"}}
    parents = {row.key: row.parent for row in intake.rows}
    assert parents[f"{ONE}/{TWO}"] == ONE
    assert parents[f"{ONE}/#1.1"] == ONE
    assert parents[f"{ONE}/#1.1/role=recruiter"] == f"{ONE}/#1.1"
    leg = next(row for row in intake.rows if row.key == f"{ONE}/#1.2")
    assert leg.values["to_country"].question == "/data/episode[1]/leg[2]/to"


def test_two_rows_with_one_uid_are_both_kept_with_a_finding(repeats):
    intake = say(
        repeats,
        f"<episode><ep_uid>{ONE}</ep_uid><age>1</age></episode><episode><ep_uid>{ONE}</ep_uid><age>2</age></episode>",
    )
    assert [one["age_at_entry"] for one in rows(intake, "episode").values()] == [1, 2]
    assert codes(intake.findings) == ["row_uid_twice"]
    assert intake.findings[0].question == "/data/episode[2]"


def test_a_repeat_row_whose_identifier_is_none_is_known_by_its_place(repeats):
    intake = say(repeats, "<episode><ep_uid>not a uid</ep_uid><age>1</age></episode>")
    assert rows(intake, "episode") == {"#1": {"age_at_entry": 1}}
    assert codes(intake.findings) == ["unreadable_value"]


def test_codes_in_a_repeats_own_mapping_stand_in_each_row(repeats):
    intake = say(repeats, "<ref><org>Casa Mărioarei</org></ref><ref><org>casa  marioarei.</org></ref>")
    first, second = rows(intake, "referral").values()
    assert first["direction"] == second["direction"] == "out"
    assert (
        first["organisation_id"] == second["organisation_id"] == conversion.organisation_id("CASA MARIOAREI")
    )
    assert (first["organisation_name"], second["organisation_name"]) == ("Casa Mărioarei", "casa  marioarei.")
    said = next(row for row in intake.rows if row.table == "referral").values["direction"]
    assert said == Said("out", "", "/data/ref[1]")


def test_codes_without_a_row_of_their_own_are_rows_of_a_table_with_uids():
    made = questions("select_multiple country | through | Through | route_leg.country |")
    intake = say(made, "<through>MD KH</through>")
    assert rows(intake, "route_leg") == {"country=MD": {"country": "MD"}, "country=KH": {"country": "KH"}}


def test_a_row_of_a_table_with_uids_outside_a_repeat_is_known_by_the_codes_of_its_mapping():
    made = questions("text | details | Details | referral[direction='in'].details |")
    assert rows(say(made, "<details>D</details>"), "referral") == {
        "direction=in": {"direction": "in", "details": "D"}
    }


def test_a_code_the_dictionary_does_not_know_is_a_finding_and_no_value():
    made = questions("select_multiple country | of | Of | person_citizenship.country |")
    intake = say(made, "<of>MD QQ</of>")
    assert list(rows(intake, "person_citizenship")) == ["country=MD"]
    assert codes(intake.findings) == ["unknown_code"]
    assert "QQ" not in json.dumps(intake.findings[0].to_json())


def test_a_value_its_field_does_not_read_is_a_finding_and_no_value():
    form, _ = questions("text | n | N | |")
    mapping = Mapping({"/data/n": (Target("person", "number_of_children"), Target("person", "sex"))})
    intake = normalise(read(instance(form, "<n>many</n>"), form), mapping, form=form, submission="s")
    assert rows(intake, "person") == {}
    assert codes(intake.findings) == ["unreadable_value", "unknown_code"]
    assert "many" not in json.dumps([finding.to_json() for finding in intake.findings])


def test_a_finding_of_the_record_is_not_repeated():
    intake = say(questions("integer | kids | K | person.number_of_children |"), "<kids>many</kids>")
    assert codes(intake.findings) == ["unreadable_value"]


def test_blank_text_says_nothing():
    assert say(questions("text | n | N | person.first_name |"), "<n>  </n>").rows == ()


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        (Target("person", "birth_year_estimate", converter="birth_year_from_age"), "24", 2002),
        (Target("person", "birthdate_precision", converter="precision_from_known"), "yes", "day"),
        (Target("person", "birthdate_precision", converter="precision_from_known"), "no", "estimated"),
        (Target("person", "birthdate_precision", converter="precision_from_known"), "refused", "unknown"),
        (Target("person_address", "country", converter="country_by_name"), "Moldova", "MD"),
        (Target("person_address", "country", converter="country_by_name"), "mda", "MD"),
        (Target("person_address", "country", converter="country_by_name"), "Cambodge", "KH"),
        (Target("person_address", "country", converter="country_by_name"), "bolivia", "BO"),
        (Target("person_address", "country", converter="country_by_name"), "Korea", None),
        (Target("person_address", "country", converter="country_by_name"), "Atlantis", None),
        (Target("person", "birth_year_estimate", converter="birth_year_from_age"), "old", None),
        (Target("person", "sex", codes={"F": "female"}), "F", "female"),
        (Target("episode", "still_in_situation"), "TRUE", True),
        (Target("episode", "still_in_situation"), "no", False),
        (Target("episode", "still_in_situation"), "perhaps", None),
        (Target("episode", "fee_amount"), "1.5E3", "1500"),
        (Target("episode", "recruited_on"), "2026-03-01", "2026-03-01"),
        (Target("case_file", "anonymised_at"), "2026-03-01T00:00:00.000+03:00", "2026-02-28T21:00:00.000Z"),
    ],
)
def test_types_and_converters_of_the_dictionary(target, text, expected):
    form, _ = questions("text | f | F | |", DATE)
    mapping = Mapping({"/data/f": (target,), "/data/on": (Target("interview", "held_on"),)})
    record = read(instance(form, f"<f>{text}</f><on>2026-03-10</on>"), form)
    intake = normalise(record, mapping, form=form, submission="s")
    found = [one[target.column] for one in rows(intake, target.table).values() if target.column in one]
    assert found == ([] if expected is None else [expected])


def test_an_age_needs_the_date_of_the_interview():
    form, _ = questions("integer | age | A | |")
    mapping = Mapping(
        {"/data/age": (Target("person", "birth_year_estimate", converter="birth_year_from_age"),)}
    )
    intake = normalise(read(instance(form, "<age>24</age>"), form), mapping, form=form, submission="s")
    assert rows(intake, "person") == {}
    assert codes(intake.findings) == ["unreadable_value"]


def test_every_converter_of_the_dictionary_is_known_here():
    for name in load().converters:
        table = load().tables["referral"]
        Binding(
            Target("referral", "organisation_id", converter=name),
            table,
            table.fields["organisation_id"],
            load(),
        )
    with pytest.raises(ValueError, match="no converter"):
        Binding(Target("referral", "details", converter="magic"), table, table.fields["details"], load())


def test_targets_the_dictionary_does_not_have_or_does_not_fold_say_nothing():
    form, _ = questions("text | f | F | |")
    targets = (Target("nonsense", "x"), Target("person", "x"), Target("organisation", "name"))
    intake = normalise(
        read(instance(form, "<f>A</f>"), form), Mapping({"/data/f": targets}), form=form, submission="s"
    )
    assert intake.rows == ()


def test_an_intake_goes_through_json_unchanged(repeats):
    intake = say(
        repeats,
        f"<episode><ep_uid>{ONE}</ep_uid><age>x</age><means>debt_bondage withholds_identity</means></episode><odd>1</odd>",
        meta="<deprecatedID>uuid:0</deprecatedID>",
    )
    assert Intake.from_json(json.loads(json.dumps(intake.to_json()))) == intake
    made = questions("select_multiple points | p | P | consent[purpose='research'].information_given |")
    intake = say(made, "<p>voluntary purpose</p>")
    assert Intake.from_json(json.loads(json.dumps(intake.to_json()))) == intake


def screening(**said):
    """A screening in which somebody was recruited, and nothing else is known, as a phone might send it."""
    form, mapping = authored("screening")
    parts = {
        "registration": {"case_uid": CASE, "interview_date": "2026-03-10"},
        "safety": {"private_space": "yes", "controller_present": "no", "immediate_danger": "no",
                   "urgent_medical_need": "no", "safe_to_proceed": "1", "can_proceed": "1"},
        "consent": {"apparent_minor": "no", "consent_interview": "yes", "consent_data": "yes", "consent_ok": "1"},
        "recruitment": {"acts": "recruited"},
        "exploitation": {"exploitation_status": "none"},
        "determination": {"suggested_status": "not_victim", "trafficking_status": "possible"},
        "eligibility": {"assistance_wanted": "yes", "gaf_result": "pending"},
    }  # fmt: skip
    body = "".join(
        f"<{part}>{''.join(f'<{name}>{said.get(name, value)}</{name}>' for name, value in answers.items())}</{part}>"
        for part, answers in parts.items()
    )
    record = read(instance(form, body), form)
    return normalise(record, mapping, form=form, submission=record.instance_id)


def test_a_phone_and_a_server_that_agree_say_nothing():
    assert screening().findings == ()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"suggested_status": "actual"}, "suggestion_differs"),
        ({"gaf_result": "eligible"}, "eligibility_differs"),
    ],
)
def test_what_the_phone_computed_otherwise_than_the_server_is_a_finding(said, code):
    intake = screening(**said)
    assert codes(intake.findings) == [code]
    assert intake.findings[0].question.rpartition("/")[2] == next(iter(said))


def test_a_refused_interview_is_not_compared():
    intake = screening(consent_data="no", suggested_status="actual")
    assert intake.consent_ok is False
    assert {row.table for row in intake.rows} <= {"case_file", "interview", "screening", "consent"}
    assert not {"suggestion_differs", "eligibility_differs"} & set(codes(intake.findings))


def test_many_mappings_do_not_fill_the_memory():
    form, _ = questions("text | f | F | |")
    record = read(instance(form, "<f>A</f>"), form)
    keep = [Mapping({"/data/f": (Target("person", "first_name"),)}) for _ in range(300)]
    assert all(normalise(record, one, form=form, submission="s").rows for one in keep)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_name_is_one_organisation_however_it_is_typed(one, other):
    assert conversion.organisation_id(one) == conversion.organisation_id(f" {one} ")
    same = conversion.normalised(one) == conversion.normalised(other) and conversion.normalised(one)
    if same:
        assert conversion.organisation_id(one) == conversion.organisation_id(other)


def test_names_that_hold_no_letter_are_still_apart():
    assert conversion.organisation_id("***") != conversion.organisation_id("---")
