"""Section 8: entity lists of the mission, on a machine that holds no private key."""

import csv
import io
import uuid

import pytest
from sqlalchemy import select, update

from app.db import writing
from app.models import EntityList, EntityPending, FormVersion
from app.policy import COMMAND
from app.services import entity_desk, entity_lists, normalise, plans, publish
from tests.clients.collect.collect_client import CollectClient, read_rows
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.clients.javarosa.phone import Refused
from tests.openrosa.answers import SUCCESS, form_list, manifest, path_of
from tests.services.test_entity_actions import tree_forms  # noqa: F401 -- a fixture
from xlsforms.compile import compile_form


@pytest.fixture
def shelters(session, field, keyring):
    """A list with two entities, and a form that wants it."""
    with writing(session):
        session.scalars(select(FormVersion)).one().wants = ["shelters.csv", "other.csv", "photo.png"]
        made = entity_lists.create(session, actor=COMMAND, mission_id=field.mission_id, name="shelters")
        entity_lists.add_property(session, actor=COMMAND, entity_list=made, name="city")
        ids = [uuid.uuid4(), uuid.uuid4()]
        wanted = {key: {"label": f'House "{number}"', "city": "Bălți"} for number, key in enumerate(ids)}
        entity_desk.create(session, keyring, actor=COMMAND, entity_list=made, wanted=wanted)
    return ids


def listed(client, field):
    (form,) = form_list(client, field)
    (file,) = manifest(client, form["manifestUrl"])
    return file


def test_the_manifest_names_the_lists_that_are_there(client, field, session, shelters):
    file = listed(client, field)
    base = f"http://localhost{field.path}/lists/shelters"
    assert file["type"] == "entityList"
    assert (file["filename"], file["downloadUrl"]) == ("shelters.csv", f"{base}.csv")
    assert file["integrityUrl"] == f"{base}/integrity"
    with writing(session):
        session.execute(update(EntityList).values(approval_required=True))
    assert listed(client, field)["type"] == "approvalEntityList"


def test_its_rows_are_read_without_a_private_key(client, field, shelters):
    answer = client.get(path_of(listed(client, field)["downloadUrl"]))
    assert answer.content_type == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["name"]: (row["label"], row["__version"], row["city"]) for row in rows} == {
        str(shelters[0]): ('House "0"', "1", "Bălți"), str(shelters[1]): ('House "1"', "1", "Bălți")
    }  # fmt: skip


def test_another_list_is_another_hash_and_the_same_one_a_304(client, field, session, keyring, shelters):
    before = listed(client, field)
    answer = client.get(path_of(before["downloadUrl"]))
    assert answer.text
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert answer.headers["ETag"] == f'W/"{before["hash"].removeprefix("md5:")}"'
    assert client.get(path_of(before["downloadUrl"]), headers=tag).status_code == 304
    found = entity_lists.get(session, field.mission_id, "shelters")
    entity_desk.update(
        session, keyring, actor=COMMAND, entity_list=found, entity_id=shelters[0], said={"city": "Cahul"},
        base_version=1,
    )  # fmt: skip
    assert listed(client, field)["hash"] != before["hash"]
    again = client.get(path_of(before["downloadUrl"]), headers=tag)
    assert (again.status_code, "Cahul" in again.text) == (200, True)


def test_a_list_of_another_mission_is_not_there(client, field, session, shelters):
    with writing(session):
        session.execute(update(EntityList).values(name="elsewhere"))
    assert client.get(f"{field.path}/lists/shelters.csv").status_code == 404
    assert client.get(f"{field.path}/lists/shelters/integrity?id={shelters[0]}").status_code == 404


# --- the form ----------------------------------------------------------------------------------------------------

DECLARING = """
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
  xmlns:jr="http://openrosa.org/javarosa" xmlns:entities="http://www.opendatakit.org/xforms/entities">
<h:head><h:title>Tree</h:title><model {version}><instance><data id="tree" version="1"><a/><meta><instanceID/>
<entity dataset="{list_name}" id="" create="1"><label/></entity></meta></data></instance>
<bind nodeset="/data/a" type="string" entities:saveto="{name}"/>
<bind nodeset="/data/meta/instanceID" type="string" jr:preload="uid"/>
<bind nodeset="/data/meta/entity/label" calculate="/data/a" type="string"/>
<setvalue event="odk-instance-first-load" ref="/data/meta/entity/@id" value="uuid()"/></model></h:head>
<h:body><input ref="/data/a"><label>A</label></input></h:body></h:html>
""".strip()


def declaring(*, version="2024.1.0", list_name="trees", name="species"):
    """An XForm that makes an entity, written by hand."""
    said = f'entities:entities-version="{version}"' if version is not None else ""
    return DECLARING.format(version=said, list_name=list_name, name=name).encode()


def opens(phone, form):  # noqa: F811 -- not the fixture
    """Whether a phone opens a form; what it makes of one that it opens is an entity."""
    try:
        return bool(phone.fill(form, {"a": "oak"}).report["entities"])
    except Refused as refused:
        if refused.status != 3:
            raise
        return False


