"""Section 8: the lists made for the phone: its open cases, their integrity, and its mission."""

import csv
import hashlib
import io
import uuid
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import CaseEntity, Device, FormVersion, Interviewer
from tests.openrosa.answers import form_list, manifest, path_of


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
        if file["type"] is None:
            assert f"md5:{hashlib.md5(answer.data).hexdigest()}" == file["hash"]
        assert answer.data.startswith(b"name,label,")


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
