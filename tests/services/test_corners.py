"""Corners that traffic seldom reaches: damage, strangers, and what somebody might try."""

import base64
import json
import os
import tracemalloc
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from app import policy
from app.db import connect_to_write
from app.exports import csv_zip
from app.exports.content import Content
from app.models import CaseEntity, Submission
from app.policy import Actor, Held
from app.problems import Problem
from app.services import (
    cases,
    decide,
    entities,
    folding,
    normalise,
    plans,
    replay,
    settling,
    submissions,
)
from app.services.wanted import Wanted
from submissions import tables
from submissions.case import CaseRow, CaseState, Fact
from tests.services.conftest import new_uid
from tests.services.made import assistance, screening

REASON = "decided in the test"


def test_a_decision_about_a_submission_does_not_reach_another_mission(house):
    """Two missions may hold submissions of the same instanceID: by chance, or because somebody tries."""
    first = new_uid()
    xml = assistance(case_uid="", instance_id=first)
    mine = house.receive(xml)
    theirs = house.receive(xml, mission_id=house.other_mission_id)
    house.work()
    with house.session() as session:
        decide.new_case(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=first,
            reason=REASON,
        )  # fmt: skip
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    with house.session() as session:
        assert session.get_one(Submission, mine).state == "normalised"
        assert session.get_one(Submission, theirs).state == "waiting"


def test_a_corrected_reference_is_what_typed_ones_find(house):
    uid, first = uuid.uuid4(), new_uid()
    house.receive(screening(case_uid=str(uid), case_ref="MDCHI-26-000000aa"))
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-000000bb", instance_id=first))
    house.work()
    assert house.states()[first] == "waiting"
    with house.session() as session:
        decide.correct(
            session, keyring=house.keyring, actor=policy.COMMAND, case_id=uid, table="case_file", row_id="",
            column="case_ref", value="MDCHI-26-000000bb", reason=REASON,
        )  # fmt: skip
    assert house.submission(first).case_id == uid


def test_a_settling_prepared_for_another_past_is_done_again(house, monkeypatch):
    uid = str(uuid.uuid4())
    house.receive(screening(case_uid=uid, family_name="Exampla"))
    house.work()
    house.receive(assistance(case_uid=uid))
    real, stale = normalise._prepare, []

    def late(engine, readings, keyring):
        prepared = real(engine, readings, keyring)
        if engine.dialect.name == "sqlite":
            with connect_to_write(engine) as connection:
                settling.settle(connection, keyring=keyring)
            with engine.connect() as connection:
                stale.append(settling.stamp(connection) != prepared.stamp)
        return prepared

    monkeypatch.setattr(normalise, "_prepare", late)
    house.work()
    assert stale == ([True] if house.engine.dialect.name == "sqlite" else [])
    before = house.dump()
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    assert house.dump() == before
    assert set(house.states().values()) == {"normalised"}


def test_a_value_no_column_takes_is_left_out_with_a_finding(house, keyring):
    fact = Fact("not a date", "not a date", question="/data/consent/given")
    row = CaseRow("consent", str(uuid.uuid4()), "", None, None, {"given_on": fact})
    state = CaseState("", {"consent": (row,)}, {}, (), ())
    writes = folding.Writes()
    _, findings = folding.difference(
        state, {}, case_id=uuid.uuid4(), keyring=keyring, at=datetime.now(UTC), writes=writes
    )
    assert [(one.code, one.question) for one in findings] == [("value_not_stored", "/data/consent/given")]
    assert "not a date" not in str(findings)
    assert writes.inserts["consent"][0]["given_on"] is None


def test_a_replay_of_what_is_not_there_is_not_found(house):
    for where in ({"case_id": uuid.uuid4()}, {"instance_id": "uuid:nothing"}):
        with pytest.raises(Problem, match="not_found"):
            replay.replay(
                house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND, **where
            )


def test_only_who_may_replay_everywhere_replays_everything(house):
    coordinator = Actor("user", None, (Held("coordinator", house.mission_id),))
    replay.replay(
        house.engine, keyring=house.keyring, blobs=house.blobs, actor=coordinator, mission_id=house.mission_id
    )
    for where in ({}, {"mission_id": house.other_mission_id}):
        with pytest.raises(Problem) as caught:
            replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=coordinator, **where)
        assert caught.value.status == 403


