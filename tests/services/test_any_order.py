"""Hypothesis against the real store: any order of arrival, any repetition, any batches and any number of
workers give the same cases; deleting equals never having had."""

import threading
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app import policy
from app.db import connect_to_write
from app.models import (
    TABLES,
    CaseAlias,
    CaseAttention,
    CaseEntity,
    CaseHint,
    CaseState,
    Conflict,
    Decision,
    LedgerEntry,
    Organisation,
    Packed,
    Submission,
)
from app.services import decide, normalise, replay
from tests.databases import on_sqlite
from tests.services.conftest import altered, edited
from tests.services.made import assistance, screening

ONE, OTHER = (f"0000000{number}-0000-4000-8000-000000000000" for number in (1, 2))
IDS = [f"uuid:{uuid.UUID(int=number, version=4)}" for number in range(20)]

FIRST = screening(
    case_uid=ONE, case_ref="MDCHI-26-000000aa", instance_id=IDS[0], family_name="Exampla", sex="male"
)
SECOND = edited(FIRST, IDS[1], family_name="Exemplar")
THIRD = edited(SECOND, IDS[2], sex="female")
BRANCH = altered(edited(FIRST, IDS[3], family_name="Branch"), end="2026-01-09T00:00:00.000Z")
HELP = assistance(case_uid=ONE, instance_id=IDS[4], held_on="2026-02-01", services=2, risk_level="high")
LATER = assistance(
    case_uid=ONE, instance_id=IDS[5], held_on="2026-03-01", services=1, distress="risk_self_harm"
)
TYPED = assistance(case_uid="", case_ref="mdchi-26-000000AA", instance_id=IDS[6], held_on="2026-04-01")
ELSE = screening(
    case_uid=OTHER, case_ref="MDCHI-26-000000bb", instance_id=IDS[7], sex="female", risk_level="low"
)
MOVED = edited(assistance(case_uid=OTHER, instance_id=IDS[8]), IDS[9], case_uid=ONE)
REFUSED = screening(case_uid=OTHER, instance_id=IDS[10], held_on="2026-05-01", consent="no")
SENT = (FIRST, SECOND, THIRD, BRANCH, HELP, LATER, TYPED, ELSE, MOVED, REFUSED)

SETTINGS = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EMPTIED = (
    CaseHint, CaseAttention, CaseEntity, CaseState, CaseAlias, Decision, Conflict, Packed, Submission, Organisation,
    LedgerEntry,
)  # fmt: skip


def shuffled(data):
    """All that is sent, in any order; drawn as numbers, so that a failure can be read."""
    return [SENT[place] for place in data.draw(st.permutations(range(len(SENT))))]


def empty(house):
    with connect_to_write(house.engine) as connection:
        for table in (*TABLES.values(), *(model.__table__ for model in EMPTIED)):
            connection.execute(delete(table))


def outcome(house, *, submissions=True):
    """What the store says of the cases; the organisations and versions of entities depend on the past."""
    with house.session() as session:
        placed = select(Submission.state).where(Submission.case_id.is_not(None))
        assert set(session.scalars(placed)) <= {"normalised"}, "only a normalised submission has a case"
    return {name: rows for name, rows in house.store().items() if submissions or name != "submissions"}


@pytest.fixture
def expected(house):
    for xml in SENT:
        house.receive(xml)
    house.work()
    assert set(house.states().values()) == {"normalised", "superseded"}
    return outcome(house)


@given(data=st.data())
@SETTINGS
def test_any_order_any_repetition_and_any_batches_give_the_same_cases(house, expected, data):
    empty(house)
    order = shuffled(data)
    repeated = [SENT[place] for place in data.draw(st.lists(st.integers(0, len(SENT) - 1), max_size=4))]
    for xml in [*order, *repeated]:
        house.receive(xml)
        if data.draw(st.booleans()):
            normalise.run_batch(
                house.engine, keyring=house.keyring, blobs=house.blobs, limit=data.draw(st.integers(1, 5))
            )
    house.work(limit=data.draw(st.integers(1, 20)))
    assert outcome(house) == expected
    before = house.dump()
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    assert house.dump() == before


@given(data=st.data())
@SETTINGS
def test_any_interleaving_of_two_workers_gives_the_same_cases(house, expected, data):
    empty(house)
    order = shuffled(data)
    limits = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    early = data.draw(st.integers(0, len(SENT)))
    for xml in order[:early]:
        house.receive(xml)
    failures = []

    def work(limit):
        try:
            house.work(limit)
        except Exception as error:  # noqa: BLE001 -- told below
            failures.append(error)

    workers = [threading.Thread(target=work, args=(limit,)) for limit in limits]
    for worker in workers:
        worker.start()
    for xml in order[early:]:
        house.receive(xml)
    for worker in workers:
        worker.join()
    house.work()
    assert failures == []
    assert outcome(house) == expected


@on_sqlite
@given(data=st.data())
@SETTINGS
def test_deleting_a_submission_equals_never_having_had_it_wherever_it_stood(house, data):
    chains = ((FIRST, SECOND, THIRD, BRANCH), (HELP,), (LATER,), (TYPED,), (ELSE,), (MOVED,), (REFUSED,))
    gone = chains[data.draw(st.integers(0, len(chains) - 1))]
    order = shuffled(data)
    empty(house)
    for xml in order:
        if xml not in gone:
            house.receive(xml)
    house.work()
    without = outcome(house, submissions=False)
    empty(house)
    for xml in order:
        house.receive(xml)
    house.work()
    instance_id = IDS[{FIRST: 0, HELP: 4, LATER: 5, TYPED: 6, ELSE: 7, MOVED: 9, REFUSED: 10}[gone[0]]]
    with house.session() as session:
        decide.delete_submission(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id,
            instance_id=instance_id, reason="deleted in the test",
        )  # fmt: skip
    assert outcome(house, submissions=False) == without


@on_sqlite
@given(data=st.data())
@SETTINGS
def test_decisions_hold_whatever_comes_before_and_after_them(house, data):
    """A merge, and its end, in the middle of any traffic: the end is that of the same decisions made last."""
    order = shuffled(data)
    cut = data.draw(st.integers(1, len(SENT)))
    apart = data.draw(st.booleans())

    def decisions():
        with house.session() as session:
            common = {"keyring": house.keyring, "actor": policy.COMMAND, "reason": "decided in the test"}
            decide.merge(session, case_id=uuid.UUID(OTHER), into=uuid.UUID(ONE), **common)
            if apart:
                decide.unmerge(session, case_id=uuid.UUID(OTHER), **common)

    def run(*, early):
        empty(house)
        # Both cases have to be there to be merged.
        for xml in (HELP, ELSE, *order[:cut]):
            house.receive(xml)
        house.work()
        if early:
            decisions()
        for xml in order[cut:]:
            house.receive(xml)
        house.work()
        if not early:
            decisions()
        return outcome(house)

    assert run(early=True) == run(early=False)
