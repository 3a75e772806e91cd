"""Forms over REST, as scripts written for ODK Central use them."""

import io
import zipfile

import openpyxl
import pytest

from app.db import writing
from app.policy import COMMAND
from app.services import publish
from tests.xlsforms.test_hostile import REFUSED
from xlsforms import schema

XLSX = publish.KINDS["xlsx"]


def workbook(version="1", *, kind="text", form_id="visit"):
    """A small XLSForm."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "survey"
    for row in (["type", "name", "label"], [kind, "name", "Name"], ["select_multiple yn", "m", "M"]):
        sheet.append(row)
    choices = book.create_sheet("choices")
    for row in (["list_name", "name", "label"], ["yn", "yes", "Yes"], ["yn", "no", "No"]):
        choices.append(row)
    settings = book.create_sheet("settings")
    settings.append(["form_id", "version", "form_title"])
    settings.append([form_id, version, "Visit"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


ONE = workbook()


@pytest.fixture
def forms(world):
    return f"/projects/{world.mission}/forms"


@pytest.fixture
def put(designer, forms):
    """Upload as a form designer; the answer."""

    def put(content=ONE, *, query="publish=true&ignoreWarnings=true", path="", kind=XLSX, **headers):
        return designer.post(f"{forms}{path}?{query}", data=content, content_type=kind, headers=headers)

    return put


def test_a_workbook_is_published_in_one_call_and_read_back_in_every_shape(put, designer, forms):
    made = put()
    assert made.status_code == 200
    assert made.json["xmlFormId"] == "visit"
    assert made.json["publishedAt"]
    assert made.json["state"] == "open"
    xml = designer.get(f"{forms}/visit.xml")
    assert xml.mimetype == "application/xml"
    assert b"<h:html" in xml.data
    assert (
        designer.get(f"{forms}/visit.xml", headers={"If-None-Match": xml.headers["ETag"]}).status_code == 304
    )
    assert designer.get(f"{forms}/visit.xlsx").data == ONE
    assert designer.get(f"{forms}/visit.xls").status_code == 404
    assert designer.get(f"{forms}/visit/versions/1.xml").data == xml.data
    assert designer.get(f"{forms}/visit/versions/1.xlsx").data == ONE
    assert designer.get(f"{forms}/visit").json["hash"] == made.json["hash"]
    assert [one["version"] for one in designer.get(f"{forms}/visit/versions").json] == ["1"]
    assert designer.get(f"{forms}/visit/versions/1").json["sha256"] == made.json["sha256"]
    assert "visit" in [one["xmlFormId"] for one in designer.get(forms).json]


def test_the_fields_say_type_place_in_the_case_store_and_privacy(designer, forms, put):
    put()
    fields = {one["path"]: one for one in designer.get(f"{forms}/visit/fields").json}
    assert fields["/name"]["type"] == "string"
    assert fields["/name"]["privacy"] == "P3"
    assert fields["/m"]["selectMultiple"] is True
    assert fields["/meta"]["type"] == "structure"
    screening = {one["field"]: one for one in designer.get(f"{forms}/ct_screening/fields").json}
    assert screening["person.sex"]["privacy"] == "P1" or screening["person.sex"]["privacy"] == "P2"
    assert designer.get(f"{forms}/visit/versions/1/fields").json == list(fields.values())


def test_the_same_workbook_again_changes_nothing_and_another_under_its_version_is_refused(put):
    first = put().json
    assert put().json["publishedAt"] == first["publishedAt"]
    answer = put(workbook(kind="integer"))
    assert answer.status_code == 409
    assert answer.json["code"] == 409.6
    assert "version" in answer.json["mend"]


def test_a_workbook_with_errors_is_refused_with_where_and_why(put):
    answer = put(workbook(kind="txet"))
    assert answer.status_code == 400
    assert answer.json["code"] == 400.15
    assert answer.json["details"]["error"]
    finding = answer.json["details"]["findings"][0]
    assert (finding["sheet"], finding["row"]) == ("survey", 2)


def test_warnings_of_the_converter_take_the_word_of_the_caller(put):
    book = openpyxl.load_workbook(io.BytesIO(ONE))
    book["survey"].append(["image", "face", "Face"])  # without max-pixels
    stream = io.BytesIO()
    book.save(stream)
    answer = put(stream.getvalue(), query="publish=true")
    assert answer.status_code == 400
    assert answer.json["code"] == 400.16
    assert answer.json["details"]["warnings"]["xlsFormWarnings"]
    assert put(stream.getvalue(), query="publish=True&ignoreWarnings=True").status_code == 200


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", XLSX),
        (b"PK\x03\x04 not a zip", XLSX),
        (b"\xd0\xcf\x11\xe0 not an xls", publish.KINDS["xls"]),
        (b"<a/>", "application/xml"),
        (b'<!DOCTYPE x [<!ENTITY e "x">]><x>&e;</x>', "text/xml"),
        (b"\x00" * 100, "application/octet-stream"),
        (REFUSED["strings that are a bomb"][0], XLSX),  # made where it is tried
        (REFUSED["a picture"][0], XLSX),
    ],
)
def test_what_is_no_form_is_refused_and_nothing_is_kept(put, designer, forms, content, kind):
    before = designer.get(forms).json
    assert put(content() if callable(content) else content, kind=kind).status_code == 400
    assert designer.get(forms).json == before


def test_a_body_beyond_the_limit_is_refused(put, monkeypatch):
    monkeypatch.setattr(publish, "MAX_UPLOAD", 100)
    assert put().status_code == 413


def test_a_form_without_an_id_takes_the_one_of_the_header(put):
    book = openpyxl.load_workbook(io.BytesIO(ONE))
    del book["settings"]
    stream = io.BytesIO()
    book.save(stream)
    made = put(stream.getvalue(), **{"X-XlsForm-FormId-Fallback": "my%20form"})
    assert made.status_code == 200, made.json
    assert made.json["xmlFormId"] == "my_form", "pyxform makes an id of it"


def test_a_draft_is_made_looked_at_and_published_as_pyodk_does(put, designer, forms):
    made = put(query="ignoreWarnings=True&publish=False")
    assert made.json["publishedAt"] is None
    assert designer.get(f"{forms}/visit.xml").status_code == 404
    assert designer.get(f"{forms}/visit/draft").json["version"] == "1"
    assert b"<h:html" in designer.get(f"{forms}/visit/draft.xml").data
    assert designer.get(f"{forms}/visit/draft/fields").json
    assert designer.post(f"{forms}/visit/draft/publish").json == {"success": True}
    assert designer.get(f"{forms}/visit/draft").status_code == 404
    # An update: the same definition as a draft, published under another version.
    assert put(path="/visit/draft").json == {"success": True}


def test_an_update_without_a_body_copies_the_published_form(put, designer, forms):
    put()
    assert designer.post(f"{forms}/visit/draft").json == {"success": True}
    answer = designer.post(f"{forms}/visit/draft/publish?version=2%20b")
    assert answer.json == {"success": True}
    assert designer.get(f"{forms}/visit").json["version"] == "2 b"
    versions = [one["version"] for one in designer.get(f"{forms}/visit/versions").json]
    assert versions == ["2 b", "1"]
    assert designer.get(f"{forms}/visit/versions/2%20b").status_code == 200


FEWER = b"""
| survey   |         |            |         |
|          | type    | name       | label   |
|          | text    | other      | Other   |
| settings |         |            |         |
|          | form_id | form_title | version |
|          | visit   | Visit      | 2       |
"""
MARKDOWN = "text/markdown"


def test_changes_that_lose_answers_are_refused_until_the_caller_says_they_are_meant(put, designer, forms):
    put()
    answer = put(FEWER, kind=MARKDOWN)
    assert answer.status_code == 409
    assert answer.json["details"]["parameter"] == "lossy"
    assert {one["kind"] for one in answer.json["details"]["changes"]} >= {"question"}
    assert designer.get(f"{forms}/visit").json["version"] == "1"
    assert put(FEWER, kind=MARKDOWN, path="/visit/draft", query="ignoreWarnings=true").status_code == 200
    assert designer.post(f"{forms}/visit/draft/publish").status_code == 409
    assert designer.post(f"{forms}/visit/draft/publish?lossy=true&note=Asks%20less").status_code == 200
    shown = designer.get(f"{forms}/visit").json
    assert (shown["version"], shown["note"]) == ("2", "Asks less")


def test_an_old_version_is_published_again_under_a_new_version_string(put, designer, forms):
    put()
    before = designer.get(f"{forms}/visit/fields").json
    put(FEWER, kind=MARKDOWN, query="publish=true&ignoreWarnings=true&lossy=true")
    assert designer.post(f"{forms}/visit/draft?from=77").status_code == 404
    assert designer.post(f"{forms}/visit/draft?from=1").json == {"success": True}
    assert designer.post(f"{forms}/visit/draft/publish?lossy=true").status_code == 200
    shown = designer.get(f"{forms}/visit").json
    assert shown["version"] not in ("1", "2")
    assert shown["note"] == "Version 1 again"
    assert designer.get(f"{forms}/visit/fields").json == before
    assert len(designer.get(f"{forms}/visit/versions").json) == 3


def test_a_draft_of_another_form_id_is_refused(put):
    put()
    answer = put(workbook("2", form_id="other"), path="/visit/draft")
    assert answer.status_code == 400


def test_a_draft_is_thrown_away(put, designer, forms):
    put(query="ignoreWarnings=true")
    assert designer("DELETE", f"{forms}/visit/draft").json == {"success": True}
    assert designer.get(f"{forms}/visit").status_code == 404
    assert designer("DELETE", f"{forms}/visit/draft").status_code == 404


def test_files_are_attached_to_a_draft_also_in_chunks(designer, forms):
    designer.post(f"{forms}/places/draft")
    assert designer.post(
        f"{forms}/places/draft/attachments/town.csv",
        input_stream=io.BytesIO(b"name,label\na,A\n"),
        headers={"Transfer-Encoding": "chunked", "Content-Type": "*/*"},
        environ_overrides={"wsgi.input_terminated": True},
    ).json == {"success": True}
    files = {one["name"]: one for one in designer.get(f"{forms}/places/draft/attachments").json}
    assert files["town.csv"]["exists"]
    assert not files["map.png"]["exists"]
    answer = designer.get(f"{forms}/places/draft/attachments/town.csv")
    assert answer.data == b"name,label\na,A\n"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert designer.post(f"{forms}/places/draft/attachments/x.csv", data=b"x").status_code == 404
    assert designer.get(f"{forms}/places/attachments/town.csv").status_code == 404
    designer.post(f"{forms}/places/draft/publish?version=2")
    assert designer.get(f"{forms}/places/attachments/town.csv").status_code == 200
    assert {one["name"] for one in designer.get(f"{forms}/places/attachments").json} == {
        "town.csv",
        "map.png",
    }
    made = {one["name"]: one for one in designer.get(f"{forms}/ct_screening/attachments").json}
    assert made["cases.csv"]["datasetExists"]


def test_the_original_comes_back_byte_for_byte_of_every_kind(put, designer, forms):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("survey.csv", "type,name,label\ntext,a,A\n")
        archive.writestr("settings.csv", "form_id,version\nvisit,0\n")
    for number, (content, kind) in enumerate(
        ((stream.getvalue(), "application/zip"), (FEWER, MARKDOWN), (ONE, XLSX))
    ):
        made = put(content, kind=kind, query="ignoreWarnings=true")
        assert made.status_code == 200, (number, made.json)
        answer = designer.get(f"{forms}/visit/draft/original")
        assert (answer.data, answer.mimetype) == (content, kind)
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert designer.get(f"{forms}/visit/draft.xlsx").status_code == (200 if kind == XLSX else 404)
        assert designer.get(f"{forms}/visit/draft.xls").status_code == 404
    assert designer.get(f"{forms}/visit/original").status_code == 404, "nothing is published yet"
    designer.post(f"{forms}/visit/draft/publish?lossy=true&note=x")
    assert designer.get(f"{forms}/visit/original").data == ONE
    assert designer.get(f"{forms}/visit/versions/1/original").data == ONE
    assert designer.get(f"{forms}/visit/versions/1.xls").status_code == 404
    xml = designer.get(f"{forms}/visit.xml").data.replace(b'version="1"', b'version="7"')
    put(xml, kind="application/xml", query="ignoreWarnings=true")
    designer.post(f"{forms}/visit/draft/publish?version=8&note=x")
    assert designer.get(f"{forms}/visit/original").data == xml, "as it came, under the version it had"


def test_findings_say_which_files_are_missing_and_of_which_choice_they_are(designer, forms):
    designer.post(f"{forms}/places/draft")
    missing = [
        one
        for one in designer.get(f"{forms}/places/draft").json["findings"]
        if one["code"] == "media_missing"
    ]
    assert {one["row"] for one in missing} == {2, 3}
    assert all(one["choice"] is None for one in missing)
    designer.post(f"{forms}/places/draft/attachments/town.csv", data=b"name,label\n")
    left = [
        one
        for one in designer.get(f"{forms}/places/draft").json["findings"]
        if one["code"] == "media_missing"
    ]
    assert [one["row"] for one in left] == [3]


def test_a_form_without_a_version_string_is_found_by_three_underscores(put, designer, forms):
    xml = b"""<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head>
    <h:title>V</h:title><model><instance><data id="plain"><a/><meta><instanceID/></meta></data></instance>
    <bind nodeset="/data/a" type="string"/></model></h:head><h:body><input ref="/data/a"><label>A</label></input>
    </h:body></h:html>"""
    assert put(xml, kind="application/xml").status_code == 200
    assert designer.get(f"{forms}/plain/versions/___.xml").data == xml
    assert designer.get(f"{forms}/plain.xlsx").status_code == 404


def test_a_mission_that_does_not_exist_is_not_there(administrator):
    for path in ("", "/forms", "/app-users"):
        answer = administrator.get(f"/projects/999{path}")
        assert answer.status_code == 404
        assert answer.json["code"] == 404.1
    assert administrator.post("/projects/999/forms", data=ONE, content_type=XLSX).status_code == 404


def test_the_xform_compiled_is_the_one_served(designer, forms, screening):
    assert designer.get(f"{forms}/ct_screening.xml").data == screening.compiled.xform
    assert schema.Form.from_json(screening.compiled.schema.to_json()) == screening.compiled.schema


def test_a_form_is_closed_and_opened_as_in_central(put, designer, coordinator, forms):
    put()
    for state in ("closing", "closed", "open"):
        answer = designer("PATCH", f"{forms}/visit", json={"state": state})
        assert (answer.status_code, answer.json["state"]) == (200, state)
        assert designer.get(f"{forms}/visit").json["state"] == state
    assert designer("PATCH", f"{forms}/visit", json={"state": "ajar"}).status_code == 400
    assert designer("PATCH", f"{forms}/none", json={"state": "open"}).status_code == 404
    assert coordinator("PATCH", f"{forms}/visit", json={"state": "closed"}).status_code == 403


def test_a_form_of_headquarters_is_put_on_the_phones_of_a_mission(
    administrator, designer, world, forms, session
):
    checked = publish.check(workbook(form_id="hq"), "hq.xlsx")
    with writing(session):
        version = publish.save_draft(session, checked, actor=COMMAND, mission_id=None)
        publish.publish(session, actor=COMMAND, version=version)
    assert designer.get(f"{forms}/hq").status_code == 404
    answer = designer("PATCH", f"{forms}/hq", json={"state": "open"})
    assert (answer.status_code, answer.json["headquarters"]) == (200, True)
    assert designer.get(f"{forms}/hq").json["state"] == "open"


def test_texts_go_out_to_translators_and_come_back_as_the_draft(designer, forms):
    form = """
