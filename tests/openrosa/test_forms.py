"""Form list, forms, manifests and lists, as Collect requires them."""

import csv
import gzip
import hashlib
import io
import uuid
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select, update

from app.db import writing
from app.models import Assignment, CaseEntity, Device, DeviceGroup, Form, FormVersion, Interviewer
from tests.field import add_form, add_version, make_field

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


def path_of(url):
    return url.removeprefix("http://localhost")


def form_list(client, field, query=""):
    answer = client.get(f"{field.path}/formList{query}")
    assert answer.status_code == 200
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["Cache-Control"] == "no-cache"
    root = ET.fromstring(answer.data)
    assert root.tag == f"{LIST}xforms"
    return [{child.tag.removeprefix(LIST): child.text for child in form} for form in root]


def manifest(client, url):
    answer = client.get(path_of(url) + "?deviceID=collect:x")
    assert answer.status_code == 200
    assert answer.content_type == "text/xml; charset=utf-8"
    root = ET.fromstring(answer.data)
    assert root.tag == f"{MANIFEST}manifest"
    return [
        {"type": file.get("type")} | {child.tag.removeprefix(MANIFEST): child.text for child in file}
        for file in root
    ]


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


def test_the_newest_published_version_is_listed_and_every_one_on_request(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(session, form, "2")
        draft = add_version(session, form, "3")
        draft.published = draft.published_at = None
    assert [form["version"] for form in form_list(client, field)] == ["2"]
    assert [form["version"] for form in form_list(client, field, "?listAllVersions=true")] == ["2", "1"]
    answer = client.get(f"{field.path}/forms/{draft.id}.xml")
    assert answer.status_code == 404


def test_one_form_can_be_asked_for(client, field, session):
    with writing(session):
        add_form(session, field.mission_id, form_id="other")
    assert len(form_list(client, field)) == 2
    assert [form["formID"] for form in form_list(client, field, "?formID=other")] == ["other"]
    assert form_list(client, field, "?formID=none") == []


def test_a_description_is_given_where_it_is_asked_for(client, field):
    assert form_list(client, field, "?verbose=true")[0]["descriptionText"] == "Visit <1> & more"


@pytest.mark.parametrize("state", ["closing", "closed"])
def test_a_form_that_is_not_open_is_not_listed_nor_downloaded(client, field, session, state):
    (listed,) = form_list(client, field)
    with writing(session):
        session.execute(update(Assignment).values(state=state))
    assert form_list(client, field) == []
    assert client.get(path_of(listed["downloadUrl"])).status_code == 404


def test_a_phone_sees_the_forms_of_its_mission_and_group_only(client, field, session, keyring):
    there = make_field(session, keyring, code="KHPNH", form_id="theirs")
    with writing(session):
        group = DeviceGroup(mission_id=field.mission_id, name="Shelter")
        session.add(group)
        session.flush()
        version = add_form(session, field.mission_id, form_id="shelter")
        session.execute(
            update(Assignment).where(Assignment.form_id == version.form_id).values(group_id=group.id)
        )
    assert [form["formID"] for form in form_list(client, field)] == ["visit"]
    assert [form["formID"] for form in form_list(client, there)] == ["theirs"]
    assert client.get(f"{there.path}/forms/{version.id}.xml").status_code == 404
    with writing(session):
        session.get_one(Device, field.device_id).group_id = group.id
        visit = session.scalar(select(Form.id).where(Form.xml_form_id == "visit"))
        session.add(Assignment(form_id=visit, mission_id=field.mission_id, group_id=group.id))
    assert [form["formID"] for form in form_list(client, field)] == ["shelter", "visit"]


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


# --- lists -----------------------------------------------------------------------------------------------------


@pytest.fixture
def cases(session, field):
    """Three cases of the mission: two of one interviewer, one of those closed; and one of another interviewer."""
    with writing(session):
        owner = Interviewer(mission_id=field.mission_id, code="ABC12", display_name="I")
        other = Interviewer(mission_id=field.mission_id, code="DEF34", display_name="J")
        session.add_all([owner, other])
        session.flush()
        version = session.scalars(select(FormVersion)).one()
        version.wants = ["cases.csv", "mission.csv", "photo.png"]
        made = {}
        for name, owner_id, is_open in [
            ("mine", owner.id, True),
            ("closed", owner.id, False),
            ("theirs", other.id, True),
        ]:
            case = CaseEntity(
                case_id=uuid.uuid4(), mission_id=field.mission_id, owner_id=owner_id, open=is_open,
                version=3, label=f"MDCHI-26-{name}", sex="f", is_minor="0", status="active",
            )  # fmt: skip
            session.add(case)
            made[name] = case.case_id
        session.get_one(Device, field.device_id).interviewer_id = owner.id
    return made


def lists(client, field):
    (listed,) = form_list(client, field)
    return {file["filename"]: file for file in manifest(client, listed["manifestUrl"])}


def test_the_lists_a_form_wants_are_in_its_manifest(client, field, cases):
    files = lists(client, field)
    assert set(files) == {"cases.csv", "mission.csv"}
    assert files["cases.csv"]["type"] == "entityList"
    assert files["cases.csv"]["integrityUrl"] == f"http://localhost{field.path}/cases/integrity"
    assert files["mission.csv"]["type"] is None
    for file in files.values():
        answer = client.get(path_of(file["downloadUrl"]))
        assert answer.content_type == "text/csv; charset=utf-8"
        assert f"md5:{hashlib.md5(answer.data).hexdigest()}" == file["hash"]


def test_the_mission_is_one_row(client, field, cases):
    answer = client.get(f"{field.path}/mission.csv?deviceID=x")
    assert answer.data.decode() == "name,label,country\r\nMDCHI,Chișinău & Bălți,MD\r\n"


def test_the_cases_are_the_open_ones_of_the_phones_interviewer(client, field, cases):
    rows = list(csv.DictReader(io.StringIO(client.get(f"{field.path}/cases.csv").text)))
    assert rows == [
        {
            "name": str(cases["mine"]), "label": "MDCHI-26-mine", "__version": "3", "sex": "f", "is_minor": "0",
            "status": "active", "next_contact_on": "",
        }
    ]  # fmt: skip


def test_a_phone_that_is_nobodys_sees_only_cases_that_are_nobodys(client, field, session, cases):
    with writing(session):
        session.get_one(Device, field.device_id).interviewer_id = None
        session.get_one(CaseEntity, cases["theirs"]).owner_id = None
    rows = list(csv.DictReader(io.StringIO(client.get(f"{field.path}/cases.csv").text)))
    assert {row["name"] for row in rows} == {str(cases["theirs"])}


def test_an_empty_list_is_its_header(client, field):
    assert (
        client.get(f"{field.path}/cases.csv").text
        == "name,label,__version,sex,is_minor,status,next_contact_on\r\n"
    )


def test_the_hash_changes_with_the_content(client, field, session, cases):
    before = lists(client, field)["cases.csv"]["hash"]
    with writing(session):
        session.get_one(CaseEntity, cases["mine"]).version = 4
    assert lists(client, field)["cases.csv"]["hash"] != before


def test_integrity_tells_what_to_drop_and_keeps_what_was_never_seen(client, field, cases):
    unseen = uuid.uuid4()
    ids = ",".join(map(str, [*cases.values(), unseen, "nonsense"]))
    answer = client.get(f"{field.path}/cases/integrity?id={ids}&deviceID=x")
    assert answer.content_type == "text/xml; charset=utf-8"
    root = ET.fromstring(answer.data)
    assert root.tag == "data"
    deleted = {entity.get("id"): entity.findtext("deleted") for entity in root.find("entities")}
    assert deleted == {
        str(cases["mine"]): "false", str(cases["closed"]): "true", str(cases["theirs"]): "true", str(unseen): "false"
    }  # fmt: skip


# --- HTTP ------------------------------------------------------------------------------------------------------


def test_an_unchanged_list_is_not_sent_again(client, field):
    first = client.get(f"{field.path}/formList")
    again = client.get(f"{field.path}/formList", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_a_large_answer_is_compressed_for_those_who_ask(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(session, form, "2", media={"big.png": b"0" * 10_000})
    url = manifest(client, form_list(client, field)[0]["manifestUrl"])[0]["downloadUrl"]
    answer = client.get(path_of(url), headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == b"0" * 10_000
    again = client.get(
        path_of(url), headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304
    assert client.get(path_of(url)).data == b"0" * 10_000


def test_urls_are_those_of_the_outside(make_app, public_keys, field):
    public = make_app(surface="device", keys=public_keys, url="https://saif.example.org/here").test_client()
    assert form_list(public, field)[0]["downloadUrl"].startswith(
        f"https://saif.example.org/here{field.path}/forms/"
    )
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "front.example.org",
        "X-Forwarded-Prefix": "/saif",
    }
    trusting = make_app(surface="device", keys=public_keys, proxies=1).test_client()
    answer = trusting.get(f"{field.path}/formList", headers=headers)
    assert f"https://front.example.org/saif{field.path}/forms/" in answer.text
    wary = make_app(surface="device", keys=public_keys).test_client()
    assert "front.example.org" not in wary.get(f"{field.path}/formList", headers=headers).text


@pytest.mark.parametrize("path", ["formList", "cases.csv", "mission.csv", "cases/integrity"])
def test_nothing_is_told_without_a_token(client, field, path):
    field.token = "nobody"
    answer = client.get(f"{field.path}/{path}")
    assert answer.status_code == 403
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.headers["X-OpenRosa-Version"] == "1.0"


def test_the_surface_of_phones_has_no_office(client):
    for path in ("/", "/sign-in", "/v1/projects", "/static/style.css"):
        assert client.get(path).status_code == 404
    assert client.get("/healthz").data == b"ok\n"
