"""IOM's own HTCDS form, unchanged: its submissions fill the case by the names of its fields."""

from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from submissions.case import fold
from submissions.normalise import normalise
from submissions.record import read
from tests.submissions.conftest import codes
from tests.submissions.making import every_fact
from xlsforms import dictionary, mapping, xform

WORKBOOK = Path(__file__).parents[1] / "data" / "htcds" / "htcds_xlsform.xlsx"

pytestmark = pytest.mark.java


@pytest.fixture(scope="module")
def filled(phone, tmp_path_factory):
    text = convert(xlsform=WORKBOOK, validate=False).xform
    file = tmp_path_factory.mktemp("htcds") / "htcds.xml"
    file.write_text(text, encoding="utf-8")
    form = xform.read(text.encode())
    found, _ = mapping.read(form, dictionary.load())
    answers = {"prs_MailingCountry": "Moldova"}
    return form, found, [phone.fill(file, answers, seed=seed) for seed in range(1, 6)]


def test_every_answer_with_a_name_of_the_standard_stands_in_a_case_of_its_own(filled):
    form, found, submissions = filled
    cases = set()
    for one in submissions:
        record = read(one.xml, form)
        intake = normalise(record, found, form=form, submission=record.instance_id)
        assert codes(intake.findings) == []
        state = fold(intake.case_uid, [intake])
        cases.add(state.case_uid)
        facts = {
            (fact.question, table, column): fact.answer
            for table, _, column, fact in every_fact(state)
            if fact.question
        }
        said = {answer["path"]: answer["value"] for answer in one.report["answers"] if answer["value"]}
        for path, targets in found.bindings.items():
            for target in targets:
                assert facts.get((path, target.table, target.column)) == said.get(path)
        assert state.value("person", "family_name") == one.answer("prs_Second_Name")
        assert [row.value("country") for row in state.rows["person_address"]] == ["MD"]
    assert len(cases) == len(submissions)
