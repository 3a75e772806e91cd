"""What makes two cases alike: names as people write them, and what else is known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions.likeness import ENOUGH, Traits, compare, distance, keys, resemblance, traits, words


def person(name: str, **known) -> Traits:
    first, family = name.split(" ", 1)
    return traits([("person", {"first_name": first, "family_name": family, **known})])


KNOWN = {"birth_year_estimate": 1995, "sex": "female"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Olena Shevchenko", "Shevchenko Olena"),
        ("Олена Шевченко", "Elena Chevtchenko"),
        ("Ștefan Popescu", "Stefan Popesku"),
        ("Mohammed Yusuf", "محمد یوسف"),
        ("Łucja Wójcik", "Lucja Vojcik"),
        ("Maria Fernandez", "María Fernández"),
        ("Katherine Müller", "Catherine Muller"),
        ("Natalya Ivanova", "Natalia Ivanowa"),
    ],
)
def test_a_name_is_found_in_whatever_way_it_is_written(one, other):
    a, b = person(one, **KNOWN), person(other, **KNOWN)
    assert keys(a) & keys(b)
    assert compare(a, b).score >= ENOUGH


def test_a_misspelt_name_is_found_by_what_else_is_known():
    a = person("Olena Shevchenko", birthdate="1995-03-04", sex="female")
    b = person("Olena Shevrenko", birthdate="1995-04-03", sex="female")
    assert keys(a) & keys(b)
    found = compare(a, b)
    assert found.score >= ENOUGH
    assert found.reasons == ("name_alike", "birthdate_swapped", "sex_same")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            person("Olena Shevchenko", **KNOWN),
            person("Taras Shevchenko", birth_year_estimate=1995, sex="male"),
        ),
        (
            person("Olena Shevchenko", **KNOWN),
            person("Olena Shevchenko", birth_year_estimate=1960, sex="female"),
        ),
        (person("Ion Popa", birthdate="1990-01-01"), person("Dara Sok", birthdate="1990-01-01")),
        (person("Ana Popa", contact_phone="+373 69 123456"), person("Ion Rusu", contact_phone="069123456")),
    ],
)
def test_what_one_thing_has_in_common_is_not_one_person(one, other):
    assert compare(one, other).score < ENOUGH


def test_an_identity_number_is_enough_however_it_is_written():
    a, b = (
        person("Ana Popa", identity_number="AB 123-456"),
        person("Anna Popa-Rusu", identity_number="ab123456"),
    )
    assert keys(a) & keys(b)
    assert compare(a, b).score >= ENOUGH


def test_an_alias_counts_as_a_name():
    a = traits([("person", {"first_name": "Ana", "family_name": "Popa", **KNOWN})])
    b = traits(
        [
            ("person", {"first_name": "Lia", "family_name": "Rusu", **KNOWN}),
            ("person_name", {"name": "Ana Popa"}),
        ]
    )
    assert "name_same" in compare(a, b).reasons


def test_a_birthdate_that_was_only_estimated_counts_as_its_year():
    known = traits([("person", {"birthdate": "1990-01-01", "birthdate_precision": "estimated"})])
    assert (known.birthdate, known.year) == ("", 1990)


names = st.lists(
    st.text(st.sampled_from("abcdefghijklmnoprstuvz"), min_size=3, max_size=9),
    min_size=2,
    max_size=3,
    unique=True,
)
some = st.builds(
    Traits,
    names=names.map(lambda parts: (words(" ".join(parts)),)),
    birthdate=st.sampled_from(["", "1990-02-03", "1990-03-02", "1991-05-06"]),
    year=st.sampled_from([None, 1988, 1990, 1991, 2000]),
    sex=st.sampled_from(["", "female", "male"]),
    citizenships=st.sampled_from([(), ("MD",), ("MD", "UA"), ("KH",)]),
    phone=st.sampled_from(["", "69123456"]),
)


@given(some, some)
def test_it_does_not_matter_which_of_two_comes_first(one, other):
    assert compare(one, other) == compare(other, one)


@given(names, st.randoms())
def test_the_order_of_the_words_of_a_name_does_not_matter(parts, chance):
    mixed = chance.sample(parts, len(parts))
    assert words(" ".join(parts)) == words(" ".join(mixed).upper())


@given(some, st.integers(-2, 2))
def test_the_same_name_within_two_years_shares_a_key(one, years):
    one = replace(one, year=1990)
    assert keys(one) & keys(replace(one, year=1990 + years))


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distances_are_those_of_a_table_of_all_prefixes(one, other):
    """Against the definition, written the slow way."""

    def slow(i: int, j: int) -> int:
        if not i or not j:
            return i or j
        found = min(slow(i - 1, j) + 1, slow(i, j - 1) + 1, slow(i - 1, j - 1) + (one[i - 1] != other[j - 1]))
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            found = min(found, slow(i - 2, j - 2) + 1)
        return found

    one, other = one[:4], other[:4]
    assert distance(one, other, at_most=9) == slow(len(one), len(other))
    assert distance(one, other, at_most=1) == min(slow(len(one), len(other)), 2)


def test_resemblance_is_that_of_the_published_examples():
    """Winkler's own: MARTHA and MARHTA 0.961, DWAYNE and DUANE 0.84, DIXON and DICKSONX 0.813."""
    assert round(resemblance("martha", "marhta"), 3) == 0.961
    assert round(resemblance("dwayne", "duane"), 2) == 0.84
    assert round(resemblance("dixon", "dicksonx"), 3) == 0.813
