"""Section 6.3: the submission as phones, old ones too, write it."""

import pytest
from sqlalchemy import select

from app.models import Submission
from tests.databases import on_sqlite
from tests.openrosa.answers import said
from tests.openrosa.sending import post

ORX = "xmlns:orx='http://openrosa.org/xforms'"


@pytest.mark.parametrize(
    ("xml", "version", "instance_id", "deprecated_id"),
    [
        pytest.param(
            "<data id='visit' version='7'><meta><instanceID>uuid:1</instanceID></meta></data>",
            "7", "uuid:1", None, id="meta in no namespace",
        ),
        pytest.param(
            f"<data id='visit' version='7' {ORX}><orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>",
            "7", "uuid:1", None, id="meta in that of OpenRosa",
        ),
        pytest.param(
            "<data id='visit' version='7' xmlns='http://example.org'><meta xmlns='http://openrosa.org/xforms'>"
            "<instanceID>uuid:1</instanceID></meta></data>",
            "7", "uuid:1", None, id="a default namespace",
        ),
        pytest.param(
            f"<data id='visit' version='7' {ORX}><orx:meta><deprecatedID>uuid:0</deprecatedID>"
            "<orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>",
            "7", "uuid:1", "uuid:0", id="deprecatedID in none, as Collect adds it",
        ),
        pytest.param(
            f"<data id='visit' orx:version='7' {ORX}><meta><instanceID>uuid:1</instanceID></meta></data>",
            "7", "uuid:1", None, id="an older version attribute",
        ),
        pytest.param(
            "<x:data xmlns:x='visit' version='7'><x:meta><x:instanceID>uuid:1</x:instanceID></x:meta></x:data>",
            "7", "uuid:1", None, id="xmlns instead of id",
        ),
        pytest.param(
            "<data id='visit'><meta><instanceID>uuid:1</instanceID></meta></data>",
            "", "uuid:1", None, id="no version",
        ),
        pytest.param(
            f"<data id='visit' version='{'7' * 249}'><meta><instanceID>{'i' * 249}</instanceID></meta></data>",
            "7" * 249, "i" * 249, None, id="249 characters",
        ),
        pytest.param(
            "<?xml version='1.0' encoding='UTF-8'?>\n<!-- kept -->\n<data id='visit' version='7'><a/><b></b>"
            "<r><c>1</c></r><r><c>2</c></r>\n<meta>\n<instanceID>\n uuid:1 \n</instanceID>\n"
            "<instanceName>Опрос &amp; 住户</instanceName><timeStart/><audit>audit.csv</audit></meta></data>\n",
            "7", "uuid:1", None, id="empty nodes, repeats, the rest of meta",
        ),
        pytest.param(
            "\ufeff<data id='visit' version='7'><meta><instanceID>uuid:1</instanceID></meta></data>",
            "7", "uuid:1", None, id="a byte order mark",
        ),
    ],
)  # fmt: skip
def test_a_submission_is_known_by_its_ids_and_kept_byte_for_byte(
    client, field, session, keyring, xml, version, instance_id, deprecated_id
):
    assert post(client, field, xml.encode()).status_code == 201
    row = session.scalars(select(Submission)).one()
    assert (row.xml_form_id, row.form_version) == ("visit", version)
    assert (row.instance_id, row.deprecated_id) == (instance_id, deprecated_id)
    assert keyring.open(row.xml, f"submission:{row.id}") == xml.encode()


@pytest.mark.parametrize("what", ["id", "version", "instanceID", "deprecatedID"])
def test_more_than_249_characters_are_refused_in_words(client, field, session, what):
    long = {"id": "visit", "version": "1", "instanceID": "uuid:1", "deprecatedID": "uuid:0"} | {
        what: "x" * 250
    }
    xml = (
        f"<data id='{long['id']}' version='{long['version']}'><meta><instanceID>{long['instanceID']}</instanceID>"
        f"<deprecatedID>{long['deprecatedID']}</deprecatedID></meta></data>"
    )
    answer = post(client, field, xml.encode())
    assert answer.status_code == 400
    assert "249" in said(answer)
    assert session.scalar(select(Submission.id)) is None


@on_sqlite
def test_malformed_xml_is_never_stored(client, field, session):
    whole = b"<data id='visit' version='1'><name>x</name><meta><instanceID>uuid:1</instanceID></meta></data>"
    for end in range(len(whole)):
        answer = post(client, field, whole[:end])
        assert answer.status_code == 400
        assert said(answer)
    assert session.scalar(select(Submission.id)) is None
    assert post(client, field, whole).status_code == 201
