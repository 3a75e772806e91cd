"""What submissions do to entity lists: forms filled by JavaRosa on phones with their own lists, in any order."""

import re
import shutil
import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import select, update

from app import policy
from app.db import connect_to_write
from app.models import EntityList, EntityPending, Submission, now
from app.services import entity_actions, entity_desk, entity_lists, entity_store, publish, replay
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.services.conftest import new_uid

ADD = """
| survey |
| | type | name | label | save_to |
| | text | species | Species | species |
| | text | state | State | state |
| entities |
| | list_name | label |
| | trees | ${species} |
| settings |
| | form_id | version |
| | tree_add | 1 |
"""
VISIT = """
| survey |
| | type | name | label | save_to |
| | select_one_from_file trees.csv | tree | Tree | |
| | text | state | State | state |
| | text | height | Height | height |
| entities |
| | list_name | entity_id |
| | trees | ${tree} |
| settings |
| | form_id | version |
| | tree_visit | 1 |
"""
GROVE = """
| survey |
| | type | name | label | save_to |
| | text | owner | Owner | owners#known_as |
| | begin_repeat | tree | Tree | |
| | text | species | Species | trees#species |
| | end_repeat | | | |
| entities |
| | list_name | label |
| | owners | ${owner} |
| | trees | ${species} |
| settings |
| | form_id | version |
| | grove | 1 |
"""


@pytest.fixture(scope="session")
def tree_forms():
    return {
        name: publish.check(text.encode(), f"{name}.md") for name, text in (("add", ADD), ("visit", VISIT))
    }


@pytest.fixture
def woods(make_house, engine, tree_forms, tmp_path, phone):  # noqa: F811 -- the fixture
    """Both forms published in the mission."""

    def planted(house):
        for checked in tree_forms.values():
            assert checked.ok, checked.findings
            house.publish(checked, mission_id=house.mission_id)

    house = make_house(engine, tmp_path / "blobs", "woods", planted)
    for name, checked in tree_forms.items():
        house.forms[f"tree_{name}"] = name
        (tmp_path / f"{name}.xml").write_bytes(checked.compiled.xform)
    return Woods(house, tmp_path, phone)


class Woods:
    """Phones with the list `trees`, each a folder; and the server."""

    def __init__(self, house, folder, phone):  # noqa: F811 -- not the fixture
        self.house, self.folder, self.phone = house, folder, phone

    def device(self, name="phone", of=None):
        """A phone with an empty list, or with a copy of another's."""
        lists = self.folder / name
        lists.mkdir(exist_ok=True)
        text = "name,label,__version,species,state,height\n"
        if of is None:
            (lists / "trees.csv").write_text(text)
        else:
            shutil.copy(self.folder / of / "trees.csv", lists / "trees.csv")
        return name

    def sync(self, name):
        """The server's list replaces the phone's."""
        with self.house.session() as session:
            entity_list = entity_lists.get(session, self.house.mission_id, "trees")
            rows = [
                f"{one.id},{one.says['label']},{one.version},"
                + ",".join(one.says.get(key, "") for key in ("species", "state", "height"))
                for one in entity_store.rows(session, self.house.keyring, entity_list.id)
            ]
        text = "\n".join(["name,label,__version,species,state,height", *rows, ""])
        (self.folder / name / "trees.csv").write_text(text)

    def fill(self, form, name="phone", **answers):
        """A submission that the phone makes, its own list following."""
        return self.phone.fill(
            self.folder / f"{form}.xml", answers, seed=1, entity_lists=self.folder / name, only_answers=True
        ).xml

    def add(self, name="phone"):
        """A submission that makes an oak in a good state, and the id of it."""
        xml = self.fill("add", name, species="oak", state="good")
        return xml, uuid.UUID(next(etree.fromstring(xml).iter("{*}entity")).get("id"))

    def visit(self, tree, name="phone", **answers):
        """A submission that changes a tree."""
        return self.fill("visit", name, tree=str(tree), **{"state": None, "height": None, **answers})

    def send(self, *sent):
        for xml in sent:
            self.house.receive(xml)
            self.house.work()

    def says(self, entity_id, name="trees"):
        with self.house.session() as session:
            entity_list = entity_lists.get(session, self.house.mission_id, name)
            found = entity_store.get(session, self.house.keyring, entity_list.id, entity_id)
            return found and (found.version, dict(found.says), found.conflict)

    def pending(self):
        with self.house.session() as session:
            return sorted(session.scalars(select(EntityPending.reason)))


