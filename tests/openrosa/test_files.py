"""Section 6.2: the files of a submission, by whatever name and in whatever order they come."""

import re
from xml.sax.saxutils import escape

import pytest
from sqlalchemy import select, update

from app.db import writing
from app.models import Assignment, Conflict, Submission, SubmissionFile
from tests.databases import on_sqlite
from tests.field import part, parts, submission
from tests.openrosa.answers import said
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


# --- names -------------------------------------------------------------------------------------------------------


def answering(*names):
    """A submission whose answers name files."""
    asked = "".join(f"<p>{escape(name)}</p>" for name in names)
    return f"<data id='visit' version='1'>{asked}<meta><instanceID>uuid:1</instanceID></meta></data>".encode()


@pytest.fixture
def send(client, field, session, keyring):
    """Sends an interview with files written as raw heads, and returns the names they were kept by."""

    def act(xml, *heads, xml_last=False):
        first = ('form-data; name="xml_submission_file"; filename="x.xml"', xml)
        files = [(head, str(number).encode()) for number, head in enumerate(heads)]
        body = b""
        for head, content in [*files, first] if xml_last else [first, *files]:
            body += b"--b\r\nContent-Disposition: " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        answer = client.post(
            f"{field.path}/submission",
            data=body + b"--b--\r\n",
            content_type="multipart/form-data; boundary=b",
        )
        assert answer.status_code == 201, said(answer)
        session.rollback()
        rows = session.scalars(select(SubmissionFile).order_by(SubmissionFile.received_at))
        by_digest = {
            row.digest: keyring.open(row.name, f"file-name:{row.submission_id}").decode() for row in rows
        }
        digests = [keyring.digest(content) for _, content in files]
        return [by_digest.get(digest) for digest in digests]

    return act


NAMES = [
    "1764321098765.jpg",
    "фото 1.jpg",
    "صورة.jpg",
    "写真.jpg",
    "🌊.jpg",
    "e\u0301.jpg",
    "a&b<c>.jpg",
    "it's.jpg",
    "100%.jpg",
    "a;b=c.jpg",
    "back\\slash.jpg",
    "x" * 1000,
    ".hidden",
    "no ending",
    "audit.csv",
]


@on_sqlite
@pytest.mark.parametrize("xml_last", [False, True], ids=["XML first", "XML last"])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_is_kept_by_the_name_in_its_answer_as_collect_sends_it(send, name, xml_last):
    head = f'form-data; name="{name}"; filename="{name}"'
    assert send(answering(name), head, xml_last=xml_last) == [name]


@on_sqlite
@pytest.mark.parametrize("xml_last", [False, True], ids=["XML first", "XML last"])
@pytest.mark.parametrize(
    "head",
    [
        'form-data; name="photo.jpg"; filename="photo.jpg"',
        'form-data; name="file"; filename="photo.jpg"',
        'form-data; name="photo.jpg"; filename="blob"',
        'form-data; name="photo.jpg"; filename=""',
        'form-data; name="photo.jpg"',
        'form-data; filename="photo.jpg"',
        "form-data; name=photo.jpg; filename=photo.jpg",
        'form-data; name="file"; filename="/storage/emulated/0/odk/photo.jpg"',
        'form-data; name="file"; filename="C:\\fakepath\\photo.jpg"',
        "form-data; name=\"file\"; filename*=UTF-8''photo.jpg",
        'form-data; name="file"; filename="x"; filename*=UTF-8\'\'photo%2Ejpg',
    ],
)
def test_a_file_is_found_by_part_name_or_file_name_whichever_an_answer_gives(send, head, xml_last):
    assert send(answering("photo.jpg"), head, xml_last=xml_last) == ["photo.jpg"]


@on_sqlite
@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("фото.jpg", "form-data; name=\"file\"; filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE.jpg"),
        ("é.jpg", "form-data; name=\"file\"; filename*=ISO-8859-1''%E9.jpg"),
        ('a"b.jpg', 'form-data; name="file"; filename="a%22b.jpg"'),  # as browsers and OkHttp escape
        ('a"b.jpg', 'form-data; name="file"; filename="a\\"b.jpg"'),  # as RFC 7578 does
        ("a\nb.jpg", 'form-data; name="file"; filename="a%0Ab.jpg"'),
        (
            "é.jpg",
            'form-data; name="file"; filename="e\u0301.jpg"',
        ),  # composed in the answer, not in the name
        ("e\u0301.jpg", 'form-data; name="file"; filename="é.jpg"'),
        ("../x.jpg", 'form-data; name="../x.jpg"; filename="../x.jpg"'),
    ],
)
def test_a_name_is_understood_however_it_is_escaped(send, name, head):
    assert send(answering(name), head) == [name]


@on_sqlite
def test_files_that_share_a_general_name_are_told_apart_by_the_other_one(send):
    heads = [f'form-data; name="{number}.jpg"; filename="blob"' for number in range(3)]
    assert send(answering("0.jpg", "1.jpg", "2.jpg"), *heads) == ["0.jpg", "1.jpg", "2.jpg"]


