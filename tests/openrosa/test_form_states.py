"""A form that opens, closes and moves between groups, as phones of the field meet it: with a stand-in for ODK Collect
that holds exactly the forms the server lists."""

import shutil
import uuid

import pytest
from sqlalchemy import func, select

from app.db import writing
from app.models import Device, DeviceGroup, Form, Mission, Submission, SubmissionFile
from app.policy import COMMAND
from app.services import publish
from tests.clients.collect.collect_client import ClientError, CollectClient
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.field import Field, add_device, add_version
from tests.openrosa.answers import SUCCESS


@pytest.fixture
def collect(receiver, field, session, keyring, tmp_path, phone):  # noqa: F811 -- a fixture
    """`collect()`: the phone of the field; `collect("B")`: another one of the mission."""
    opened = []

    def make(name="A", *, group_id=None):
        if name == "A":
            path = field.path
        else:
            token = uuid.uuid4().hex
            with writing(session):
                add_device(session, field.mission_id, keyring, token, group_id=group_id)
            path = Field(field.mission_id, 0, token).path
        client = CollectClient(receiver.base + path, state=tmp_path / f"phone-{name}", phone=phone)
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.session.close()


@pytest.fixture
def put(session, field):
    """Say how the form stands, with every phone or with a group."""

    def put(state, group_id=None):
        with writing(session):
            form = session.scalars(select(Form)).one()
            publish.assign(
                session, actor=COMMAND, form=form, mission_id=field.mission_id, group_id=group_id, state=state
            )

    return put


@pytest.fixture
def group(session, field):
    """Makes a group of devices; its id."""

    def make(name):
        with writing(session):
            made = DeviceGroup(mission_id=field.mission_id, name=name)
            session.add(made)
            session.flush()
            return made.id

    return make


def listed(client):
    return [form.form_id for form in client.sync()]


def received(session):
    session.rollback()
    return session.scalar(select(func.count()).select_from(Submission))


def test_a_closing_form_leaves_the_phones_and_what_they_hold_is_taken(collect, session, put):
    """In "exactly match server" Collect deletes the blank form and keeps what was begun with it; a phone that has not
    looked since goes on."""
    here, offline, new = collect(), collect("B"), collect("C")
    here.sync()
    offline.sync()
    here.fill("visit", {"name": "begun before"})
    put("closing")
    assert listed(here) == listed(new) == []
    with pytest.raises(ClientError, match="not on the device"):
        here.fill("visit")
    assert here.send() == [SUCCESS]
    offline.fill("visit", {"name": "held after, offline"})
    assert offline.send() == [SUCCESS]
    assert received(session) == 2


def test_a_closed_form_refuses_what_is_new_and_says_what_to_do(collect, session, put):
    here = collect()
    here.sync()
    here.fill("visit", {"name": "new"})
    put("closed")
    with pytest.raises(
        ClientError, match="Keep the interview and ask your coordinator to open the form again"
    ):
        here.send()
    assert received(session) == 0
    put("open")
    assert here.send() == [SUCCESS]
    assert received(session) == 1


def test_a_closed_form_takes_repeats_late_files_and_edits_of_what_is_here(collect, session, put):
    here = collect()
    here.sync()
    sent = here.fill("visit", {"name": "first"}).name
    assert here.send() == [SUCCESS]
    put("closed")
    # The answer was lost, and of two photos one had not come through.
    instance = here.state / "instances" / sent
    shutil.move(here.state / "sent" / sent, instance)
    (instance / "late.jpg").write_bytes(b"\xff\xd8late")
    assert here.send() == [SUCCESS]
    assert received(session) == 1
    assert session.scalar(select(SubmissionFile.size)) == 6
    here.fill("visit", {"name": "corrected"}, edit=sent)
    assert here.send() == [SUCCESS]
    assert received(session) == 2


@pytest.mark.parametrize("state", ["open", "closing"])
def test_a_phone_with_any_old_version_still_delivers(collect, session, put, state):
    here = collect()
    here.sync()
    here.fill("visit", {"name": "held with 1"})
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(session, form, "2")
        add_version(session, form, "3")
    put(state)
    assert here.send() == [SUCCESS]
    assert session.scalars(select(Submission.form_version)).one() == "1"


def test_a_phone_that_moves_to_another_group_loses_the_form_and_delivers_what_it_holds(
    collect, session, field, put, group
):
    shelter, border = group("Shelter"), group("Border")
    put("closed")
    put("open", shelter)
    with writing(session):
        session.get_one(Device, field.device_id).group_id = shelter
    here = collect()
    assert listed(here) == ["visit"]
    here.fill("visit", {"name": "held in the shelter"})
    with writing(session):
        session.get_one(Device, field.device_id).group_id = border
    assert listed(here) == []
    assert here.send() == [SUCCESS]


def test_a_form_may_stand_otherwise_with_a_group_than_with_the_others(collect, session, put, group):
    shelter = group("Shelter")
    everybody, there = collect(), collect("B", group_id=shelter)
    put("closing")
    put("open", shelter)
    assert (listed(everybody), listed(there)) == ([], ["visit"])
    put("open")
    put("closed", shelter)
    assert (listed(everybody), listed(there)) == (["visit"], ["visit"])


def test_a_form_of_headquarters_is_on_the_phones_of_the_missions_it_is_assigned_to(
    collect, session, field, put
):
    with writing(session):
        form = Form(xml_form_id="hq", mission_id=None)
        other = Mission(code="KHPNH", name="Phnom Penh", country="KH")
        session.add_all([form, other])
        session.flush()
        add_version(session, form, "1")
        publish.assign(session, actor=COMMAND, form=form, mission_id=other.id)
    here = collect()
    assert listed(here) == ["visit"]
    with writing(session):
        publish.assign(
            session, actor=COMMAND, form=session.get_one(Form, form.id), mission_id=field.mission_id
        )
    assert listed(here) == ["hq", "visit"]
    here.fill("hq", {"name": "x"})
    assert here.send() == [SUCCESS]
