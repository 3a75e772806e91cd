"""Section 8: entity lists of the mission, on a machine that holds no private key."""

import csv
import io
import uuid

import pytest
from sqlalchemy import select, update

from app.db import writing
from app.models import EntityList, FormVersion
from app.policy import COMMAND
from app.services import entity_desk, entity_lists
from tests.openrosa.answers import form_list, manifest, path_of


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
