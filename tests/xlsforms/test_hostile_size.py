"""Forms made to be slow: what runs in the server's own process stays quick. Bounds are generous; the faults these
tests were written for took minutes."""

import sys
import time

import pytest

from benchmarks.compile import choices, questions, workbook
from xlsforms import dictionary
from xlsforms.cells import MOST, check
from xlsforms.compile import compile_here
from xlsforms.mapping import Mapping, read
from xlsforms.privacy import privacy
from xlsforms.schema import Form, Question, Repeat
from xlsforms.spelling import nearest
from xlsforms.target import parse
from xlsforms.workbook import Limits, Workbook

MANY = 3000


@pytest.fixture
def quickly():
    start = time.process_time()
    yield
    assert time.process_time() - start < 10


def survey(rows: list[dict[str, str]]) -> Workbook:
    return Workbook.from_json({"survey": {"columns": ["type", "name", "label"], "rows": rows}})


def test_thousands_of_unknown_references_are_told_up_to_a_number(quickly):
    rows = [{"type": "text", "name": f"question_{n}", "label": f"${{quesion_x{n}}}"} for n in range(MANY)]
    unknown = [one for one in check(survey(rows)) if one.code == "reference_unknown"]
    assert len(unknown) == MOST


def test_a_cell_that_keeps_opening_references_is_read_once(quickly):
    cell = "${" * MANY + "${" + " " * 30_000
    assert not [one for one in check(survey([{"type": "text", "name": "a", "label": cell}])) if one.is_error]


def test_a_chain_of_calculations_in_the_wrong_order_is_followed_once(quickly):
    chain = [
        Question(f"q{n}", f"/data/q{n}", "calculate", calculation=f"/data/q{n + 1}") for n in range(MANY)
    ]
    form = Form("f", "1", "F", "data", children=(*chain, Question("last", f"/data/q{MANY}", "text")))
    assert privacy(form, Mapping(), dictionary.load())["/data/q0"] == "P3"


def test_thousands_of_wrong_mappings_inside_repeats_are_told(quickly):
    repeats = tuple(
        Repeat(
            f"r{n}", f"/data/r{n}", children=(Question("q", f"/data/r{n}/q", "text", field=f"peson.x{n}"),)
        )
        for n in range(MANY)
    )
    _, findings = read(Form("f", "1", "F", "data", children=repeats), dictionary.load())
    assert len(findings) == MANY


def test_a_target_of_blanks_is_refused_at_once(quickly):
    for text in (" " * 50_000 + "!", "a" + " " * 50_000 + "!", "a[x='1'" + " and x='1'" * 5000 + "!]"):
        with pytest.raises(ValueError, match="form"):
            parse(text)


def test_the_nearest_word_is_looked_for_among_likely_ones_only(quickly):
    assert nearest("family_nme", ["family_name", "first_name"]) == "family_name"
    assert nearest("family_nme", ["zzz"]) is None
    assert nearest("", ["a"]) is None
    assert nearest("x" * 10_000, ["x" * 10_000]) is None
    assert nearest("aaaa", ("aaa" + str(n) for n in range(100_000))) is not None


def calls(content: bytes) -> int:
    """How many functions are called, of the library and of ours, from the end of the conversion to the findings."""
    counted = [0]

    def count(_frame, event, _argument):
        counted[0] += event == "call"

    def begin(step, _share):
        if step == "checking" and not counted[0]:
            sys.setprofile(count)

    before = sys.getprofile()
    try:
        form = compile_here("xlsx", content, "large.xlsx", beside=None, limits=Limits(), progress=begin)
    finally:
        sys.setprofile(before)
    assert form.ok
    return counted[0]


@pytest.mark.parametrize("made", [questions, choices])
def test_a_form_twice_as_large_takes_twice_the_work(made):
    small, large = (calls(workbook(made(number))) for number in (300, 600))
    assert large < 2.2 * small
