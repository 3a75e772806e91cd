"""The server as users run it: killed, flooded with large files, searched for what must not be anywhere."""

import http.client
import os
import random
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.blobs import BlobStore
from app.db import writing
from app.models import Device, Submission, SubmissionFile, now
from tests.databases import on_sqlite
from tests.field import submission
from tests.openrosa.sending import multipart, post_over
from tests.server import serve

KILLS = int(os.environ.get("SAIF_KILLS", "3"))


class Phone(threading.Thread):
    """Sends interview after interview, each until it is answered, and remembers the answers."""

    def __init__(self, port, field, stop):
        super().__init__(daemon=True)
        self.port, self.field, self.stop = port, field, stop
        self.answered: dict[str, tuple[bytes, bytes]] = {}
        self.odd: list[int] = []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.stop.is_set():
            instance_id = f"uuid:{uuid.uuid4()}"
            xml = submission(instance_id, name="x" * random.randrange(20_000))
            photo = os.urandom(random.choice([0, 10, 200_000]))
            while not self.stop.is_set():
                try:
                    answer = post_over(connection, self.field, multipart(xml, **{"photo.jpg": photo}))
                    answer.read()
                except (OSError, http.client.HTTPException):
                    connection.close()
                    time.sleep(0.02)
                    continue
                if answer.status == 201:
                    self.answered[instance_id] = (xml, photo)
                else:
                    self.odd.append(answer.status)
                break
        connection.close()


def test_a_server_killed_under_load_loses_nothing_it_answered(
    environ, field, engine, keyring, tmp_path, free_port
):
    stop = threading.Event()
    phones = [Phone(free_port, field, stop) for _ in range(8)]

    def answers():
        return sum(len(phone.answered) for phone in phones)

    for number in range(KILLS + 1):
        with serve(environ, port=free_port, output=tmp_path / "out") as server:
            if number == 0:
                for phone in phones:
                    phone.start()
            enough, deadline = answers() + 10, time.monotonic() + 120
            while answers() < enough and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(random.uniform(0, 0.3))
            if number < KILLS:
                server.kill()
    stop.set()
    for phone in phones:
        phone.join()
    answered = {instance_id: sent for phone in phones for instance_id, sent in phone.answered.items()}
    assert [status for phone in phones for status in phone.odd] == []
    assert len(answered) >= 10 * (KILLS + 1)

    blobs = BlobStore((tmp_path / "blobs").as_uri())
    stored = {}
    with Session(engine) as session:
        files = {row.submission_id: row for row in session.scalars(select(SubmissionFile))}
        for row in session.scalars(select(Submission)):
            # Also those that were not answered are whole: the XML opens, and the file stands with it.
            file = files[row.id]
            photo = b"".join(keyring.open_file(blobs.open(file.blob), f"file:{file.blob}"))
            assert row.instance_id not in stored
            stored[row.instance_id] = (keyring.open(row.xml, f"submission:{row.id}"), photo)
    assert {instance_id: stored[instance_id] for instance_id in answered} == answered
    assert len(stored) - len(answered) <= 8 * (KILLS + 1)


def test_marked_names_are_nowhere_in_clear(receiver, connect, field, session, database_url):
    answer_mark, name_mark, file_mark = marks = [f"mark{uuid.uuid4().hex}" for _ in range(3)]
    xml = submission("uuid:1", name=answer_mark)
    connection = connect()
    attempts = [
        multipart(xml, **{f"{name_mark}.jpg": file_mark.encode() * 1000}),
        multipart(submission("uuid:1", name=answer_mark + "b"), **{f"{name_mark}.jpg": file_mark.encode()}),
        multipart(f"<{answer_mark}".encode()),
        multipart(submission(form_id=answer_mark, name=name_mark)),
        b"--" + answer_mark.encode(),
    ]
    statuses = []
    for data in attempts:
        answer = post_over(connection, field, data)
        statuses.append(answer.status)
        assert not any(mark.encode() in answer.read() for mark in marks)
    connection.request("GET", f"{field.path}/attachments/{file_mark}?q={name_mark}")
    connection.getresponse().read()
    assert statuses == [201, 409, 400, 404, 400]
    searched = 0
    directories = [receiver.home]
    if database_url.get_backend_name() == "postgresql":
        session.execute(text("CHECKPOINT"))
        directories.append(Path(str(database_url.query["host"])))
    else:
        directories.append(Path(str(database_url.database)).parent)
    for directory in directories:
        for path in directory.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                searched += 1
                for mark in (*marks, field.token):
                    assert mark.encode() not in content, path
    assert searched > 5
    assert "/v1/key/" in receiver.said()


@on_sqlite
def test_a_large_attachment_hardly_raises_the_receivers_memory(environ, field, free_port, tmp_path):
    small, large = os.urandom(100_000), os.urandom(20_000_000)
    environ["WEB_CONCURRENCY"] = "1"
    with (
        serve(environ, port=free_port, output=tmp_path / "out") as server,
        closing(http.client.HTTPConnection("127.0.0.1", free_port)) as connection,
    ):
        for _ in range(5):
            assert post_over(connection, field, multipart(submission(), **{"a.jpg": small})).read()
        (before,) = server.memory().values()
        for _ in range(3):
            answer = post_over(connection, field, multipart(submission(), **{"a.jpg": large}))
            answer.read()
            assert answer.status == 201
        (after,) = server.memory().values()
    assert after - before < 4_000_000


@on_sqlite
def test_a_body_too_large_is_answered_with_words_a_phone_can_show(environ, field, free_port, tmp_path):
    environ["SAIF_MAX_SUBMISSION"] = "1000000"
    with serve(environ, port=free_port, output=tmp_path / "out"):
        for chunked in (False, True):
            data = multipart(submission(), **{"a.jpg": bytes(3_000_000)})
            body = (
                (data[start : start + 50_000] for start in range(0, len(data), 50_000)) if chunked else data
            )
            with closing(http.client.HTTPConnection("127.0.0.1", free_port)) as connection:
                try:
                    answer = post_over(connection, field, body)
                except ConnectionError:
                    pytest.fail("the connection was cut before the answer could be read")
                assert answer.status == 413
                assert b"1 MB" in answer.read()


@on_sqlite
def test_chunked_requests_are_taken(connect, field):
    data = multipart(submission(), **{"a.jpg": os.urandom(300_000)})
    answer = post_over(connect(), field, (data[start : start + 777] for start in range(0, len(data), 777)))
    assert answer.status == 201
    assert b"success" in answer.read()


def test_a_phone_revoked_between_two_requests_is_cut_off_in_every_worker(connect, field, session):
    connections = [connect() for _ in range(8)]
    for connection in connections:
        answer = post_over(connection, field, multipart(submission()))
        answer.read()
        assert answer.status == 201
    with writing(session):
        session.get_one(Device, field.device_id).revoked_at = now()
    for connection in connections:
        answer = post_over(connection, field, multipart(submission()))
        answer.read()
        assert answer.status == 403
