"""Missions, interviewers and devices."""

import base64
import json
import re
import zlib

import pytest
from sqlalchemy import select

from app.db import writing
from app.keys import KeyringError
from app.models import Device, LedgerEntry, Submission, now
from app.policy import COMMAND, Actor, Held
from app.problems import Problem
from app.services import devices, missions, receive


@pytest.fixture
def mission(session):
    with writing(session):
        return missions.create(
            session, actor=COMMAND, code="mdchi", name="Moldova", country="md", time_zone="Europe/Chisinau"
        )


@pytest.fixture
def other(session):
    with writing(session):
        return missions.create(session, actor=COMMAND, code="KHPNH", name="Cambodia", country="KH")


def test_a_mission_is_found_by_its_code(session, mission):
    assert mission.code == "MDCHI"
    assert missions.find(session, " mdchi") is mission
    assert missions.find(session, "XX") is None
    assert missions.get(session, mission.id) is mission
    with pytest.raises(Problem):
        missions.get(session, 99)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "M"},
        {"code": "MD CHI"},
        {"code": "ÄÖÜ"},
        {"country": "Moldova"},
        {"name": "  "},
        {"name": "x" * 201},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"code": "MDCHI"},
    ],
)
def test_a_mission_that_cannot_be_is_refused(session, mission, wrong):
    wanted = {"code": "XXAAA", "name": "X", "country": "CH"} | wrong
    with pytest.raises(Problem), writing(session):
        missions.create(session, actor=COMMAND, **wanted)


def test_somebody_sees_the_missions_they_hold_a_role_in(session, mission, other):
    coordinator = Actor("user", 1, (Held("coordinator", other.id),))
    assert missions.listing(session, coordinator) == [other]
    assert missions.listing(session, COMMAND) == [other, mission]
    assert missions.listing(session, Actor("user", 2)) == []


def test_a_mission_can_be_renamed_archived_and_opened_again(session, mission):
    with writing(session):
        missions.update(session, actor=COMMAND, mission=mission, name="Chisinau", time_zone="UTC")
        missions.archive(session, actor=COMMAND, mission=mission)
        missions.archive(session, actor=COMMAND, mission=mission)
    assert (mission.name, mission.time_zone) == ("Chisinau", "UTC")
    assert mission.archived_at is not None
    with writing(session):
        missions.archive(session, actor=COMMAND, mission=mission, archived=False)
    assert mission.archived_at is None
    with pytest.raises(Problem):
        missions.update(session, actor=COMMAND, mission=mission, name="")


def test_interviewers_and_groups_have_codes_and_names_of_their_own(session, mission, other):
    with writing(session):
        ana = missions.add_interviewer(
            session, actor=COMMAND, mission_id=mission.id, code="MD-07", display_name=""
        )
        missions.add_interviewer(session, actor=COMMAND, mission_id=other.id, code="MD-07", display_name="B")
        north = missions.add_group(session, actor=COMMAND, mission_id=mission.id, name="North")
    assert ana.display_name == "MD-07"
    assert missions.interviewers(session, mission.id) == [ana]
    assert missions.groups(session, mission.id) == [north]
    for code in ("MD-07", "", "x" * 13, "a b"):
        with pytest.raises(Problem), writing(session):
            missions.add_interviewer(
                session, actor=COMMAND, mission_id=mission.id, code=code, display_name=""
            )
    for name in ("North", " ", "x" * 101):
        with pytest.raises(Problem), writing(session):
            missions.add_group(session, actor=COMMAND, mission_id=mission.id, name=name)


# --- devices ---------------------------------------------------------------------------------------------------


@pytest.fixture
def phone(session, mission, keyring):
    with writing(session):
        return devices.create(
            session, actor=COMMAND, mission_id=mission.id, display_name="Phone 7", keyring=keyring
        )


def test_a_token_needs_no_encoding_in_a_url_and_is_kept_hashed_and_sealed(session, phone, keyring):
    device, token = phone
    assert re.fullmatch(r"[A-Za-z0-9_-]{64,}", token)
    assert token.encode() not in device.token_sealed
    assert devices.token(device, keyring) == token


def test_a_phone_comes_in_by_its_token_until_it_is_cut_off(session, engine, mission, phone, keyring):
    device, token = phone
    with engine.connect() as connection:
        assert (
            receive.admit(connection, token=token, mission_id=mission.id, keyring=keyring).device_id
            == device.id
        )
    with writing(session):
        devices.revoke(session, actor=COMMAND, device=device)
        devices.revoke(session, actor=COMMAND, device=device)
    with engine.connect() as connection, pytest.raises(Problem):
        receive.admit(connection, token=token, mission_id=mission.id, keyring=keyring)
    actions = session.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)).all()
    assert actions == ["mission.create", "device.create", "device.revoke"]


