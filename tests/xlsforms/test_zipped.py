"""A form as a zip of CSV files."""

import io
import zipfile

import pytest

from xlsforms.compile import compile_form

SURVEY = "type,name,label\ntext,town,Town\n\n,,\ninteger,age,Age\n"
SETTINGS = "form_id,version\nvisit,1\n"


def zipped(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".csv", text)
    return stream.getvalue()


def compiled(**files):
    return compile_form(zipped(**files), "visit.zip")


@pytest.mark.parametrize(
    ("survey", "settings"),
    [("survey", "settings"), ("folder__survey", "folder__settings"), ("Visit - survey", "Visit_Settings")],
)
def test_the_sheets_are_found_by_their_names(survey, settings):
    form = compiled(**{survey: SURVEY, settings: SETTINGS})
    assert form.ok, form.findings
    assert form.kind == "zip"
    assert form.schema.form_id == "visit"
    assert [one.name for one in form.schema.questions()][:2] == ["town", "age"]


def test_findings_count_rows_as_the_file_does_empty_ones_too():
    form = compiled(survey=SURVEY.replace("integer", "intager"), settings=SETTINGS)
    (finding,) = (one for one in form.findings if one.is_error)
    assert (finding.code, finding.row) == ("type_unknown", 5)
    assert form.workbook["survey"].rows[3]["name"] == "age"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_a_byte_order_mark_are_read(separator):
    form = compiled(survey="\ufeff" + SURVEY.replace(",", separator), settings=SETTINGS)
    assert form.ok, form.findings


def test_text_in_another_encoding_is_told_by_the_name_of_its_file():
    form = compiled(survey=SURVEY, choices="list_name,name,label\ny,a,É\n".encode("latin-1"))
    assert [one.code for one in form.findings if one.is_error] == ["workbook_unreadable"]
    assert "choices.csv" in form.findings[0].message


def test_formulas_are_texts():
    form = compiled(survey=SURVEY.replace("Town", '"=HYPERLINK(""http://x"")"'), settings=SETTINGS)
    assert form.workbook["survey"].rows[0]["label"] == '=HYPERLINK("http://x")'


def test_a_zip_of_anything_else_is_no_form():
    form = compile_form(zipped(towns="name,label\n"), "visit.zip")
    assert not form.ok
    assert form.xform is None


def test_a_zip_bomb_is_refused_before_it_is_read():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("survey.csv", b"\0" * (70 << 20))
    form = compile_form(stream.getvalue(), "visit.zip")
    assert [one.code for one in form.findings] == ["workbook_bomb"]
