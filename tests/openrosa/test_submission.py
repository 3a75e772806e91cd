"""Sections 6.1 and 6.2: HEAD and POST submission, as Collect sends them."""

from sqlalchemy import select

from app.db import writing
from app.models import Device, Interviewer, LedgerEntry, Submission
from tests.field import parts, submission
from tests.openrosa.answers import SUCCESS, said
from tests.openrosa.sending import post


def test_a_head_says_go_on(client, field):
    answer = client.head(f"{field.path}/submission?deviceID=collect:x")
    assert answer.status_code == 204
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "10000000"


def test_a_submission_is_stored_sealed_and_the_phone_told_so(client, field, session, keyring):
    xml = submission("uuid:1", version="2026112201")
    answer = post(client, field, xml, "?deviceID=collect:AbC")
    assert answer.status_code == 201
    assert said(answer) == SUCCESS
    row = session.scalars(select(Submission)).one()
    assert keyring.open(row.xml, f"submission:{row.id}") == xml
    assert "Мария".encode() not in row.xml
    assert (row.instance_id, row.xml_form_id, row.form_version) == ("uuid:1", "visit", "2026112201")
    assert (row.phone, row.state, row.device_id) == ("collect:AbC", "received", field.device_id)
    entry = session.scalars(select(LedgerEntry)).one()
    assert (entry.actor, entry.action) == (f"device:{field.device_id}", "submission.receive")
    assert entry.object == f"submission:{row.id}"


def test_an_unknown_version_of_a_known_form_is_kept(client, field, session):
    assert post(client, field, submission(version="nobody knows")).status_code == 201
    assert session.scalar(select(Submission.form_version)) == "nobody knows"


def test_the_interviewer_whose_phone_it_is_now_is_kept_with_it(client, field, session):
    with writing(session):
        interviewer = Interviewer(mission_id=field.mission_id, code="ABC12", display_name="I")
        session.add(interviewer)
        session.flush()
        session.get_one(Device, field.device_id).interviewer_id = interviewer.id
    assert post(client, field, submission()).status_code == 201
    assert session.scalar(select(Submission.interviewer_id)) == interviewer.id


def test_the_xml_part_may_come_as_a_plain_field(client, field):
    data = {"xml_submission_file": submission().decode()}
    answer = client.post(f"{field.path}/submission", data=data, content_type="multipart/form-data")
    assert answer.status_code == 201


def test_other_fields_are_of_no_matter(client, field):
    data = {"*isIncomplete*": "yes", "Date": "x" * 1000, **parts(submission())}
    assert client.post(f"{field.path}/submission", data=data).status_code == 201


def test_a_device_id_of_any_length_is_tolerated(client, field, session):
    assert post(client, field, submission(), f"?deviceID={'x' * 3000}").status_code == 201
    assert session.scalar(select(Submission.phone)) == "x" * 100
