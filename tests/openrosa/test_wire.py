"""Section 1 on the wire: what the server says before and beneath the application."""

import http.client
import socket
from email.utils import parsedate_to_datetime

import pytest

from app.models import now
from tests.databases import on_sqlite
from tests.field import submission
from tests.openrosa.answers import said
from tests.openrosa.sending import TYPE, multipart

pytestmark = on_sqlite


@pytest.fixture
def talk(receiver):
    """Sends bytes and reads the answer to them."""

    def act(sent: bytes):
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as connection:
            connection.sendall(sent)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            body = answer.read()
        return Answer(answer.status, answer.headers, body)

    return act


class Answer:
    """An answer as `said` reads it."""

    def __init__(self, status, headers, data):
        self.status_code, self.headers, self.data = status, headers, data
        self.content_type = headers["Content-Type"]


def test_every_answer_has_a_date_and_the_headers_of_openrosa(talk, field):
    base = field.path.encode()
    for sent, status in [
        (b"GET " + base + b"/formList HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"HEAD " + base + b"/submission HTTP/1.1\r\nHost: x\r\n\r\n", 204),
        (b"GET " + base + b"/nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"PUT " + base + b"/submission HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
        # What is refused before the application sees it:
        (b"GET " + base + b"/formList\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"G\x00T / HTTP/1.1\r\n\r\n", 400),
        (b"GET " + base + b"/formList HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET " + base + b"/formList HTTP/9.9\r\n\r\n", 400),
        (b"GET /" + b"x" * 500_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % n for n in range(200)) + b"\r\n", 431),
    ]:
        answer = talk(sent)
        assert answer.status_code == status, sent[:80]
        assert answer.headers["X-OpenRosa-Version"] == "1.0"
        assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "10000000"
        assert abs((parsedate_to_datetime(answer.headers["Date"]) - now()).total_seconds()) < 60
        if status >= 400:
            assert "on the phone" in said(answer)
            assert field.token.encode() not in answer.data
            assert b"nonsense" not in answer.data


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"zz\r\nabc\r\n0\r\n\r\n", id="a length that is none"),
        pytest.param(b"-5\r\nabc\r\n0\r\n\r\n", id="a length below nothing"),
        pytest.param(b"3\r\nabcdef\r\n0\r\n\r\n", id="more than was said"),
        pytest.param(b"0\r\nbad trailer\r\n\r\n", id="a trailer that is none"),
        pytest.param(b"0\r\n\r\n", id="nothing at all"),
    ],
)
def test_chunks_that_are_none_are_refused_in_words(talk, receiver, field, body):
    head = f"POST {field.path}/submission HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = talk(head.encode() + body)
    assert answer.status_code == 400
    assert "send it again" in said(answer)
    assert "unexpected error" not in receiver.said()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_interview_in_chunks_with_extensions_and_trailers_is_taken(talk, field, size):
    data = multipart(submission(), **{"a.jpg": b"x" * 3000})
    chunks = b"".join(
        b"%x;a=b\r\n%s\r\n" % (len(data[start : start + size]), data[start : start + size])
        for start in range(0, len(data), size)
    )
    head = f"POST {field.path}/submission HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert talk(head.encode() + chunks + b"0\r\nX-After: all\r\n\r\n").status_code == 201


def test_a_phone_that_waits_to_be_told_to_go_on_is_told(receiver, field):
    data = multipart(submission())
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as connection:
        connection.sendall(
            f"POST {field.path}/submission HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\n"
            f"Content-Length: {len(data)}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(data)
        assert connection.recv(1000).startswith(b"HTTP/1.1 201")
