"""Changes of entities made apart: on what they were made, and what stands against them."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions.branching import Applied, base_of, conflict, of_case
from submissions.case import fold
from submissions.entities import EntityAction
from submissions.intake import Intake
from tests.submissions.making import CASE, interview

A, B = (str(uuid.UUID(int=number, version=4)) for number in (1, 2))


def update(base, trunk=None, branch=None, **said):
    return EntityAction("trees", CASE, False, True, base, trunk, branch, said)


def versions(*changes):
    """(branch, what was said) of each version, the first one first."""
    return [Applied(number, said, branch) for number, (branch, said) in enumerate(changes, start=1)]


@pytest.mark.parametrize(
    ("action", "applied", "base"),
    [
        (update(1), versions((None, {})), 1),
        (update(1), versions((None, {}), (None, {})), 1),
        (update(7), versions((None, {})), 0),
        (update(3, 3, A), versions(*[(None, {})] * 3), 3),
        (update(3, 3, A), versions(*[(None, {})] * 5), 3),
        (update(4, 3, A), versions(*[(None, {})] * 3), None),
        (update(4, 3, A), versions(*[(None, {})] * 4), None),
        (update(4, 3, A), versions(*[(None, {})] * 4, (A, {})), 5),
        (update(5, 3, A), versions(*[(None, {})] * 3, (A, {}), (B, {}), (A, {})), 6),
        (update(1, None, A), versions((None, {})), 1),  # made on this very phone, without the server
        (update(2, None, A), versions((None, {})), None),
        (update(2, None, A), versions((None, {}), (A, {})), 2),
        (update(9, 9, A), versions((None, {})), 0),
        (update(1, 3, A), versions(*[(None, {})] * 3), 0),
    ],
)
def test_a_change_is_made_on_the_trunk_or_on_the_one_before_it_in_its_branch(action, applied, base):
    assert base_of(action, applied) == base


@pytest.mark.parametrize(
    ("said", "others", "kind"),
    [
        ({"a": "1"}, [], None),
        ({"a": "1"}, [{"a": "1"}], None),
        ({"a": "1"}, [{"b": "1"}], "soft"),
        ({"a": "1"}, [{"a": "2"}], "hard"),
        ({"a": "1"}, [{"b": "1"}, {"a": "2"}], "hard"),
    ],
)
def test_others_who_said_something_else_are_a_conflict(said, others, kind):
    applied = versions((None, {"a": "0"}), *((None, one) for one in others))
    assert conflict(said, 1, applied) == kind


# --- cases


def visit(submission, branch, trunk=3, day="2026-03-10", **said):
    change = EntityAction("cases", CASE, False, True, trunk, trunk, branch, said)
    return replace(interview("assistance", submission, held_on=day), change=change)


def codes(*intakes):
    return [finding.code for finding in fold(CASE, intakes).findings]


def test_two_phones_that_say_different_things_of_a_case_conflict_hard():
    first = visit("uuid:1", A, status="active", next_contact_on="2026-12-01")
    other = visit("uuid:2", B, status="active", next_contact_on="2026-12-24", day="2026-03-11")
    (finding,) = fold(CASE, [first, other]).findings
    assert (finding.code, finding.question) == ("case_conflict_hard", "uuid:2")
    assert "next_contact_on" in finding.message
    assert "2026-12" not in finding.message


def test_two_phones_that_change_different_things_conflict_softly():
    assert codes(visit("uuid:1", A, status="active"), visit("uuid:2", B, next_contact_on="2026-12-01")) == [
        "case_conflict_soft"
    ]


@pytest.mark.parametrize(
    "other",
    [
        visit("uuid:2", B, status="active"),  # the same
        visit("uuid:2", A, status="closed"),  # the same phone, one after the other
        visit("uuid:2", B, trunk=4, status="closed"),  # knew of it, or of more than it
        replace(visit("uuid:2", B, status="closed"), change=None),
    ],
)
def test_whoever_agrees_or_knew_of_the_other_does_not_conflict(other):
    assert codes(visit("uuid:1", A, status="active"), other) == []


@given(st.permutations(range(4)))
def test_the_order_of_arrival_is_no_matter(order):
    intakes = [
        visit("uuid:1", A, status="active"),
        visit("uuid:2", B, status="closed", day="2026-03-11"),
        visit("uuid:3", B, next_contact_on="2026-12-01", day="2026-03-12"),
        visit("uuid:4", A, trunk=5, status="active", day="2026-03-13"),
    ]
    assert of_case([intakes[place] for place in order]) == of_case(intakes)
    assert len(of_case(intakes)) == 2


def test_an_intake_with_its_change_goes_to_json_and_back():
    said = visit("uuid:1", A, status="active")
    assert Intake.from_json(said.to_json()) == said