@on_sqlite
def test_leftovers_that_share_a_general_name_are_all_kept(send):
    heads = [f'form-data; name="{number}.jpg"; filename="blob"' for number in range(3)]
    assert send(answering(), *heads) == ["blob", "1.jpg", "2.jpg"]


@on_sqlite
def test_leftovers_that_no_answer_names_are_kept(send):
    heads = [
        'form-data; name="old.jpg"; filename="old.jpg"',
        'form-data; name="audit.csv"; filename="audit.csv"',
    ]
    assert send(answering("new.jpg"), *heads) == ["old.jpg", "audit.csv"]


@on_sqlite
def test_a_plain_field_that_no_answer_names_is_no_file(send):
    heads = [
        'form-data; name="*isIncomplete*"',
        'form-data; name="Date"',
        'form-data; name="__csrf"',
        "form-data",
    ]
    assert send(answering("new.jpg"), *heads) == [None] * 4


@on_sqlite
@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "a\0b",
        "\u202egpj.exe",
        "CON",
        "a\tb",
        "-rf",
        "%2e%2e%2f",
    ],
)
def test_no_name_leads_out_of_the_store(send, app, tmp_path, name):
    before = {path for path in tmp_path.rglob("*") if "blobs" not in path.parts}
    assert send(answering(), f'form-data; name="{name}"; filename="{name}"') == [name]
    assert {path for path in tmp_path.rglob("*") if "blobs" not in path.parts} == before
    (blob,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert re.fullmatch("[0-9a-f]{64}", blob.name)


@on_sqlite
def test_a_file_without_any_name_is_refused_and_nothing_is_stored(client, field, session):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"\r\n\r\n' + submission() + b"\r\n"
    )
    body += b"--b\r\nContent-Disposition: form-data\r\nContent-Type: image/jpeg\r\n\r\nx\r\n--b--\r\n"
    answer = client.post(
        f"{field.path}/submission", data=body, content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 400
    assert "no usable name" in said(answer)
    assert session.scalar(select(SubmissionFile.blob)) is None


def test_the_same_file_twice_in_one_request_is_kept_once(send):
    head = 'form-data; name="a.jpg"; filename="a.jpg"'
    assert send(answering("a.jpg"), head) == ["a.jpg"]
    assert send(answering("a.jpg"), head) == ["a.jpg"]


# --- many files, in several requests -----------------------------------------------------------------------------


def split(xml, files, *, most=100, limit=10_000_000):
    """The requests Collect makes of an interview: each repeats the XML, all but the last say that more follows."""
    requests, waiting = [], list(files.items())
    while waiting or not requests:
        taken, size = {}, len(xml)
        while waiting and len(taken) < most and (not taken or size + len(waiting[0][1]) <= limit):
            name, content = waiting.pop(0)
            taken[name] = content
            size += len(content)
        data = parts(xml, **taken)
        requests.append({**data, "*isIncomplete*": "yes"} if waiting else data)
    return requests


@pytest.mark.parametrize("count", [0, 1, 100, 101, 301])
def test_an_interview_with_any_number_of_files_arrives_in_as_many_requests_as_it_takes(
    client, field, session, count
):
    xml = submission("uuid:1")
    files = {f"{number}.jpg": b"%d" % number for number in range(count)}
    requests = split(xml, files)
    assert len(requests) == max(1, -(-count // 100))
    for data in requests:
        assert client.post(f"{field.path}/submission", data=data).status_code == 201
    assert len(session.scalars(select(SubmissionFile.name_digest)).all()) == count
    assert session.scalars(select(Submission.instance_id)).all() == ["uuid:1"]


def test_requests_split_by_size_arrive_in_any_order_and_a_lost_one_is_made_up_for(client, field, session):
    files = {f"{number}.jpg": bytes([number]) * 40_000 for number in range(9)}

    def made():
        return split(submission("uuid:1"), files, limit=100_000)

    assert len(made()) == 5
    for number in (4, 0, 3, 1):
        assert client.post(f"{field.path}/submission", data=made()[number]).status_code == 201
    assert len(session.scalars(select(SubmissionFile.size)).all()) == 7
    for data in made():  # the phone never saw an answer to the one that was lost, and sends all of it again
        assert client.post(f"{field.path}/submission", data=data).status_code == 201
    session.rollback()
    assert len(session.scalars(select(SubmissionFile.size)).all()) == 9
    assert session.scalar(select(Conflict.id)) is None


def test_files_arrive_late_for_a_form_that_was_closed_meanwhile(client, field, session):
    first, second = split(submission("uuid:1"), {"a.jpg": b"a", "b.jpg": b"b"}, most=1)
    assert client.post(f"{field.path}/submission", data=first).status_code == 201
    with writing(session):
        session.execute(update(Assignment).values(state="closed"))
    assert client.post(f"{field.path}/submission", data=second).status_code == 201
    assert len(session.scalars(select(SubmissionFile.size)).all()) == 2
