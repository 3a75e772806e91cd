"""Where interviews belong: their own case, what the office decided, merges taken back or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions.decision import KINDS, aliases, current, in_order, place
from tests.submissions.making import CASE, OTHER, decided, interview

THIRD = "9e0f1a2b-3c4d-4e5f-8a7b-6c5d4e3f2a1b"


def merge(ends, carries_on, made_at="2026-06-01T08:00:00.000Z", id="m"):  # noqa: A002 -- as decisions
    return decided("merge", made_at, id, case_uid=ends, other_case_uid=carries_on)


def unmerge(ends, carries_on, made_at="2026-06-02T08:00:00.000Z", id="u"):  # noqa: A002 -- as decisions
    return decided("unmerge", made_at, id, case_uid=ends, other_case_uid=carries_on)


def test_an_interview_belongs_to_the_case_it_names():
    assert place([interview()]) == {"uuid:s": CASE}


def test_an_interview_that_names_none_waits():
    assert place([interview(case_uid=None)]) == {"uuid:s": None}


def test_an_interview_can_be_attached_and_detached_and_the_last_word_counts():
    attach = decided("attach", "2026-06-01T08:00:00.000Z", "a", submission="uuid:s", case_uid=OTHER)
    detach = decided("detach", "2026-06-02T08:00:00.000Z", "b", submission="uuid:s", case_uid=OTHER)
    assert place([interview(case_uid=None)], [attach]) == {"uuid:s": OTHER}
    assert place([interview()], [detach, attach]) == {"uuid:s": None}
    again = decided("attach", "2026-06-03T08:00:00.000Z", "c", submission="uuid:s", case_uid=CASE)
    assert place([interview()], [again, detach, attach]) == {"uuid:s": CASE}


def test_a_decision_about_a_submission_that_is_gone_places_nothing():
    attach = decided("attach", submission="uuid:gone", case_uid=OTHER)
    assert place([interview()], [attach]) == {"uuid:s": CASE}


def test_a_merged_case_carries_its_interviews_along_even_through_two_merges():
    decisions = [merge(CASE, OTHER, id="1"), merge(OTHER, THIRD, "2026-06-02T08:00:00.000Z", id="2")]
    assert place([interview()], decisions) == {"uuid:s": THIRD}
    assert aliases(decisions) == {CASE: THIRD, OTHER: THIRD}


def test_an_interview_attached_to_a_merged_case_goes_where_that_one_went():
    attach = decided("attach", "2026-07-01T08:00:00.000Z", "a", submission="uuid:s", case_uid=OTHER)
    assert place([interview(case_uid=None)], [merge(OTHER, THIRD), attach]) == {"uuid:s": THIRD}


def test_a_merge_that_would_close_a_circle_counts_for_nothing():
    decisions = [merge(CASE, OTHER, id="1"), merge(OTHER, CASE, "2026-06-02T08:00:00.000Z", id="2")]
    assert aliases(decisions) == {CASE: OTHER}


def test_a_case_is_merged_once_until_it_is_unmerged():
    decisions = [merge(CASE, OTHER, id="1"), merge(CASE, THIRD, "2026-06-02T08:00:00.000Z", id="2")]
    assert aliases(decisions) == {CASE: OTHER}
    decisions.insert(0, unmerge(CASE, OTHER, "2026-06-01T12:00:00.000Z"))
    assert aliases(decisions) == {CASE: THIRD}


def test_the_current_version_of_an_edited_interview_says_where_it_belongs():
    first = interview(case_uid=OTHER)
    edit = interview(instance_id="uuid:e", deprecated_id="uuid:s", case_uid=CASE)
    assert place([edit, first]) == {"uuid:s": CASE}


CHAIN = [
    interview(),
    interview(instance_id="uuid:b", deprecated_id="uuid:s", ended_at="2026-03-10T11:00:00.000Z"),
    interview(instance_id="uuid:a", deprecated_id="uuid:b", ended_at="2026-03-10T10:30:00.000Z"),
]


@given(st.permutations(CHAIN))
def test_the_end_of_the_chain_counts_in_any_order(versions):
    assert current(versions) == (CHAIN[2], False)


def test_an_edit_whose_predecessor_is_missing_counts_before_the_first_version():
    assert current([CHAIN[0], CHAIN[2]]) == (CHAIN[2], False)
    assert current([CHAIN[2]]) == (CHAIN[2], False)


def test_of_two_edits_of_one_version_the_one_finished_last_counts_and_the_branch_is_told():
    other = interview(instance_id="uuid:z", deprecated_id="uuid:s", ended_at="2026-03-10T10:15:00.000Z")
    assert current([*CHAIN[:2], other]) == (CHAIN[1], True)


def test_a_circle_of_edits_is_still_settled():
    one = interview(instance_id="uuid:1", deprecated_id="uuid:2")
    two = interview(instance_id="uuid:2", deprecated_id="uuid:1")
    assert current([one, two])[0] == current([two, one])[0] == two


def test_one_instance_id_with_two_contents_is_settled_whatever_comes_first():
    one, two = interview(case_uid=CASE), interview(case_uid=OTHER)
    assert current([one, two]) == current([two, one])


UIDS = st.sampled_from([CASE, OTHER, THIRD])
STAMPS = st.integers(0, 5).map(lambda hour: f"2026-06-01T0{hour}:00:00.000Z")


@st.composite
def decisions(draw):
    made = []
    for number in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["merge", "unmerge", "attach", "detach"]))
        body = {"case_uid": draw(UIDS)}
        if kind in ("merge", "unmerge"):
            body["other_case_uid"] = draw(UIDS.filter(lambda uid, not_=body["case_uid"]: uid != not_))
        else:
            body["submission"] = draw(st.sampled_from(["uuid:1", "uuid:2"]))
        made.append(decided(kind, draw(STAMPS), f"d{number}", **body))
    return made


INTERVIEWS = st.lists(
    st.builds(
        lambda submission, uid: interview(submission=submission, case_uid=uid),
        st.sampled_from(["uuid:1", "uuid:2", "uuid:3"]),
        st.one_of(st.none(), UIDS),
    ),
    unique_by=lambda one: one.submission,
)


@given(INTERVIEWS, decisions(), st.randoms())
def test_placing_depends_on_no_order_and_on_no_repetition(intakes, made, chance):
    placed = place(intakes, made)
    shuffled, again = list(intakes), [*made, *made]
    chance.shuffle(shuffled)
    chance.shuffle(again)
    assert place(shuffled, again) == placed
    assert set(placed) == {one.submission for one in intakes}


@given(INTERVIEWS, decisions())
def test_a_case_that_carries_on_is_never_one_that_ended(intakes, made):
    means = aliases(made)
    assert not set(means.values()) & set(means)
    assert not set(place(intakes, made).values()) & set(means)


@given(INTERVIEWS, decisions(), UIDS, UIDS)
def test_a_merge_taken_back_is_as_if_nothing_had_happened(intakes, made, ends, carries_on):
    if ends in aliases(made) or ends == carries_on:
        return
    later = [
        merge(ends, carries_on, "2026-07-01T08:00:00.000Z"),
        unmerge(ends, carries_on, "2026-07-02T08:00:00.000Z"),
    ]
    assert place(intakes, [*made, *later]) == place(intakes, made)


def test_decisions_are_read_once_and_in_the_order_they_were_made():
    one, two = merge(CASE, OTHER), unmerge(CASE, OTHER)
    assert in_order([two, one, two]) == [one, two]
    assert one.day == "2026-06-01"


@pytest.mark.parametrize("kind", ["attach", "detach", "merge", "unmerge", "correct", "close", "reopen"])
def test_the_kinds_of_decisions_are_listed(kind):
    assert kind in KINDS
