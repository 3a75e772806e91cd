"""The annotated workbook: comments on the cells at fault and a list, nothing else changed, and text that stays text."""

import io
import re
import zipfile

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from xlsforms import annotate as annotating
from xlsforms.annotate import annotate
from xlsforms.compile import compile_form
from xlsforms.finding import error, info, warning


def book(*, comment=None):
    made = openpyxl.Workbook()
    survey = made.active
    survey.title = "survey"
    for row in (["type", "name", "label"], ["txet", "town", "=1+1"], [], ["text", "Town", None]):
        survey.append(row)
    survey["A2"].fill = openpyxl.styles.PatternFill("solid", fgColor="FFEE00")
    survey.add_data_validation(DataValidation(type="list", formula1='"text,integer"', sqref="A2:A99"))
    if comment:
        survey["B2"].comment = Comment(comment, "Colleague")
    settings = made.create_sheet("settings")
    settings.append(["form_id", "version"])
    settings.append(["visit", 1])
    named = DefinedName("ids", attr_text="settings!$A$2", localSheetId=1)
    settings.defined_names["ids"] = named
    made.active = 1
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


FINDINGS = (
    error(
        "type_unknown", "Unknown question type.", "Did you mean text?", sheet="survey", row=2, column="type"
    ),
    warning("name_bad", "=HYPERLINK(\x07<b>)", "+1", sheet="survey", row=4, column="name"),
    warning("name_worse", "Again.", sheet="survey", row=4, column="name"),
    warning("hint_missing", "No such column.", sheet="survey", row=4, column="hint"),
    info("mapping_none", "No question is mapped."),
)


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def comments(content, sheet="survey"):
    return {
        cell.coordinate: cell.comment.text
        for row in opened(content)[sheet].iter_rows()
        for cell in row
        if cell.comment
    }


def test_each_cell_at_fault_has_one_comment_with_all_that_is_said_of_it():
    said = comments(annotate(book(), "xlsx", FINDINGS))
    assert said["A2"] == "Error: Unknown question type. Did you mean text?"
    assert "HYPERLINK" in said["B4"]
    assert said["B4"].endswith("Warning: Again.")
    assert said["A4"] == "Warning: No such column.", "the row is known, and the column is not there"
    assert set(said) == {"A2", "A4", "B4"}


def test_the_first_sheet_lists_everything_as_text_and_leads_to_the_cells():
    made = opened(annotate(book(), "xlsx", FINDINGS))
    assert made.sheetnames == ["_findings", "survey", "settings"]
    page = made["_findings"]
    rows = list(page.iter_rows(values_only=True))
    assert rows[1][:4] == ("Error", "survey", "2", "type")
    assert rows[1][7] == "type_unknown"
    assert rows[2][5] == "=HYPERLINK(\ufffd<b>)"
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    assert "f" not in {cell.data_type for row in page.iter_rows() for cell in row}
    assert page["C2"].hyperlink.location == "'survey'!A2"
    assert len(rows) == 1 + len(FINDINGS)
    assert made.active.title == "_findings"
    assert [sheet.title for sheet in made if sheet.sheet_view.tabSelected] == ["_findings"], (
        "else they are a group"
    )


def test_the_designers_own_work_stays_as_it_is():
    before = book()
    after = annotate(before, "xlsx", FINDINGS)
    made = opened(after)
    assert made["survey"]["C2"].value == "=1+1", "a formula of the designer's own"
    assert made["survey"]["A2"].fill.fgColor.rgb == "00FFEE00"
    assert made["survey"].data_validations.dataValidation[0].formula1 == '"text,integer"'
    assert made["settings"].defined_names["ids"].attr_text == "settings!$A$2"
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(after)) as new:
        same = [name for name in old.namelist() if old.read(name) == new.read(name)]
    assert "xl/theme/theme1.xml" in same
    assert "docProps/core.xml" in same


def test_comments_of_others_stay_and_ours_are_replaced_the_next_time():
    first = annotate(
        book(comment="Ask Ana."), "xlsx", [*FINDINGS, error("x", "X.", sheet="survey", row=2, column="name")]
    )
    assert comments(first)["B2"].startswith("Ask Ana.")
    again = annotate(first, "xlsx", FINDINGS[:1])
    assert set(comments(again)) == {"A2", "B2"}
    assert opened(again).sheetnames == ["_findings", "survey", "settings"]
    assert opened(again)["_findings"].max_row == 2
    with zipfile.ZipFile(io.BytesIO(again)) as archive:
        drawings = [archive.read(name) for name in archive.namelist() if name.endswith(".vml")]
    assert sum(len(re.findall(rb"ObjectType=\"Note\"", one)) for one in drawings) == 2


def test_it_can_be_mended_and_uploaded_again():
    compiled = compile_form(book(), "visit.xlsx")
    again = compile_form(annotate(book(), "xlsx", compiled.findings), "visit.xlsx")
    assert again.findings == compiled.findings


@pytest.mark.parametrize("kind", ["md", "csv", "zip"])
def test_a_form_of_another_format_becomes_a_workbook_of_its_cells(kind):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("survey.csv", "type,name,label\ntxet,town,=1+1\n")
    content = {
        "md": b"| survey | | | |\n| | type | name | label |\n| | txet | town | =1+1 |\n",
        "csv": b"survey,,,\n,type,name,label\n,txet,town,=1+1\n",
        "zip": stream.getvalue(),
    }[kind]
    made = annotate(content, kind, FINDINGS[:1])
    assert comments(made)["A2"].startswith("Error:")
    cell = opened(made)["survey"]["C2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_what_cannot_be_opened_is_no_workbook():
    with pytest.raises(annotating.apart.Stopped):
        annotate(b"PK\x03\x04", "xlsx", FINDINGS)
