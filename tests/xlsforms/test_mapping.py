"""The mapping column against the dictionary: what may fill what, from where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsforms import dictionary
from xlsforms.mapping import read
from xlsforms.privacy import privacy
from xlsforms.schema import Form, Question, Repeat

CHOICES = """
| choices |
|         | list_name | name   | label |
|         | yn        | yes    | Yes   |
|         | yn        | no     | No    |
|         | sex       | female | F     |
|         | sex       | male   | M     |
|         | means     | debt_bondage | Debt |
|         | means     | physical | Violence |
|         | scale     | 1      | One   |
|         | scale     | 2      | Two   |
"""
HEAD = "| survey |\n|  | type | name | label | bind::case:field | calculation | relevant |\n"


@pytest.fixture
def mapped(compiled):
    """A function from rows of the survey sheet to (mapping, findings about the mapping)."""

    def map_rows(*rows: str, choices: str = CHOICES):
        form = compiled(HEAD + "".join(f"| | {row} |\n" for row in rows) + choices)
        about = [one for one in form.findings if one.code.startswith(("mapping", "htcds"))]
        assert form.mapping is not None, form.findings
        return form.mapping, about

    return map_rows


def test_a_question_says_where_its_answer_goes(mapped):
    mapping, findings = mapped("text | family_name | Name | person.family_name")
    assert findings == []
    assert [str(target) for target in mapping.bindings["/data/family_name"]] == ["person.family_name"]


@pytest.mark.parametrize(
    "row",
    [
        "date | q | Q | person.birthdate", "select_one sex | q | Q | person.sex", "integer | q | Q | household.size",
        "decimal | q | Q | episode.fee_amount", "integer | q | Q | episode.fee_amount", "today | today | | interview.held_on",
        "select_one yn | q | Q | interview.debrief_done", "select_one yn | q | Q | consent[purpose='research'].granted",
        "select_multiple means | q | Q | episode_control[phase='journey'].means",
        "calculate | q | | screening.safe_to_proceed | 1", "calculate | q | | case_file.case_id | once(uuid())",
        "integer | q | Q | birth_year_from_age: person.birth_year_estimate",
        "text | q | Q | organisation_by_name: referral[direction='in'].organisation_id",
        "calculate | q | | organisation_by_name: referral[direction='in'].organisation_id | 'x'",
        "select_one scale | q | Q | follow_up.wellbeing", "select_one_from_file cases.csv | q | Q | case_file.case_id",
        "text | q | Q | country_by_name: person_address.country", "image | q | Q | consent[purpose='research'].signature",
        "acknowledge | q | Q | interview.debrief_done",
    ],
)  # fmt: skip
def test_types_that_fit(row, mapped):
    mapping, findings = mapped(row)
    assert findings == []
    assert len(mapping.bindings) == 1


@pytest.mark.parametrize(
    ("row", "code", "mend"),
    [
        ("text | q | Q | person.familly_name", "mapping_unknown_field", "person.family_name"),
        ("text | q | Q | peson.sex", "mapping_unknown_field", "person.sex"),
        ("text | q | Q | person.zzzzzzz", "mapping_unknown_field", "Fields of person"),
        ("text | q | Q | zzzz.yyyy", "mapping_unknown_field", "See the fields"),
        ("text | q | Q | person", "mapping_malformed", "table.column"),
        ("text | q | Q | person family name", "mapping_malformed", "table.column"),
        ("text | q | Q | person.birthdate", "mapping_type", "type"),
        ("text | q | Q | person.sex", "mapping_type", "select_one"),
        ("text | q | Q | referral[direction='in'].organisation_id", "mapping_type", "organisation_by_name"),
        ("integer | q | Q | person.birthdate", "mapping_type", "date"),
        ("geopoint | q | Q | episode.exploitation_place", "mapping_type", "leave"),
        ("note | q | Q | person.family_name", "mapping_type", "leave"),
        ("select_multiple sex | q | Q | person.sex", "mapping_type", "select_one"),
        ("select_multiple sex | q | Q | consent[purpose='research'].method", "mapping_type", "select_one"),
        ("text | q | Q | organisation.name", "mapping_not_from_forms", "leave"),
        ("date | q | Q | case_file.registered_on", "mapping_not_from_forms", "leave"),
        ("text | q | Q | submission.device_id", "mapping_not_from_forms", "leave"),
        ("select_one yn | q | Q | consent[purpse='research'].granted", "mapping_key_unknown", "purpose"),
        ("select_one yn | q | Q | consent[purpose='reserch'].granted", "mapping_key_unknown", "research"),
        ("select_one yn | q | Q | consent[purpose='zzzzzz'].granted", "mapping_key_unknown", "Its codes are"),
        ("select_multiple means | q | Q | episode_control.means", "mapping_key_missing", "phase"),
        ("integer | q | Q | birth_year_form_age: person.birth_year_estimate", "mapping_converter_unknown",
         "birth_year_from_age"),
        ("text | q | Q | birth_year_from_age: person.birth_year_estimate", "mapping_type", "converter"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_that_names_the_way_out(row, code, mend, mapped):
    mapping, findings = mapped(row)
    assert mapping.bindings == {}
    (finding,) = findings
    assert (finding.severity, finding.code, finding.sheet, finding.row) == ("error", code, "survey", 2)
    assert finding.column == "bind::case:field"
    assert mend in finding.mend


def test_one_wrong_target_leaves_the_others(mapped):
    mapping, findings = mapped("select_one sex | q | Q | person.sex; person.sexx")
    assert [str(target) for target in mapping.bindings["/data/q"]] == ["person.sex"]
    assert [finding.code for finding in findings] == ["mapping_unknown_field"]


def test_an_unknown_choice_is_told_with_the_nearest_code(mapped):
    choices = CHOICES.replace("| female |", "| femal  |")
    mapping, findings = mapped("select_one sex | q | Q | person.sex", choices=choices)
    assert "/data/q" in mapping.bindings
    assert [(one.severity, one.code) for one in findings] == [("warning", "mapping_code_unknown")]
    assert "female" in findings[0].mend


def test_a_truth_and_a_number_have_their_own_choices(mapped):
    _, findings = mapped(
        "select_one sex | q | Q | interview.debrief_done", "select_one sex | r | R | follow_up.wellbeing"
    )
    assert [(one.code, one.row) for one in findings] == [
        ("mapping_code_unknown", 2),
        ("mapping_code_unknown", 3),
    ]
    assert "female" in findings[0].message
    assert "“male”" in findings[0].message


SERVICES = (
    "begin_repeat | services | Services | service",
    "calculate | uid | | service.service_id | once(uuid())",
)


def test_a_repeat_is_mapped_to_a_table(mapped):
    mapping, findings = mapped(*SERVICES, "date | d | Start | service.started_on", "end_repeat |")
    assert findings == []
    assert mapping.repeats["/data/services"].table == "service"
    assert set(mapping.bindings) == {"/data/services/uid", "/data/services/d"}


def test_a_repeat_may_say_what_its_rows_have_in_common(mapped):
    mapping, findings = mapped(
        "begin_repeat | r | R | referral[direction='out']", "calculate | uid | | referral.referral_id | once(uuid())",
        "date | d | D | referral.referred_on", "end_repeat |",
    )  # fmt: skip
    assert findings == []
    assert dict(mapping.repeats["/data/r"].keys) == {"direction": "out"}


def test_rows_below_rows(mapped):
    mapping, findings = mapped(
        "begin_repeat | ep | E | episode", "calculate | uid | | episode.episode_id | once(uuid())",
        "select_multiple means | m | M | episode_control[phase='journey'].means",
        "begin_repeat | leg | L | route_leg", "calculate | lid | | route_leg.route_leg_id | once(uuid())",
        "date | d | D | route_leg.travelled_on", "end_repeat |", "end_repeat |",
    )  # fmt: skip
    assert findings == []
    assert set(mapping.repeats) == {"/data/ep", "/data/ep/leg"}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((*SERVICES, "text | n | N | person.family_name", "end_repeat |"), "mapping_from_repeat"),
        ((*SERVICES, "date | d | D | plan_item.due_on", "end_repeat |"), "mapping_from_repeat"),
        (("begin_repeat | r | R |", "date | d | D | service.started_on", "end_repeat |"), "mapping_repeat_unmapped"),
        (("begin_repeat | r | R | servce", "text | a | A |", "end_repeat |"), "mapping_unknown_table"),
        (("begin_repeat | r | R | organisation", "text | a | A |", "end_repeat |"), "mapping_unknown_table"),
        (("begin_repeat | r | R | service.type", "text | a | A |", "end_repeat |"), "mapping_malformed"),
        (("begin_repeat | r | R | !", "text | a | A |", "end_repeat |"), "mapping_malformed"),
        (("begin_repeat | r | R | interview", "text | a | A |", "end_repeat |"), "mapping_repeat_of_one"),
        (("begin_repeat | r | R | referral[way='out']", "text | a | A |", "end_repeat |"), "mapping_key_unknown"),
        ((*SERVICES, "begin_repeat | r | R | plan_item", "text | a | A |", "end_repeat |", "end_repeat |"),
         "mapping_from_repeat"),
        ((*SERVICES, "select_multiple sex | m | M | service.type", "end_repeat |"), "mapping_type"),
        ((*SERVICES, "begin_repeat | r | R |", "date | d | D | service.started_on", "end_repeat |", "end_repeat |"),
         "mapping_repeat_unmapped"),
    ],
)  # fmt: skip
def test_what_a_repeat_cannot_fill(rows, code, mapped):
    _, findings = mapped(*rows)
    assert code in [finding.code for finding in findings if finding.is_error]


def test_a_repeat_whose_rows_are_codes_needs_no_table(mapped):
    choices = CHOICES + "|         | country | KE | Kenya |\n"
    mapping, findings = mapped(
        "begin_repeat | r | R |", "select_one country | c | C | person_citizenship.country", "end_repeat |",
        choices=choices,
    )  # fmt: skip
    assert findings == []
    assert "/data/r/c" in mapping.bindings


def test_rows_without_a_uid_are_a_warning(mapped):
    _, findings = mapped(
        "begin_repeat | r | R | service", "date | d | D | service.started_on", "end_repeat |"
    )
    assert [(one.severity, one.code, one.row) for one in findings] == [
        ("warning", "mapping_repeat_without_uid", 2)
    ]


def test_two_questions_always_asked_that_fill_one_field_are_a_warning(mapped):
    _, findings = mapped("text | a | A | person.family_name", "text | b | B | person.family_name")
    assert [(one.severity, one.code, one.row) for one in findings] == [("warning", "mapping_twice", 3)]
    _, findings = mapped(
        "text | a | A | person.family_name", "text | b | B | person.family_name | | ${a} = ''"
    )
    assert findings == []


@given(
    st.text(max_size=60), st.text(max_size=60), st.sampled_from(["text", "select_one", "calculate", "osm"])
)
def test_whatever_stands_in_a_mapping_cell_is_read_or_told(cell, table, kind):
    question = Question("q", "/data/r/q", kind, field=cell)
    form = Form("f", "1", "F", "data", children=(Repeat("r", "/data/r", children=(question,), field=table),))
    mapping, findings = read(form, dictionary.load())
    assert mapping.bindings or findings or not cell.replace(";", " ").strip()


def test_a_form_without_mapping_says_so(mapped):
    mapping, findings = mapped("text | a | A |")
    assert (mapping.bindings, [one.code for one in findings]) == ({}, ["mapping_none"])
    assert findings[0].severity == "info"


def test_htcds_names_map_a_form_that_names_no_fields(mapped):
    mapping, findings = mapped(
        "text | PRS_firstname | First |", "text | prs_Second_Name | Second |", "text | cas_ReasonForIncomingReferral | R |",
        "text | prs_Title | Title |", "text | other | Other |",
    )  # fmt: skip
    assert {path: str(to[0]) for path, to in mapping.bindings.items()} == {
        "/data/PRS_firstname": "person.first_name", "/data/prs_Second_Name": "person.family_name",
    }  # fmt: skip
    assert [(one.severity, one.code) for one in findings] == [
        ("warning", "htcds_name"), ("warning", "htcds_name"), ("warning", "htcds_does_not_fit"), ("info", "htcds_not_kept"),
    ]  # fmt: skip


def test_a_country_needs_its_converter_only_as_text(mapped):
    choices = CHOICES + "|         | country | KE | Kenya |\n"
    mapping, _ = mapped("text | prs_MailingCountry | C |")
    assert mapping.bindings["/data/prs_MailingCountry"][0].converter == "country_by_name"
    mapping, _ = mapped("select_one country | prs_MailingCountry | C |", choices=choices)
    assert mapping.bindings["/data/prs_MailingCountry"][0].converter is None


def test_the_standard_inside_a_repeat_is_left_alone(mapped):
    mapping, findings = mapped("begin_repeat | r | R |", "text | prs_FirstName | F |", "end_repeat |")
    assert mapping.bindings == {}
    assert "htcds_does_not_fit" in [one.code for one in findings]


# privacy


def classes(form):
    found = privacy(form.schema, form.mapping, dictionary.load())
    return {path.rpartition("/")[2]: one for path, one in found.items()}


def test_a_mapped_question_has_the_class_of_its_field(compiled):
    rows = "| | text | a | A | person.family_name |\n| | date | d | D | interview.held_on |\n"
    found = classes(compiled(HEAD + rows))
    assert (found["a"], found["d"]) == ("P3", "P1")


def test_what_is_not_mapped_is_classed_by_what_may_stand_in_it(compiled):
    rows = """| | start | start |
    | | username | username |
    | | deviceid | deviceid |
    | | text | t | T |
    | | image | i | I |
    | | geopoint | g | G |
    | | integer | n | N |
    | | note | o | O |
    | | select_one yn | s | S |
    | | audit | audit |
    """
    found = classes(compiled(HEAD + rows + CHOICES))
    assert found == {
        "start": "P0", "username": "P3", "deviceid": "P0", "t": "P3", "i": "P3", "g": "P3", "n": "P1", "o": "P0",
        "s": "P1", "audit": "P3", "instanceID": "P0",
    }  # fmt: skip


def test_a_calculation_is_at_least_what_it_is_calculated_from(compiled):
    settings = "| settings |\n| | form_id | version | instance_name |\n| | t | 1 | ${b} |\n"
    rows = "| | text | t | T |\n| | calculate | a | | | ${t} |\n| | calculate | b | | | ${a} |\n| | calculate | c | | | 1 |\n"
    found = classes(compiled(HEAD + rows + settings))
    assert (found["a"], found["b"], found["c"], found["instanceName"]) == ("P3", "P3", "P1", "P3")
