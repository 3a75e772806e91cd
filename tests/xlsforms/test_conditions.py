"""Conditions that can never hold are told, and none that can."""

import pytest

HEAD = "| survey |\n| | type | name | label | relevant | constraint | calculation | required | appearance |\n"
CHOICES = """| choices |
| | list_name | name | label |
| | yn | yes | Yes |
| | yn | no | No |
| | abc | a | A |
| | abc | b | B |
| | abc | c | C |
"""
ASKED = """| | select_one yn | yn | Y | | | | yes |
| | select_multiple abc | some | S |
| | integer | age | A |
| | decimal | price | P |
| | calculate | minor | | | | if(${age} != '' and ${age} < 18, 1, 0) |
"""


@pytest.fixture
def logic(compiled):
    """A function from rows after those above to (code, row from 7 on, column) of what is said about logic."""

    def told(*rows, codes=("condition_never", "value_unknown", "refers_forward", "empty_when_used")):
        form = compiled(HEAD + ASKED + "".join(f"| | {row} |\n" for row in rows) + CHOICES)
        assert form.schema is not None, form.findings
        return [(one.code, one.row, one.column) for one in form.findings if one.code in codes]

    return told


@pytest.mark.parametrize(
    "relevant",
    [
        "${yn} = 'yes' and ${yn} = 'no'", "${yn} = 'yes' and not(${yn} = 'yes')", "false()", "1 = 2", "${age} > 5 and ${age} < 3",
        "${age} > 5 and ${age} < 6", "${age} = '' and ${age} > 1", "${age} = 3 and ${age} > 4", "count-selected(${some}) > 3",
        "count-selected(${some}) = 4", "selected(${some}, 'a') and not(selected(${some}, 'a'))",
        "(${yn} = 'yes' or ${yn} = 'no') and ${yn} = ''", "${age} < ${price} and ${price} < ${age}",
        "selected(${some}, 'a') and ${some} = ''", "${yn} != 'yes' and ${yn} != 'no' and ${yn} != ''",
        "not(${age} < 3 or ${age} >= 3) and ${age} != ''", "selected(${yn}, 'yes') and selected(${yn}, 'no')",
    ],
)  # fmt: skip
def test_a_relevance_that_can_never_hold_is_told(relevant, logic):
    assert logic(f"text | q | Q | {relevant}") == [("condition_never", 7, "relevant")]


@pytest.mark.parametrize(
    "relevant",
    [
        "${yn} = 'yes' or ${yn} = 'no'", "${yn} != 'yes' and ${yn} != 'no'", "not(${yn} = 'yes')", "${age} > 5 and ${age} <= 6",
        "${price} > 5 and ${price} < 6", "count-selected(${some}) = 3", "selected(${some}, 'a') and selected(${some}, 'b')",
        "${age} <= ${price} and ${price} <= ${age}", "not(${age} < 3) and not(${age} >= 3)", "${some} = 'a b'", "${minor} = 1",
        "${age} > 1 and coalesce(${age}, 0) < 1", "true()", "pulldata('x', 'a', 'b', 'c') = 'z'", "${age} = '3' and ${age} = 3",
        "instance('abc')/root/item[name = 'a']/label = 'A'", "today() > date('2020-01-01') and today() < date('2021-01-01')",
    ],
)  # fmt: skip
def test_a_relevance_that_can_hold_is_not(relevant, logic):
    assert logic(f"text | q | Q | {relevant}") == []


def test_a_condition_is_seen_with_those_of_the_groups_around_it_once(logic):
    rows = (
        "begin_group | g | G | ${yn} = 'yes'", "begin_group | h | H | ${yn} = 'no'", "text | q | Q | ${yn} = 'yes'",
        "end_group | | ", "text | r | R | ${yn} != 'no'", "end_group | | ",
    )  # fmt: skip
    assert logic(*rows) == [("condition_never", 8, "relevant")]


def test_a_constraint_is_seen_with_its_own_relevance_and_never_on_a_note(logic):
    assert logic("integer | q | Q | | . > 3 and . < 2") == [("condition_never", 7, "constraint")]
    assert logic("integer | q | Q | ${age} > 3 | ${age} < 3 and . > 1", codes=["condition_never"]) == [
        ("condition_never", 7, "constraint")
    ]
    assert logic("note | q | Q | | false()") == []


@pytest.mark.parametrize(
    "relevant",
    ["${yn} = 'maybe'", "selected(${some}, 'd')", "'maybe' = ${yn}", "${minor} = 2", "${some} = 'a d'"],
)
def test_a_value_no_answer_has_is_told(relevant, logic):
    assert logic(f"text | q | Q | {relevant}") == [("value_unknown", 7, "relevant")]


def test_a_question_asked_only_later_is_told_also_behind_a_calculation(logic):
    later = ("calculate | c | | | | ${late} = 'x'", "text | late | L |")
    assert logic("text | q | Q | ${late} = 'x'", *later) == [("refers_forward", 7, "relevant")]
    assert logic("text | q | Q | | ${late} = 'x'", *later) == [("refers_forward", 7, "constraint")]
    assert logic("text | q | Q | ${c} = 1", *later) == [("refers_forward", 7, "relevant")]
    assert logic("text | q | Q | ${minor} = 1", *later) == []


def test_on_one_page_a_later_question_counts_at_once(logic):
    rows = ("text | q | Q | ${late} = 'x'", "text | late | L |", "end_group | | ")
    assert logic("begin_group | g | G | | | | | field-list", *rows) == []
    assert logic("begin_group | g | G |", *rows) == [("refers_forward", 8, "relevant")]


def test_a_group_that_depends_on_what_is_in_it_is_told(logic):
    rows = ("begin_group | g | G | ${in} = 'x'", "text | in | I |", "end_group | | ")
    assert logic(*rows) == [("refers_forward", 7, "relevant")]


@pytest.mark.parametrize(
    ("calculation", "told"),
    [
        ("${age} * 2", True), ("if(${age} < 18, 1, 0)", True), ("int(${price})", True), ("-${age}", True),
        ("if(${age} != '', ${age} * 2, 0)", False), ("coalesce(${age}, 0) * 2", False), ("${minor} + 1", False),
        ("concat(${age}, 'x')", False), ("count-selected(${some}) + 1", False), ("if(${yn} = 'yes', 1, 0) + 1", False),
    ],
)  # fmt: skip
def test_a_calculation_with_an_answer_that_may_be_missing_is_told(calculation, told, logic):
    expected = [("empty_when_used", 7, "calculation")] if told else []
    assert logic(f"calculate | q | | | | {calculation}") == expected


def test_an_answer_its_condition_asks_for_is_not_missing(logic):
    assert logic("calculate | q | | ${age} > 1 | | ${age} * 2") == []
    assert logic("integer | n | N | | | | yes", "calculate | q | | | | ${n} * 2") == []
    conditional = ("integer | n | N | ${yn} = 'yes' | | | yes", "calculate | q | | | | ${n} * 2")
    assert logic(*conditional) == [("empty_when_used", 8, "calculation")]
