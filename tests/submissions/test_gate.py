"""The consent gate is computed again from the answers."""

from dataclasses import replace

import pytest
from lxml import etree

from submissions.gate import GateError, consent_ok
from tests.submissions.conftest import authored, form_of
from xlsforms.schema import Form, Group, Question


def form(calculation, *more, relevant=None, kind="calculate"):
    gate = Question("ok", "/data/c/ok", kind, calculation=calculation)
    return Form(
        "f", "1", "F", "data", children=(Group("c", "/data/c", children=(gate,), relevant=relevant), *more),
        gate="/data/c/ok",
    )  # fmt: skip


def computed(calculation, body, *more, **settings):
    root = etree.fromstring(f"<data><c><ok>phone</ok></c>{body}</data>")
    return consent_ok(root, form(calculation, *more, **settings))


@pytest.mark.parametrize(
    ("calculation", "body", "expected"),
    [
        ("if(/data/a = 'yes' and /data/b = 'yes', 1, 0)", "<a>yes</a><b>yes</b>", True),
        ("if(/data/a = 'yes' and /data/b = 'yes', 1, 0)", "<a>yes</a><b>no</b>", False),
        ("if(/data/a = 'yes' and /data/b = 'yes', 1, 0)", "<a>yes</a>", False),
        ("if( /data/a = 'yes' , 'yes', 'no')", "<a>yes</a>", True),
        ("/data/a = 'yes'", "<a>yes</a>", True),
        ("selected(/data/a, 'x')", "<a>y x</a>", True),
        ("selected(/data/a, 'x')", "<a>xy</a>", False),
        ("count-selected(/data/a) = 2", "<a>x y</a>", True),
        ("if(number(/data/a) >= 3, 1, 0)", "<a>3</a>", True),
        ("if(/data/a, 1, 0)", "<a/>", True),
        ("if(string(/data/a), 1, 0)", "<a/>", False),
        ("coalesce(/data/a, /data/b)", "<a/><b>1</b>", True),
        ("coalesce(/data/a, '')", "<a/>", False),
        ("once(if(/data/a = 'yes', 1, 0))", "<a>yes</a>", True),
        ("if(regex(/data/a, '[0-9]{3}'), 1, 0)", "<a>123</a>", True),
        ("if(regex(/data/a, '[0-9]{3}'), 1, 0)", "<a>1234</a>", False),
        ("if(int(/data/a) = 2, 1, 0)", "<a>2.9</a>", True),
        ("if(int(/data/a) = 2, 1, 0)", "<a>x</a>", False),
        ("if(date(/data/a) = '2026-01-01', 1, 0)", "<a>2026-01-01T10:00:00Z</a>", True),
        ("if(decimal-date-time(/data/a) >= 20454, 1, 0)", "<a>2026-01-01</a>", True),
        ("if(decimal-date-time(/data/a) >= 20454.5, 1, 0)", "<a>2026-01-01T12:00:00.000+03:00</a>", True),
        ("if(decimal-date-time(/data/a) >= 20454, 1, 0)", "<a>someday</a>", False),
        ("boolean-from-string(/data/a)", "<a>1</a>", True),
        ("../../a", "<a>1</a>", True),
        ("0.5 + 0.5", "", True),
        ("1 div 3", "", False),
    ],
)
def test_the_calculation_decides_whatever_the_phone_says(calculation, body, expected):
    assert computed(calculation, body) is expected


def test_a_form_without_a_gate_has_none():
    assert consent_ok(etree.fromstring("<data/>"), Form("f", "1", "F", "data")) is None


def test_a_gate_that_is_absent_was_not_relevant_and_is_shut():
    assert consent_ok(etree.fromstring("<data><c/></data>"), form("1")) is False


def test_a_gate_that_should_not_be_relevant_is_shut():
    assert computed("1", "<safe>no</safe>", relevant="/data/safe = 'yes'") is False
    assert computed("1", "<safe>yes</safe>", relevant="/data/safe = 'yes'") is True


def test_a_condition_that_only_a_phone_can_compute_does_not_shut_it():
    assert computed("1", "", relevant="today() > '2020-01-01'") is True


@pytest.mark.parametrize("answer", ["1", "true", "yes", "OK"])
def test_a_gate_that_is_a_question_is_open_when_it_says_so(answer):
    gate = form(None, kind="select_one")
    assert consent_ok(etree.fromstring(f"<data><c><ok>{answer}</ok></c></data>"), gate) is True


