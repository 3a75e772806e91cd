"""Devices over REST, as scripts written for ODK Central make app users."""

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import Device, Mission
from app.policy import COMMAND
from app.services import missions

OPENROSA = {"X-OpenRosa-Version": "1.0"}


@pytest.fixture
def path(world):
    return f"/projects/{world.mission}"


def test_a_new_device_gets_the_forms_of_its_mission_until_it_is_cut_off(coordinator, client, path, world):
    made = coordinator.post(f"{path}/app-users", json={"displayName": "Phone 8"})
    assert made.status_code == 200
    assert made.json["type"] == "field_key"
    base = f"/v1/key/{made.json['token']}/projects/{world.mission}"
    answer = client.get(f"{base}/formList", headers=OPENROSA)
    assert answer.status_code == 200
    assert "ct_screening" in answer.text
    listed = {one["id"]: one for one in coordinator.get(f"{path}/app-users").json}
    assert listed[made.json["id"]]["token"] == made.json["token"]
    assert listed[world.device]["lastUsed"] is not None
    assert coordinator("DELETE", f"{path}/app-users/{made.json['id']}").json == {"success": True}
    assert client.get(f"{base}/formList", headers=OPENROSA).status_code in (401, 403)
    assert made.json["id"] not in {one["id"] for one in coordinator.get(f"{path}/app-users").json}


def test_a_device_is_somebodys(coordinator, path, world, session):
    with writing(session):
        ana = missions.add_interviewer(
            session, actor=COMMAND, mission_id=world.mission, code="A", display_name="Ana"
        )
        foreign = missions.add_interviewer(
            session, actor=COMMAND, mission_id=world.other, code="A", display_name="B"
        )
    wanted = {"displayName": "Phone 8", "interviewerId": ana.id, "unknown": "overlooked"}
    assert coordinator.post(f"{path}/app-users", json=wanted).json["interviewerId"] == ana.id
    wanted["interviewerId"] = foreign.id
    assert coordinator.post(f"{path}/app-users", json=wanted).status_code == 404


def test_a_device_is_renamed_and_given_to_somebody_else(coordinator, path, world, session):
    with writing(session):
        ana = missions.add_interviewer(
            session, actor=COMMAND, mission_id=world.mission, code="A", display_name="Ana"
        )
        north = missions.add_group(session, actor=COMMAND, mission_id=world.mission, name="North")
    one = f"{path}/app-users/{world.device}"
    wanted = {"displayName": "Phone 9", "interviewerId": ana.id, "groupId": north.id, "language": "ar"}
    changed = coordinator("PATCH", one, json=wanted).json
    assert {name: changed[name] for name in wanted} == wanted
    changed = coordinator("PATCH", one, json={"interviewerId": None, "managed": False}).json
    assert (changed["interviewerId"], changed["managed"], changed["groupId"]) == (None, False, north.id)
    assert coordinator("PATCH", one, json={"language": "xx"}).status_code == 400
    assert coordinator("PATCH", one, json={"groupId": 999}).status_code == 404
    assert coordinator("PATCH", f"{path}/app-users/999", json={}).status_code == 404


def test_groups_of_devices_are_made_renamed_and_deleted_when_empty(coordinator, path, world):
    groups = f"{path}/device-groups"
    shelter = coordinator.post(groups, json={"name": "Shelter"}).json
    assert coordinator.post(groups, json={"name": "Shelter"}).status_code == 409
    one = f"{groups}/{shelter['id']}"
    assert coordinator("PATCH", one, json={"name": "North"}).json == shelter | {"name": "North"}
    coordinator("PATCH", f"{path}/app-users/{world.device}", json={"groupId": shelter["id"]})
    assert coordinator("DELETE", one).status_code == 409
    coordinator("PATCH", f"{path}/app-users/{world.device}", json={"groupId": None})
    assert coordinator("DELETE", one).json == {"success": True}
    assert coordinator.get(groups).json == []
    assert coordinator("DELETE", one).status_code == 404


def test_a_device_can_have_a_user_name_to_which_the_token_is_the_password(coordinator, client, path, world):
    made = coordinator.post(f"{path}/app-users", json={"displayName": "Phone 8", "access": "user"}).json
    root = f"/v1/phone{path}/formList"
    assert client.get(root).status_code == 401
    answer = client.get(root, auth=(made["username"], made["token"]), base_url="https://localhost")
    assert answer.status_code == 200
    assert client.get(f"/v1/key/{made['token']}{path}/formList").status_code == 403


def test_pyodks_way_of_giving_a_device_a_form_works(coordinator, path, world):
    given = f"{path}/forms/ct_screening/assignments/2"
    assert coordinator.post(f"{given}/{world.device}").json == {"success": True}
    assert coordinator.post(f"{given}/999").status_code == 404
    assert coordinator.post(f"{path}/forms/none/assignments/2/{world.device}").status_code == 404


def test_no_token_stands_in_the_database(coordinator, path, session):
    token = coordinator.post(f"{path}/app-users", json={"displayName": "Phone 8"}).json["token"]
    for device in session.scalars(select(Device)):
        assert token.encode() not in device.token_sealed + device.token_digest


def test_a_closed_mission_takes_nothing_from_the_office_either(coordinator, path, world, session):
    with writing(session):
        mission = session.get_one(Mission, world.mission)
        missions.archive(session, actor=COMMAND, mission=mission)
    answer = coordinator.post(f"{path}/forms/ct_screening/submissions", data=b"<data/>")
    assert (answer.status_code, answer.json["code"]) == (409, 409.2)
