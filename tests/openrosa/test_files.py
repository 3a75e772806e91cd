"""Section 6.2: the files of a submission, by whatever name and in whatever order they come."""

import pytest
from sqlalchemy import select

from app.models import SubmissionFile
from tests.field import part, parts, submission
from tests.openrosa.sending import post


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
