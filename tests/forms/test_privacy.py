"""What may be seen on a phone's lists, and in the list of cases, names nobody."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.forms.conftest import CONSENT, WOMAN
from xlsforms.dictionary import load
from xlsforms.mapping import parse_cell

pytestmark = pytest.mark.java

OPEN = {  # the answers that open the gates of both forms
    "screening": CONSENT | {"contact_method": "call"},
    "assistance": {
        "consent_continue": "yes",
        "case_uid": WOMAN,
        "case_status": "closed",
        "interview_type": "initial",
    },
}
VALUES = {
    "contact_phone": "+37369123456",
    "contact_email": "secret@example.org",
    "date_of_birth": "1987-03-09",
}
"""Answers to P3 questions that must have a certain shape; to all others the mark itself is answered."""


def secrets(sheets, form, mark):
    """An answer that can be recognised for every question that holds P3."""
    words = load()
    answers = {"dob_known": "yes"} if form == "screening" else {}
    for row in sheets[form]["survey"]:
        targets = [t for t in parse_cell(row["bind::case:field"]) if t.column]
        if row["type"] != "image" and any(words.field(target.name).privacy == "P3" for target in targets):
            answers[row["name"]] = VALUES.get(row["name"], f"{mark} {row['name']}")
    return answers


marks = st.text(
    alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=4, max_size=12
)


@pytest.mark.parametrize("form", ["screening", "assistance"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mark=marks.map(lambda text: "Ж" + text), seed=st.integers(0, 10_000))
def test_neither_instance_name_nor_entity_holds_an_identifier(phone, xforms, lists, sheets, form, mark, seed):
    answers = secrets(sheets, form, mark)
    filled = phone.fill(
        xforms / f"{form}.xml", OPEN[form] | answers, seed=seed, entity_lists=lists, ignore_unused=True
    )
    root = etree.fromstring(filled.xml)
    asked = [name for name in answers if root.find(f".//{name}") is not None]
    assert len(asked) >= 5
    shown = (
        str(filled.report["instanceName"])
        + str(filled.report["entities"])
        + (lists / "cases.csv").read_text()
    )
    for name in asked:
        assert name == "dob_known" or answers[name] not in shown
    assert mark not in shown
    assert (
        filled.report["instanceName"]
        == f"{root.findtext('.//case_ref')} {root.findtext('.//interview_date')}"
    )


def test_the_list_of_cases_holds_reference_and_working_facts_only(sheets):
    saved = {row["save_to"] for form in sheets.values() for row in form["survey"] if row["save_to"]}
    assert saved == {"sex", "is_minor", "status", "next_contact_on"}
    assert [row["label"] for row in sheets["screening"]["entities"]] == ["${case_ref}"]
    assert "label" not in sheets["assistance"]["entities"][0]
