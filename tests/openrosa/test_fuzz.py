"""Whatever a phone, or somebody who pretends to be one, may send: taken, or refused in words. `tests.fuzz` says how to
try for longer."""

import io
import time
import tracemalloc
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote

from hypothesis import strategies as st

import app
from app import multipart
from app.problems import Problem
from submissions import envelope
from submissions.envelope import EnvelopeError
from tests.databases import on_sqlite
from tests.field import submission
from tests.fuzz import fuzz
from tests.mutation import mutated
from tests.openrosa.answers import said

DEMO = [
    path.read_bytes() for path in sorted((Path(app.__file__).parent / "demo" / "instances").glob("*.xml"))[:6]
]
ENCRYPTED = (
    b"<data xmlns='http://www.opendatakit.org/xforms/encrypted' id='visit' version='1' encrypted='yes'>"
    b"<base64EncryptedKey>AAAA</base64EncryptedKey><orx:meta xmlns:orx='http://openrosa.org/xforms'>"
    b"<orx:instanceID>uuid:1</orx:instanceID></orx:meta><media><file>1.jpg.enc</file></media>"
    b"<encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
)
SMALL = [submission("uuid:1"), submission("uuid:2", deprecated_id="uuid:1"), ENCRYPTED]
XML_WORDS = [
    b"<!DOCTYPE d [<!ENTITY a 'b'>]>", b"&a;", b"&#0;", b"&#x110000;", b"<![CDATA[", b"]]>", b"<?x y?>", b"<!--",
    b"<meta><instanceID>", b"</meta>", b" id='", b" encrypted='yes'", b" xmlns=''", b"\xff\xfe", b"\xed\xa0\x80", b"\0",
    b"<a>" * 70, b"x" * 9000, b"<?xml version='1.1' encoding='UTF-16'?>", "\u2028\u202e".encode(),
]  # fmt: skip
BOUNDARY = b"b0"
TYPE = "multipart/form-data; boundary=b0"


def body(xml, *heads):
    """A request's body, its heads as they stand."""
    sent = b'--b0\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="x"\r\n\r\n' + xml
    for head in heads:
        sent += b"\r\n--b0\r\n" + head + b"\r\n\r\npicture"
    return sent + b"\r\n--b0--\r\n"


FILE = b'Content-Disposition: form-data; name="a.jpg"; filename="a.jpg"\r\nContent-Type: image/jpeg'
BODIES = [
    body(SMALL[0]),
    body(SMALL[1], FILE, FILE.replace(b"a.jpg", "фото.jpg".encode())),
    body(
        SMALL[2],
        FILE.replace(b"a.jpg", b"1.jpg.enc"),
        b'Content-Disposition: form-data; name="*isIncomplete*"',
    ),
    body(SMALL[0], b"Content-Disposition: form-data; filename*=UTF-8''%D1%84.jpg; name=file"),
]
WORDS = [
    *XML_WORDS, b"\r\n--b0\r\n", b"\r\n--b0--", b"--b0", b"\r\n\r\n", b"\n", b"\r", FILE, b'filename="', b'name=""',
    b"filename*0*=UTF-8''%ff", b"filename*1=", b"; ", b'\\"', b"../", b"%00", b"Content-Type: ", b"text/plain", b"\0" * 70_000,
]  # fmt: skip


def bounded(act, given):
    """Whatever comes of it, it takes no more memory than a few copies of what was given, and hardly any time."""
    tracemalloc.start()
    began = time.process_time()
    try:
        act(given)
        assert time.process_time() - began < 2
        assert tracemalloc.get_traced_memory()[1] < 2_000_000 + 20 * len(given)
    finally:
        tracemalloc.stop()


def test_fuzz_whatever_comes_as_an_interview_has_an_envelope_or_is_refused():
    def check(xml):
        with suppress(EnvelopeError):
            found = envelope.read(xml, max_bytes=1_000_000)
            assert 0 < len(found.form_id) <= envelope.MAX_ID
            assert envelope.read(io.BytesIO(xml), max_bytes=1_000_000) == found

    fuzz(lambda xml: bounded(check, xml), mutated([*SMALL, *DEMO], XML_WORDS))


class Kept(io.BytesIO):
    """A file on its way in, kept in memory."""

    def __init__(self, name, content_type):
        super().__init__()
        self.name, self.content_type = name, content_type


def test_fuzz_whatever_comes_as_a_body_is_taken_apart_or_refused():
    def check(sent):
        with ExitStack() as opened, suppress(Problem):
            found = multipart.read(
                io.BytesIO(sent), "b0", begin_file=Kept, opened=opened, max_xml=50_000, max_files=20
            )
            assert found.xml is None or found.xml in sent
            for file in found.files:
                assert len(file.name) <= 1000
                assert file.getvalue() in sent

    fuzz(lambda sent: bounded(check, sent), mutated(BODIES, WORDS))


@on_sqlite
def test_fuzz_whatever_is_posted_is_answered_as_a_phone_can_read(client, field, tmp_path):
    spool = tmp_path / "blobs" / ".spool"

    def check(sent):
        content, device = sent
        answer = client.post(
            f"{field.path}/submission", query_string={"deviceID": device}, data=content, content_type=TYPE
        )
        assert answer.status_code in (201, 400, 403, 404, 409, 413)
        assert said(answer)
        assert not any(spool.iterdir())

    fuzz(check, st.tuples(mutated(BODIES, WORDS), st.text(max_size=20)))


@on_sqlite
def test_fuzz_whatever_is_asked_for_is_answered_as_a_phone_can_read(client, field):
    paths = ["formList", "cases.csv", "cases/integrity", "mission.csv", "forms/x.xml", "submission", "none"]
    headers = [
        "Range",
        "If-Range",
        "If-None-Match",
        "If-Match",
        "Accept-Encoding",
        "Authorization",
        "Content-Type",
    ]
    line = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40)
    near = st.sampled_from(["bytes=0-5", "bytes=-1", 'W/"x"', "*", "gzip;q=0.5", "Digest x=", "Basic !", "-"])

    def check(sent):
        method, path, query, extra = sent
        answer = client.open(
            f"{field.path}/{path}", method=method, query_string=query, headers=extra, buffered=True
        )
        assert answer.status_code < 500
        assert answer.headers["X-OpenRosa-Version"] == "1.0"
        if answer.status_code >= 400 and method != "HEAD":
            assert said(answer)

    fuzz(
        check,
        st.tuples(
            st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS"]),
            st.sampled_from(paths) | st.text(max_size=20).map(lambda text: f"forms/{quote(text)}"),
            st.dictionaries(st.sampled_from(["deviceID", "formID", "id", "verbose"]), st.text(max_size=30)),
            st.dictionaries(st.sampled_from(headers), near | line, max_size=3),
        ),
    )
