"""Section 3: the form list, as Collect requires it."""

import pytest
from sqlalchemy import select, update

from app.db import writing
from app.models import Assignment, Device, DeviceGroup, Form
from tests.field import add_form, add_version, make_field
from tests.openrosa.answers import form_list, path_of


def test_the_newest_published_version_is_listed_and_every_one_on_request(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(session, form, "2")
        draft = add_version(session, form, "3")
        draft.published = draft.published_at = None
    assert [form["version"] for form in form_list(client, field)] == ["2"]
    assert [form["version"] for form in form_list(client, field, "?listAllVersions=true")] == ["2", "1"]
    answer = client.get(f"{field.path}/forms/{draft.id}.xml")
    assert answer.status_code == 404


def test_one_form_can_be_asked_for(client, field, session):
    with writing(session):
        add_form(session, field.mission_id, form_id="other")
    assert len(form_list(client, field)) == 2
    assert [form["formID"] for form in form_list(client, field, "?formID=other")] == ["other"]
    assert form_list(client, field, "?formID=none") == []


def test_a_description_is_given_where_it_is_asked_for(client, field):
    assert form_list(client, field, "?verbose=true")[0]["descriptionText"] == "Visit <1> & more"


@pytest.mark.parametrize("state", ["closing", "closed"])
def test_a_form_that_is_not_open_is_not_listed_nor_downloaded(client, field, session, state):
    (listed,) = form_list(client, field)
    with writing(session):
        session.execute(update(Assignment).values(state=state))
    assert form_list(client, field) == []
    assert client.get(path_of(listed["downloadUrl"])).status_code == 404


def test_a_phone_sees_the_forms_of_its_mission_and_group_only(client, field, session, keyring):
    there = make_field(session, keyring, code="KHPNH", form_id="theirs")
    with writing(session):
        group = DeviceGroup(mission_id=field.mission_id, name="Shelter")
        session.add(group)
        session.flush()
        version = add_form(session, field.mission_id, form_id="shelter")
        session.execute(
            update(Assignment).where(Assignment.form_id == version.form_id).values(group_id=group.id)
        )
    assert [form["formID"] for form in form_list(client, field)] == ["visit"]
    assert [form["formID"] for form in form_list(client, there)] == ["theirs"]
    assert client.get(f"{there.path}/forms/{version.id}.xml").status_code == 404
    with writing(session):
        session.get_one(Device, field.device_id).group_id = group.id
        visit = session.scalar(select(Form.id).where(Form.xml_form_id == "visit"))
        session.add(Assignment(form_id=visit, mission_id=field.mission_id, group_id=group.id))
    assert [form["formID"] for form in form_list(client, field)] == ["shelter", "visit"]
