import json
import pickle

import pytest

from xlsforms.finding import Finding, error, info, warning
from xlsforms.marked import N_, Worded, worded


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"sheet": "survey", "row": 12, "column": "type"}, "survey, row 12, column type"),
        ({"sheet": "settings"}, "settings"),
        ({"row": 3}, "row 3"),
        ({"question": "/data/a"}, "/data/a"),
        ({}, ""),
    ],
)
def test_a_finding_says_where_it_looked(place, words):
    assert error("some_code", "Something.", **place).where == words


def test_a_finding_survives_json_and_leaves_out_what_it_does_not_know():
    finding = warning("some_code", "Something.", "Mend it.", sheet="survey", row=2)
    data = finding.to_json()
    assert data == {
        "severity": "warning", "code": "some_code", "message": "Something.", "mend": "Mend it.",
        "sheet": "survey", "row": 2,
    }  # fmt: skip
    assert Finding.from_json(data) == finding


def test_only_errors_keep_a_form_from_being_published():
    assert error("a", "b").is_error
    assert not warning("a", "b").is_error
    assert not info("a", "b").is_error


def test_a_finding_can_be_said_anew_after_json_and_another_process():
    inner = worded(N_("a picture of 5 % of it"))
    finding = error(
        "some_code", worded("%(name)s is %(what)s, at %(share)s %%.", name="a", what=inner, share=5)
    )
    assert finding.message == "a is a picture of 5 % of it, at 5 %."
    for again in (
        Finding.from_json(json.loads(json.dumps(finding.to_json()))),
        pickle.loads(pickle.dumps(finding)),
    ):
        assert again == finding
        assert again.message.message == "%(name)s is %(what)s, at %(share)s %%."
        assert again.message.values == {"name": "a", "what": inner, "share": "5"}
        assert isinstance(again.message.values["what"], Worded)


def test_a_finding_stored_before_stays_what_it_was():
    assert (
        Finding.from_json({"severity": "info", "code": "a", "message": "5 % of it."}).message == "5 % of it."
    )
