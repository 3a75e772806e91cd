"""Which phones have which cases: by interviewer, by group, by nobody, and how they learn of a change."""

import csv
import io
import re
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app import policy
from app.db import connect_to_write, writing
from app.models import CaseEntity, CaseReach, DeviceGroup, Interviewer
from app.services import decide, entities, phones, replay
from tests.databases import on_sqlite
from tests.services.conftest import edited, new_uid
from tests.services.made import assistance, screening
from xlsforms import dictionary

HEADER = ["name", "label", "__version", "sex", "is_minor", "status", "next_contact_on"]


@pytest.fixture
def team(house):
    """Interviewers A and B, and two groups of phones, east and west, by name."""
    with house.session() as session, writing(session):
        rows = {name: Interviewer(mission_id=house.mission_id, code=name, display_name=name) for name in "AB"}
        rows |= {name: DeviceGroup(mission_id=house.mission_id, name=name) for name in ("east", "west")}
        session.add_all(rows.values())
        session.flush()
        return {name: row.id for name, row in rows.items()}


def sender(house, team, who=None, group=None):
    return house.sender(interviewer_id=team[who] if who else None, group_id=team[group] if group else None)


def listed(house, asking):
    with house.session() as session:
        text = b"".join(phones.case_list(session, asking)).decode()
    header, *rows = csv.reader(io.StringIO(text))
    assert header == HEADER
    return {row[0]: row[1:] for row in rows}


def tag(house, asking):
    with house.session() as session:
        return phones.case_tag(session, asking)


def test_a_case_is_on_the_phones_of_its_interviewer_and_on_those_its_group_shares(house, team):
    uid = str(uuid.uuid4())
    house.receive(screening(case_uid=uid), interviewer_id=team["A"], group_id=team["east"])
    house.work()
    for who, group in (("A", "east"), ("A", None), ("A", "west"), (None, "east")):
        assert uid in listed(house, sender(house, team, who, group))
    for who, group in (("B", "east"), ("B", None), (None, "west"), (None, None)):
        assert listed(house, sender(house, team, who, group)) == {}


def test_what_an_ungrouped_phone_of_nobody_began_is_on_such_phones_only(house, team):
    uid = str(uuid.uuid4())
    house.receive(screening(case_uid=uid))
    house.work()
    assert uid in listed(house, sender(house, team))
    for who, group in (("A", None), (None, "east")):
        assert listed(house, sender(house, team, who, group)) == {}


@on_sqlite
@pytest.mark.parametrize(
    ("who", "group", "state"),
    [
        ("A", None, "normalised"), ("A", "west", "normalised"), (None, "east", "normalised"), (None, None, "normalised"),
        ("B", None, "waiting"), ("B", "east", "waiting"), (None, "west", "waiting"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("screening_first", [True, False])
def test_who_has_or_had_the_case_on_the_phone_adds_to_it_whatever_came_first(
    house, team, who, group, state, screening_first
):
    uid, second = str(uuid.uuid4()), new_uid()
    sent = [
        (screening(case_uid=uid), {"interviewer_id": team["A"], "group_id": team["east"]}),
        (
            assistance(case_uid=uid, instance_id=second),
            {"interviewer_id": who and team[who], "group_id": group and team[group]},
        ),
    ]
    for xml, said in sent if screening_first else reversed(sent):
        house.receive(xml, **said)
        house.work()
    assert house.states()[second] == state
    assert house.codes(second) == ({"case_out_of_reach"} if state == "waiting" else set())
    assert uid in listed(house, sender(house, team, "A"))
    assert uid in listed(house, sender(house, team, None, "east"))


def test_a_case_that_is_given_to_somebody_leaves_the_phones_that_had_it(house, team):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid)), interviewer_id=team["A"], group_id=team["east"])
    house.work()
    before, after = sender(house, team, None, "east"), sender(house, team, "B")
    for owner, here in (("B", {"B"}), (None, {"nobody"})):
        with house.session() as session:
            decide.assign(
                session, keyring=house.keyring, actor=policy.COMMAND, case_id=uid,
                owner_id=owner and team[owner], reason="taken over",
            )  # fmt: skip
        found = {"A": sender(house, team, "A"), "B": after, "east": before, "nobody": sender(house, team)}
        assert {name for name, one in found.items() if listed(house, one)} == here
        with house.session() as session:
            deleted = {name: entities.integrity(session, one, [uid])[uid] for name, one in found.items()}
        assert {name for name, gone in deleted.items() if not gone} == here


