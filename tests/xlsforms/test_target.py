import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlsforms.target import Mapping, Target, parse, parse_cell

words = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
codes = st.text(
    st.characters(codec="utf-8", exclude_characters="'\"[]=,", exclude_categories=["C", "Z"]), max_size=8
)
targets = st.builds(
    Target, table=words, column=words | st.just(""), keys=st.dictionaries(words, codes, max_size=3),
    converter=st.none() | words,
)  # fmt: skip


@given(targets)
def test_a_target_as_written_reads_as_itself(target):
    assert parse(str(target)) == target


@settings(max_examples=30)
@given(st.dictionaries(words, st.lists(targets, min_size=1, max_size=3).map(tuple), max_size=3), targets)
def test_a_mapping_survives_json(bindings, repeat):
    mapping = Mapping(bindings, {"/data/r": repeat})
    assert Mapping.from_json(mapping.to_json()) == mapping


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("person.family_name", Target("person", "family_name")),
        (" person . family_name ", Target("person", "family_name")),
        ("consent[purpose='research'].granted", Target("consent", "granted", {"purpose": "research"})),
        ('consent[purpose="research"].granted', Target("consent", "granted", {"purpose": "research"})),
        ("a[x='1' and y='2'].b", Target("a", "b", {"x": "1", "y": "2"})),
        ("a[x='1'][y='2'].b", Target("a", "b", {"x": "1", "y": "2"})),
        ("a[x='1', y='2'].b", Target("a", "b", {"x": "1", "y": "2"})),
        ("a[x='salt and pepper'].b", Target("a", "b", {"x": "salt and pepper"})),
        ("birth_year_from_age: person.birth_year_estimate",
         Target("person", "birth_year_estimate", converter="birth_year_from_age")),
        ("referral[direction='out']", Target("referral", "", {"direction": "out"})),
    ],
)  # fmt: skip
def test_the_grammar(text, target):
    assert parse(text) == target


@pytest.mark.parametrize(
    "text", ["", "person.", ".sex", "Person Sex", "a[b].c", "a[b='c'.d", "a.b.c", "a: b: c.d"]
)
def test_what_the_grammar_does_not_know_is_refused_in_words(text):
    with pytest.raises(ValueError, match="form"):
        parse(text)


def test_a_cell_holds_several_targets():
    both = parse_cell("screening.trafficking_status; case_file.trafficking_status;")
    assert [target.name for target in both] == [
        "screening.trafficking_status",
        "case_file.trafficking_status",
    ]
    assert parse_cell(" ") == ()
