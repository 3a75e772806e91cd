"""The designer's checks, each with the cell it points at."""

from dataclasses import replace

import pytest

from tests.xlsforms.test_xform import xform
from xlsforms import dictionary
from xlsforms.cells import rows_by_path
from xlsforms.compile import compile_form
from xlsforms.finding import error
from xlsforms.lint import lint, placed
from xlsforms.workbook import Workbook


def places(findings):
    return [(one.sheet, one.row, one.column) for one in findings]


def test_a_missing_translation_is_told_cell_by_cell(found):
    table = """
    | survey  |
    |         | type          | name | label::English (en) | label::Français (fr) | hint::English (en) |
    |         | text          | a    | A                   | A                    | Hint               |
    |         | select_one yn | b    | B                   |                      |                    |
    | choices |
    |         | list_name | name | label::English (en) | label::Français (fr) |
    |         | yn        | yes  |                     | Oui                  |
    """
    assert places(found(table, "translation_missing")) == [
        ("choices", 1, "label::English (en)"),
        ("survey", 1, "hint::Français (fr)"),
        ("survey", 3, "label::Français (fr)"),
    ]


def test_a_form_without_languages_lacks_no_translation(found):
    assert found("| survey |\n| | type | name | label |\n| | text | a | A |\n", "translation_missing") == []


def test_a_list_that_no_question_uses_is_told_with_what_was_meant(found):
    table = """
    | survey  |
    |         | type           | name | label | parameters            |
    |         | select_one yes_no | a    | A  |                       |
    |         | range          | b    | B     | start=1 end=2 tick_labelset=ticks |
    | choices |
    |         | list_name | name | label |
    |         | yes_no    | yes  | Yes   |
    |         | yes_no2   | yes  | Yes   |
    |         | ticks     | 1    | One   |
    |         | ticks     | 2    | Two   |
    """
    (told,) = found(table, "choice_list_unused")
    assert (told.sheet, told.row, told.column) == ("choices", 3, "list_name")
    assert "yes_no" in told.mend


def test_all_unknown_references_are_told_at_once_with_the_nearest_name(found):
    table = """
    | survey   |
    |          | type | name        | label             | relevant           |
    |          | text | family_name | Name              |                    |
    |          | text | b           | Of ${famly_name}? | ${nowhere_at} = 1  |
    | settings |
    |          | form_id | version | instance_name    |
    |          | t       | 1       | ${family_nme}    |
    """
    told = found(table, "reference_unknown")
    assert places(told) == [
        ("settings", 2, "instance_name"), ("survey", 3, "label"), ("survey", 3, "relevant"),
    ]  # fmt: skip
    assert ["family_name" in one.mend for one in told] == [True, True, False]


def test_what_converts_is_no_error_of_conversion(compiled):
    table = """
    | survey  |
    |         | type   | name | label |
    |         | rank l | a    | A     |
    | choices |
    |         | list_name | name | label |
    |         | l         | a b  | AB    |
    """
    form = compiled(table)
    assert form.ok
    assert ("warning", "choice_name_spaces") in [(one.severity, one.code) for one in form.findings]


def test_a_name_may_be_referred_to_from_the_last_saved_form_and_by_metadata(found):
    table = """
    | survey |
    |        | type  | name  | label                     | default               |
    |        | today | today |                           |                       |
    |        | text  | a     | Today is ${today}         | ${last-saved#a}       |
    """
    assert found(table, "reference_unknown") == []


def test_a_constraint_without_a_message_is_told(found):
    table = """
    | survey |
    |        | type    | name | label | constraint | constraint_message |
    |        | integer | a    | A     | . > 1      |                    |
    |        | integer | b    | B     | . > 1      | More than 1        |
    |        | integer | c    | C     |            |                    |
    """
    assert places(found(table, "constraint_message_missing")) == [("survey", 2, "constraint_message")]
    without = "| survey |\n| | type | name | label | constraint |\n| | integer | a | A | . > 1 |\n"
    assert places(found(without, "constraint_message_missing")) == [("survey", 2, "constraint")]


def test_names_that_differ_only_by_case_are_told_wherever_they_stand(found):
    table = """
    | survey |
    |        | type        | name | label |
    |        | begin_group | g    | G     |
    |        | text        | Age  | A     |
    |        | end_group   | g    |       |
    |        | text        | age  | B     |
    """
    assert places(found(table, "name_differs_by_case")) == [("survey", 3, "name"), ("survey", 5, "name")]


def test_a_copied_label_is_told_within_its_group(found):
    table = """
    | survey |
    |        | type        | name | label |
    |        | text        | a    | Name  |
    |        | text        | b    | Name  |
    |        | note        | n    | Name  |
    |        | begin_group | g    | G     |
    |        | text        | c    | Name  |
    |        | end_group   |      |       |
    """
    (told,) = found(table, "label_twice")
    assert (told.row, told.column) == (3, "label")
    assert "row 2" in told.message


