"""The list of cases at scale: what it costs to say that it has not changed, and to send it."""

import csv
import gzip
import io
import re
import tracemalloc
import uuid
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import event, insert, select

from app.db import insert_or, writing
from app.models import CaseEntity, CaseReach, Device, DeviceGroup, FormVersion, new_id
from app.services import entities
from app.services.senders import Sender
from tests.databases import on_sqlite

MANY = 8_000


@pytest.fixture
def group(session, field):
    """The phone in a group, with a form that wants the cases."""
    with writing(session):
        group = DeviceGroup(mission_id=field.mission_id, name="East")
        session.add(group)
        session.flush()
        session.get_one(Device, field.device_id).group_id = group.id
        session.scalars(select(FormVersion)).one().wants = ["cases.csv", "mission.csv"]
        return group.id


def add_cases(session, field, group, count):
    rows = [
        {
            "case_id": uuid.uuid4(), "mission_id": field.mission_id, "group_id": group, "version": 1, "open": True,
            "label": f"MDCHI-26-{number:08x}", "sex": "female", "is_minor": "0", "status": "active",
            "next_contact_on": "2026-12-01",
        }
        for number in range(count)
    ]  # fmt: skip
    with writing(session):
        session.execute(insert(CaseEntity), rows)
        mark(session, field, group)
    return [row["case_id"] for row in rows]


def mark(session, field, group):
    """What the worker does in the transaction of each change."""
    row = {"mission_id": field.mission_id, "reach": f"group:{group}", "revision": new_id()}
    statement = insert_or(session.connection(), CaseReach.__table__).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["mission_id", "reach"], set_={"revision": row["revision"]}
        )
    )


@pytest.fixture
def said(app):
    """Statements said to the database."""
    found = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        found.append(statement)

    engine = app.extensions["saif"].engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def version(session):
    return session.scalars(select(FormVersion.id)).one()


def test_what_a_manifest_and_a_304_cost_does_not_grow_with_the_list(client, session, field, group, said):
    costs = []
    for count in (0, 10, 1000):
        add_cases(session, field, group, count) if count else None
        listed = client.get(f"{field.path}/cases.csv")
        assert listed.text.count("\r\n") == len(session.scalars(select(CaseEntity.case_id)).all()) + 1
        said.clear()
        manifest = client.get(f"{field.path}/forms/{version(session)}/manifest")
        assert manifest.status_code == 200
        again = client.get(f"{field.path}/cases.csv", headers={"If-None-Match": listed.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert not [statement for statement in said if "case_entity" in statement]
        costs.append(len(said))
        session.rollback()
    assert len(set(costs)) == 1


def test_the_list_is_one_query_and_what_the_manifest_announced(client, session, field, group, said):
    add_cases(session, field, group, 2500)
    manifest = ET.fromstring(client.get(f"{field.path}/forms/{version(session)}/manifest").data)
    hashes = [node.text for node in manifest.iter("{http://openrosa.org/xforms/xformsManifest}hash")]
    said.clear()
    answer = client.get(f"{field.path}/cases.csv")
    assert len([statement for statement in said if "case_entity" in statement]) == 1
    assert "md5:" + answer.headers["ETag"].removeprefix("W/").strip('"') in hashes
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["label"] for row in rows] == [f"MDCHI-26-{number:08x}" for number in range(2500)]
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["Cache-Control"] == "private, no-cache"


@on_sqlite
@pytest.mark.parametrize("columns", [{"interviewer_id": 1}, {"group_id": 1}, {}])
def test_the_list_is_read_in_its_order_from_an_index(client, session, columns):
    said = []
    event.listen(session.connection(), "before_cursor_execute", lambda *all: said.append((all[2], all[3])))
    list(entities.rows(session, Sender(mission_id=1, actor="device:1", **columns)))
    steps = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {said[0][0]}", said[0][1]).all()
    (step,) = [row.detail for row in steps]
    assert re.fullmatch(
        r"SEARCH case_entity USING INDEX ix_case_entity_(\w+) \(mission_id=\? AND \1=\?\)", step
    )


def test_a_change_of_the_list_is_another_hash_and_no_304(client, session, field, group):
    add_cases(session, field, group, 1)
    first = client.get(f"{field.path}/cases.csv")
    assert first.text.count("\r\n") == 2
    with writing(session):
        mark(session, field, group)
    second = client.get(f"{field.path}/cases.csv", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.text) == (200, first.text)
    assert second.headers["ETag"] != first.headers["ETag"]
    with writing(session):  # another phone's list, under the same number of changes
        session.get_one(Device, field.device_id).group_id = None
    third = client.get(f"{field.path}/cases.csv", headers={"If-None-Match": second.headers["ETag"]})
    assert (third.status_code, third.text.count("\r\n")) == (200, 1)


def test_a_long_list_is_compressed_and_takes_no_memory(client, session, field, group):
    add_cases(session, field, group, MANY)
    session.expunge_all()

    def peak():
        tracemalloc.start()
        try:
            answer = client.get(
                f"{field.path}/cases.csv", headers={"Accept-Encoding": "gzip"}, buffered=False
            )
            size, head = 0, b""
            for piece in answer.iter_encoded():
                size, head = size + len(piece), head or piece
            answer.close()
            assert answer.headers["Content-Encoding"] == "gzip"
            assert head[:2] == b"\x1f\x8b"
            return size, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    whole = client.get(f"{field.path}/cases.csv", headers={"Accept-Encoding": "gzip"}).data
    size, memory = peak()  # without what is made once
    assert len(whole) == size
    assert gzip.decompress(whole).count(b"\r\n") == MANY + 1
    assert memory < 2_500_000  # the list has 0.6 MB as bytes, and 8 MB as rows


def test_a_head_asks_for_the_tag_only(client, field, group):
    answer = client.head(f"{field.path}/cases.csv")
    assert answer.status_code == 200
    assert answer.headers["ETag"]
    answer.close()


def test_integrity_answers_for_thousands_of_cases_in_one_request(connect, session, field, group):
    ours = add_cases(session, field, group, 3000)
    with writing(session):
        for case_id in ours[:5]:
            session.get_one(CaseEntity, case_id).open = False
        session.get_one(CaseEntity, ours[5]).group_id = None
    asked = [*ours, *(uuid.uuid4() for _ in range(3000))]
    connection = connect()
    ids = "%2C".join(map(str, asked))
    connection.request("GET", f"{field.path}/cases/integrity?id={ids}&deviceID=collect:x")
    answer = connection.getresponse()
    assert answer.status == 200
    root = ET.fromstring(answer.read())
    found = {node.get("id"): node.findtext("deleted") for node in root.iter("entity")}
    assert set(found) == set(map(str, asked))
    assert {one for one, gone in found.items() if gone == "true"} == set(map(str, ours[:6]))
