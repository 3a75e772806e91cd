"""Submissions over REST: list, one, its XML and files, review, delete, download."""

import csv
import hashlib
import io
import json
import uuid
import zipfile

import pytest
from sqlalchemy import select

from app.models import LedgerEntry
from app.services import demo


@pytest.fixture
def path(world):
    return f"/projects/{world.mission}/forms/ct_screening"


def _plain(number=0):
    return demo.instances()[number].read_bytes()


def test_all_submissions_are_listed_newest_first(coordinator, path, world):
    answer = coordinator.get(f"{path}/submissions")
    assert answer.mimetype == "application/json"
    assert [one["instanceId"] for one in answer.json] == world.instances[::-1]
    one = answer.json[0]
    assert one["state"] in ("normalised", "waiting")
    assert one["createdAt"].endswith("Z")
    assert one["reviewState"] is None
    assert coordinator.get(f"/projects/{world.mission}/forms/places/submissions").json == []


def test_a_list_can_be_read_page_by_page(coordinator, path, world):
    seen, following = [], f"/v1{path}/submissions?limit=2"
    while following:
        answer = coordinator.get(following.removeprefix("/v1"))
        seen += [one["instanceId"] for one in answer.json]
        link = answer.headers.get("Link")
        following = link.partition(">")[0].removeprefix("<") if link else None
    assert seen == world.instances[::-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=100000", "after=nonsense"])
def test_a_page_that_cannot_be_is_said_to_be_none(coordinator, path, query):
    assert coordinator.get(f"{path}/submissions?{query}").status_code in (400, 422)


def test_a_long_list_is_streamed_through_pages(coordinator, path, world, monkeypatch):
    from app.api import submissions

    monkeypatch.setattr(submissions, "_STREAMED", 1)
    assert len(coordinator.get(f"{path}/submissions").json) == 3


def test_one_submission_is_found_by_its_id_percent_encoded(coordinator, path, world):
    name = world.instances[0]
    answer = coordinator.get(f"{path}/submissions/{name.replace(':', '%3A')}")
    assert answer.json["instanceId"] == name
    assert coordinator.get(f"{path}/submissions/uuid:none").status_code == 404
    assert coordinator.get(f"/projects/{world.mission}/forms/places/submissions/{name}").status_code == 404
    (version,) = coordinator.get(f"{path}/submissions/{name}/versions").json
    assert version["current"] is True


def test_the_xml_comes_back_byte_for_byte_and_the_ledger_knows(coordinator, path, world, session):
    answer = coordinator.get(f"{path}/submissions/{world.instances[0]}.xml?reason=a+check+of+mine")
    assert answer.status_code == 200, answer.json
    assert answer.data == _plain()
    assert answer.mimetype == "application/xml"
    actions = session.scalars(select(LedgerEntry.action)).all()
    assert any(action.startswith("submission.") and action != "submission.receive" for action in actions)


def test_files_are_listed_and_downloaded(coordinator, path, world):
    found = 0
    for name in world.instances:
        for file in coordinator.get(f"{path}/submissions/{name}/attachments").json:
            found += 1
            assert file["exists"]
            answer = coordinator.get(f"{path}/submissions/{name}/attachments/{file['name']}")
            assert answer.status_code == 200
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert len(answer.data) == int(answer.headers["Content-Length"])
    assert found
    assert coordinator.get(f"{path}/submissions/{name}/attachments/none.png").status_code == 404


def test_a_submission_is_sent_from_the_office_once(coordinator, path, world, session, engine, keyring):
    xml = demo.instances()[0].read_bytes().replace(world.instances[0].encode(), b"uuid:from-the-office")
    for _ in range(2):
        answer = coordinator.post(f"{path}/submissions", data=xml, content_type="application/xml")
        assert answer.status_code == 200, answer.json
        assert answer.json["instanceId"] == "uuid:from-the-office"
    assert coordinator.get(f"{path}/submissions").json[0]["instanceId"] == "uuid:from-the-office"
    other = coordinator.post(f"/projects/{world.mission}/forms/places/submissions", data=xml)
    assert other.status_code == 400, "the XML is of another form"
    changed = xml.replace(b"<meta>", b"<meta ><!-- other bytes -->").replace(b"</data>", b" </data>")
    answer = coordinator.post(f"{path}/submissions", data=changed)
    assert (answer.status_code, answer.json["code"]) == (409, 409.1)
    assert coordinator.post(f"{path}/submissions", data=b"<x").status_code == 400


def test_a_review_is_given_and_taken_back(coordinator, path, world):
    one = f"{path}/submissions/{world.instances[0]}"
    answer = coordinator("PATCH", one, json={"reviewState": "approved"})
    assert answer.json["reviewState"] == "approved"
    assert coordinator("PATCH", one, json={"reviewState": "received"}).json["reviewState"] is None
    assert coordinator("PATCH", one, json={"reviewState": "perhaps"}).status_code == 400


def test_deleting_takes_a_reason(coordinator, path, world):
    one = f"{path}/submissions/{world.instances[0]}"
    assert coordinator("DELETE", one).status_code in (400, 422)
    assert coordinator("DELETE", f"{one}?reason=sent+by+mistake").json == {"success": True}
    assert len(coordinator.get(f"{path}/submissions").json) == 2
    assert coordinator("DELETE", f"{path}/submissions/uuid:none?reason=sent+by+mistake").status_code == 404


def _tables(answer):
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return {
            name: list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8")))
            for name in archive.namelist()
            if name.endswith(".csv")
        }


def test_the_download_is_what_odk_central_would_give(coordinator, path, world):
    answer = coordinator.get(f"{path}/submissions.csv.zip")
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    rows = _tables(answer)["ct_screening.csv"]
    assert {row["KEY"] for row in rows} == set(world.instances)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert any(name.startswith("media/") for name in archive.namelist())
    without = coordinator.get(f"{path}/submissions.csv.zip?attachments=false")
    with zipfile.ZipFile(io.BytesIO(without.data)) as archive:
        assert not any(name.startswith("media/") for name in archive.namelist())


def test_a_download_without_identifiers_leaves_out_their_columns(coordinator, path, world):
    whole = _tables(coordinator.get(f"{path}/submissions.csv.zip"))["ct_screening.csv"][0]
    less = _tables(coordinator.get(f"{path}/submissions.csv.zip?identifiers=false"))["ct_screening.csv"][0]
    assert set(less) < set(whole)
    assert any("family_name" in column for column in set(whole) - set(less))


def test_the_root_table_alone_is_one_csv(coordinator, path, world):
    answer = coordinator.get(f"{path}/submissions.csv?groupPaths=false")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("__system/submissionDate ge 2020-01-01T00:00:00Z", 3),
        ("__system/submissionDate lt 2020-01-01T00:00:00Z", 0),
        ("__system/submissionDate ge 2020-01-01 and __system/reviewState eq null", 3),
        ("__system/reviewState eq 'approved' or __system/reviewState eq 'rejected'", 0),
        ("not (__system/reviewState eq null)", 0),
        ("(__system/reviewState eq null)", 3),
    ],
)
def test_a_download_can_be_filtered_as_in_central(coordinator, path, said, count):
    answer = coordinator.get(f"{path}/submissions.csv.zip", query_string={"$filter": said})
    assert answer.status_code == 200, answer.json
    assert len(_tables(answer)["ct_screening.csv"]) == count


