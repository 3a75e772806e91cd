import pytest

from xlsforms.finding import Finding, error, info, warning


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
