"""Small counts stay hidden from somebody who can subtract."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.suppression import BELOW, HIDDEN, hide, total

COUNTS = st.lists(st.one_of(st.just(0), st.integers(1, 4), st.integers(5, 12)), max_size=5)


def possible(counts, shown):
    """All tables that a reader holds possible: of the sum that is known, and of what is shown. That a count hidden for
    the sake of others is none of the small ones, and is no larger than the smallest shown, is known, too."""
    seen = [cell for cell in shown if isinstance(cell, int) and cell >= 5]
    most = min(seen, default=sum(counts))
    ranges = [
        range(1, 5) if cell == BELOW else range(5, most + 1) if cell == HIDDEN else [cell] for cell in shown
    ]
    *before, last = ranges
    rests = ((table, sum(counts) - sum(table)) for table in product(*before))
    return [(*table, rest) for table, rest in rests if rest in last]


@given(COUNTS)
def test_each_small_count_could_be_any_small_count(counts):
    shown = hide(counts)
    if set(shown) <= {HIDDEN}:
        return  # nothing is told but the sum
    tables = possible(counts, shown)
    assert tuple(counts) in tables
    for place, cell in enumerate(shown):
        if cell == BELOW:
            assert {table[place] for table in tables} == {1, 2, 3, 4}


@given(COUNTS)
def test_what_is_shown_is_true_and_nothing_small_is(counts):
    for count, cell in zip(counts, hide(counts), strict=True):
        assert cell == count or cell == (BELOW if 0 < count < 5 else HIDDEN) or set(hide(counts)) == {HIDDEN}
        assert cell not in (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((), ()),
        ((0, 7, 12), (0, 7, 12)),
        ((3, 20, 9), (BELOW, 20, HIDDEN)),
        ((4, 1, 20), (BELOW, BELOW, 20)),
        ((1, 1, 20, 9), (BELOW, BELOW, 20, HIDDEN)),
        ((4, 4, 0), (HIDDEN, HIDDEN, HIDDEN)),
        ((2,), (HIDDEN,)),
    ],
)
def test_no_more_is_hidden_than_there_must_be(counts, shown):
    assert hide(counts) == shown


def test_a_sum_is_hidden_where_it_is_small():
    assert [total(count) for count in (0, 1, 4, 5)] == [0, BELOW, BELOW, 5]
