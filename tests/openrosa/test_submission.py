"""HEAD and POST submission, as Collect sends them."""

import uuid
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import func, select, update

from app.db import writing
from app.models import (
    Assignment,
    Conflict,
    Device,
    DeviceGroup,
    Form,
    Interviewer,
    LedgerEntry,
    Mission,
    Submission,
    SubmissionFile,
    now,
)
from tests.field import add_device, add_form, make_field, part, parts, submission

SUCCESS = "full submission upload was successful!"


def post(client, field, xml, query="", **files):
    return client.post(f"{field.path}/submission{query}", data=parts(xml, **files))


def said(answer):
    """The message Collect would show."""
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert int(answer.headers["X-OpenRosa-Accept-Content-Length"]) > 0
    root = ET.fromstring(answer.data)
    assert root.tag == "{http://openrosa.org/http/response}OpenRosaResponse"
    return root.findtext("{http://openrosa.org/http/response}message")


def count(session, model):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


# --- what is taken ---------------------------------------------------------------------------------------------


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


# --- sent again ------------------------------------------------------------------------------------------------


def test_a_phone_that_sends_twice_is_told_it_succeeded(client, field, session):
    xml = submission()
    for _ in range(3):
        answer = post(client, field, xml, **{"photo.jpg": b"\xff\xd8"})
        assert answer.status_code == 201
        assert said(answer) == SUCCESS
    assert count(session, Submission) == 1
    assert count(session, SubmissionFile) == 1
    assert count(session, LedgerEntry) == 1


def test_files_missing_the_first_time_are_added_later(client, field, session):
    xml = submission()
    post(client, field, xml, **{"one.jpg": b"1"})
    answer = post(client, field, xml, **{"one.jpg": b"1", "two.jpg": b"2", "audit.csv": b"event,node"})
    assert answer.status_code == 201
    assert count(session, SubmissionFile) == 3
    actions = session.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)).all()
    assert actions == ["submission.receive", "submission.add_files"]


def test_other_bytes_under_the_same_number_are_kept_apart_and_overwrite_nothing(
    client, field, session, keyring
):
    first, second = submission("uuid:1"), submission("uuid:1", name="Other")
    post(client, field, first)
    for _ in range(3):
        answer = post(client, field, second, **{"photo.jpg": b"x"})
        assert answer.status_code == 409
        assert "kept aside" in said(answer)
    row = session.scalars(select(Submission)).one()
    assert keyring.open(row.xml, f"submission:{row.id}") == first
    apart = session.scalars(select(Conflict)).all()
    assert len(apart) == 2
    other = next(one for one in apart if one.content)
    assert keyring.open(other.content, f"conflict:{other.id}") == second
    assert other.submission_id == row.id
    file = next(one for one in apart if one.blob)
    assert keyring.open(file.file_name, f"conflict:{file.id}") == b"photo.jpg"
    assert count(session, SubmissionFile) == 0


def test_another_file_under_the_same_name_is_kept_apart(client, field, session, keyring, app):
    xml = submission()
    post(client, field, xml, **{"one.jpg": b"1"})
    answer = post(client, field, xml, **{"one.jpg": b"other", "two.jpg": b"2"})
    assert answer.status_code == 409
    assert count(session, SubmissionFile) == 2
    apart = session.scalars(select(Conflict)).one()
    blobs = app.extensions["saif"].blobs
    assert b"".join(keyring.open_file(blobs.open(apart.blob), f"file:{apart.blob}")) == b"other"
    assert post(client, field, xml, **{"one.jpg": b"1"}).status_code == 201


def test_two_files_of_one_name_in_one_request_are_both_kept(client, field, session):
    data = parts(submission())
    data["photo.jpg"] = [part(b"1", "photo.jpg", "image/jpeg"), part(b"2", "photo.jpg", "image/jpeg")]
    assert client.post(f"{field.path}/submission", data=data).status_code == 409
    assert count(session, SubmissionFile) == 1
    assert count(session, Conflict) == 1


def test_an_edit_is_a_row_of_its_own_even_if_its_original_is_unknown(client, field, session):
    assert post(client, field, submission("uuid:2", deprecated_id="uuid:1")).status_code == 201
    assert post(client, field, submission("uuid:1")).status_code == 201
    rows = session.scalars(select(Submission).order_by(Submission.instance_id)).all()
    assert [(row.instance_id, row.deprecated_id) for row in rows] == [("uuid:1", None), ("uuid:2", "uuid:1")]


def test_the_same_number_in_another_mission_is_another_submission(client, field, session, keyring):
    there = make_field(session, keyring, code="KHPNH")
    xml = submission("uuid:1")
    assert post(client, field, xml).status_code == 201
    assert post(client, there, xml).status_code == 201
    assert count(session, Submission) == 2


# --- files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65536, 300_000])
def test_a_file_comes_back_as_it_was_sent(client, field, session, keyring, app, size):
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    assert post(client, field, submission(), **{"фото 1.jpg": content}).status_code == 201
    row = session.scalars(select(SubmissionFile)).one()
    assert keyring.open(row.name, f"file-name:{row.submission_id}").decode() == "фото 1.jpg"
    assert (row.size, row.content_type) == (size, "image/jpeg")
    assert row.digest == keyring.digest(content)
    blobs = app.extensions["saif"].blobs
    assert b"".join(keyring.open_file(blobs.open(row.blob), f"file:{row.blob}")) == content


def test_a_file_whose_bytes_look_like_the_boundary_comes_back_whole(client, field, session, keyring, app):
    content = b"\r\n--boundary\r\n\r\n--\r\n" * 20_000
    post(client, field, submission(), **{"x.bin": content})
    row = session.scalars(select(SubmissionFile)).one()
    blobs = app.extensions["saif"].blobs
    assert b"".join(keyring.open_file(blobs.open(row.blob), f"file:{row.blob}")) == content


def test_a_media_type_that_is_none_is_not_kept(client, field, session):
    data = parts(submission()) | {"x": part(b"x", "x", "Maria was here")}
    client.post(f"{field.path}/submission", data=data)
    assert session.scalar(select(SubmissionFile.content_type)) == "application/octet-stream"


# --- who may send, and what ------------------------------------------------------------------------------------


def test_a_head_says_go_on(client, field):
    answer = client.head(f"{field.path}/submission?deviceID=collect:x")
    assert answer.status_code == 204
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "10000000"


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


def set_state(session, state):
    with writing(session):
        session.execute(update(Assignment).values(state=state))


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


def test_another_method_is_refused_as_openrosa_says_it(client, field):
    answer = client.put(f"{field.path}/submission")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert said(answer)


def test_an_unknown_address_below_a_token_is_answered_in_openrosa_too(client, field):
    answer = client.get(f"{field.path}/nothing")
    assert answer.status_code == 404
    assert said(answer)
