"""IOM's own survey template of the Human Trafficking Case Data Standard 2.0, unchanged, with its known defects."""

from pathlib import Path

import pytest

from xlsforms import dictionary
from xlsforms.compile import compile_form
from xlsforms.privacy import privacy

FILE = Path(__file__).parents[1] / "data" / "htcds" / "htcds_xlsform.xlsx"


@pytest.fixture(scope="module")
def htcds():
    return compile_form(FILE.read_bytes(), FILE.name)


def test_it_compiles_with_findings_and_no_errors(htcds):
    assert htcds.ok
    assert htcds.schema.form_id == "htcds_xlsform"
    assert {finding.severity for finding in htcds.findings} == {"warning", "info"}


def test_its_known_defects_are_pointed_at(htcds):
    found = {(one.code, one.row, one.column) for one in htcds.findings}
    assert found >= {
        ("htcds_name", 6, "name"),  # prs_First_Name
        ("htcds_name", 7, "name"),  # prs_Second_Name
        ("htcds_name", 24, "name"),  # vic_Methods_of_Control
        ("label_twice", 11, "label"),  # prs_Title is labelled “Second Name”
        ("form_id_missing", 2, "form_id"),
    }


def test_all_its_fields_that_the_store_keeps_are_mapped(htcds):
    mapped = {path.removeprefix("/data/") for path in htcds.mapping.bindings}
    left = {
        q.name for q in htcds.schema.questions() if "_" in q.name and q.name.strip("_") != "version"
    } - mapped
    assert left == {
        "prs_Salutation", "prs_Title", "prs_HomePhone", "prs_MailingStreet", "prs_MailingPostalCode",
        "cas_ReasonForIncomingReferral",
    }  # fmt: skip


def test_its_codes_become_ours(htcds):
    (control,) = htcds.mapping.bindings["/data/vic_Methods_of_Control"]
    assert control.codes["DebtBondage"] == "debt_bondage"  # the template has a blank behind it
    question = htcds.schema.question("/data/vic_Methods_of_Control")
    assert {choice.name for choice in htcds.schema.choice_list(question)} == set(control.codes)
    (consent,) = htcds.mapping.bindings["/data/con_Consent"]
    assert dict(consent.codes) == {"TRUE": "yes", "FALSE": "no"}


def test_its_names_are_identifiers(htcds):
    found = privacy(htcds.schema, htcds.mapping, dictionary.load())
    assert found["/data/prs_First_Name"] == "P3"
    assert found["/data/prs_HomePhone"] == "P3"  # not mapped, and free text
    assert found["/data/cas_Status"] == "P0"
