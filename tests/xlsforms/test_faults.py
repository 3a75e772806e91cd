"""Deliberately broken copies of the two interview forms: one fault each, of every kind the checks know.

A fault counts as found exactly if everything that is new to be said of the copy stands at the broken cell, and
its code is among it.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from babel.messages.extract import extract_from_dir

from tests.xlsforms.faults import FAULTS, FORMS
from xlsforms import compile as compiling
from xlsforms import complaints
from xlsforms.convert import SHEETS
from xlsforms.marked import Worded

BESIDE = {"cases.csv", "mission.csv"}
NEEDED = 57 / 60
"""Of all faults; one is not: names that differ by case are told at both, since either may be the wrong one."""


@dataclass(frozen=True)
class Told:
    """What is new in a copy: code, cell, and whether it says why and how to mend it."""

    fault: object
    cell: tuple
    findings: list

    @property
    def exact(self):
        places = {(one.sheet, one.row, one.column) for one in self.findings}
        return places == {self.cell} and self.fault.code in {one.code for one in self.findings}


def sheets_of(path):
    """The rows of a form's sheets that are read. Of the lists of countries and languages, in which no fault is made, the first
    few: with all of them the copies take twice the time."""
    sheets = {
        sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)]
        for sheet in openpyxl.load_workbook(path)
        if sheet.title in SHEETS
    }
    kept, seen = [], Counter()
    for row in sheets["choices"]:
        seen[row[0]] += 1
        if row[0] not in ("country", "language") or seen[row[0]] <= 5:
            kept.append(row)
    return sheets | {"choices": kept}


@pytest.fixture(scope="module")
def checked():
    """A function from sheets of rows to the findings about the workbook they make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "_compile", compiling.compile_here)

        def check(sheets, form):
            """As tables of text: what is said of a cell is the same, and they are written and read in half the time."""
            content = io.StringIO()
            table = csv.writer(content)
            for title, rows in sheets.items():
                table.writerow([title, ""])
                table.writerows(["", *row] for row in rows)
            return compiling.compile_form(content.getvalue().encode(), f"{form}.csv", beside=BESIDE).findings

        yield check


@pytest.fixture(scope="module")
def told(checked):
    """What is said of every broken copy and was not said of the unbroken form."""
    sound = {form: sheets_of(path) for form, path in FORMS.items()}
    before = {form: checked(sheets, form) for form, sheets in sound.items()}
    assert {one.code for findings in before.values() for one in findings} == {"question_identifies"}
    answers = []
    for fault in FAULTS:
        sheets = {title: [list(row) for row in rows] for title, rows in sound[fault.form].items()}
        cell = fault.break_(sheets)
        known = {(one.code, one.message) for one in before[fault.form]}
        new = [one for one in checked(sheets, fault.form) if (one.code, one.message) not in known]
        answers.append(Told(fault, cell, new))
    return answers


def test_sixty_faults_are_tried_in_both_forms_and_no_two_are_alike():
    assert len(FAULTS) >= 60
    assert len(FAULTS) == len({(fault.form, fault.edit) for fault in FAULTS})
    assert {fault.form for fault in FAULTS} == set(FORMS)


def test_the_finding_is_at_exactly_the_broken_cell(told):
    missed = [
        f"{one.fault.form} {one.fault.code} at {one.cell}: "
        + "; ".join(f"{each.code} at {each.where}" for each in one.findings)
        for one in told
        if not one.exact
    ]
    assert len(missed) <= (1 - NEEDED) * len(told), "\n".join(missed)


def test_every_fault_is_told_with_its_reason_and_its_mending(told):
    for one in told:
        about = [each for each in one.findings if each.code == one.fault.code]
        assert about, (one.fault, one.findings)
        assert all(each.message and each.mend for each in about)
        assert not one.fault.meant or any(one.fault.meant in each.mend for each in about), about


def test_every_text_of_a_finding_is_among_those_translators_get(told):
    keywords = {"N_": None, "worded": None}
    found = extract_from_dir(
        Path(compiling.__file__).parent, method_map=[("**.py", "python")], keywords=keywords
    )
    known = {message for _file, _line, message, _comments, _context in found} | {""}
    for one in (each for fault in told for each in fault.findings):
        texts = [one.mend] if one.code in complaints.CODES else [one.message, one.mend]
        assert {text.message if isinstance(text, Worded) else text for text in texts} <= known, one
