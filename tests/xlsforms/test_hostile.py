"""Workbooks made to harm, and files that are none: each gets a finding that says what, where and how to mend it, through
the very check of an upload, bounded in time and memory. What harms nobody compiles."""

import io
import os
import time
import zipfile

import pytest

from app.services import publish
from tests.xlsforms.test_sheet import MAIN, PACKAGE, RELATED, by_hand
from tests.xlsforms.test_workbook import OLE, SURVEY, archive, workbook
from xlsforms.compile import compile_form

HEAD = "".join(f'<c r="{at}1" t="inlineStr"><is><t>{name}</t></is></c>'
               for at, name in (("A", "type"), ("B", "name"), ("C", "label")))  # fmt: skip
ROWS = (
    f'<row r="1">{HEAD}</row><row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="inlineStr"><is><t>a</t></is></c>'
    '<c r="C2" t="inlineStr"><is><t>%s</t></is></c></row>'
)
XFORM = (
    '<h:html xmlns:h="http://www.w3.org/1999/xhtml" xmlns="http://www.w3.org/2002/xforms"><h:head><h:title>t</h:title>'
    '<model><instance><data id="x">%s</data></instance>%s</model></h:head><h:body>%s</h:body></h:html>'
)
MD = "| survey |\n| | type | name | label |\n| | text | a | %s |\n"
GOOD = workbook(survey=SURVEY)