@pytest.mark.parametrize(
    "version",
    ["2022.1.0", "2023.1.0", "2024.1.0", "2025.1.0", "2025.1.7", "2021.1.0", "2026.1.0", "x", "", None],
)
def test_a_form_is_good_only_if_phones_open_its_version_of_entities(phone, tmp_path, version):  # noqa: F811 -- a fixture
    xform = declaring(version=version)
    (tmp_path / "tree.xml").write_bytes(xform)
    compiled = compile_form(xform, "tree.xml")
    opened = opens(phone, tmp_path / "tree.xml")
    assert compiled.ok == opened
    assert any(one.code == "entities_version" for one in compiled.findings) == (not opened)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"list_name": "a.b"}, "name_malformed"),
        ({"list_name": "__trees"}, "name_malformed"),
        ({"list_name": ""}, "name_malformed"),
        ({"name": "name"}, "name_reserved"),
        ({"name": "Label"}, "name_reserved"),
        ({"name": "__version"}, "name_reserved"),
        ({"name": "a b"}, "name_reserved"),
        ({"list_name": "деревья", "name": "a.b-c"}, None),
    ],
)
def test_names_that_phones_keep_for_themselves_or_cannot_read_are_refused(names, code):
    compiled = compile_form(declaring(**names), "tree.xml")
    assert compiled.ok == (code is None)
    assert [one.code for one in compiled.findings if one.is_error] == ([code] if code else [])


# --- the client --------------------------------------------------------------------------------------------------


@pytest.fixture
def collect(receiver, field, session, tree_forms, tmp_path, phone):  # noqa: F811 -- fixtures
    """A phone whose forms make and change trees."""
    plans.forget()
    with writing(session):
        for checked in tree_forms.values():
            made = publish.save_draft(session, checked, actor=COMMAND, mission_id=field.mission_id)
            publish.publish(session, actor=COMMAND, version=made)
    client = CollectClient(receiver.base + field.path, state=tmp_path / "device", phone=phone)
    yield client
    client.session.close()


OAK = 'Oak, "the old one"\nдуб'


def test_a_phone_makes_and_changes_entities_offline_and_ends_with_what_the_server_has(
    collect, receiver, session, field, engine, keyring
):
    def fill(form_id, **answers):
        collect.fill(form_id, answers, options=("--only-answers",))

    def trees():
        rows = read_rows(collect.state / "entities" / "trees.csv")
        return {
            row["name"]: (row["label"], row["__version"], row["__trunkVersion"], row["state"]) for row in rows
        }

    collect.sync()
    assert read_rows(collect.state / "entities" / "trees.csv") == []
    fill("tree_add", species=OAK, state="good")
    (oak,) = trees()
    fill("tree_visit", tree=oak, state="ill", height=None)
    assert trees() == {oak: (OAK, "2", "", "ill")}
    collect.sync()
    assert trees() == {oak: (OAK, "2", "", "ill")}, "not sent yet, and the server does not say it is deleted"
    assert any("/lists/trees/integrity" in url for _, url, _ in collect.log)

    assert collect.send() == [SUCCESS] * 2
    normalise.run_until_empty(engine, keyring=keyring, blobs=receiver.blobs)
    collect.sync()
    assert trees() == {oak: (OAK, "2", "2", "ill")}

    office = {"actor": COMMAND, "entity_list": entity_lists.get(session, field.mission_id, "trees")}
    elm, key = uuid.uuid4(), uuid.UUID(oak)
    entity_desk.create(session, keyring, wanted={elm: {"label": "Elm", "state": "new"}}, **office)
    entity_desk.update(session, keyring, entity_id=key, said={"state": "felled"}, base_version=2, **office)
    collect.sync()
    assert trees() == {oak: (OAK, "3", "3", "felled"), str(elm): ("Elm", "1", "1", "new")}

    fill("tree_visit", tree=oak, state="a stump", height=None)
    entity_desk.delete(session, keyring, entity_id=key, **office)
    collect.sync()
    assert trees() == {str(elm): ("Elm", "1", "1", "new")}
    assert collect.send() == [SUCCESS]
    normalise.run_until_empty(engine, keyring=keyring, blobs=receiver.blobs)
    session.rollback()
    assert list(session.scalars(select(EntityPending.reason))) == ["deleted"], "what was said of it is kept"


def test_an_entity_that_was_deleted_before_the_phone_had_it_from_the_server_leaves_the_phone(
    collect, receiver, session, field, engine, keyring
):
    collect.sync()
    for species in ("oak", "elm"):
        collect.fill("tree_add", {"species": species, "state": None}, options=("--only-answers",))
    held = collect.state / "entities" / "trees.csv"
    oak, elm = (row["name"] for row in read_rows(held))
    assert collect.send() == [SUCCESS] * 2
    normalise.run_until_empty(engine, keyring=keyring, blobs=receiver.blobs)
    found = entity_lists.get(session, field.mission_id, "trees")
    entity_desk.delete(session, keyring, actor=COMMAND, entity_list=found, entity_id=uuid.UUID(oak))
    collect.sync()
    assert [row["name"] for row in read_rows(held)] == [elm]
