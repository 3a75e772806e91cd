"""What a submission does to entities, read from its XML: by the form's declarations, hostile or not."""

import json
import uuid
from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import strategies as st

from submissions import record
from submissions.entities import EntityAction
from tests.fuzz import fuzz
from tests.submissions.conftest import form_of

ONE, TWO, BRANCH = (str(uuid.UUID(int=number, version=4)) for number in (1, 2, 3))
FOREST = """
| survey |
| | type | name | label | save_to |
| | text | city | City | |
| | begin_repeat | tree | Tree | |
| | text | species | Species | species |
| | begin_group | more | More | |
| | integer | height | Height | height |
| | end_group | | | |
| | end_repeat | | | |
| entities |
| | list_name | label |
| | trees | ${species} |
| settings |
| | form_id | version |
| | forest | 1 |
"""
GATED = """
| survey |
| | type | name | label | save_to | calculation | relevant |
| | select_one yn | agree | Agree? | | | |
| | calculate | ok | | | if(${agree} = 'yes', 1, 0) | |
| | text | place | Place | place | | ${ok} = 1 |
| choices |
| | list_name | name | label |
| | yn | yes | Yes |
| | yn | no | No |
| entities |
| | list_name | label |
| | places | ${agree} |
| settings |
| | form_id | version |
| | gated | 1 |
"""


@pytest.fixture(scope="module")
def forest():
    return form_of(FOREST)


def tree(entity, species="oak", height="<height>12</height>"):
    return f"<tree><species>{species}</species><more>{height}</more><meta>{entity}</meta></tree>"


def node(label="Oak", **attributes):
    said = {"dataset": "trees", "id": ONE, "create": "1"} | attributes
    text = " ".join(f'{name}="{value}"' for name, value in said.items() if value is not None)
    return f"<entity {text}><label>{label}</label></entity>"


def read(form, *trees):
    xml = f'<data id="forest" version="1"><city>x</city>{"".join(trees)}<meta><instanceID>uuid:1</instanceID></meta></data>'
    found = record.read(xml.encode(), form)
    return list(found.entities), [finding.code for finding in found.findings]


def test_each_instance_of_a_repeat_acts_with_its_own_answers(forest):
    update = node("", id=TWO, create=None, update="true", baseVersion="4", trunkVersion="3", branchId=BRANCH)
    actions, codes = read(forest, tree(node()), tree(update, "elm", "<height/>"))
    assert actions == [
        EntityAction(
            "trees", ONE, True, False, 0, None, None, {"label": "Oak", "species": "oak", "height": "12"}
        ),
        EntityAction("trees", TWO, False, True, 4, 3, BRANCH, {"species": "elm", "height": ""}),
    ]
    assert codes == []


def test_what_was_not_relevant_is_not_said(forest):
    ((action,), _) = read(forest, tree(node(), height=""))
    assert action.said == {"label": "Oak", "species": "oak"}


def test_an_entity_without_create_and_update_is_no_wish(forest):
    assert read(forest, tree(node(create="0")), tree(node(create="yes")), tree(node(create=None))) == ([], [])


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"id": ""}, "entity_bad_id"),
        ({"id": None}, "entity_bad_id"),
        ({"id": str(uuid.uuid1())}, "entity_bad_id"),
        ({"id": "../" + ONE}, "entity_bad_id"),
        ({"dataset": "cases"}, "entity_other_list"),
    ],
)
def test_a_wish_that_cannot_be_is_a_finding_and_the_others_count(forest, attributes, code):
    actions, codes = read(forest, tree(node(**attributes)), tree(node(id=TWO)))
    assert ([one.id for one in actions], codes) == ([TWO], [code])


def test_the_same_entity_twice_counts_once(forest):
    actions, codes = read(forest, tree(node()), tree(node("Other"), "elm"))
    assert ([one.said["label"] for one in actions], codes) == (["Oak"], ["entity_twice"])


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "1.0", "1" * 300, "٣"])
def test_a_version_that_is_no_positive_whole_number_counts_as_none(forest, version):
    ((action,), _) = read(
        forest, tree(node(create=None, update="1", baseVersion=version, trunkVersion=version, branchId="x"))
    )
    assert (action.base_version, action.trunk_version, action.branch_id) == (0, None, None)


NAMES = (
    "id",
    "dataset",
    "create",
    "update",
    "baseVersion",
    "trunkVersion",
    "branchId",
    "other",
    "entities:id",
)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
)
LIKELY = st.sampled_from(
    [ONE, ONE.upper(), f" {ONE} ", f"uuid:{ONE}", "trees", "1", "true", "0", "-1", "1e9", "9" * 400, ""]
)
NODES = st.tuples(TEXTS, st.dictionaries(st.sampled_from(NAMES), LIKELY | TEXTS))


def test_fuzz_whatever_entity_nodes_hold_becomes_wishes_or_findings(forest):
    def check(nodes):
        trees = []
        for label, attributes in nodes:
            said = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
            trees.append(
                tree(f'<entity xmlns:entities="urn:e" {said}><label>{escape(label)}</label></entity>')
            )
        wishes, _ = read(forest, *trees)
        assert len({one.id for one in wishes}) == len(wishes)
        for one in wishes:
            assert uuid.UUID(one.id).version == 4
            assert one.list_name == "trees"
            assert one.create or one.update
            assert min(one.base_version, one.trunk_version or 0) >= 0
            assert EntityAction.from_json(json.loads(json.dumps(one.to_json()))) == one

    assert fuzz(check, st.lists(NODES, max_size=4), examples=300) >= 100


@pytest.mark.parametrize("agree", ["yes", "no"])
def test_a_shut_gate_makes_no_entity_whatever_the_phone_says(agree):
    xml = (
        f'<data id="gated" version="1"><agree>{agree}</agree><ok>1</ok><place>Secret</place><meta>'
        f'<instanceID>uuid:1</instanceID><entity dataset="places" id="{ONE}" create="1"><label>x</label></entity>'
        "</meta></data>"
    )
    found = record.read(xml.encode(), replace(form_of(GATED), gate="/data/ok"))
    codes = {finding.code for finding in found.findings}
    assert bool(found.entities) == (agree == "yes")
    assert ("entity_without_consent" in codes) == (agree == "no")


def test_a_node_where_the_form_declares_none_does_nothing(forest):
    actions, _ = read(forest, f"<meta>{node()}</meta>", tree(""))
    assert actions == []
