"""What a designer takes from the library, and the starter workbook: as forms, and as sheets."""

import ast
import io
import re
from pathlib import Path

import openpyxl
import pytest

from tests.clients.fixtures import phone  # noqa: F401  (a fixture)
from xlsforms import compile as compiling
from xlsforms import dictionary, library, starter
from xlsforms.columns import COLUMNS
from xlsforms.workbook import SURVEY_COLUMNS

REFERENCE = re.compile(r"\$\{([^}]+)\}")
COMMON = {"question_identifies"}
"""What is said of a signature, in the interview too."""


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module")
def forms():
    """Every block as a form, with a prefix, and the starter."""
    books = {one.name: library.workbook(one, "x_") for one in library.blocks()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "_compile", compiling.compile_here)
        return {
            name: compiling.compile_form(content, "book.xlsx")
            for name, content in {"starter": starter.workbook(), **books}.items()
        }


def test_every_block_is_a_form_by_itself_and_fills_the_fields_it_filled(forms):
    for block in library.blocks():
        form = forms[block.name]
        assert form.ok, block.name
        assert {one.code for one in form.findings} <= COMMON, block.name
        assert {one.name for one in form.schema.questions()} >= {
            f"x_{row['name']}" for row in block.questions
        }
        assert sum(map(len, form.mapping.bindings.values())) == sum(
            len(row["bind::case:field"].split(";"))
            for row in block.survey
            if "bind::case:field" in row and row["type"] != "begin_repeat"
        ), block.name


def test_a_block_speaks_of_nothing_outside_it_and_says_what_it_left_out():
    for block in library.blocks():
        names = {row["name"] for row in block.survey if "name" in row}
        assert {
            found for row in block.survey for cell in row.values() for found in REFERENCE.findall(cell)
        } <= names
    person = library.block("person")
    assert [(one.question, one.column) for one in person.left_out] == [
        ("person", "relevant"),
        ("minor_check", "relevant"),
    ]
    assert "minor_check" not in {row.get("name") for row in person.survey}, "it would be said to everybody"
    (born,) = (row for row in person.survey if row.get("name") == "date_of_birth")
    assert born["constraint"].startswith(". <= today()")


def test_a_prefix_stands_before_every_name_and_wherever_they_speak_of_each_other(here, forms):
    block = library.block("episodes")
    assert compiling.compile_form(library.workbook(block), "book.xlsx").ok, "as it is without one"
    assert all(
        one.name.startswith("x_") for one in forms["episodes"].schema.nodes() if "/meta" not in one.path
    )
    for wrong in ("1a", "a b", "x" * 20, "é"):
        with pytest.raises(ValueError, match=wrong):
            library.workbook(block, wrong)


@pytest.mark.java
def test_a_phone_fills_the_starter_and_every_block(phone, tmp_path, forms):  # noqa: F811 -- a fixture
    for name, form in forms.items():
        path = tmp_path / f"{name}.xml"
        path.write_bytes(form.xform)
        filled = phone.fill(path, seed=1)
        assert filled.xml, name


def test_a_code_list_is_downloaded_as_rows_of_choices_without_what_is_no_longer_offered():
    known = dictionary.load().code_lists["country"]
    (sheet,) = opened(library.list_workbook("country"))
    header, *rows = sheet.iter_rows(values_only=True)
    assert header[:3] == ("list_name", "name", "label::English (en)")
    assert [row[1] for row in rows] == [one.code for one in known.codes.values() if one.retired_on is None]
    assert ("country", "MD", "Moldova", "Moldova", "Moldavia")[:2] in {row[:2] for row in rows}


def test_the_starter_compiles_without_a_finding_and_offers_types_and_fields_in_drop_downs(forms):
    form = forms["starter"]
    assert (form.ok, form.findings) == (True, ())
    assert form.schema.gate == "/data/consent_ok"
    book = opened(starter.workbook())
    survey, fields = book["survey"], book["fields"]
    assert survey.freeze_panes == "A2"
    headers = [cell.value for cell in survey[1]]
    offered = {
        headers[next(iter(one.sqref.ranges)).min_col - 1]: one.formula1
        for one in survey.data_validations.dataValidation
    }
    assert offered["required"] == '"yes,no"'
    last = fields.max_row
    assert offered["bind::case:field"] == f"fields!$A$2:$A${last}"
    named = [fields.cell(row, 1).value for row in range(2, last + 1)]
    assert named == [one.name for one in dictionary.load().fields() if one.origin == "form"]
    assert all(fields.cell(row, 2).value for row in range(2, last + 1)), "every field says what it means"
    types = offered["type"].removeprefix("lists!")
    assert "select_one_from_file cases.csv" in {
        cell.value for (cell,) in book["lists"][types.replace("$", "")]
    }
    assert book["read me"].max_row == len(COLUMNS) + 1


def settings_read():
    """Names of the settings the code asks a workbook for."""
    return {
        call.args[0].value
        for path in Path(library.__file__).parent.glob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") == "setting"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def test_every_column_that_is_read_is_explained_and_none_besides():
    explained = {
        sheet: {one.plain for one in COLUMNS if one.sheet == sheet} for sheet in ("survey", "settings")
    }
    assert explained["survey"] == SURVEY_COLUMNS
    assert settings_read() - {"name"} <= explained["settings"]
