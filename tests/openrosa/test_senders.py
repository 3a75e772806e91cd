"""Who may send, and for which forms: revoked phones, other missions, forms that are closing or closed."""

import uuid

import pytest
from sqlalchemy import select, update

from app.db import writing
from app.models import Assignment, Device, DeviceGroup, Form, Mission, Submission, SubmissionFile, now
from tests.field import add_device, add_form, make_field, parts, submission
from tests.openrosa.answers import said
from tests.openrosa.sending import count, post


def set_state(session, state):
    with writing(session):
        session.execute(update(Assignment).values(state=state))


def test_a_revoked_phone_is_cut_off_at_its_next_request(client, field, session):
    assert post(client, field, submission()).status_code == 201
    with writing(session):
        session.get_one(Device, field.device_id).revoked_at = now()
    answer = post(client, field, submission())
    assert answer.status_code == 403
    assert "coordinator" in said(answer)
    assert client.head(f"{field.path}/submission").status_code == 403
    assert count(session, Submission) == 1


@pytest.mark.parametrize(
    "path", ["/v1/key/nobody/projects/1/submission", "/v1/key/%F0%9F%90%8A/projects/1/submission"]
)
def test_an_unknown_token_is_refused(client, field, path):
    answer = client.post(path, data=parts(submission()))
    assert answer.status_code == 403
    assert "QR code" in said(answer)


def test_a_token_opens_its_own_mission_only(client, field, session, keyring):
    there = make_field(session, keyring, code="KHPNH")
    path = f"/v1/key/{field.token}/projects/{there.mission_id}/submission"
    assert client.post(path, data=parts(submission())).status_code == 403


def test_a_closed_mission_takes_nothing_in(client, field, session):
    with writing(session):
        session.get_one(Mission, field.mission_id).archived_at = now()
    answer = post(client, field, submission())
    assert answer.status_code == 403
    assert "closed" in said(answer)


def test_a_form_of_another_mission_is_unknown_here(client, field, session, keyring):
    make_field(session, keyring, code="KHPNH", form_id="theirs")
    for form_id in ("theirs", "nobodys"):
        answer = post(client, field, submission(form_id=form_id), **{"photo.jpg": b"x"})
        assert answer.status_code == 404
        assert "does not belong to this project" in said(answer)
        assert form_id not in said(answer)
    assert count(session, Submission) == 0
    assert count(session, SubmissionFile) == 0


def test_a_closing_form_still_takes_what_phones_have(client, field, session):
    set_state(session, "closing")
    assert post(client, field, submission()).status_code == 201


def test_a_closed_form_takes_repeats_and_edits_but_nothing_new(client, field, session):
    xml = submission("uuid:1")
    post(client, field, xml)
    set_state(session, "closed")
    answer = post(client, field, submission("uuid:2"))
    assert answer.status_code == 403
    assert "Form closed" not in said(answer)
    assert "takes no new interviews" in said(answer)
    assert post(client, field, xml).status_code == 201
    assert post(client, field, submission("uuid:3", deprecated_id="uuid:1")).status_code == 201


def test_a_phone_that_changed_groups_may_still_send_what_it_holds(client, field, session, keyring):
    with writing(session):
        group = DeviceGroup(mission_id=field.mission_id, name="Shelter")
        session.add(group)
        session.flush()
        session.execute(update(Assignment).values(group_id=group.id))
        token = uuid.uuid4().hex
        add_device(session, field.mission_id, keyring, token, group_id=group.id)
    assert post(client, field, submission()).status_code == 201
    field.token = token
    assert post(client, field, submission()).status_code == 201


def test_the_more_open_of_two_assignments_counts(client, field, session, keyring):
    with writing(session):
        group = DeviceGroup(mission_id=field.mission_id, name="Shelter")
        session.add(group)
        session.flush()
        session.execute(update(Assignment).values(state="closed"))
        form_id = session.scalar(select(Form.id))
        session.add(Assignment(form_id=form_id, mission_id=field.mission_id, group_id=group.id))
        session.get_one(Device, field.device_id).group_id = group.id
    assert post(client, field, submission()).status_code == 201


def test_a_form_of_headquarters_is_taken_where_it_is_assigned(client, field, session):
    with writing(session):
        form = Form(xml_form_id="hq", mission_id=None)
        session.add(form)
        session.flush()
        session.add(Assignment(form_id=form.id, mission_id=field.mission_id))
    assert post(client, field, submission(form_id="hq")).status_code == 201


def test_a_mission_with_many_forms_takes_each(client, field, session):
    with writing(session):
        for number in range(5):
            add_form(session, field.mission_id, form_id=f"form{number}")
    for number in range(5):
        assert post(client, field, submission(form_id=f"form{number}")).status_code == 201
