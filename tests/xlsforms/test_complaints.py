"""What pyxform objects to, told with sheet, row and column: one table each, from pyxform's list of errors."""

import pytest

from tests.xlsforms.test_workbook import workbook
from xlsforms import compile as compiling
from xlsforms.complaints import KNOWN, OLDER, finding
from xlsforms.workbook import Workbook

HEAD = "| survey |\n|  | type | name | label | calculation | choice_filter | parameters | trigger | save_to | relevant |\n"
CHOICES = """
| choices |
|         | list_name | name | label |
|         | yn        | yes  | Yes   |
|         | yn        | no   | No    |
"""
TWO_OF_ONE_NAME = """| | begin_group | g | G |
| | text | a | A |
| | end_group |
| | begin_group | h | H |
| | text | a | A |
| | end_group |
"""
ENTITIES = "| entities |\n| | list_name | label | entity_id | create_if | update_if |\n"


@pytest.mark.parametrize(
    ("rows", "code", "sheet", "row", "column"),
    [
        ("| | text | a a | A |", "name_malformed", "survey", 2, "name"),
        ("| | text | a | A |\n| | text | a | A2 |", "name_twice", "survey", 3, "name"),
        ("| | text | meta | A |", "name_reserved", "survey", 2, "name"),
        ("| | begin_repeat | data | A |\n| | text | a | A |\n| | end_repeat |", "name_is_root", "survey", 2, "name"),
        ("| | begin_group | g | G |\n| | text | a | A |", "group_not_ended", "survey", 2, "type"),
        ("| | text | a | A |\n| | end_group |", "group_end_alone", "survey", 3, "type"),
        ("| | text | a | ${b} |", "reference_unknown", "survey", 2, "label"),
        ("| | text | a | A |\n| | text | b | ${a |", "reference_malformed", "survey", 3, "label"),
        ("| | select_one no | a | A |" + CHOICES, "choice_list_unknown", "survey", 2, "type"),
        ("| | select_one no | a | A |", "choice_list_unknown", "survey", 2, "type"),
        ("| | texte | a | A |", "type_unknown", "survey", 2, "type"),
        ("| |  | a | A |", "type_missing", "survey", 2, "type"),
        ("| | text |  | A |", "name_missing", "survey", 2, "name"),
        ("| | calculate | a |  |", "calculation_missing", "survey", 2, "calculation"),
        ("| | text | a |  |", "label_missing", "survey", 2, "label"),
        ("| | range | a | A | | | start=x |", "parameter_wrong", "survey", 2, "parameters"),
        ("| | range | a | A | | | start=1 end=2 step=0 |", "parameter_wrong", "survey", 2, "parameters"),
        ("| | text | a | A | | | rows=x |", "parameter_wrong", "survey", 2, "parameters"),
        ("| | geopoint | a | A | | | capture-accuracy=x |", "parameter_wrong", "survey", 2, "parameters"),
        ("| | image | a | A | | | max-pixels=x |", "parameter_wrong", "survey", 2, "parameters"),
        ("| | text | a | A | | | nonsense |", "parameter_wrong", "survey", 2, "parameters"),
        ("| | text | a | A |\n| | text | b | B | | | | ${c} |", "reference_unknown", "survey", 3, "trigger"),
        ("| | text | a | A | | | | | p |", "entity_missing", "survey", 2, "save_to"),
        ("| | text | a | A | | | | | p |\n| | text | b | B | | | | | p |\n" + ENTITIES + "| | e | ${a} |",
         "entity_property_twice", "survey", 3, "save_to"),
        ("| | text | a | A | | | | | a b |\n" + ENTITIES + "| | e | ${a} |", "name_malformed", "survey", 2, "save_to"),
        ("| | text | a | A | | | | | name |\n" + ENTITIES + "| | e | ${a} |", "name_reserved", "survey", 2, "save_to"),
        ("| | text | a | A |\n" + ENTITIES + "| | e |  |", "entity_label_missing", "entities", 2, "label"),
        ("| | text | a | A |\n" + ENTITIES + "| | e | | | | ${a} = 1 |", "entity_id_missing", "entities", 2, "entity_id"),
        ("| | text | a | A |\n" + ENTITIES + "| | e | ${a} | ${a} | 1 | |", "entity_update_if_missing", "entities", 2, "update_if"),
        ("| | text | a | A |\n" + ENTITIES + "| |  | ${a} |", "entity_list_unnamed", "entities", 2, "list_name"),
        ("| | select_one yn | a | A |" + CHOICES.replace("| no ", "|    "), "choice_name_missing", "choices", 3, "name"),
        ("| | select_one yn | a | A |" + CHOICES.replace("| no ", "| yes"), "choice_name_twice", "choices", 3, "name"),
        ("| | select_multiple yn | a | A |" + CHOICES.replace("| no ", "| n o"), "choice_name_spaces", "choices", 3, "name"),
        ("| | select_one yn or_other | a | A | | yes = 1 |" + CHOICES, "choice_filter_unsupported", "survey", 2, "choice_filter"),
        ("| | audit | a |", "audit_name", "survey", 2, "name"),
        ("| | select_one_from_file a.txt | a | A |", "file_extension", "survey", 2, "type"),
        (TWO_OF_ONE_NAME + "| | note | n | ${a} |", "reference_ambiguous", "survey", 8, "label"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_cell_and_how_to_mend_it(rows, code, sheet, row, column, compiled):
    errors = [one for one in compiled(HEAD + rows + "\n").findings if one.is_error]
    told = next((one for one in errors if one.code == code), None)
    assert told, errors
    assert (told.sheet, told.row, told.column) == (sheet, row, column)
    assert told.mend
    assert "[row" not in told.message
    assert "pyxform" not in told.message.lower()


@pytest.mark.parametrize(
    ("rows", "code", "row"),
    [
        ("| | image | a | A |", "photo_size", 2),
        ("| | begin_repeat | g |  |\n| | text | a | A |\n| | end_repeat |", "group_label_missing", 2),
        ("| | simserial | s |  |\n| | text | a | A |", "metadata_obsolete", 2),
        ("| | text | a | A |\n| | text | A | B |", "name_differs_by_case", 3),
        ("| | select_one yn | a | A |" + CHOICES.replace("| No ", "|    "), "choice_label_missing", 3),
    ],
)
def test_a_remark_is_a_warning_with_its_row(rows, code, row, compiled):
    warnings = [one for one in compiled(HEAD + rows + "\n").findings if one.severity == "warning"]
    assert (code, row) in [(one.code, one.row) for one in warnings]


def test_a_missing_survey_sheet_is_told(compiled):
    table = (
        "| surveys |\n| | type | name | label |\n| | text | a | A |\n| settings |\n| | form_id |\n| | x |\n"
    )
    assert {"survey_missing"} == {one.code for one in compiled(table).findings if one.is_error}


@pytest.mark.parametrize(
    ("survey", "code", "column"),
    [
        ("| | typ | name |\n| | text | a |\n", "header_required", "type"),
        ("| | type | name | relevant | relevance |\n| | text | a | 1 | 1 |\n", "header_twice", "relevance"),
    ],
)
def test_a_header_that_is_wrong_is_told_in_row_one(survey, code, column, compiled):
    told = next(one for one in compiled("| survey |\n" + survey).findings if one.is_error)
    assert (told.code, told.sheet, told.row, told.column) == (code, "survey", 1, column)
    assert "Invalid headers" not in told.message


def test_text_that_is_no_form_is_refused_in_plain_words(compiled):
    (told,) = [one for one in compiled("hello, this is no form", name="x.csv").findings if one.is_error]
    assert told.code == "workbook_unreadable"
    assert told.message.startswith("The file cannot be read as a form. It has no sheet")


def test_languages_without_a_code_are_told_once(found):
    (told,) = found(
        "| survey |\n| | type | name | label::English |\n| | text | a | A |\n", "language_code_missing"
    )
    assert told.sheet == "survey"
    assert "(en)" in told.mend


@pytest.mark.parametrize("kind", ["xlsx"])
def test_a_column_that_stands_twice_is_told_with_its_sheet(kind, compiled):
    content = workbook(
        survey=[["type", "name", "label"], ["text", "a", "A"]], choices=[["list_name", "x", "x"]]
    )
    (told,) = [one for one in compiling.compile_form(content, f"f.{kind}").findings if one.is_error]
    assert (told.code, told.sheet, told.row, told.column) == ("header_twice", "choices", 1, "x")


def test_every_error_of_pyxform_has_a_mending():
    from pyxform.errors import ErrorCode

    assert {code.name for code in ErrorCode} == set(KNOWN)
    assert all(one.mend for one in KNOWN.values())
    assert all(mend for _, _, _, mend in OLDER)


def test_a_message_nobody_knows_is_passed_on_with_its_row():
    workbook = Workbook.from_json({"survey": {"columns": ["type"], "rows": [{"type": "text"}]}})
    told = finding({"text": "[row : 2] Quite new.", "code": None, "context": {}}, "error", workbook)
    assert (told.code, told.message, told.sheet, told.row) == ("conversion_failed", "Quite new.", "survey", 2)
    assert told.mend
    remark = finding({"text": "Well.", "code": None, "context": {}}, "warning", workbook)
    assert (remark.code, remark.row) == ("conversion_warning", None)


CELLS = Workbook.from_json(
    {
        "survey": {
            "columns": ["type", "name", "label", "appearance"],
            "rows": [{"type": "select_one places.csv", "name": "q"}, {}, {"type": "hologram", "name": "r"}],
        },
        "choices": {
            "columns": ["list_name", "value"],
            "rows": [{"list_name": "l", "value": "a"}, {"list_name": "l", "value": "a b"}],
        },
    }
)


@pytest.mark.parametrize(
    ("text", "code", "sheet", "row", "column"),
    [
        ("Choice names with spaces cannot be added to multiple choice selects. See [a b] in [l]",
         "choice_name_spaces", "choices", 3, "value"),
        ("Question 'q' is a select from file type, using 'search()'. This", "search_mixed", "survey", 2, "appearance"),
        ("Unknown question type 'hologram'.", "type_unknown", "survey", 4, "type"),
        ("The same instance id will be generated. Instance name: 'places', x", "instance_twice", "survey", 2, "type"),
        ("Instance names must be unique within a form. The name 'l' was found", "instance_twice", "choices", 2, "list_name"),
        ("There are multiple survey elements named 'q'.", "reference_ambiguous", None, None, None),
        ("Language 'fr' is missing the survey hint column.", "translation_column_missing", "survey", None, "hint"),
    ],
)  # fmt: skip
def test_a_message_without_a_row_is_looked_for_in_the_cells(text, code, sheet, row, column):
    told = finding({"text": text, "code": None, "context": {}}, "error", CELLS)
    assert (told.code, told.sheet, told.row, told.column) == (code, sheet, row, column)
