from hypothesis import given, settings
from hypothesis import strategies as st

from xlsforms.schema import (
    Choice,
    Entity,
    Form,
    Group,
    Question,
    Repeat,
    behind_gate,
    references,
    text,
)  # fmt: skip

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
labels = st.dictionaries(st.sampled_from(["", "English (en)", "Français (fr)"]), texts, max_size=3)
maybe = st.none() | texts
questions = st.builds(
    Question, name=names, path=names.map("/data/{}".format), type=st.sampled_from(["text", "select_one", "note"]),
    label=labels, hint=labels, choices=maybe, field=maybe, required=st.booleans(), relevant=maybe, file=maybe,
    parameters=st.dictionaries(names, texts, max_size=2),
)  # fmt: skip
nodes = st.recursive(
    questions,
    lambda inside: (
        st.builds(
            Group, name=names, path=names, label=labels, children=st.lists(inside, max_size=3).map(tuple)
        )
        | st.builds(
            Repeat, name=names, path=names, count=maybe, children=st.lists(inside, max_size=3).map(tuple)
        )
    ),
    max_leaves=8,
)
forms = st.builds(
    Form, form_id=names, version=texts, title=texts, root=names, languages=st.lists(texts, max_size=2).map(tuple),
    children=st.lists(nodes, max_size=4).map(tuple), gate=maybe, encrypted=st.booleans(),
    choices=st.dictionaries(names, st.lists(st.builds(Choice, name=texts, label=labels), max_size=3).map(tuple)),
    entities=st.lists(st.builds(Entity, list_name=names, path=names, id=maybe), max_size=2).map(tuple),
    media=st.lists(names, max_size=2).map(tuple),
)  # fmt: skip


@settings(max_examples=30)
@given(forms)
def test_a_schema_survives_json(form):
    assert Form.from_json(form.to_json()) == form


def test_nodes_come_in_the_order_of_the_form_and_a_group_before_what_it_holds():
    inner = Repeat("r", "/data/g/r", children=(Question("b", "/data/g/r/b", "text"),))
    group = Group("g", "/data/g", children=(Question("a", "/data/g/a", "text"), inner))
    form = Form("f", "1", "F", "data", children=(group, Question("c", "/data/c", "text")))
    assert [node.name for node in form.nodes()] == ["g", "a", "r", "b", "c"]
    assert [question.name for question in form.questions()] == ["a", "b", "c"]
    assert form.enclosing("/data/g/r/b") == ("/data/g/r",)
    assert form.enclosing("/data/g/r") == ()
    assert form.question("/data/c").name == "c"
    assert form.question("/data/nowhere") is None


def test_a_text_falls_back_to_the_default_language_and_then_to_any():
    label = {"English (en)": "Yes", "Français (fr)": "Oui"}
    assert text(label, "Français (fr)") == "Oui"
    assert text(label, "Español (es)", "English (en)") == "Yes"
    assert text(label, "Español (es)") == "Yes"
    assert text({"": "Plain"}, "Français (fr)") == "Plain"
    assert text({}) == ""


def test_what_refers_to_the_gate_and_all_inside_it_is_behind_it():
    person = Group(
        "person", "/data/person", relevant="/data/consent_ok = 1",
        children=(Question("name", "/data/person/name", "text"),),
    )  # fmt: skip
    form = Form(
        "f", "1", "F", "data", gate="/data/consent_ok",
        children=(
            Question("consent_ok", "/data/consent_ok", "calculate"),
            Question("safe", "/data/safe", "text", relevant="/data/consent = 'yes'"),
            Question("extra", "/data/extra", "text", relevant="../consent_ok = 1"),
            person,
        ),
    )  # fmt: skip
    assert behind_gate(form) == {"/data/person", "/data/person/name", "/data/extra"}


def test_without_a_gate_nothing_is_behind_it():
    question = Question("a", "/data/a", "text", relevant="/data/b = 1")
    assert behind_gate(Form("f", "1", "F", "data", children=(question,))) == frozenset()


def test_references_are_absolute_and_skip_literals_and_other_instances():
    expression = (
        "if(/data/a = '/data/not', count-selected(../b), "
        "instance('cases')/root/item[name = current()/../c]/label) + . "
    )
    assert references(expression, "/data/g/q") >= {"/data/a", "/data/g/b", "/data/g/c", "/data/g/q"}
    assert "/data/not" not in references(expression, "/data/g/q")
    assert "/root/item" not in references(expression, "/data/g/q")