| survey |
|        | type | name | label::English (en) | label::Français (fr) |
|        | text | name | Name                |                      |
|        | text | town | Town                | Ville                |
| settings |
|        | form_id | version | default_language |
|        | spoken  | 1       | English (en)     |
"""
    sent = {"data": form.encode(), "content_type": "text/markdown"}
    assert designer.post(f"{forms}?publish=true&ignoreWarnings=true", **sent).status_code == 200
    english, french = designer.get(f"{forms}/spoken/texts").json
    assert (english["source"], english["missing"]) == (True, 0)
    assert (french["ok"], french["missing"], french["stale"]) == (1, 1, 0)
    assert french["toMend"][0] | {"state": "missing", "row": 2} == french["toMend"][0]
    assert designer.get(f"{forms}/spoken/texts.xlsx").data.startswith(b"PK")
    assert designer.get(f"{forms}/spoken/texts.pdf").status_code == 404
    file = designer.get(f"{forms}/spoken/texts.po?language=fr")
    assert file.mimetype == "text/x-gettext-translation"
    translated = file.text.replace('msgid "Name"\nmsgstr ""', 'msgid "Name"\nmsgstr "Nom"')
    made = designer.post(f"{forms}/spoken/texts", data=translated.encode())
    assert made.status_code == 200
    assert made.json["publishedAt"] is None
    assert designer.get(f"{forms}/spoken/texts").json[1]["missing"] == 0
    assert designer.get(f"{forms}/spoken/texts?version=1").json[1]["missing"] == 1
    assert designer.post(f"{forms}/spoken/texts", data=b"").status_code == 400
    refused = designer.post(f"{forms}/spoken/texts", data=b"nothing\nof it")
    assert (refused.status_code, refused.json["details"]["findings"][0]["code"]) == (
        400,
        "translation_file_unreadable",
    )
