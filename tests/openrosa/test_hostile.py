"""Bodies nobody's phone sends: refused with a message a person can act on, and nothing is half stored."""

import io
import time
import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.models import Conflict, LedgerEntry, Submission, SubmissionFile
from tests.databases import on_sqlite
from tests.field import part, parts, submission
from tests.openrosa.answers import said

BOUNDARY = "xyz"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def body(xml: bytes, *, rest: bytes = b"", end: bytes = b"\r\n--xyz--\r\n") -> bytes:
    return (
        b'--xyz\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="x.xml"\r\n'
        b"Content-Type: text/xml\r\n\r\n" + xml + rest + end
    )


@pytest.fixture
def post(client, field):
    def send(data: bytes, content_type: str = TYPE, **options: object):
        return client.post(f"{field.path}/submission", data=data, content_type=content_type, **options)

    return send


@pytest.fixture
def nothing_stored(session, app, tmp_path):
    """Nothing of it is anywhere afterwards."""
    yield
    session.rollback()
    for model in (Submission, SubmissionFile, Conflict, LedgerEntry):
        assert session.scalar(select(func.count()).select_from(model)) == 0
    assert list(app.extensions["saif"].blobs.names()) == []
    assert list((tmp_path / "blobs" / ".spool").iterdir()) == []


pytestmark = pytest.mark.usefixtures("nothing_stored")

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><data id='visit'>&j;</data>"
)


@on_sqlite
@pytest.mark.parametrize(
    "xml",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not xml", id="no xml"),
        pytest.param(b"<data id='visit'>", id="broken off"),
        pytest.param(b"<data id='visit' encrypted='yes'/>", id="encrypted, without instanceID"),
        pytest.param(b"<data><meta><instanceID>uuid:1</instanceID></meta></data>", id="without form id"),
        pytest.param(BOMB, id="entity bomb"),
        pytest.param(
            b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><data id="visit"><meta><instanceID>1</instanceID></meta></data>',
            id="DTD",
        ),
        pytest.param(b"<data id='visit'>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</data>", id="deep"),
        pytest.param(submission("uuid:" + "1" * 300), id="long number"),
        pytest.param(submission().decode().encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xff" + submission(), id="not UTF-8"),
        pytest.param(submission(name="\x00"), id="NUL"),
    ],
)
def test_xml_that_is_no_submission_is_refused(post, xml):
    answer = post(body(xml))
    assert answer.status_code == 400
    assert len(said(answer)) > 40


@on_sqlite
@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(b"", TYPE, id="empty"),
        pytest.param(b"nonsense", TYPE, id="nonsense"),
        pytest.param(submission(), "text/xml", id="bare XML"),
        pytest.param(body(submission()), "multipart/form-data", id="no boundary"),
        pytest.param(body(submission()), "multipart/form-data; boundary=other", id="another boundary"),
        pytest.param(b"a=b", "application/x-www-form-urlencoded", id="a web form"),
        pytest.param(b"--xyz--\r\n", TYPE, id="no parts"),
        pytest.param(
            b'--xyz\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--xyz--\r\n', TYPE, id="no XML"
        ),
        pytest.param(b"--xyz\r\nContent-Type: text/xml\r\n\r\n1\r\n--xyz--\r\n", TYPE, id="no disposition"),
        pytest.param(
            b'--xyz\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\n1\r\n--xyz--\r\n',
            TYPE,
            id="not UTF-8",
        ),
        pytest.param(body(submission(), end=b""), TYPE, id="broken off in the XML"),
        pytest.param(body(submission(), end=b"\r\n--xyz\r\nContent-Disp"), TYPE, id="broken off in a head"),
        pytest.param(
            body(
                submission(),
                rest=b'\r\n--xyz\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
                + b"1" * 99_999,
                end=b"",
            ),
            TYPE,
            id="broken off in a file",
        ),
        pytest.param(
            body(submission(), rest=b"\r\n" + body(submission(), end=b"")), TYPE, id="two interviews"
        ),
        pytest.param(body(submission()), "multipart/form-data; boundary=" + "x" * 5000, id="long boundary"),
        pytest.param(body(submission()), "multipart/form-data; boundary=\xff", id="odd boundary"),
    ],
)
def test_a_body_that_is_no_submission_is_refused(post, data, content_type):
    answer = post(data, content_type)
    assert answer.status_code == 400
    assert "send" in said(answer)


@on_sqlite
def test_a_part_without_end_in_its_head_is_refused(post):
    answer = post(b"--xyz\r\nContent-Disposition: form-data; " + b"x" * 2_000_000)
    assert answer.status_code in (400, 413)
    assert said(answer)