def test_a_form_makes_an_entity_and_the_list_it_declares(woods):
    woods.device()
    xml, tree = woods.add()
    assert woods.says(tree) is None
    woods.send(xml, xml)
    assert woods.says(tree) == (1, {"label": "oak", "species": "oak", "state": "good"}, None)
    with woods.house.session() as session:
        (found,) = entity_lists.listing(session, woods.house.mission_id)
        assert entity_lists.properties(session, found.id) == ["species", "state", "height"]
        assert entity_lists.saving(session, found) == {
            "species": ["tree_add"], "state": ["tree_add", "tree_visit"], "height": ["tree_visit"]
        }  # fmt: skip
    replay.replay(
        woods.house.engine, keyring=woods.house.keyring, blobs=woods.house.blobs, actor=policy.COMMAND
    )
    assert woods.says(tree)[0] == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_what_a_phone_did_offline_ends_the_same_in_whatever_order_it_arrives(woods, order):
    woods.device()
    made, tree = woods.add()
    sent = [made, woods.visit(tree, state="ill"), woods.visit(tree, state="felled", height="12")]
    for place in order:
        woods.send(sent[place])
    said = {"label": "oak", "species": "oak", "state": "felled", "height": "12"}
    assert woods.says(tree) == (3, said, None)
    assert woods.pending() == []


def test_an_update_waits_for_its_entity_and_for_the_one_before_it(woods):
    woods.device()
    made, tree = woods.add()
    first, second = woods.visit(tree, state="ill"), woods.visit(tree, state="felled")
    woods.send(second)
    assert woods.pending() == ["unknown"]
    woods.send(made)
    assert (woods.pending(), woods.says(tree)[0]) == (["predecessor"], 1)
    woods.send(first)
    assert (woods.pending(), woods.says(tree)[0]) == ([], 3)


def test_who_waited_too_long_is_applied_as_a_conflict(woods):
    woods.device()
    made, tree = woods.add()
    woods.visit(tree, state="ill")  # lost with its phone
    woods.send(made, woods.visit(tree, height="12"))
    take_up = lambda: entity_actions.take_up(woods.house.engine, woods.house.keyring)  # noqa: E731 -- said twice
    assert take_up() == 0
    with connect_to_write(woods.house.engine) as connection:
        connection.execute(
            update(EntityPending.__table__).values(
                since=now() - entity_actions.PATIENCE - timedelta(minutes=1)
            )
        )
    assert take_up() == 1
    version, said, conflict = woods.says(tree)
    assert (version, said["height"], conflict) == (2, "12", "soft")
    assert take_up() == 0


@pytest.mark.parametrize(("other", "conflict"), [("felled", "hard"), ("ill", None)])
def test_two_phones_that_did_not_know_of_each_other_conflict_and_nothing_is_lost(woods, other, conflict):
    woods.device("first")
    made, tree = woods.add("first")
    woods.send(made)
    for name in ("first", "second"):
        woods.device(name)
        woods.sync(name)
    woods.send(woods.visit(tree, "first", state="ill"), woods.visit(tree, "second", state=other))
    version, said, found = woods.says(tree)
    assert (version, said["state"], found) == (3, other, conflict)
    with woods.house.session() as session:
        entity_list = entity_lists.get(session, woods.house.mission_id, "trees")
        kept = entity_store.versions(session, woods.house.keyring, entity_list.id, tree)
        assert [one.said["state"] for one in kept] == ["good", "ill", other]
        assert [one.conflict for one in kept] == [None, None, conflict]
        assert entity_desk.conflicting(kept[2], kept) == (["state"] if conflict else [])
        entity_desk.resolve(
            session, woods.house.keyring, actor=policy.COMMAND, entity_list=entity_list, entity_id=tree
        )
    assert woods.says(tree)[2] is None


