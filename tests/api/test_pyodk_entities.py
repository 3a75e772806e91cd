"""pyODK's calls on entity lists and entities, as it is published, against SAIF served over HTTP."""

import csv
import io
import uuid

import pytest
from pyodk.errors import PyODKError
from sqlalchemy import select

from app.db import writing
from app.models import Entity, EntityVersion, LedgerEntry
from app.policy import COMMAND
from app.services import devices
from tests.api.test_pyodk import connect, mission, odk  # noqa: F401 -- fixtures


@pytest.fixture
def shelters(odk):  # noqa: F811 -- the fixture
    """A list with one property."""
    odk.entity_lists.default_entity_list_name = odk.entities.default_entity_list_name = "shelters"
    odk.entity_lists.create(entity_list_name="shelters")
    odk.entity_lists.add_property("city")
    return odk


def refused(act, status):
    with pytest.raises(PyODKError) as caught:
        act()
    assert caught.value.args[1].status_code == status
    return caught.value.args[1].json()


def test_lists_are_created_and_read(odk, mission):  # noqa: F811 -- fixtures
    assert odk.entity_lists.list() == []
    made = odk.entity_lists.create(entity_list_name="shelters", approval_required=True)
    assert (made.name, made.projectId, made.approvalRequired) == ("shelters", mission, True)
    assert odk.entity_lists.add_property("city", entity_list_name="shelters")
    (listed,) = odk.entity_lists.list()
    assert [one.name for one in listed.properties] == ["city"]
    assert odk.entity_lists.get("shelters").properties[0].forms == []
    refused(lambda: odk.entity_lists.create(entity_list_name="shelters"), 409)
    refused(lambda: odk.entity_lists.create(entity_list_name="cases"), 409)
    for name in ("a.b", "1st", "__x", "a b"):
        refused(lambda name=name: odk.entity_lists.create(entity_list_name=name), 400)
    for name in ("Label", "name", "__version", "a b"):
        refused(lambda name=name: odk.entity_lists.add_property(name, entity_list_name="shelters"), 400)
    refused(lambda: odk.entity_lists.get("none"), 404)


def test_an_entity_is_created_updated_and_deleted(shelters):
    made = shelters.entities.create(label="House A", data={"city": "Bălți"})
    assert (made.currentVersion.version, made.currentVersion.label) == (1, "House A")
    assert made.currentVersion.data == {"city": "Bălți"}
    assert made.currentVersion.userAgent.startswith("pyodk")
    changed = shelters.entities.update(made.uuid, data={"city": "Cahul"}, base_version=1)
    assert (changed.currentVersion.version, changed.currentVersion.baseVersion) == (2, 1)
    assert (changed.currentVersion.label, changed.currentVersion.data) == ("House A", {"city": "Cahul"})
    problem = refused(lambda: shelters.entities.update(made.uuid, label="B", base_version=1), 409)
    assert problem["code"] == 409.15
    forced = shelters.entities.update(made.uuid, label="House B", force=True)
    assert (forced.currentVersion.version, forced.currentVersion.label) == (3, "House B")
    (listed,) = shelters.entities.list()
    assert (listed.uuid, listed.currentVersion.version) == (made.uuid, 3)
    assert shelters.entities.delete(made.uuid)
    assert shelters.entities.list() == []
    refused(lambda: shelters.entities.update(made.uuid, label="C", force=True), 404)


def test_what_phones_would_not_take_is_refused(shelters):
    create = shelters.entities.create
    refused(lambda: create(label="A", data={"country": "MD"}), 400)
    refused(lambda: create(label=" ", data={}), 400)
    refused(lambda: create(label="A", data={}, uuid=str(uuid.uuid1())), 400)
    taken = create(label="A", data={}).uuid
    refused(lambda: create(label="B", data={}, uuid=taken), 409)
    assert [one.currentVersion.label for one in shelters.entities.list()] == ["A"]