def test_a_submission_whose_xml_is_damaged_is_listed_and_downloaded_without_answers(house):
    first = new_uid()
    key = house.receive(screening(instance_id=first, family_name="Exampla"))
    with connect_to_write(house.engine) as connection:
        connection.execute(
            update(Submission.__table__)
            .where(Submission.id == key)
            .values(xml=house.keyring.seal(b"<data", f"submission:{key}"))
        )
    house.work()
    assert (house.states()[first], house.codes(first)) == ("failed", {"failed"})
    with house.session() as session:
        common = {"keyring": house.keyring, "actor": policy.COMMAND, "mission_id": house.mission_id}
        shown = submissions.read_submission(session, instance_id=first, **common)
        assert (shown.nodes, shown.consent_ok) == ((), None)
    content = b"".join(house.download(Wanted("csv_root", "ct_screening")).chunks).decode()
    assert first in content
    assert "unreadable" in content


def test_a_file_of_a_submission_nobody_can_read_is_still_read(house):
    first = new_uid()
    house.receive(
        screening(instance_id=first).replace(b'version="2', b'version="9', 1), files={"a.png": b"picture"}
    )
    with house.session() as session:
        file = submissions.read_file(
            session, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND, mission_id=house.mission_id,
            instance_id=first, name="a.png",
        )  # fmt: skip
        assert b"".join(file.chunks) == b"picture"


def test_a_cursor_without_a_time_zone_is_refused(house):
    said = json.dumps(["2026-01-01T00:00:00", str(uuid.uuid4())]).encode()
    cursor = base64.urlsafe_b64encode(said).decode().rstrip("=")
    with house.session() as session, pytest.raises(Problem, match="invalid"):
        cases.list_cases(session, actor=policy.COMMAND, cursor=cursor)


def test_plans_are_dropped_when_there_are_too_many(house, monkeypatch):
    monkeypatch.setattr(plans, "MOST", 1)
    plans.forget()
    house.receive(screening())
    house.receive(assistance(case_uid=str(uuid.uuid4())))
    house.work()
    assert set(house.states().values()) == {"normalised"}
    assert len(plans._kept) == 1


def test_a_guardian_who_may_be_involved_asks_for_attention(house):
    uid = uuid.uuid4()
    house.receive(
        screening(case_uid=str(uid), apparent_minor="yes", guardian_available="yes", guardian_conflict="yes")
    )
    house.work()
    with house.session() as session:
        (line,) = cases.list_cases(session, actor=policy.COMMAND, attention="guardian_conflict").items
    assert line.case_id == uid


def test_phones_see_open_cases_of_their_mission_and_their_interviewer(house):
    mine, refused, theirs = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    house.receive(screening(case_uid=str(mine), case_ref="MDCHI-26-000000aa"))
    house.receive(screening(case_uid=str(refused), consent="no"))
    house.receive(screening(case_uid=str(theirs)), mission_id=house.other_mission_id)
    house.work()
    with house.session() as session:
        nobodys, somebodys = house.sender(), house.sender(interviewer_id=7)
        assert [row[0] for portion in entities.rows(session, nobodys) for row in portion] == [mine]
        assert list(entities.rows(session, somebodys)) == []
        unknown = uuid.uuid4()
        asked = {mine, refused, theirs, unknown}
        found = entities.integrity(session, nobodys, asked)
        assert found == {mine: False, refused: True, theirs: True, unknown: False}
        assert entities.integrity(session, somebodys, {mine}) == {mine: True}
        assert len(session.scalars(select(CaseEntity)).all()) == 3


def test_memory_of_a_download_does_not_grow_with_its_rows():
    root = tables.Table("f.csv", "/data", (tables.Column("a", "/data/a"), tables.Column("KEY")))
    inner = tables.Table("f-r.csv", "/data/r", (tables.Column("b", "/data/r/b"),), ("/data/r",))
    layout = tables.Layout((root, inner), notes_unknown=False)

    def peak(count):
        # Random, so that it does not compress away.
        rows = ([(0, [os.urandom(100).hex(), "k"]), (1, [os.urandom(100).hex()])] for _ in range(count))
        content = Content(layout=layout, submissions=rows)
        tracemalloc.start()
        size = sum(map(len, csv_zip.write(content)))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert content.written.rows == {"f": count, "f-r": count}
        return found, size

    small, _ = peak(200)
    large, size = peak(20_000)
    assert size > 3_000_000
    assert large < small + 500_000
