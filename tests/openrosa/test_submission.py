"""Sections 6.1 and 6.2: HEAD and POST submission, as Collect sends them."""

import itertools

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import Device, Interviewer, LedgerEntry, Submission, SubmissionFile
from tests.databases import on_sqlite
from tests.field import parts, submission
from tests.openrosa.answers import SUCCESS, said
from tests.openrosa.sending import post


def test_a_head_says_go_on(client, field):
    answer = client.head(f"{field.path}/submission?deviceID=collect:x")
    assert answer.status_code == 204
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "10000000"


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


# --- status codes, as Collect reads them -------------------------------------------------------------------------


def test_only_201_is_ever_said_of_what_is_stored(client, field):
    """200 is taken for a captive portal, 204 for an error: not even a repeat or a request with more to come."""
    xml, edit = submission("uuid:1"), submission("uuid:2", deprecated_id="uuid:1")
    more = {**parts(xml, **{"a.jpg": b"a"}), "*isIncomplete*": "yes"}
    sent = [parts(xml), more, parts(xml, **{"a.jpg": b"a"}), parts(xml), parts(edit), parts(edit), parts(xml)]
    for data in sent:
        answer = client.post(f"{field.path}/submission", data=data)
        assert answer.status_code == 201
        assert said(answer) == SUCCESS
        assert 'nature="submit_success"' in answer.text
        assert 'items="1"' in answer.text


def test_before_a_batch_nothing_is_moved_and_nothing_is_said(client, field):
    """Location on the 204 would move the posts; other 2xx would fail."""
    for query in ("", "?deviceID=collect:x"):
        answer = client.head(f"{field.path}/submission{query}")
        assert answer.status_code == 204
        assert answer.data == b""
        assert "Location" not in answer.headers
        assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "10000000"


def test_the_length_a_phone_is_asked_to_keep_is_the_one_that_was_set(make_app, public_keys, field):
    client = make_app(surface="device", keys=public_keys, max_request=5_000_000).test_client()
    answer = client.head(f"{field.path}/submission")
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "5000000"


def test_a_file_larger_than_the_wish_is_taken_all_the_same(make_app, public_keys, field, session):
    client = make_app(surface="device", keys=public_keys, max_request=100_000).test_client()
    assert post(client, field, submission(), **{"film.mp4": bytes(400_000)}).status_code == 201
    assert session.scalar(select(SubmissionFile.size)) == 400_000


# --- the request as others write it ------------------------------------------------------------------------------


def raw(*parts_, boundary="b", end="\r\n"):
    """A body from its parts: (headers, content)."""
    body = b""
    for headers, content in parts_:
        body += f"--{boundary}{end}{end.join(headers)}{end}{end}".encode() + content + end.encode()
    return body + f"--{boundary}--{end}".encode()


XML = 'Content-Disposition: form-data; name="xml_submission_file"; filename="x.xml"'
FILE = 'Content-Disposition: form-data; name="a.jpg"; filename="a.jpg"'


@on_sqlite
@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        pytest.param(
            [XML, "Content-Type: text/xml; charset=utf-8"], "multipart/form-data; boundary=b", id="Collect"
        ),
        pytest.param(
            [XML, "Content-Type: text/xml"], 'multipart/form-data; boundary="b"', id="quoted boundary"
        ),
        pytest.param([XML], "multipart/form-data; boundary=b", id="no type"),
        pytest.param(
            [XML, "Content-Type: application/xml"], "multipart/form-data; boundary=b", id="another type"
        ),
        pytest.param(
            [XML, "Content-Length: 7"], "multipart/form-data; boundary=b", id="a length of the part"
        ),
        pytest.param(
            ["Content-Transfer-Encoding: binary", XML, "Content-Type: text/xml"],
            "Multipart/Form-Data; charset=UTF-8; boundary=b",
            id="Apache HttpClient",
        ),
        pytest.param(
            ["content-disposition:form-data;name=xml_submission_file;filename=x.xml"],
            "multipart/form-data;boundary=b",
            id="no blanks nor quotes",
        ),
        pytest.param(
            ['Content-Disposition: form-data; name="xml_submission_file"; filename="Опрос № 1_2026.xml"'],
            "multipart/form-data; boundary=b",
            id="a name in another script",
        ),
        pytest.param(
            ['Content-Disposition: form-data; name="file"; filename="xml_submission_file"'],
            "multipart/form-data; boundary=b",
            id="the names changed over",
        ),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
def test_a_request_is_read_however_its_client_spells_the_heads(
    client, field, session, head, content_type, end
):
    data = raw((head, submission("uuid:1")), ([FILE], b"picture"), end=end)
    answer = client.post(f"{field.path}/submission", data=data, content_type=content_type)
    assert answer.status_code == 201
    assert session.scalar(select(Submission.instance_id)) == "uuid:1"
    assert session.scalar(select(SubmissionFile.size)) == 7


@on_sqlite
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_parts_may_come_in_any_order(client, field, session, order):
    parts_ = [
        ([XML], submission("uuid:1")),
        ([FILE], b"1"),
        (['Content-Disposition: form-data; name="b.jpg"; filename="b.jpg"'], b"22"),
        (['Content-Disposition: form-data; name="*isIncomplete*"'], b"yes"),
    ]
    data = raw(*(parts_[number] for number in order))
    answer = client.post(
        f"{field.path}/submission", data=data, content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 201
    assert sorted(session.scalars(select(SubmissionFile.size))) == [1, 2]


def test_what_stands_before_the_first_boundary_and_after_the_last_counts_for_nothing(client, field, session):
    data = b"This is a message\r\n" + raw(([XML], submission()), ([FILE], b"1")) + b"\r\nGoodbye\r\n" * 1000
    answer = client.post(
        f"{field.path}/submission", data=data, content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 201
    assert session.scalar(select(SubmissionFile.size)) == 1