def test_choices_with_blanks_are_told_for_select_multiple_only(found):
    choices = "| choices |\n| | list_name | name | label |\n| | l | a b | AB |\n| | l | c | C |\n"
    table = "| survey |\n| | type | name | label |\n| | {} l | a | A |\n" + choices
    assert places(found(table.format("select_multiple"), "choice_name_spaces")) == [("choices", 2, "name")]
    assert found(table.format("select_one"), "choice_name_spaces") == []


def test_a_choice_that_stands_twice_on_purpose_is_only_mentioned(compiled):
    table = """
    | survey   |
    |          | type         | name | label |
    |          | select_one l | a    | A     |
    | choices  |
    |          | list_name | name | label |
    |          | l         | x    | X     |
    |          | l         | x    | XX    |
    | settings |
    |          | form_id | version | allow_choice_duplicates |
    |          | t       | 1       | yes                     |
    """
    form = compiled(table)
    assert form.ok
    assert ("choice_name_twice", 3) in [(one.code, one.row) for one in form.findings]


def test_settings_that_are_missing_are_told(compiled):
    table = (
        "| survey |\n| | type | name | label |\n| | text | a | A |\n| settings |\n| | form_title |\n| | T |\n"
    )
    codes = [one.code for one in compiled(table).findings]
    assert {"form_id_missing", "version_missing"} <= set(codes)


@pytest.mark.parametrize(
    "kind", ["geopoint", "geotrace", "geoshape", "image", "audio", "video", "start-geopoint"]
)
def test_a_question_that_may_give_a_person_away_is_told(kind, found):
    (told,) = found(f"| survey |\n| | type | name | label |\n| | {kind} | a | A |\n", "question_identifies")
    assert (told.severity, told.sheet, told.row, told.column) == ("warning", "survey", 2, "type")


PERSON = """
| survey   |
|          | type | name        | label | save_to |
|          | text | family_name | Name  | {save}  |
|          | text | ref         | Ref   |         |
| entities |
|          | list_name | label    |
|          | cases     | {label}  |
| settings |
|          | form_id | version | instance_name |
|          | t       | 1       | {name}        |
"""


def test_a_name_in_the_instance_name_is_told(found):
    (told,) = found(
        PERSON.format(save="", label="x", name="${family_name}"), "personal_data_in_instance_name"
    )
    assert (told.sheet, told.row, told.column) == ("settings", 2, "instance_name")
    assert "family_name" in told.message
    assert found(PERSON.format(save="", label="x", name="${ref}x"), "personal_data_in_instance_name")


def test_a_name_in_the_label_or_a_property_of_an_entity_is_told(found):
    (label,) = found(PERSON.format(save="", label="${family_name}", name="x"), "personal_data_in_entity")
    assert (label.sheet, label.row, label.column) == ("entities", 2, "label")
    (saved,) = found(PERSON.format(save="surname", label="x", name="x"), "personal_data_in_entity")
    assert (saved.sheet, saved.row, saved.column) == ("survey", 2, "save_to")


def test_select_questions_without_choices_are_told(compiled):
    form = compiled(
        "| survey |\n| | type | name | label |\n| | select_one_from_file a.csv | a | A |\n"
    ).schema
    question = next(form.questions())
    bare = replace(form, children=(replace(question, file=None, choices="gone"), *form.children[1:]))
    errors = [one for one in lint(Workbook({}), bare, None, dictionary.load()) if one.is_error]
    assert [one.code for one in errors] == ["choices_missing"]


def test_a_form_whose_submissions_have_no_instance_id_is_taken_with_a_warning():
    form = compile_form(xform('<data id="t" version="1"><a/></data>', body='<input ref="/data/a"/>'), "t.xml")
    assert form.ok
    assert "instance_id_missing" in {one.code for one in form.findings}


def test_an_empty_workbook_has_nothing_to_say():
    assert lint(Workbook({}), None, None, dictionary.load()) == ()


WORKBOOK = Workbook.from_json(
    {
        "survey": {
            "columns": ["type", "name", "bind::case:field"],
            "rows": [
                {"type": "begin_group", "name": "g"}, {"type": "text", "name": "a"}, {"type": "end_group"}, {},
                {"type": "begin_repeat", "name": "r"}, {"type": "text", "name": "a"}, {"type": "end_repeat"},
                {"type": "today"},
            ],
        }
    }
)  # fmt: skip


def test_rows_are_known_by_path_so_that_one_name_may_stand_in_two_groups():
    assert rows_by_path(WORKBOOK) == {"g": 2, "g/a": 3, "r": 6, "r/a": 7, "today": 9}


def test_a_finding_about_a_path_gets_its_cell():
    (told,) = placed([error("x", "X", question="/data/r/a", column="case_field")], WORKBOOK)
    assert (told.sheet, told.row, told.column) == ("survey", 7, "bind::case:field")
    nowhere = error("x", "X", question="/data/zz")
    assert list(placed([nowhere], WORKBOOK)) == [nowhere]
