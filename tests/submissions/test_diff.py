"""What the comparison says of a new version is what reading the old interviews by it shows."""

from dataclasses import replace

import pytest

from tests.corpus.conftest import CORPUS, corpus, measured  # noqa: F401  (a fixture)
from tests.submissions.conftest import form_of
from tests.submissions.replaying import interviews, loses, word
from xlsforms.diff import compare, worst
from xlsforms.schema import METADATA, Form, Node, Question

COLUMNS = (
    "type", "name", "label", "hint", "required", "relevant", "constraint", "calculation", "choice_filter",
    "parameters", "readonly", "default", "bind::case:field",
)  # fmt: skip
MAPPING = "bind::case:field"
SURVEY = (
    {"type": "calculate", "name": "ok", "calculation": "if(${age} > 11, 1, 0)"},
    {"type": "date", "name": "day", "label": "Day"},
    {"type": "text", "name": "surname", "label": "Family name", MAPPING: "person.family_name"},
    {"type": "select_one sex", "name": "sex", "label": "Sex", MAPPING: "person.sex"},
    {"type": "integer", "name": "age", "label": "Age", "required": "yes", "constraint": ". > 4 and . < 100"},
    {"type": "text", "name": "job", "label": "Job", "relevant": "${age} > 14"},
    {"type": "decimal", "name": "income", "label": "Income"},
    {"type": "range", "name": "worry", "label": "Worry", "parameters": "start=1 end=5 step=1"},
    {"type": "select_multiple need", "name": "needs", "label": "Needs"},
    {"type": "select_one region", "name": "region", "label": "Region"},
    {"type": "select_one town", "name": "town", "label": "Town", "choice_filter": "region=${region}"},
    {"type": "calculate", "name": "twice", "calculation": "${age} * 2"},
    {"type": "note", "name": "thanks", "label": "Thank you"},
    {"type": "begin_group", "name": "home", "label": "Home", "relevant": "${age} > 9"},
    {"type": "text", "name": "street", "label": "Street"},
    {"type": "end_group"},
    {"type": "begin_repeat", "name": "services", "label": "Services", MAPPING: "service"},
    {"type": "text", "name": "payer", "label": "Who paid", MAPPING: "service.organisation_name"},
    {"type": "decimal", "name": "cost", "label": "Cost", MAPPING: "service.cost"},
    {"type": "end_repeat"},
)
CHOICES = {
    "sex": {"female": "", "male": ""},
    "need": {"food": "", "rest": ""},
    "region": {"north": "", "south": ""},
    "town": {"alba": "north", "brod": "south"},
    "other": {"female": "", "male": "", "unknown": ""},
}
START = {"type": "start", "name": "start"}
UID = {"type": "calculate", "label": "", "calculation": "once(uuid())"}
NEW = {"type": "text", "name": "village", "label": "Village"}


def version(
    changes: dict | None = None, *, more=(), choices: dict | None = None, labels="", first=(), **settings
) -> Form:
    """The form above with some cells otherwise; a question with None is left out. `more` comes at its end."""
    changes = changes or {}
    rows = [
        {**row, **(changes.get(row.get("name", "")) or {})}
        for row in (*first, *SURVEY, *more)
        if changes.get(row.get("name", ""), {}) is not None
    ]
    said = {
        "form_id": "trial",
        "version": "1",
        "form_title": "Trial",
        "namespaces": 'case="urn:c"',
        **settings,
    }
    lines = ["| survey |", "| | " + " | ".join(COLUMNS) + " |"]
    lines += ["| | " + " | ".join(row.get(column, "") for column in COLUMNS) + " |" for row in rows]
    lines += ["| choices |", "| | list_name | name | label | region |"]
    for name, codes in (CHOICES | (choices or {})).items():
        lines += [f"| | {name} | {code} | {code}{labels} | {region} |" for code, region in codes.items()]
    lines += ["| settings |", "| | " + " | ".join(said) + " |", "| | " + " | ".join(said.values()) + " |"]
    return form_of("\n".join(lines) + "\n")


