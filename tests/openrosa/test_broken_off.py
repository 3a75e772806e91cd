"""Connections that break off, on the way to a real server."""

import os
import socket
import time

from sqlalchemy import select

from app.models import Submission
from tests.field import submission
from tests.openrosa.sending import BOUNDARY, multipart
from tests.server import serve


def test_a_phone_that_breaks_off_leaves_nothing(environ, field, session, free_port, tmp_path):
    with (tmp_path / "out").open("wb") as out, serve(environ, port=free_port, output=out):
        data = multipart(submission(), **{"a.jpg": os.urandom(300_000)})
        for cut in (10, 200, 1000, 200_000):
            with socket.create_connection(("127.0.0.1", free_port)) as connection:
                connection.sendall(
                    f"POST {field.path}/submission HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n"
                    f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
                    + data[:cut]
                )
        time.sleep(0.5)
    assert session.scalar(select(Submission.id)) is None
    assert list((tmp_path / "blobs" / ".spool").iterdir()) == []
    assert [path for path in (tmp_path / "blobs").iterdir() if path.name != ".spool"] == []
