"""The two authored workbooks as a phone gets them, and a phone to fill them."""

import csv
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from pyxform.xls2xform import convert

import xlsforms
from tests.clients.fixtures import phone  # noqa: F401  (a fixture)

FORMS = Path(xlsforms.__file__).parent / "forms"
NAMES = ("screening", "assistance")
MISSION = {"name": "MDCHI", "label": "Chisinau", "country": "MD"}
WOMAN = "ab12cd34-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
MAN = "7c0de111-2222-4333-8444-555566667777"
CASES = "name,label,__version,sex,is_minor,status,next_contact_on\n" + "".join(
    f"{uid},MDCHI-26-{uid[:8]},1,{sex},0,active,\n" for uid, sex in ((WOMAN, "female"), (MAN, "male"))
)

CONSENT = {  # the answers of a screening that open its gate
    "private_space": "yes",
    "controller_present": "no",
    "immediate_danger": "no",
    "urgent_medical_need": "no",
    "apparent_minor": "no",
    "consent_interview": "yes",
    "consent_data": "yes",
    "information_given": "role purpose voluntary data_use research_use access retention withdrawal",
}


@cache
def converted(name):
    """The XForm of an authored workbook."""
    result = convert(xlsform=FORMS / f"{name}.xlsx", validate=False, pretty_print=False)
    assert result.warnings == []
    return result.xform


@pytest.fixture(scope="session")
def xforms(tmp_path_factory):
    """A folder with screening.xml, assistance.xml and the media both want; no entity list of its own."""
    folder = tmp_path_factory.mktemp("forms")
    for name in NAMES:
        (folder / f"{name}.xml").write_text(converted(name), encoding="utf-8")
    (folder / "mission.csv").write_text("\n".join([",".join(MISSION), ",".join(MISSION.values()), ""]))
    return folder


@pytest.fixture
def lists(tmp_path):
    """The device's entity lists: two cases, a woman's and a man's."""
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "cases.csv").write_text(CASES)
    return folder


@pytest.fixture(scope="session")
def sheets():
    """{form: {sheet: rows as dicts}}, empty cells as empty strings; `#` is the row's number."""
    return {name: _sheets(FORMS / f"{name}.xlsx") for name in NAMES}


def _sheets(file):
    book = openpyxl.load_workbook(file)
    return {sheet.title: list(_rows(sheet)) for sheet in book if sheet.title != "about"}


def _rows(sheet):
    header, *rows = sheet.iter_rows(values_only=True)
    for number, cells in enumerate(rows, 2):
        row = {name: "" if cell is None else str(cell) for name, cell in zip(header, cells, strict=True)}
        yield {**row, "#": number}


def scenarios(name):
    """The acceptance cases kept in data/: {title: (answers, expected)}."""
    with (Path(__file__).parent / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["case"]: (_pairs(row["answers"]), _pairs(row["expected"])) for row in csv.DictReader(lines)
        }


def _pairs(text):
    return dict(pair.split("=", 1) for pair in text.split(";"))
