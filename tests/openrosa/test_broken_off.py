"""Connections that break off on the way: nothing is shown as present that is not whole, and nothing of it stays.

SAIF_CUTS says at how many random places of a body they are cut (default 10 for each kind of request).
"""

import os
import random
import shutil
import socket
import struct
import time

import pytest
from sqlalchemy import select

from app import policy
from app.models import Submission, SubmissionFile
from app.services import submission_detail
from tests.field import parts, submission
from tests.openrosa.answers import said
from tests.openrosa.sending import TYPE, count, multipart, post_over

CUTS = int(os.environ.get("SAIF_CUTS", "10"))
ROUGHLY = struct.pack("ii", 1, 0)  # SO_LINGER: a reset instead of a farewell


def begin(port, field, data, *, chunked, at, rough):
    """Send a body up to a place and be gone."""
    head = f"POST {field.path}/submission HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\n"
    if chunked:
        sent = b"%x\r\n%s\r\n%x\r\n%s" % (at // 2 + 1, data[: at // 2 + 1], len(data), data[at // 2 + 1 : at])
        head += "Transfer-Encoding: chunked\r\n\r\n"
    else:
        sent = data[:at]
        head += f"Content-Length: {len(data)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head.encode() + sent)
        if rough:
            time.sleep(random.choice([0, 0.05]))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ROUGHLY)


def settled(spool):
    """Wait until the server has done with everything that was begun."""
    deadline = time.monotonic() + 30
    while any(spool.iterdir()):
        assert time.monotonic() < deadline, "files stay in the spool"
        time.sleep(0.05)
    time.sleep(0.3)


@pytest.fixture
def look(receiver, session, keyring, field):
    """What the office shows of an interview: None, or its XML and the files it shows as present, read to their end."""
    blobs = receiver.blobs

    def act(instance_id):
        session.rollback()
        row = session.scalars(select(Submission).where(Submission.instance_id == instance_id)).one_or_none()
        if row is None:
            return None
        asked = {"keyring": keyring, "actor": policy.COMMAND, "mission_id": field.mission_id}
        shown = submission_detail.read_submission(session, **asked, instance_id=instance_id)
        files = {}
        for file in shown.files:
            assert file.present
            content = submission_detail.read_file(
                session, **asked, blobs=blobs, instance_id=instance_id, name=file.name
            )
            files[file.name] = b"".join(content.chunks)
            assert len(files[file.name]) == file.size
        return submission_detail.read_xml(session, **asked, instance_id=instance_id), files

    return act


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
@pytest.mark.parametrize("number_of_files", [0, 3])
def test_a_body_cut_at_any_byte_shows_nothing_and_sent_again_is_whole(
    receiver, connect, field, session, look, chunked, number_of_files
):
    choose = random.Random(f"{chunked}{number_of_files}")
    files = {f"{n}.jpg": choose.randbytes(choose.choice([0, 900, 90_000])) for n in range(number_of_files)}
    interviews = {
        f"uuid:{n}": submission(f"uuid:{n}", name="x" * choose.randrange(20_000)) for n in range(CUTS)
    }
    before = sum(receiver.server.memory("VmRSS").values())
    for instance_id, xml in interviews.items():
        data = multipart(xml, **files)
        # Up to the last byte that still lacks something: after "--boundary--" all of it is there.
        at = choose.randrange(len(data) - 2)
        begin(receiver.port, field, data, chunked=chunked, at=at, rough=choose.random() < 0.5)
        if choose.random() < 0.2:
            assert look(instance_id) is None
    settled(receiver.spool)
    assert [instance_id for instance_id in interviews if look(instance_id)] == []
    assert count(session, SubmissionFile) == 0
    assert list(receiver.blobs.names()) == []
    connection = connect()
    for xml in interviews.values():
        answer = post_over(connection, field, multipart(xml, **files))
        answer.read()
        assert answer.status == 201
    assert sum(receiver.server.memory("VmRSS").values()) - before < 30_000_000
    assert {instance_id: look(instance_id) for instance_id in interviews} == {
        instance_id: (xml, files) for instance_id, xml in interviews.items()
    }
    assert list(receiver.spool.iterdir()) == []
    assert "error" not in receiver.said()


def test_of_an_interview_in_two_requests_the_second_cut_off_only_the_first_is_shown(
    receiver, connect, field, look
):
    choose = random.Random(2)
    first, second = {"a.jpg": choose.randbytes(5000)}, {"b.jpg": choose.randbytes(5000)}
    xml = submission("uuid:1")
    connection = connect()
    assert post_over(connection, field, multipart(xml, **first)).read()
    data = multipart(xml, **first, **second)
    for _ in range(CUTS):
        begin(receiver.port, field, data, chunked=False, at=choose.randrange(len(data) - 2), rough=True)
    settled(receiver.spool)
    assert look("uuid:1") == (xml, first)
    assert post_over(connection, field, data).read()
    assert look("uuid:1") == (xml, first | second)


def test_a_store_that_cannot_even_be_begun_to_write_to_means_try_again_later(
    client, field, session, app, tmp_path
):
    shutil.rmtree(tmp_path / "blobs" / ".spool")
    answer = client.post(f"{field.path}/submission", data=parts(submission(), **{"a.jpg": b"x"}))
    assert answer.status_code == 503
    assert "in a few minutes" in said(answer)
    assert count(session, Submission) == 0
