"""Section 4: the form itself."""

import hashlib

from sqlalchemy import select

from app.models import FormVersion
from tests.openrosa.answers import form_list, path_of


def test_a_listed_form_downloads_as_the_bytes_its_hash_was_taken_of(client, field, session):
    (listed,) = form_list(client, field, "?deviceID=collect:x")
    row = session.scalars(select(FormVersion)).one()
    assert listed == {
        "formID": "visit",
        "name": "Visit <1> & more",
        "version": "1",
        "hash": f"md5:{row.md5}",
        "downloadUrl": f"http://localhost{field.path}/forms/{row.id}.xml",
    }
    answer = client.get(path_of(listed["downloadUrl"]) + "?deviceID=collect:x")
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.data == row.xform
    assert hashlib.md5(answer.data).hexdigest() == row.md5