# --- versions of the specification


def declared_as(version, xform, *, form_id):
    """A form as it was written for an older version of the specification: 2022.1 and 2023.1 know of no branches."""
    old = xform.decode().replace('entities-version="2024.1.0"', f'entities-version="{version}"')
    old = re.sub(
        r' trunkVersion="" branchId=""|<bind nodeset="[^"]*@(trunkVersion|branchId)"[^>]*/>', "", old
    )
    return re.sub(r'(<data id=")[^"]*', rf"\g<1>{form_id}", old).encode()


def publish_older(woods, name, version):
    """An older variant of one of the forms, with a name of its own."""
    checked = publish.check((woods.folder / f"{name}.xml").read_bytes(), f"{name}.xml")
    older = publish.check(declared_as(version, checked.compiled.xform, form_id=f"old_{name}"), "old.xml")
    woods.house.publish(older, mission_id=woods.house.mission_id)
    woods.house.forms[f"old_{name}"] = ""
    (woods.folder / f"old_{name}.xml").write_bytes(older.compiled.xform)


def test_2022_1_makes_entities(woods):
    publish_older(woods, "add", "2022.1.0")
    woods.device()
    filled = woods.fill("old_add", species="oak", state="good")
    woods.send(filled)
    tree = uuid.UUID(next(etree.fromstring(filled).iter("{*}entity")).get("id"))
    assert woods.says(tree) == (1, {"label": "oak", "species": "oak", "state": "good"}, None)


def test_2023_1_changes_entities_by_the_version_it_saw_and_knows_no_branches(woods):
    publish_older(woods, "visit", "2023.1.0")
    for name in ("first", "second"):
        woods.device(name)
    made, tree = woods.add("first")
    woods.send(made)
    for name in ("first", "second"):
        woods.sync(name)
    first, second = (
        woods.fill("old_visit", name, tree=str(tree), state=state, height=None)
        for name, state in (("first", "ill"), ("second", "felled"))
    )
    assert b"branchId" not in first
    woods.send(first)
    assert woods.says(tree)[0::2] == (2, None)
    woods.send(second)
    assert woods.says(tree)[0::2] == (3, "hard")


def test_2025_1_makes_an_entity_of_each_instance_of_a_repeat_and_of_several_lists(woods):
    checked = publish.check(GROVE.encode(), "grove.md")
    woods.house.publish(checked, mission_id=woods.house.mission_id)
    woods.house.forms["grove"] = ""
    (woods.folder / "grove.xml").write_bytes(checked.compiled.xform)
    answers = {"owner": "The commune", "/data/tree": 3}
    filled = woods.phone.fill(
        woods.folder / "grove.xml", answers, seed=1, entity_lists=woods.folder / woods.device()
    )
    assert filled.report["entities_version"].startswith("2025.1")
    woods.send(filled.xml)
    wishes = filled.report["entities"]
    assert sorted(one["dataset"] for one in wishes) == ["owners", "trees", "trees", "trees"]
    for one in wishes:
        said = {"label": one["label"], **one["properties"]}
        assert woods.says(uuid.UUID(one["id"]), one["dataset"]) == (1, said, None)


# --- made by hand: what JavaRosa would not send, and much of it

BRANCH = uuid.UUID(int=7, version=4)


def submission(tree, form="visit", *, instance=None, meta="", attributes="", **answers):
    body = "".join(f"<{name}>{value}</{name}>" for name, value in answers.items())
    return (
        f'<data id="tree_{form}" version="1">{body}<meta><instanceID>{instance or new_uid()}</instanceID>{meta}'
        f'<entity dataset="trees" id="{tree}" {attributes}><label>{answers.get("species", "")}</label></entity>'
        "</meta></data>"
    ).encode()


def created(tree, **answers):
    return submission(tree, "add", attributes='create="1"', species="oak", **answers)