@on_sqlite
def test_a_request_cut_short_on_the_way_is_refused(client, field):
    data = body(submission())
    answer = client.post(
        f"{field.path}/submission",
        input_stream=io.BytesIO(data[:200]),
        content_length=len(data),
        content_type=TYPE,
    )
    assert answer.status_code == 400
    assert "send it again" in said(answer)


@on_sqlite
@pytest.mark.parametrize(
    "name",
    [
        "\0" * 200_000,
        "/" * 200_000,
        '\\"' * 100_000,
        "%0A" * 60_000,
        "e\u0301" * 60_000,
    ],
)
def test_a_name_without_end_costs_no_time(post, name):
    """Also where nothing is too long for the reader, which holds 256 kB of a head."""
    half = name[:100_000]
    head = f'Content-Disposition: form-data; name="{half}"; filename="{half}'.encode()[:250_000]
    began = time.process_time()
    answer = post(body(submission(), rest=b"\r\n--xyz\r\n" + head + b'"\r\n\r\nx'))
    assert time.process_time() - began < 1
    assert answer.status_code in (400, 413)
    assert said(answer)


@on_sqlite
def test_too_much_xml_is_refused(post):
    answer = post(body(submission(name="x" * 5_100_000)))
    assert answer.status_code == 413
    assert "5 MB" in said(answer)


@on_sqlite
def test_a_request_that_says_it_is_too_large_is_not_even_read(make_app, public_keys, field, tmp_path):
    app = make_app(surface="device", keys=public_keys, max_submission=100_000)
    stream = io.BytesIO(body(submission(name="x" * 200_000)))
    answer = app.test_client().post(
        f"{field.path}/submission", input_stream=stream, content_length=200_500, content_type=TYPE
    )
    assert answer.status_code == 413
    assert "0.1 MB" in said(answer)


@on_sqlite
def test_a_chunked_request_that_grows_too_large_is_refused(make_app, public_keys, field):
    app = make_app(surface="device", keys=public_keys, max_submission=100_000)
    stream = io.BytesIO(body(submission(name="x" * 200_000)))
    answer = app.test_client().post(
        f"{field.path}/submission",
        input_stream=stream,
        content_type=TYPE,
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert answer.status_code == 413
    assert said(answer)


@on_sqlite
@pytest.mark.parametrize("files", [251, 400])
def test_too_many_files_are_refused(client, field, files):
    data = parts(submission()) | {f"f{number}": part(b"", f"f{number}", "a/b") for number in range(files)}
    answer = client.post(f"{field.path}/submission", data=data)
    assert answer.status_code in (400, 413)
    assert said(answer)


@on_sqlite
def test_a_file_without_a_usable_name_is_refused(client, field):
    data = parts(submission()) | {"n" * 1001: part(b"", "n" * 1001, "a/b")}
    assert client.post(f"{field.path}/submission", data=data).status_code == 400


def test_the_answer_repeats_nothing_of_what_was_sent(client, field):
    mark = f"mark{uuid.uuid4().hex}"
    for xml in (f"<{mark}".encode(), submission(form_id=mark, name=mark), f"<data id='{mark}'/>".encode()):
        answer = client.post(
            f"{field.path}/submission?deviceID={mark}", data=parts(xml, **{mark: mark.encode()})
        )
        assert answer.status_code >= 400
        assert mark.encode() not in answer.data


def test_a_database_that_is_away_means_try_again_later(client, field, app, monkeypatch):
    def away(*_: object):
        raise OperationalError("INSERT", {}, Exception("Maria"))

    monkeypatch.setattr("app.services.arrivals.write", away)
    answer = client.post(f"{field.path}/submission", data=parts(submission()))
    assert answer.status_code == 503
    assert "in a few minutes" in said(answer)
    assert b"Maria" not in answer.data
    assert answer.headers["Retry-After"] == "60"


def test_a_full_disk_means_try_again_later(client, field, app, monkeypatch):
    def full(*_: object):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", full)
    answer = client.post(f"{field.path}/submission", data=parts(submission(), **{"a.jpg": b"x"}))
    assert answer.status_code == 503


def test_a_fault_of_ours_is_said_without_its_words(client, field, app, monkeypatch, capsys):
    def fault(*_: object, **__: object):
        raise ZeroDivisionError("Maria")

    monkeypatch.setattr("submissions.envelope.read", fault)
    answer = client.post(f"{field.path}/submission", data=parts(submission()))
    assert answer.status_code == 500
    assert b"Maria" not in answer.data
    assert said(answer)
    logged = capsys.readouterr()
    assert "Maria" not in logged.err + logged.out
    assert field.token not in logged.err + logged.out
