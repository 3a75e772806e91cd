"""What a new version does to answers already collected."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests.xlsforms.test_schema import forms
from xlsforms.diff import compare
from xlsforms.schema import Choice, Form, Group, Question, Repeat

SEX = (Choice("f", {"": "Female"}), Choice("m", {"": "Male"}))
NAME = Question("name", "/data/g/name", "text", label={"": "Name"}, field="person.family_name")
SELECT = Question("sex", "/data/sex", "select_one", label={"": "Sex"}, choices="sex")
GROUP = Group("g", "/data/g", {"": "G"}, (NAME,))
ROWS = Repeat("r", "/data/r", children=(Question("a", "/data/r/a", "text"),), field="service")
OLD = Form("f", "1", "F", "data", children=(GROUP, SELECT, ROWS), choices={"sex": SEX}, languages=("en",))


def change(new: Form):
    (found,) = compare(OLD, new)
    return found.kind, found.question, found.effect


def with_select(**parts) -> Form:
    return replace(OLD, children=(GROUP, replace(SELECT, **parts), ROWS))


@settings(max_examples=30)
@given(forms)
def test_a_form_does_not_differ_from_itself(form):
    assert compare(form, form) == ()


@pytest.mark.parametrize(
    ("new", "kind", "question", "effect"),
    [
        (replace(OLD, title="G"), "label", None, "safe"),
        (replace(OLD, form_id="g"), "form", None, "lossy"),
        (replace(OLD, root="survey"), "form", None, "lossy"),
        (replace(OLD, languages=("en", "fr")), "label", None, "safe"),
        (replace(OLD, languages=()), "label", None, "safe"),
        (replace(OLD, gate="/data/sex"), "logic", "/data/sex", "safe"),
        (replace(OLD, children=(GROUP, SELECT)), "question", "/data/r", "lossy"),
        (replace(OLD, children=(*OLD.children, Question("new", "/data/new", "text"))), "question", "/data/new", "safe"),
        (replace(OLD, children=(*OLD.children, Question("new", "/data/new", "text", required=True))),
         "question", "/data/new", "narrowing"),
        (with_select(label={"": "Sex?"}), "label", "/data/sex", "safe"),
        (with_select(hint={"": "Ask"}), "label", "/data/sex", "safe"),
        (with_select(type="select_multiple"), "question", "/data/sex", "widening"),
        (with_select(type="integer", choices=None), "question", "/data/sex", "lossy"),
        (with_select(required=True), "logic", "/data/sex", "narrowing"),
        (with_select(relevant="1 = 1"), "logic", "/data/sex", "narrowing"),
        (with_select(constraint=". = 'f'"), "logic", "/data/sex", "narrowing"),
        (with_select(appearance="minimal"), "logic", "/data/sex", "safe"),
        (with_select(default="f"), "logic", "/data/sex", "safe"),
        (with_select(calculation="'f'"), "logic", "/data/sex", "lossy"),
        (with_select(field="person.sex"), "mapping", "/data/sex", "safe"),
        (with_select(file="sex.csv", choices=None), "choice", "/data/sex", "narrowing"),
        (replace(OLD, choices={"sex": SEX[:1]}), "choice", "/data/sex", "lossy"),
        (replace(OLD, choices={"sex": (*SEX, Choice("x"))}), "choice", "/data/sex", "widening"),
        (replace(OLD, choices={"sex": (SEX[0], Choice("m", {"": "Man"}))}), "label", "/data/sex", "safe"),
        (replace(OLD, children=(GROUP, SELECT, replace(ROWS, count="3"))), "logic", "/data/r", "narrowing"),
        (replace(OLD, children=(GROUP, SELECT, replace(ROWS, field="plan_item"))), "mapping", "/data/r", "lossy"),
        (replace(OLD, children=(replace(GROUP, relevant="1"), SELECT, ROWS)), "logic", "/data/g", "narrowing"),
        (replace(OLD, children=(GROUP, Group("sex", "/data/sex"), ROWS)), "question", "/data/sex", "lossy"),
    ],
)  # fmt: skip
def test_each_change_is_told_with_its_effect(new, kind, question, effect):
    assert change(new) == (kind, question, effect)


def test_the_way_back_is_judged_by_itself():
    harder = with_select(required=True, relevant="1 = 1", field="person.sex", calculation="1")
    found = {(one.kind, one.words.split(":")[0], one.effect) for one in compare(harder, OLD)}
    assert {("logic", "It is no longer required.", "widening"), ("logic", "Asked when", "widening")} <= found
    assert "lossy" in {one.effect for one in compare(harder, OLD) if one.kind == "mapping"}
    recalculated = replace(harder, children=(GROUP, replace(harder.children[1], calculation="2"), ROWS))
    assert [one.effect for one in compare(harder, recalculated)] == ["lossy"]


def test_a_question_that_moved_to_another_group_is_told_once():
    moved = replace(NAME, path="/data/name")
    found = compare(OLD, replace(OLD, children=(moved, SELECT, ROWS)))
    assert [(one.question, one.effect) for one in found] == [("/data/name", "lossy"), ("/data/g", "safe")]
    assert "/data/g/name" in found[0].words


def test_a_note_may_go():
    noted = replace(OLD, children=(*OLD.children, Question("n", "/data/n", "note")))
    assert [(one.question, one.effect) for one in compare(noted, OLD)] == [("/data/n", "safe")]


def test_words_name_the_languages_that_changed():
    old = with_select(label={"en": "Sex", "fr": "Sexe"})
    (found,) = compare(old, with_select(label={"en": "Sex", "fr": "Genre"}))
    assert "fr" in found.words
    assert "Genre" in found.words