def test_only_the_lists_that_change_are_marked_and_a_replay_marks_none(house, team):
    uid = uuid.uuid4()
    original = screening(case_uid=str(uid), sex="female")
    asking = {
        "A": sender(house, team, "A"), "B": sender(house, team, "B"), "east": sender(house, team, None, "east"),
        "west": sender(house, team, None, "west"), "nobody": sender(house, team),
    }  # fmt: skip

    def changed(act):
        before = {name: tag(house, one) for name, one in asking.items()}
        act()
        return {name for name, one in asking.items() if tag(house, one) != before[name]}

    def receive(xml):
        house.receive(xml, interviewer_id=team["A"], group_id=team["east"])
        house.work()

    def decided(decision, **more):
        with house.session() as session:
            decision(
                session,
                keyring=house.keyring,
                actor=policy.COMMAND,
                case_id=uid,
                reason="as agreed with the interviewer",
                **more,
            )

    assert changed(lambda: receive(original)) == {"A", "east"}
    assert changed(lambda: receive(original)) == set()
    renamed = edited(original, new_uid(), family_name="Exampla")
    assert changed(lambda: receive(renamed)) == set()
    assert changed(lambda: receive(edited(renamed, new_uid(), sex="male"))) == {"A", "east"}
    assert changed(lambda: decided(decide.assign, owner_id=team["B"])) == {"A", "B", "east"}
    assert (
        changed(
            lambda: replay.replay(
                house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND
            )
        )
        == set()
    )
    closing = {"closure_reason": "plan_completed", "closed_on": "2026-03-01"}
    assert changed(lambda: decided(decide.close, **closing)) == {"B"}
    assert changed(lambda: decided(decide.assign, owner_id=None)) == set()
    assert changed(lambda: decided(decide.reopen)) == {"nobody"}


CASES = [uuid.UUID(int=number, version=4) for number in (1, 2, 3)]


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_tag_is_another_one_exactly_when_its_list_is(house, team, data):
    asking = [sender(house, team, who, group) for who in ("A", "B", None) for group in ("east", None)]
    with connect_to_write(house.engine) as connection:
        connection.execute(delete(CaseEntity))
        connection.execute(delete(CaseReach))
    entity = st.fixed_dictionaries(
        {
            "mission_id": st.just(house.mission_id),
            "owner_id": st.sampled_from([team["A"], team["B"], None]),
            "group_id": st.sampled_from([team["east"], team["west"], None]),
            "open": st.booleans(),
            "label": st.sampled_from(["MDCHI-26-aa", "MDCHI-26-bb"]),
            "sex": st.just("female"),
            "is_minor": st.just("0"),
            "status": st.just("active"),
            "next_contact_on": st.just(""),
        }
    )

    def told():
        return [(tag(house, one), listed(house, one)) for one in asking]

    after = told()
    for _ in range(data.draw(st.integers(1, 5))):
        before = after
        wanted = data.draw(st.dictionaries(st.sampled_from(CASES), st.none() | entity, max_size=3))
        with connect_to_write(house.engine) as connection:
            for statement, rows in entities.changes(connection, wanted):
                if rows:
                    connection.execute(statement, rows)
        after = told()
        for (old_tag, old_list), (new_tag, new_list) in zip(before, after, strict=True):
            assert (new_tag == old_tag) == (new_list == old_list)


def test_a_phone_never_holds_a_name_or_a_date_of_birth(house, filled):
    for interview in filled["screening"]:
        house.receive(interview.xml)
    house.work()
    rows = listed(house, house.sender())
    assert rows
    codes = dictionary.load().code_lists
    for label, version, sex, is_minor, status, next_contact_on in rows.values():
        assert re.fullmatch(r"[A-Z]{5}-\d\d-[0-9a-f]{8}", label)
        assert version == "1"
        assert sex in {"", *codes["sex"]}
        assert is_minor in ("", "0", "1")
        assert status in codes["case_status"]
        assert re.fullmatch(r"(\d{4}-\d\d-\d\d)?", next_contact_on)
    # Random dates of birth are sometimes the day on which somebody is to be met.
    text = str([row[:-1] for row in rows.values()])
    tables = dictionary.load().tables
    secret = 0
    for case_id in house.cases():
        for (table, _), row in house.rows(case_id).items():
            for column, field in tables[table].fields.items():
                value = str(row.get(column) or "")
                if field.privacy == "P3" and len(value) > 3:
                    secret += 1
                    assert value not in text
    assert secret > 20


def test_a_case_whose_reference_is_blank_does_not_cost_a_phone_its_whole_list(house):
    uid = str(uuid.uuid4())
    house.receive(screening(case_uid=uid, case_ref=" "))
    house.work()
    assert listed(house, house.sender())[uid][0] == uid[:8]
    with house.session() as session:
        assert session.scalars(select(CaseEntity.label)).one() == uid[:8]
