"""Section 6.2: the same submission again, other content under its number, and late files."""

from sqlalchemy import select

from app.models import Conflict, LedgerEntry, Submission, SubmissionFile
from tests.field import make_field, part, parts, submission
from tests.openrosa.answers import SUCCESS, said
from tests.openrosa.sending import count, post


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
