"""Expressions are read as phones read them; what is none is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsforms.xpath import DEPTH, Binary, Call, Malformed, Number, Path, Text, TooDeep, parse, parts, tree_of


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        ("${a} = 'yes'", Binary("=", Path("${a}"), Text("yes"))),
        ("1 + 2 * 3", Binary("+", Number(1), Binary("*", Number(2), Number(3)))),
        ("8 - 4 - 2", Binary("-", Binary("-", Number(8), Number(4)), Number(2))),
        ("a or b and c", Binary("or", Path("a"), Binary("and", Path("b"), Path("c")))),
        ("div div mod", Binary("div", Path("div"), Path("mod"))),
        ("jr:choice-name(., '.')", Call("choice-name", (Path("."), Text(".")))),
        ("../../x[1]/y", Path("../../x/y", None, (Number(1),))),
        ("instance('c')/root/item[name = ${a}]/label",
         Path("instance()/root/item/label", Call("instance", (Text("c"),)), (Binary("=", Path("name"), Path("${a}")),))),
        (".>=0", Binary(">=", Path("."), Number(0))),
    ],
)  # fmt: skip
def test_an_expression_becomes_a_tree(expression, tree):
    assert parse(expression) == tree


@pytest.mark.parametrize(
    ("expression", "why", "mend"),
    [
        ("(${a} = 1", "never closed", "“)”"), ("if(${a}, 1, 0", "never closed", "“)”"), ("${a} = 1)", "closes nothing", "Remove"),
        ("${a} == 1", "follows", "Write = once"), ("${a} && ${b}", "cannot stand", "Write and"), ("${a} = 'x", "cannot stand", "Close"),
        ("${a} ${b}", "nothing stands between", "operator"), ("${a} and", "ends after", "Complete"), ("", "empty", "Write"),
        ("if(${a},,1)", "cannot stand", "complete"), ("$a", "cannot stand", "${question}"), ("!${a}", "cannot stand", "not("),
        ("${a} = “x”", "cannot stand", "straight"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_with_a_mending(expression, why, mend):
    with pytest.raises(Malformed, match=why) as refused:
        parse(expression)
    assert mend in refused.value.mend


def test_brackets_nested_too_deep_are_not_judged():
    assert parse("(" * (DEPTH - 1) + "1" + ")" * (DEPTH - 1)) == Number(1)
    with pytest.raises(TooDeep):
        parse("(" * 5000 + "1" + ")" * 5000)
    assert tree_of("-" * 5000 + "1") is None


def test_a_long_condition_is_no_deep_one():
    tree = parse(" or ".join(["${a} = 'x'"] * 3000))
    assert sum(isinstance(one, Path) for one in parts(tree)) == 3000
    assert tree_of(" + ".join(["1"] * 3000)) is None, "a walk by recursion would not come back"


@given(st.text(st.sampled_from("()[]/.,@*'\"= <>!+-|$ {}ab1:"), max_size=40) | st.text(max_size=40))
def test_whatever_stands_in_a_cell_is_read_or_refused_in_words(text):
    try:
        said = [repr(one) for one in parts(parse(text))]
    except Malformed as fault:
        said = [str(fault), fault.mend]
    assert said
    assert all(said)
