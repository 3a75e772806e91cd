"""Section 5: the manifest, and the files it lists."""

import hashlib
import uuid

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
