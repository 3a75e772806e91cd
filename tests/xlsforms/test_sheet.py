"""Cells read quickly are the cells openpyxl reads: in files of two other writers, and in XML nobody would write."""

import io
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.worksheet import _read_only, _reader
from pyxform.xls2json_backends import xlsx_to_dict

from tests.xlsforms.test_workbook import archive
from xlsforms.sheet import quickly

HEAD = ["type", "name", "label", "hint", "default"]
VALUES = [
    "text", " blanks  around ", "two\nlines\r\nand more", "_x000D_ and _x005F_", "=not computed", "\u0627\u0644\u0639",
    "&<>\"'", 1, 1.5, -0.25, 1e21, 123456789012345678, True, False, date(2026, 1, 2), datetime.fromisoformat("2026-01-02T03:04:05"),
    time(12, 30), timedelta(hours=30), None, "", 0,
]  # fmt: skip
ROWS = [HEAD, *([value, "a", value, None, value] for value in VALUES), [None] * 5, ["text", "z", "Z"]]
CELLS = """
<row r="1"><c r="A1" t="inlineStr"><is><t>type</t></is></c><c t="inlineStr"><is><t>name</t></is></c>
<c r="D1" t="inlineStr"><is><r><t>la</t></r><r><rPr><b/></rPr><t xml:space="preserve">bel </t></r><rPh sb="0" eb="1"><t>x</t></rPh></is></c></row>
<row r="3" spans="1:4" ht="20"><c r="A3" t="s"><v>0</v></c><c r="B3" t="str"><f>1+1</f><v>b</v></c><c r="D3" t="e"><v>#N/A</v></c></row>
<row><c t="b"><v>1</v></c><c t="n"><v>1E2</v></c><c s="0"/><c t="d"><v>2026-01-02T03:04:05</v></c></row>
<row r="9"><c r="A9"/><c r="B9" t="s"/><c r="D9" t="inlineStr"/></row>
<row r="10"><c r="A10"><f>A1</f></c><c r="B10" t="str"><f>A1</f><v></v></c><c r="D10" t="s"><v>1</v></c></row>
"""
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def by_hand(cells: str, dimension: str = "") -> bytes:
    """A workbook with one sheet, survey, of these rows of XML."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"/>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>'
        '<sheet name="survey" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="a" Type="{RELATED}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>text</t></si><si><r><t>ri</t></r><r><t>ch</t></r></si></sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}">{dimension}<sheetData>{cells}</sheetData></worksheet>',
    }
    return archive({name: content.encode() for name, content in parts.items()})


def by_openpyxl() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "survey"
    for row in ROWS:
        book.active.append(row)
    book.active["C3"] = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end")
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def by_xlsxwriter(**options) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"in_memory": True, "default_date_format": "yyyy-mm-dd", **options}
    ) as book:
        sheet = book.add_worksheet("survey")
        for number, row in enumerate(ROWS):
            for column, value in enumerate(row):
                sheet.write(number, column, value, book.add_format({"bold": True}) if value is None else None)
        sheet.write_formula("H2", "=1+1", None, "cached")
        sheet.data_validation("A2:A9", {"validate": "list", "source": ["text", "note"]})
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        by_openpyxl(), by_xlsxwriter(), by_xlsxwriter(date_1904=True), by_xlsxwriter(constant_memory=True), by_hand(CELLS),
        by_hand(CELLS, '<dimension ref="A1:B4"/>'),
    ],
    ids=["openpyxl", "xlsxwriter", "1904", "inline", "by hand", "dimension"],
)  # fmt: skip
def test_the_cells_are_those_that_openpyxl_reads(content):
    slowly = xlsx_to_dict(io.BytesIO(content))
    with quickly():
        assert xlsx_to_dict(io.BytesIO(content)) == slowly
    assert slowly["survey"]


def test_openpyxl_is_left_as_it_was():
    with quickly():
        assert _read_only.WorkSheetParser is not _reader.WorkSheetParser
    assert _read_only.WorkSheetParser is _reader.WorkSheetParser
