"""Which of the files that were dropped together is the form."""

import pytest

from xlsforms import drop

XFORM = b'<?xml version="1.0"?>\n<h:html xmlns:h="http://www.w3.org/1999/xhtml">'


@pytest.mark.parametrize(
    ("files", "forms"),
    [
        ({"visit.xlsx": b"PK", "towns.csv": b"name,label\n", "a.png": b""}, ["visit.xlsx"]),
        ({"VISIT.XLS": b"", "towns.xml": b"<root/>"}, ["VISIT.XLS"]),
        ({"visit.xml": XFORM, "towns.xml": b"<root><item/></root>"}, ["visit.xml"]),
        ({"visit.csv": b'\xef\xbb\xbf"survey",,\n', "towns.csv": b"name,label\n"}, ["visit.csv"]),
        ({"visit.md": b"| survey |", "survey.csv": b"name,label"}, ["visit.md"]),
        ({"visit.zip": b"PK", "towns.csv": b"name,label\n"}, ["visit.zip"]),
        ({"anything.bin": b"\0"}, ["anything.bin"]),
        ({"a.xlsx": b"", "b.xls": b""}, ["a.xlsx", "b.xls"]),
        ({"a.png": b"", "towns.csv": b"name,label\n"}, []),
        ({}, []),
    ],
)
def test_the_kind_that_is_most_surely_a_form_is_it(files, forms):
    assert list(drop.forms(files)) == forms
