"""Missions, interviewers and devices."""

import re
from datetime import timedelta

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
    assert line.last_received_at == line.last_contact_at == at


def test_a_phone_with_a_user_name_has_a_password_that_can_be_typed_and_nothing_of_hers(
    session, mission, keyring
):
    with writing(session):
        made = [
            devices.create(
                session,
                actor=COMMAND,
                mission_id=mission.id,
                display_name="Ana's phone",
                keyring=keyring,
                by_name=True,
            )
            for _ in range(20)
        ]
    assert len({device.username for device, _ in made}) == 20
    for device, password in made:
        assert re.fullmatch(r"phone-[a-z2-9]{8}", device.username)
        assert re.fullmatch(r"[a-z2-9]{24}", password)
        assert not set("ilo01") & set(password)
        assert devices.token(device, keyring) == password


def test_a_device_is_renamed_and_given_to_another_interviewer_and_group(session, mission, other, phone):
    device, _ = phone
    with writing(session):
        ana = missions.add_interviewer(
            session, actor=COMMAND, mission_id=mission.id, code="A", display_name="Ana"
        )
        north = missions.add_group(session, actor=COMMAND, mission_id=mission.id, name="North")
        foreign = missions.add_group(session, actor=COMMAND, mission_id=other.id, name="North")
    with writing(session):
        devices.edit(session, actor=COMMAND, device=device, display_name=" Phone 9 ", interviewer_id=ana.id)
        devices.edit(session, actor=COMMAND, device=device, group_id=north.id, managed=False, language="ar")
        devices.edit(session, actor=COMMAND, device=device, language="ar")
    assert (device.display_name, device.interviewer_id, device.group_id) == ("Phone 9", ana.id, north.id)
    assert (device.managed, device.language) == (False, "ar")
    with writing(session):
        devices.edit(session, actor=COMMAND, device=device, interviewer_id=None)
    assert device.interviewer_id is None
    for wrong in ({"display_name": ""}, {"group_id": foreign.id}, {"language": "tlh"}):
        with pytest.raises(Problem), writing(session):
            devices.edit(session, actor=COMMAND, device=device, **wrong)
    entries = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "device.update"))
    assert [entry.detail["changed"] for entry in entries] == [
        ["display_name", "interviewer_id"],
        ["group_id", "managed", "language"],
        ["interviewer_id"],
    ]


def test_that_a_phone_asks_for_its_forms_is_remembered_once_an_hour(session, engine, mission, phone):
    device, _ = phone

    def called():
        session.rollback()
        return session.get_one(Device, device.id).called_at

    devices.note_call(engine, device.id, None)
    first = called()
    assert devices.listing(session, mission.id)[0].last_contact_at == first
    # Two requests that came at once both saw that it is time; one writes.
    devices.note_call(engine, device.id, None)
    devices.note_call(engine, device.id, first)
    assert called() == first
    with writing(session):
        session.get_one(Device, device.id).called_at = early = first - timedelta(minutes=61)
    devices.note_call(engine, device.id, early)
    assert called() > first - timedelta(minutes=1)


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