PAIRS = {
    # what is asked
    "nothing": ({}, {}, "safe"),
    "a question more": ({}, {"more": (NEW,)}, "safe"),
    "a required question more": ({}, {"more": ({**NEW, "required": "yes"},)}, "narrowing"),
    "a required question more, in a repeat of its own": (
        {},
        {"more": ({"type": "begin_repeat", "name": "stays", "label": "Stays"}, {**NEW, "required": "yes"},
                  {"type": "end_repeat"})},
        "safe",
    ),
    "a note less": ({}, {"changes": {"thanks": None}}, "safe"),
    "a question less": ({}, {"changes": {"income": None}}, "lossy"),
    "a question renamed": ({}, {"changes": {"income": {"name": "earnings"}}}, "lossy"),
    "a question moved out of its group": (
        {}, {"changes": {"street": None}, "more": ({"type": "text", "name": "street", "label": "Street"},)}, "lossy",
    ),
    "a group renamed": ({}, {"changes": {"home": {"name": "house"}}}, "lossy"),
    "a group becomes a repeat": (
        {"more": ({"type": "begin_group", "name": "g", "label": "G"}, NEW, {"type": "end_group"})},
        {"more": ({"type": "begin_repeat", "name": "g", "label": "G"}, NEW, {"type": "end_repeat"})},
        "lossy",
    ),
    "another root element": ({}, {"name": "visit"}, "lossy"),
    "another form id": ({}, {"form_id": "visit"}, "lossy"),
    # types
    "a whole number becomes a decimal": ({}, {"changes": {"age": {"type": "decimal"}}}, "widening"),
    "a decimal becomes a whole number": ({}, {"changes": {"income": {"type": "integer"}}}, "lossy"),
    "a text becomes a date": ({}, {"changes": {"job": {"type": "date"}}}, "lossy"),
    "a date becomes a text": ({}, {"changes": {"day": {"type": "text"}}}, "widening"),
    "one choice becomes several": ({}, {"changes": {"region": {"type": "select_multiple region"}}}, "widening"),
    "several choices become one": ({}, {"changes": {"needs": {"type": "select_one need"}}}, "lossy"),
    "a range becomes a whole number": ({}, {"changes": {"worry": {"type": "integer", "parameters": ""}}}, "widening"),
    # choices
    "a choice more": ({}, {"choices": {"need": {"food": "", "rest": "", "work": ""}}}, "widening"),
    "a choice less": ({}, {"choices": {"need": {"food": ""}}}, "lossy"),
    "a choice less that nobody is asked": ({}, {"choices": {"other": {"female": "", "male": ""}}}, "safe"),
    "another list with the same codes and more": ({}, {"changes": {"sex": {"type": "select_one other"}}}, "widening"),
    "choices under other names": ({}, {"labels": "!"}, "safe"),
    "a town under another region": ({}, {"choices": {"town": {"alba": "south", "brod": "south"}}}, "narrowing"),
    "all towns shown": ({}, {"changes": {"town": {"choice_filter": ""}}}, "widening"),
    # labels
    "another label, hint and title": (
        {}, {"changes": {"job": {"label": "Work", "hint": "Any"}}, "form_title": "T"}, "safe",
    ),
    # logic
    "required": ({}, {"changes": {"job": {"required": "yes"}}}, "narrowing"),
    "not required": ({}, {"changes": {"age": {"required": ""}}}, "widening"),
    "more is allowed": ({}, {"changes": {"age": {"constraint": ". > 4 and . < 160"}}}, "widening"),
    "less is allowed": ({}, {"changes": {"age": {"constraint": ". > 10 and . < 100"}}}, "narrowing"),
    "more here and less there is allowed": (
        {}, {"changes": {"age": {"constraint": ". > 10 and . < 160"}}}, "narrowing",
    ),
    "an alternative is allowed": (
        {}, {"changes": {"age": {"constraint": "(. > 4 and . < 100) or . = 150"}}}, "widening",
    ),
    "anything is allowed": ({}, {"changes": {"age": {"constraint": ""}}}, "widening"),
    "asked less often": ({}, {"changes": {"job": {"relevant": "${age} > 14 and ${sex} = 'female'"}}}, "narrowing"),
    "asked more often": ({}, {"changes": {"job": {"relevant": "${age} >= 12"}}}, "widening"),
    "a group asked always": ({}, {"changes": {"home": {"relevant": ""}}}, "widening"),
    "the same condition in other words": (
        {}, {"changes": {"age": {"constraint": "(. < 100) and .  >  4"}}}, "safe",
    ),
    "nobody may change it": ({}, {"changes": {"income": {"readonly": "yes"}}}, "narrowing"),
    "another default": ({}, {"changes": {"surname": {"default": "Ann"}}}, "safe"),
    "computed otherwise": ({}, {"changes": {"twice": {"calculation": "${age} * 3"}}}, "lossy"),
    "a longer range": ({}, {"changes": {"worry": {"parameters": "start=0 end=9 step=1"}}}, "widening"),
    "a shorter range": ({}, {"changes": {"worry": {"parameters": "start=2 end=5 step=1"}}}, "narrowing"),
    "a consent gate": (
        {"changes": {"surname": {"relevant": "${ok} >= 0"}}},
        {"changes": {"surname": {"relevant": "${ok} >= 0"}}, "attribute::case:gate": "ok"},
        "lossy",
    ),
    # mapping
    "a mapping more": ({}, {"changes": {"day": {MAPPING: "person.birthdate"}}}, "safe"),
    "a mapping less": ({}, {"changes": {"surname": {MAPPING: ""}}}, "lossy"),
    "another field": ({}, {"changes": {"surname": {MAPPING: "person.birth_place"}}}, "lossy"),
    "a repeat without its table": ({}, {"changes": {"services": {MAPPING: ""}}}, "lossy"),
    "the day of the interview": (
        {"first": (START,)}, {"first": (START,), "changes": {"day": {MAPPING: "interview.held_on"}}}, "lossy",
    ),
    "a type its field does not take": ({}, {"changes": {"sex": {"type": "select_multiple sex"}}}, "lossy"),
    "rows get identifiers": (
        {"changes": {"payer": {**UID, MAPPING: ""}}},
        {"changes": {"payer": {**UID, MAPPING: "service.service_id"}}},
        "lossy",
    ),
    "interviews name their case": (
        {}, {"more": ({**UID, "name": "case", MAPPING: "case_file.case_id"},)}, "lossy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_the_word_on_a_pair_of_versions_is_that_of_a_replay(name):
    before, after, expected = PAIRS[name]
    old, new = version(**before), version(**after)
    found = compare(old, new)
    assert (worst(found), word(old, new)) == (expected, expected), found
    assert found or (name == "nothing" or old == new or "nobody is asked" in name)


def test_forty_pairs_are_tried_with_every_word_among_them():
    assert len(PAIRS) >= 40
    assert {expected for _, _, expected in PAIRS.values()} == {"safe", "widening", "narrowing", "lossy"}


# --- forms of the field ----------------------------------------------------------------------------------------

ROWS = [row for row in measured() if row["pyxform"] != "fail"]


def edited(form: Form, edit) -> Form:
    """The form with every node put through a function that gives it, another, or None."""

    def walk(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        kept = ((node, edit(node)) for node in nodes)
        return tuple(
            one if isinstance(one, Question) else replace(one, children=walk(one.children))
            for _, one in kept
            if one is not None
        )

    return replace(form, children=walk(form.children))


def later_versions(form: Form):
    """What a designer may do next to a form: one thing at a time, to a question in its middle and to the last."""
    asked = [
        one for one in form.questions() if one.type not in METADATA and one.path.split("/")[-2] != "meta"
    ]
    for one in {each.path: each for each in (asked[len(asked) // 2], asked[-1])}.values():

        def to(new, path=one.path):
            return edited(form, lambda node: new if node.path == path else node)

        yield to(None)
        yield to(replace(one, label={**one.label, form.default_language: "Said otherwise"}))
        yield to(replace(one, required=True))
        yield to(replace(one, relevant="1 = 2"))
        yield to(replace(one, path=f"{one.path}_b", name=f"{one.name}_b"))
        if one.type in ("integer", "decimal", "date", "text"):
            for kind in ("text", "decimal", "integer", "date"):
                yield to(replace(one, type=kind))
    for name, codes in form.choices.items():
        if len(codes) > 1:
            yield replace(form, choices={**form.choices, name: codes[1:]})
            break


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_lossy_is_said_of_a_form_of_the_field_exactly_where_a_replay_loses(row, corpus):  # noqa: F811 -- a fixture
    old = corpus[row["file"]].schema
    said = list(interviews(old))
    for new in later_versions(old):
        lossy = worst(compare(old, new)) == "lossy"
        assert lossy == any(loses(xml, old, new) for xml in said), compare(old, new)


@pytest.mark.skipif(not ROWS, reason=f"the forms corpus is not at {CORPUS}")
def test_forms_of_the_corpus_that_share_an_id_are_told_as_a_replay_tells_them(corpus):  # noqa: F811 -- a fixture
    forms = [corpus[row["file"]].schema for row in ROWS]
    pairs = [(old, new) for old in forms for new in forms if old.form_id == new.form_id]
    assert len(pairs) >= len(forms)  # each is a version of itself at least
    for old, new in pairs:
        lossy = worst(compare(old, new)) == "lossy"
        assert lossy == any(loses(xml, old, new) for xml in interviews(old))