@pytest.mark.parametrize(
    "said",
    [
        "name eq 'Ana'",
        "__system/submissionDate ge yesterday",
        "__system/submissionDate ge 2020-01-01 and",
    ],
)
def test_a_filter_that_is_not_understood_is_refused_and_never_overlooked(coordinator, path, said):
    answer = coordinator.get(f"{path}/submissions.csv.zip", query_string={"$filter": said})
    assert answer.status_code == 400
    assert "Ana" not in answer.text


def test_a_download_in_another_format_has_a_manifest(coordinator, path, world):
    answer = coordinator.get(f"{path}/download/jsonl?reason=monthly+report")
    assert {json.loads(line)["KEY"] for line in answer.text.splitlines()} == set(world.instances)
    project = path.partition("/forms/")[0]
    said = coordinator.get(f"{project}/downloads/{answer.headers['X-Download-Id']}/manifest").json
    assert (said["format"], said["complete"], said["reason"]) == ("jsonl", True, "monthly report")
    assert said["rows"]["ct_screening"] == len(world.instances)
    assert said["sha256"] == hashlib.sha256(answer.data).hexdigest()
    assert coordinator.get(f"{project}/downloads/{uuid.uuid4()}/manifest").status_code == 404
    assert coordinator.get(f"{path}/download/fax").status_code == 400


def test_a_download_is_in_the_ledger(coordinator, path, session):
    coordinator.get(f"{path}/submissions.csv.zip?reason=monthly+report")
    entries = session.scalars(select(LedgerEntry).where(LedgerEntry.action.like("export.%"))).all()
    assert entries
    assert entries[0].reason == "monthly report"