def test_many_are_created_and_read_as_a_table(shelters):
    rows = [{"label": f"House {number}", "city": "Bălți"} for number in range(1200)]
    assert shelters.entities.create_many(rows, create_source="shelters.csv", source_size="12 kB")
    table = shelters.entities.get_table(count=True, skip=1100, top=50)
    assert (table["@odata.count"], len(table["value"])) == (1200, 50)
    assert {row["__system"]["version"] for row in table["value"]} == {1}
    (narrow,) = shelters.entities.get_table(top=1, select="label,city")["value"]
    assert set(narrow) == {"label", "city"}
    assert len(shelters.entities.get_table()["value"]) == 1200
    refused(lambda: shelters.entities.get_table(filter="city eq 'x'"), 400)


def test_no_long_answer_keeps_a_connection_to_the_database(shelters, app):
    shelters.entities.create_many([{"label": f"House {number}"} for number in range(1200)])
    assert len(shelters.entities.list()) == 1200
    assert len(shelters.entities.get_table(top=5)["value"]) == 5
    assert app.extensions["saif"].engine.pool.checkedout() == 0


def test_merge_brings_the_list_in_line_with_a_table(shelters):
    shelters.entities.create_many([{"label": "A", "city": "Bălți"}, {"label": "B", "city": "Cahul"}])
    shelters.entities.merge(
        [{"label": "A", "city": "Orhei", "beds": "4"}, {"label": "C", "city": "Soroca", "beds": "2"}],
        delete_not_matched=True,
    )
    found = {row["label"]: row for row in shelters.entities.get_table()["value"]}
    assert {label: (row["city"], row["beds"]) for label, row in found.items()} == {
        "A": ("Orhei", "4"), "C": ("Soroca", "2")
    }  # fmt: skip
    assert found["A"]["__system"]["version"] == 2


def test_what_entities_say_is_sealed_and_who_did_what_is_in_the_ledger(shelters, session):
    made = shelters.entities.create(label="House A", data={"city": "Secretville"})
    shelters.entities.update(made.uuid, data={"city": "Hiddenburg"}, base_version=1)
    shelters.entities.get_table()
    stored = b"".join([*session.scalars(select(Entity.said)), *session.scalars(select(EntityVersion.said))])
    for plain in (b"House A", b"Secretville", b"Hiddenburg"):
        assert plain not in stored
    actions = set(session.scalars(select(LedgerEntry.action).where(LedgerEntry.actor.startswith("user:"))))
    assert {
        "entity_list.create", "entity_list.add_property", "entity.create", "entity.update", "entity.export"
    } <= actions  # fmt: skip


def test_phones_of_the_mission_get_the_list(shelters, session, mission, keyring, client):  # noqa: F811 -- fixtures
    made = shelters.entities.create(label="House A, left", data={"city": "Bălți"})
    gone = shelters.entities.create(label="House B", data={})
    with writing(session):
        _, token = devices.create(
            session, actor=COMMAND, mission_id=mission, display_name="Phone", keyring=keyring
        )
    path = f"/v1/key/{token}/projects/{mission}/lists/shelters"
    first = client.get(f"{path}.csv?deviceID=collect:x")
    assert list(csv.DictReader(io.StringIO(first.text))) == [
        {"name": made.uuid, "label": "House A, left", "__version": "1", "city": "Bălți"},
        {"name": gone.uuid, "label": "House B", "__version": "1", "city": ""},
    ]
    tag = {"If-None-Match": first.headers["ETag"]}
    assert client.get(f"{path}.csv", headers=tag).status_code == 304
    shelters.entities.delete(gone.uuid)
    assert client.get(f"{path}.csv", headers=tag).text.count("\r\n") == 2
    unseen = uuid.uuid4()
    answer = client.get(f"{path}/integrity?id={made.uuid},{gone.uuid},{unseen}").text
    assert f'<entity id="{gone.uuid}"><deleted>true</deleted>' in answer
    assert answer.count("<deleted>false</deleted>") == 2
    assert client.get(path.replace("shelters", "none") + ".csv").status_code == 404
