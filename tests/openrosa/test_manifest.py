"""Section 5: the manifest, and the files it lists."""

import hashlib
import re
import uuid
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import Form
from tests.field import add_version
from tests.openrosa.answers import form_list, manifest, path_of


def test_media_is_listed_as_it_downloads(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        version = add_version(session, form, "2", media={"safe door.png": b"\x89PNG", "a.png": b"a"})
    (listed,) = form_list(client, field)
    files = manifest(client, listed["manifestUrl"])
    assert [file["filename"] for file in files] == ["a.png", "safe door.png"]
    for file in files:
        answer = client.get(path_of(file["downloadUrl"]))
        assert answer.content_type == "image/png"
        assert f"md5:{hashlib.md5(answer.data).hexdigest()}" == file["hash"]
    assert client.get(f"{field.path}/forms/{version.id}/media/none.png").status_code == 404
    assert client.get(f"{field.path}/forms/{uuid.uuid4()}/media/a.png").status_code == 404


def test_a_form_without_media_names_no_manifest(client, field):
    (listed,) = form_list(client, field)
    assert "manifestUrl" not in listed
    assert manifest(client, listed["downloadUrl"].replace(".xml", "/manifest")) == []
    assert client.get(f"{field.path}/forms/{uuid.uuid4()}/manifest").status_code == 404


# --- what Collect requires ---------------------------------------------------------------------------------------


NAMES = [
    "a b.png",
    "ä&<>'\".png",
    "карта.png",
    "خريطة.mp3",
    "地图.mp4",
    "🌊.png",
    "100%.png",
    "a?b#c.png",
    "a+b.csv",
    "x" * 200,
]


def test_a_file_of_any_name_is_listed_and_downloads_from_the_url_the_manifest_says(client, field, session):
    with writing(session):
        add_version(
            session, session.scalars(select(Form)).one(), "2", media={name: name.encode() for name in NAMES}
        )
    files = manifest(client, form_list(client, field)[0]["manifestUrl"])
    assert {file["filename"] for file in files} == set(NAMES)
    for file in files:
        assert file["downloadUrl"].isascii()
        for query in ("", "?deviceID=collect:x"):
            assert client.get(path_of(file["downloadUrl"]) + query).data == file["filename"].encode()


def test_no_entry_lacks_what_collect_would_refuse_the_whole_manifest_for(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(
            session,
            form,
            "2",
            media={"a.png": b"a"},
            wants=["cases.csv", "mission.csv", "never-uploaded.csv"],
        )
    files = manifest(client, form_list(client, field)[0]["manifestUrl"])
    assert {file["filename"]: file["type"] for file in files} == {
        "a.png": None,
        "mission.csv": None,
        "cases.csv": "entityList",
    }
    for file in files:
        assert re.fullmatch(r"md5:[0-9a-f]{32}", file["hash"])
        assert urlsplit(file["downloadUrl"]).hostname
        assert ("integrityUrl" in file) == (file["type"] == "entityList")


def test_a_list_that_was_uploaded_comes_instead_of_the_one_that_would_be_made(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(session, form, "2", media={"cases.csv": b"name,label\r\n"}, wants=["cases.csv"])
    (file,) = manifest(client, form_list(client, field)[0]["manifestUrl"])
    assert file["type"] is None
    assert client.get(path_of(file["downloadUrl"])).data == b"name,label\r\n"


@pytest.mark.parametrize(
    "name", ["%00", "a%00.png", "..%2f..%2fetc%2fpasswd", "../../healthz", "a.png/", "%ff", "x" * 5000]
)
def test_no_name_reaches_what_is_no_file_of_the_form(client, field, session, name):
    with writing(session):
        version = add_version(session, session.scalars(select(Form)).one(), "2", media={"a.png": b"a"})
    answer = client.get(f"{field.path}/forms/{version.id}/media/{name}")
    assert answer.status_code in (400, 404)