def changed(**parts):
    """The good workbook with parts replaced or added; `__` in a name is a slash, and a function gets the old content."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old:
        kept = {name: old.read(name) for name in old.namelist()}
    for name, content in parts.items():
        path = name.replace("__", "/") + (".bin" if "Project" in name else ".xml")
        kept[path] = content(kept[path]) if callable(content) else content
    return archive(kept)


LINK = b'<externalLink xmlns="%s" xmlns:r="%s"><externalBook r:id="rId1"/></externalLink>' % (
    MAIN.encode(),
    RELATED.encode(),
)
# Some take a second to make: each is made where it is tried, not by every process that looks for tests.
PARTED = {"[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>'.encode()}
REFUSED = {
    "a sheet that is a bomb": (lambda: by_hand(ROWS % ("x" * (40 << 20))), "workbook_bomb", "far more"),
    "strings that are a bomb": (lambda: changed(xl__sharedStrings=b"<sst>" + b" " * (40 << 20)), "workbook_bomb", "far more"),
    "a cell of 14 million characters": (lambda: by_hand(ROWS % os.urandom(7 << 20).hex()), "workbook_unreadable", "too long"),
    "a zip in a zip": (lambda: archive({"a.zip": archive({"b": b"0"})}), "workbook_unreadable", "damaged"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + b"x" * 99, "workbook_unreadable", "picture"),
    "a photo": (lambda: b"\xff\xd8\xff\xe0" + b"x" * 99, "workbook_unreadable", "picture"),
    "a PDF": (lambda: b"%PDF-1.4 xref", "workbook_unreadable", "PDF"),
    "a text document": (lambda: archive(PARTED | {"word/document.xml": b"<a/>"}), "workbook_unreadable", "Word"),
    "a binary workbook": (lambda: archive(PARTED | {"xl/workbook.bin": b"\0"}), "workbook_unreadable", ".xlsb"),
    "a web page": (lambda: b"<html><table><tr><td>type</td></tr></table></html>", "workbook_unreadable", "web page"),
    "a password": (lambda: OLE + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le"), "workbook_unreadable", "password"),
    "an old workbook of noise": (lambda: OLE + bytes(range(256)) * 9, "workbook_unreadable", "damaged"),
    "half a file": (lambda: GOOD[: len(GOOD) // 2], "workbook_unreadable", "cut short"),
    "half a sheet": (lambda: changed(xl__worksheets__sheet1=lambda old: old[:-40]), "workbook_unreadable", "no XML"),
    "a DTD in a part": (lambda: changed(xl__workbook=lambda old: b"<!DOCTYPE a>" + old), "xml_dtd", "DOCTYPE"),
    "half a character": (lambda: by_hand(ROWS % "a&#xD800;"), "workbook_unreadable", "no XML"),
    "a string that is not there": (lambda: by_hand('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'), "workbook_unreadable", "damaged"),
    "a cell beyond the sheet": (lambda: by_hand('<row r="1"><c r="AAAAA1" t="n"><v>9</v></c></row>'), "workbook_unreadable", "damaged"),
    "a row without a number": (lambda: by_hand('<row r="abc"><c r="A1" t="n"><v>9</v></c></row>'), "workbook_unreadable", "damaged"),
    "ten thousand levels in a sheet": (lambda: by_hand("<a>" * 10_000 + "</a>" * 10_000), "workbook_unreadable", "no XML"),
    "plain words": (lambda: b"hello world\nthis is it", "workbook_unreadable", "no sheet"),
    "text of old": (lambda: "survey,,,\n,type,name,label\n,text,a,É\n".encode("latin-1"), "workbook_unreadable", "UTF-8"),
    "a CSV cell without end": (lambda: b'survey,,,\n,type,name,label\n,text,a,"' + b"x" * 300_000 + b"\n", "workbook_unreadable", "faulty"),
    "five million bars": (lambda: b"| survey |\n" + b"|" * 5_000_000 + b"\n", "workbook_unreadable", "damaged"),
    "a bomb of entities": (lambda: b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><h:html>&b;</h:html>', "xml_dtd", "DOCTYPE"),
    "ten thousand levels": (lambda: b"<a>" * 10_000 + b"</a>" * 10_000, "xml_malformed", "depth"),
    "an attribute of 9 MB": (lambda: b'<a b="' + b"x" * 9_000_000 + b'"/>', "xform_no_instance", "no XForm"),
    "300,000 attributes": (lambda: b"<a " + b" ".join(b'a%d="1"' % n for n in range(300_000)) + b"/>", "xform_no_instance", "no XForm"),
    "nodes in 240 levels": (lambda: (XFORM % ("<a>" * 240 + "</a>" * 240, "", "")).encode(), "xform_too_deep", "nested"),
    "groups in 2,000 levels": (
        lambda: (MD % "A" + "".join(f"| | begin_group | g{n} | G |\n" for n in range(2000)) + "| | end_group |\n" * 2000).encode(),
        "nesting", "nested",
    ),
}  # fmt: skip
TOLD = {
    "macros": (lambda: changed(xl__vbaProject=OLE), "workbook_macros", None),
    "links to other files": (lambda: changed(xl__externalLinks__externalLink1=LINK), "workbook_links", None),
    "a formula that was never computed": (
        lambda: workbook(survey=[[*SURVEY[0], "hint"], ["text", "a", "A", '=CONCATENATE("a","b")']]),
        "formula_not_computed", ("survey", 2, "hint"),
    ),
    "a formula that failed": (lambda: workbook(survey=[*SURVEY, ["text", "b", "#REF!"]]), "formula_failed", ("survey", 3, "label")),
    "3,000 columns": (
        lambda: workbook(survey=[[*SURVEY[0], *(f"c{n}" for n in range(3000))], SURVEY[1]]), "columns_many", ("survey", 1, "c497"),
    ),
    "300,000 empty rows with a format": (
        lambda: by_hand(ROWS % "A" + "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(3, 300_000))),
        "workbook_padded", None,
    ),
}  # fmt: skip
HARMLESS = {
    "a cell of 60,000 characters": lambda: by_hand(ROWS % ("ab " * 20_000)),
    "a cell at the end of the sheet": lambda: by_hand(ROWS % "A" + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "a size that is a lie": lambda: by_hand(ROWS % "A", '<dimension ref="A1:XFD1048576"/>'),
    "1,900 parts": lambda: changed(**{f"xl__p{n}": b"x" for n in range(1900)}),
    "semicolons": lambda: b"survey;;;\n;type;name;label\n;text;a;A\n",
    "tabs in UTF-16": lambda: "survey\t\t\t\n\ttype\tname\tlabel\n\ttext\ta\tA\n".encode("utf-16"),
    "a table in UTF-16": lambda: (MD % "A").encode("utf-16"),
    "a CSV of the survey alone": lambda: b"type,name,label\ntext,a,A\n",
    "references without end": lambda: (
        XFORM % ("<a/>", f'<bind nodeset="/data/a" calculate="{" + ".join(["/data/a"] * 9000)}"/>', "")
    ).encode(),
    "brackets without end": lambda: (XFORM % ("<a/>", f'<bind nodeset="/data/a" calculate="{"(" * 9000}1{")" * 9000}"/>', "")).encode(),
    "groups in 240 levels of a body": lambda: (XFORM % ("<a/>", "", "<group>" * 240 + "</group>" * 240)).encode(),
}  # fmt: skip


@pytest.fixture
def quickly():
    start = time.monotonic()
    yield
    assert (
        time.monotonic() - start < 120
    )  # each takes less than two seconds; those they were written for never ended


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize(("make", "code", "word"), REFUSED.values(), ids=REFUSED)
def test_what_harms_or_is_no_form_is_refused_with_what_and_how(make, code, word):
    checked = publish.check(make(), "form.xlsx")
    finding = next(one for one in checked.findings if one.is_error)
    assert finding.code == code
    assert word in finding.message
    assert finding.mend
    assert "Internal fault" not in finding.message
    assert not checked.ok


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize(("make", "code", "cell"), TOLD.values(), ids=TOLD)
def test_what_harms_nobody_here_is_told(make, code, cell):
    checked = publish.check(make(), "form.xlsx")
    assert checked.ok, checked.findings
    finding = next(one for one in checked.findings if one.code == code)
    assert finding.severity == "warning"
    assert finding.mend
    assert cell is None or (finding.sheet, finding.row, finding.column) == cell


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("make", HARMLESS.values(), ids=HARMLESS)
def test_what_is_only_odd_compiles(make):
    checked = publish.check(make(), "form.csv")
    assert checked.ok, [one for one in checked.findings if one.is_error]


def test_a_character_no_xml_can_hold_is_found_in_its_cell():
    (finding,) = (one for one in compile_form((MD % "A\x01B").encode(), "form.md").findings if one.is_error)
    assert (finding.code, finding.sheet, finding.row, finding.column) == (
        "character_forbidden",
        "survey",
        2,
        "label",
    )
    assert "U+0001" in finding.message


@pytest.mark.parametrize(
    "name", ["", "\ud800/../\x00.xlsx", "a" * 5000 + ".xlsx", "CON.xlsx", "form.xlsx.exe"]
)
def test_the_name_of_a_file_cannot_harm(name):
    assert publish.check(GOOD, name).ok