def test_a_new_token_cuts_the_old_one_off_and_brings_a_device_back(session, engine, mission, phone, keyring):
    device, old = phone
    with writing(session):
        devices.revoke(session, actor=COMMAND, device=device)
        new = devices.rotate(session, actor=COMMAND, device=device, keyring=keyring)
    with engine.connect() as connection:
        assert receive.admit(connection, token=new, mission_id=mission.id, keyring=keyring)
    with engine.connect() as connection, pytest.raises(Problem):
        receive.admit(connection, token=old, mission_id=mission.id, keyring=keyring)
    assert devices.token(device, keyring) == new


def test_a_sealed_token_moved_to_another_row_does_not_open(session, mission, phone, keyring):
    with writing(session):
        other, _ = devices.create(
            session, actor=COMMAND, mission_id=mission.id, display_name="8", keyring=keyring
        )
        other.token_sealed = phone[0].token_sealed
    with pytest.raises(KeyringError):
        devices.token(other, keyring)


def test_a_device_belongs_to_one_mission_with_its_interviewer_and_group(
    session, mission, other, phone, keyring
):
    with writing(session):
        ana = missions.add_interviewer(
            session, actor=COMMAND, mission_id=other.id, code="A", display_name="A"
        )
        group = missions.add_group(session, actor=COMMAND, mission_id=other.id, name="North")
    for wrong in (
        {"interviewer_id": ana.id},
        {"group_id": group.id},
        {"display_name": " "},
        {"interviewer_id": 99},
    ):
        wanted = {"display_name": "X"} | wrong
        with pytest.raises(Problem), writing(session):
            devices.create(session, actor=COMMAND, mission_id=mission.id, keyring=keyring, **wanted)
    with pytest.raises(Problem):
        devices.get(session, other.id, phone[0].id)
    assert devices.get(session, mission.id, phone[0].id) is phone[0]


def test_the_list_says_whose_phone_it_is_and_when_it_last_sent(session, mission, keyring):
    with writing(session):
        ana = missions.add_interviewer(
            session, actor=COMMAND, mission_id=mission.id, code="A", display_name="Ana"
        )
        group = missions.add_group(session, actor=COMMAND, mission_id=mission.id, name="North")
        device, _ = devices.create(
            session,
            actor=COMMAND,
            mission_id=mission.id,
            display_name="Phone 7",
            keyring=keyring,
            interviewer_id=ana.id,
            group_id=group.id,
        )
        at = now()
        session.add(
            Submission(
                mission_id=mission.id,
                device_id=device.id,
                xml_form_id="f",
                form_version="1",
                instance_id="uuid:1",
                received_at=at,
                xml=b"",
                xml_digest=bytes(32),
            )
        )
    (line,) = devices.listing(session, mission.id)
    assert (line.device, line.interviewer, line.group) == (device, ana, group)
    assert line.last_received_at == at


def test_the_code_holds_what_collect_reads(session, mission, phone):
    url = devices.server_url("https://saif.example/", mission.id, phone[1])
    assert url == f"https://saif.example/v1/key/{phone[1]}/projects/{mission.id}"
    settings = devices.collect_settings(url, mission)
    assert settings["general"]["server_url"] == url
    assert settings["general"]["form_update_mode"] == "match_exactly"
    assert settings["admin"] == {}
    assert settings["project"]["name"] == "Moldova"


def test_the_code_can_be_read_back(monkeypatch, mission, phone):
    made = {}

    class Code:
        def save(self, image, *, kind, **_):
            image.write(kind.encode())

    def make(content, **how):
        made.update(content=content, **how)
        return Code()

    monkeypatch.setattr(devices.segno, "make", make)
    settings = devices.collect_settings(devices.server_url("https://saif.example", 1, phone[1]), mission)
    devices.qr(settings)
    assert json.loads(zlib.decompress(base64.b64decode(made["content"]))) == settings
    assert len(made["content"]) < 500, "small codes are read by poor cameras"


def test_the_code_is_drawn_as_svg_and_as_png(session, mission, phone):
    settings = devices.collect_settings("https://saif.example", mission)
    assert devices.qr(settings).lstrip().startswith(b"<svg")
    assert devices.qr(settings, kind="png").startswith(b"\x89PNG")


def test_no_two_devices_share_a_token(session, mission, keyring):
    with writing(session):
        tokens = {
            devices.create(
                session, actor=COMMAND, mission_id=mission.id, display_name=str(n), keyring=keyring
            )[1]
            for n in range(20)
        }
    assert len(tokens) == 20
    assert len(session.scalars(select(Device.token_digest)).all()) == 20