@pytest.mark.parametrize("answer", ["0", "no", "refused", ""])
def test_a_gate_that_is_a_question_is_shut_otherwise(answer):
    gate = form(None, kind="select_one")
    assert consent_ok(etree.fromstring(f"<data><c><ok>{answer}</ok></c></data>"), gate) is False


def test_calculations_the_gate_depends_on_are_computed_too():
    steps = (
        Question("adult", "/data/adult", "calculate", calculation="if(/data/age >= 18, 1, 0)"),
        Question("age", "/data/age", "integer"),
    )
    assert computed("if(/data/adult = 1, 1, 0)", "<adult>1</adult><age>12</age>", *steps) is False
    assert computed("if(/data/adult = 1, 1, 0)", "<adult>0</adult><age>40</age>", *steps) is True


def test_a_calculation_of_the_phones_alone_stands_as_the_phone_wrote_it():
    steps = (Question("uid", "/data/uid", "calculate", calculation="once(uuid())"),)
    assert computed("if(/data/uid != '', 1, 0)", "<uid>abc</uid>", *steps) is True


@pytest.mark.parametrize(
    "calculation", ["today() > 0", "pulldata('a', 'b', 'c', 'd')", "if(1", "regex(/data/a, '(')"]
)
def test_what_cannot_be_computed_here_is_said(calculation):
    with pytest.raises(GateError):
        computed(calculation, "<a>x</a>")


def test_a_step_that_is_no_xpath_stands_as_the_phone_wrote_it():
    steps = (Question("odd", "/data/odd", "calculate", calculation="if(("),)
    assert computed("if(/data/odd = 1, 1, 0)", "<odd>1</odd>", *steps) is True


SAFE = {
    "private_space": "yes",
    "controller_present": "no",
    "immediate_danger": "no",
    "urgent_medical_need": "no",
}
AGREED = SAFE | {"consent_interview": "yes", "consent_data": "yes", "apparent_minor": "no"}


def screened(**answers):
    """A screening whose calculations the phone left as they were."""
    nodes = {name: f"<{name}>{value}</{name}>" for name, value in answers.items()}
    safety = "".join(node for name, node in nodes.items() if name in SAFE or name == "safety_resolved")
    consent = "".join(node for name, node in nodes.items() if node not in safety)
    return etree.fromstring(
        f"<data><safety>{safety}<safe_to_proceed>1</safe_to_proceed><can_proceed>1</can_proceed></safety>"
        f"<consent>{consent}<consent_ok>1</consent_ok></consent></data>"
    )


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (AGREED, True),
        (AGREED | {"consent_data": "no"}, False),
        (AGREED | {"consent_interview": "no"}, False),
        (AGREED | {"apparent_minor": "yes", "guardian_available": "no"}, True),
        (AGREED | {"apparent_minor": "yes", "guardian_available": "yes", "consent_guardian": "no"}, False),
        (AGREED | {"apparent_minor": "yes", "guardian_available": "yes", "consent_guardian": "yes"}, True),
        (AGREED | {"apparent_minor": "unknown", "guardian_conflict": "yes", "consent_guardian": "no"}, True),
        (AGREED | {"immediate_danger": "yes"}, False),
        (AGREED | {"immediate_danger": "yes", "safety_resolved": "yes"}, True),
    ],
)
def test_the_screening_asks_for_safety_then_consent(answers, expected):
    form, _ = authored("screening")
    assert consent_ok(screened(**answers), form) is expected


def test_many_forms_do_not_fill_the_memory():
    forms = [form("1") for _ in range(300)]
    assert all(consent_ok(etree.fromstring("<data><c><ok/></c></data>"), one) for one in forms)


def test_a_gate_at_the_top_of_the_form_is_found():
    one = form_of("""
        | survey | | | | |
        | | type | name | label | relevant |
        | | select_one yn | agree | Agree? | |
        | | text | name | Name | ${agree} = 'yes' |
        | choices | | | |
        | | list_name | name | label |
        | | yn | yes | Yes |
        | | yn | no | No |
    """)
    gated = replace(one, gate="/data/agree")
    assert consent_ok(etree.fromstring("<data><agree>yes</agree></data>"), gated) is True
    assert consent_ok(etree.fromstring("<data><agree>no</agree></data>"), gated) is False