def updated(tree, number, **answers):
    """The n-th change, from 1 on, that a phone makes offline of a tree it made itself."""
    attributes = f'update="1" baseVersion="{number}" trunkVersion="" branchId="{BRANCH}"'
    return submission(tree, attributes=attributes, **answers)


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_a_branch_and_any_repetition_ends_in_the_same_entity(woods, data):
    tree = uuid.uuid4()
    count = data.draw(st.integers(1, 6))
    answers = [
        data.draw(
            st.dictionaries(
                st.sampled_from(["state", "height"]), st.sampled_from(["", "a", "b"]), min_size=1, max_size=2
            )
        )
        for _ in range(count)
    ]
    sent = [created(tree, state="new")]
    sent += [updated(tree, number, **said) for number, said in enumerate(answers, start=1)]
    expected = {"label": "oak", "species": "oak", "state": "new"}
    for said in answers:
        expected |= said
    order = data.draw(st.permutations(sent))
    again = data.draw(st.lists(st.sampled_from(sent), max_size=3))
    woods.send(*order, *again)
    assert woods.says(tree) == (count + 1, expected, None)
    assert woods.pending() == []


def test_an_id_that_is_taken_is_not_created_again_and_stands_among_what_was_not_done(woods):
    tree = uuid.uuid4()
    woods.send(created(tree, state="first"), created(tree, state="second"))
    assert woods.says(tree)[1]["state"] == "first"
    assert woods.pending() == ["exists"]


def test_create_or_update_is_whichever_is_possible(woods):
    tree = uuid.uuid4()
    for state in ("first", "second"):
        woods.send(submission(tree, "add", attributes='create="1" update="1"', species="oak", state=state))
    assert woods.says(tree)[:2] == (2, {"label": "oak", "species": "oak", "state": "second"})


def test_an_entity_without_a_label_is_not_made_and_a_change_without_one_keeps_it(woods):
    tree, other = uuid.uuid4(), uuid.uuid4()
    woods.send(submission(tree, "add", attributes='create="1"', state="good"))
    assert (woods.says(tree), woods.pending()) == (None, ["label"])
    woods.send(created(other, state="good"), updated(other, 1, state="ill"))
    assert woods.says(other)[:2] == (2, {"label": "oak", "species": "oak", "state": "ill"})
    woods.send(updated(other, 2, species="elm"))
    assert woods.says(other)[1]["label"] == "elm"


def test_an_edit_does_nothing_to_entities_whichever_comes_first(woods):
    tree, first = uuid.uuid4(), new_uid()
    original = submission(tree, "add", instance=first, attributes='create="1"', species="oak")
    edit = submission(
        tree, "add", meta=f"<deprecatedID>{first}</deprecatedID>", attributes='create="1"', species="elm"
    )
    woods.send(edit)
    assert woods.says(tree) is None
    woods.send(original)
    assert woods.says(tree)[1]["species"] == "oak"
    assert woods.pending() == []


def test_a_list_that_wants_approval_acts_once_its_submission_is_approved(woods):
    tree = uuid.uuid4()
    with connect_to_write(woods.house.engine) as connection:
        connection.execute(update(EntityList.__table__).values(approval_required=True))
    woods.send(created(tree))
    assert (woods.says(tree), woods.pending()) == (None, ["approval"])
    assert entity_actions.take_up(woods.house.engine, woods.house.keyring) == 0
    with connect_to_write(woods.house.engine) as connection:
        connection.execute(update(Submission.__table__).values(review_state="approved"))
    assert entity_actions.take_up(woods.house.engine, woods.house.keyring) == 1
    assert (woods.says(tree)[0], woods.pending()) == (1, [])


def test_a_deleted_entity_stays_deleted(woods):
    tree = uuid.uuid4()
    woods.send(created(tree))
    with woods.house.session() as session:
        entity_list = entity_lists.get(session, woods.house.mission_id, "trees")
        entity_desk.delete(
            session, woods.house.keyring, actor=policy.COMMAND, entity_list=entity_list, entity_id=tree
        )
    woods.send(updated(tree, 1, state="ill"))
    assert woods.pending() == ["deleted"]
    assert woods.says(tree)[0] == 1
