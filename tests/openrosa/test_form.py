"""Section 4: the form itself."""

import gzip
import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

import xlsforms
from app.db import writing
from app.models import Form, FormVersion
from tests.clients.collect.collect_client import ClientError, check_form
from tests.clients.collect.collect_client import Form as ListedForm
from tests.field import XFORM, add_version
from tests.openrosa.answers import form_list, path_of
from xlsforms.compile import compile_form

FORMS = Path(xlsforms.__file__).parent / "forms"


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


def test_the_bytes_are_those_of_the_hash_however_they_travel(client, field, session):
    with writing(session):
        version = add_version(session, session.scalars(select(Form)).one(), "2")
        version.xform += b"<!-- " + b"x" * 5000 + " – é -->\n".encode()
        version.md5 = hashlib.md5(version.xform).hexdigest()
    (listed,) = form_list(client, field)
    assert listed["hash"] == f"md5:{version.md5}"
    plain = client.get(path_of(listed["downloadUrl"])).data
    packed = client.get(path_of(listed["downloadUrl"]), headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    for content in (plain, gzip.decompress(packed.data)):
        assert hashlib.md5(content).hexdigest() == version.md5


def test_a_version_that_another_replaced_still_downloads_for_the_phone_that_was_told_of_it(
    client, field, session
):
    (old,) = form_list(client, field)
    with writing(session):
        add_version(session, session.scalars(select(Form)).one(), "2")
    assert client.get(path_of(old["downloadUrl"])).status_code == 200


@pytest.mark.parametrize("workbook", ["screening", "assistance"])
def test_an_authored_form_is_one_that_collect_installs(workbook):
    compiled = compile_form((FORMS / f"{workbook}.xlsx").read_bytes(), f"{workbook}.xlsx")
    listed = ListedForm(compiled.schema.form_id, workbook, compiled.schema.version, "", "", None)
    check_form(compiled.xform, listed)


PLAIN = XFORM.format(title="Visit", form_id="visit", version="1")


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        ("", "", None),
        ("<h:title>Visit</h:title>", "", "error"),
        ("<h:title>Visit</h:title>", "<h:title/>", "error"),
        ("<h:head>", "<h:head><!-- a title comes --> ", None),
        (PLAIN[PLAIN.index("<h:body>") : PLAIN.index("</h:html>")], "", "error"),
        ("h:head>", "h:top>", "error"),
        (' id="visit"', "", "error"),
        (' id="visit"', ' id="visit "', "error"),
        (' id="visit"', ' xmlns="http://example.org/visit"', "warning"),
    ],
)
def test_what_collect_could_not_install_is_refused_before_it_is_published(before, after, severity):
    xform = PLAIN.replace(before, after).encode()
    compiled = compile_form(xform, "visit.xml")
    found = {one.severity for one in compiled.findings if one.code.startswith("xform_")}
    assert found == ({severity} if severity else set())
    assert compiled.ok == (severity != "error")
    listed = ListedForm("visit", "Visit", "1", "", "", None)
    if severity is None:
        check_form(xform, listed)
    else:
        with pytest.raises(ClientError):
            check_form(xform, listed)


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        (b"https://elsewhere.example.org/submission", "warning"),  # the interviews would go there
        (b"elsewhere", "error"),  # Collect could not even install it
        (b"http://[", "error"),
    ],
)
def test_a_form_that_names_another_address_for_its_interviews_is_told_of(url, severity):
    table = b"""
    | survey   |      |         |       |
    |          | type | name    | label |
    |          | text | a       | A     |
    | settings |      |         |       |
    |          | form_id | version | submission_url |
    |          | f       | 1       | %s |
    """
    compiled = compile_form(table % url, "f.md")
    (found,) = [one for one in compiled.findings if one.code == "submission_elsewhere"]
    assert (found.severity, found.sheet, found.column) == (severity, "settings", "submission_url")
    assert compiled.ok == (severity == "warning")
