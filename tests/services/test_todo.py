"""What asks for attention: each reason by itself, and the lists of what waits."""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.db import writing
from app.policy import COMMAND, Actor, Held
from app.problems import Problem
from app.services import attention, decide, missions, todo
from submissions.facts import CaseRow, CaseState, Fact, Head
from tests.services.conftest import statements
from tests.services.made import screening

UID = "0b6f0c64-6f5c-4c1b-9d7e-000000000001"


def row(table, interview=None, **columns):
    facts = {name: value if isinstance(value, Fact) else Fact(value) for name, value in columns.items()}
    return CaseRow(table, str(uuid.uuid4()), "", None, interview, facts)


def interview(number, kind="screening", held_on="2026-01-10"):
    return Head(str(number), str(number), "", "ct_" + kind, "1", kind, held_on, "", True)


def state(*rows, interviews=(), status="active", **file):
    tables = {"case_file": (row("case_file", status=status, **file),)}
    for one in rows:
        tables[one.table] = (*tables.get(one.table, ()), one)
    return CaseState(UID, tables, {}, tuple(interviews), ())


def asked(*rows, **more):
    return attention.of(state(*rows, **more))


def test_a_second_screening_is_due_two_weeks_after_the_last_one_that_left_it_open():
    last = [interview(1), interview(2, held_on="2026-02-20"), interview(3, "assistance", "2026-05-01")]
    assert asked(interviews=last, trafficking_status="possible") == {"second_screening": "2026-03-06"}
    assert asked(interviews=last, trafficking_status="actual") == {}
    assert asked(interviews=last[2:], trafficking_status="possible") == {}
    assert asked(interviews=last, trafficking_status="possible", status="closed") == {}
    undated = [interview(1, held_on="")]
    assert asked(interviews=undated, trafficking_status="possible") == {}


def test_a_plan_asks_from_the_first_date_of_what_is_not_done():
    plan = [
        row("plan_item", status="done", due_on="2026-01-01"),
        row("plan_item", status="dropped", due_on="2026-01-02"),
        row("plan_item", status="ongoing", due_on="2026-03-01"),
        row("plan_item", due_on="2026-02-01"),
        row("plan_item", status="planned"),
    ]
    assert asked(*plan) == {"plan_item": "2026-02-01"}
    assert asked(*plan[:2], plan[-1]) == {}


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ({"trafficking_status": "actual"}, True),
        ({"trafficking_status": "possible"}, False),
        ({}, False),
        ({"trafficking_status": "possible", "override_reason": "The phone suggested otherwise"}, True),
        (
            {"trafficking_status": Fact("actual", decision="d1"), "override_reason": "As the police say"},
            False,
        ),
    ],
)
def test_a_determination_against_the_suggestion_asks_until_the_office_decides(said, asks):
    one = row("screening", "1", suggested_status="possible", **said)
    assert ("override" in asked(one, interviews=[interview(1)])) is asks


def test_what_is_dated_is_listed_by_its_date_and_what_is_not_due_is_not_listed(house):
    actor = Actor("user", None, (Held("coordinator", house.mission_id),))
    days = ["2026-01-20", "2026-01-20", "2026-01-05", "2026-02-20", "2126-01-01"]
    for day in days:
        house.receive(screening(case_uid=str(uuid.uuid4()), next_contact_date=day))
    house.work()
    seen, cursor = [], None
    with house.session() as session:
        while True:
            page = todo.listing(
                session,
                actor=actor,
                mission_id=house.mission_id,
                on="case",
                kind="contact",
                cursor=cursor,
                limit=2,
            )
            assert len(page.items) <= 2
            seen += page.items
            if (cursor := page.next) is None:
                break
        assert [one.due_on for one in seen] == sorted(days)[:4]
        assert len({one.case.case_id for one in seen}) == 4
        ((kind, item),) = todo.coming(session, actor=actor, mission_id=house.mission_id)
        assert (kind, item.due_on) == ("contact", "2126-01-01")
        for stranger in (Actor("user", None, (Held("coordinator", house.other_mission_id),)), Actor("user")):
            assert todo.todos(session, actor=stranger) == ()
            assert todo.coming(session, actor=stranger) == ()
            with pytest.raises(Problem, match="not_allowed"):
                todo.listing(session, actor=stranger, mission_id=house.mission_id, on="case", kind="contact")
        with pytest.raises(Problem, match="not_found"):
            todo.listing(session, actor=actor, mission_id=house.mission_id, on="case", kind="waiting")


def test_the_office_confirms_a_determination_by_setting_it_to_what_it_is(house):
    actor = Actor("user", None, (Held("coordinator", house.mission_id),))
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), trafficking_status="actual"))
    house.work()

    def waits():
        with house.session() as session:
            return "override" in {one.kind for one in todo.todos(session, actor=actor)}

    assert waits()
    (row_id,) = [key for table, key in house.rows(uid) if table == "screening"]
    with house.session() as session:
        decide.correct(
            session,
            keyring=house.keyring,
            actor=actor,
            case_id=uid,
            table="screening",
            row_id=row_id,
            column="trafficking_status",
            value="actual",
            reason="The grounds were read",
        )
    assert not waits()


def test_what_waits_is_looked_up_again_when_a_case_changes_or_a_day_begins(house):
    east, west = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # never on the same day

    def told():
        with house.session() as session, statements(house.engine) as said:
            where = {"actor": COMMAND, "mission_id": house.mission_id}
            found = todo.todos(session, **where)
            coming = todo.coming(session, **where)
        waits = {one.kind: [item.case.case_id for item in one.items] for one in found if one.on == "case"}
        return waits, [item.case.case_id for _, item in coming], len(said)

    def move(time_zone):
        with house.session() as session, writing(session):
            mission = missions.get(session, house.mission_id)
            missions.update(session, actor=COMMAND, mission=mission, time_zone=time_zone)

    move(west)
    uid = uuid.uuid4()
    day = datetime.now(ZoneInfo(east)).date().isoformat()
    house.receive(screening(case_uid=str(uid), next_contact_date=day))
    house.work()
    first = told()
    assert first[:2] == ({}, [uid])
    again = told()
    assert again[:2] == first[:2]
    assert again[2] < first[2], "what cases there are was looked up once"
    move(east)
    assert told()[:2] == ({"contact": [uid]}, [])
    house.receive(screening(case_uid=str(uid), held_on="2026-02-01", immediate_danger="yes"))
    house.work()
    assert told()[0]["imminent_danger"] == [uid]
    with house.session() as session:
        decide.close(
            session, keyring=house.keyring, actor=COMMAND, case_id=uid, closure_reason="other",
            closed_on="2026-02-02", reason="decided in the test",
        )  # fmt: skip
    assert told()[:2] == ({}, [])


@pytest.mark.parametrize("looked_at", [1, 1000])
def test_the_first_of_each_reason_are_those_of_its_list(house, monkeypatch, looked_at):
    monkeypatch.setattr(todo, "_LAST", looked_at)
    for more in (
        {"immediate_danger": "yes"},
        {},
        {"immediate_danger": "yes"},
        {"trafficking_status": "actual"},
    ):
        house.receive(screening(case_uid=str(uuid.uuid4()), **more))
        house.work()
    with house.session() as session:
        where = {"actor": COMMAND, "mission_id": house.mission_id}
        found = [one for one in todo.todos(session, **where) if one.on == "case"]
        assert {(one.kind, one.count) for one in found} >= {("imminent_danger", 2), ("override", 1)}
        for one in found:
            assert one.items == todo.listing(session, on="case", kind=one.kind, **where).items
