"""The worker process: it works the queue off, chains the ledger, outlives a database that is away, and
stops."""

import threading
import time

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import ledger, tasks
from app.db import connect_to_write, writing
from app.models import (
    AwaitedFile,
    EntityList,
    EntityPending,
    LedgerEntry,
    SubmissionFile,
    TraceDue,
    UnwantedBlob,
    now,
)
from app.services import agenda, entity_actions, indexing
from tests.services.conftest import new_uid, statements
from tests.services.made import screening


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_the_worker_does_what_there_is_to_do_and_stops(house):
    stop = threading.Event()
    worker = threading.Thread(
        target=tasks.work,
        args=(house.engine,),
        kwargs={"keyring": house.keyring, "blobs": house.blobs, "stop": stop, "idle": 0.02},
    )
    worker.start()
    first = new_uid()
    house.receive(screening(instance_id=first))
    until(lambda: house.states()[first] == "normalised")

    def chained():
        with house.session() as session:
            return session.scalars(select(LedgerEntry).where(LedgerEntry.position.is_(None))).first() is None

    until(chained)
    stop.set()
    worker.join(timeout=10)
    assert not worker.is_alive()
    with house.session() as session:
        verdict = ledger.verify(session)
        assert verdict.ok
        assert verdict.chained >= 2


def settle(house):
    while tasks.run_once(house.engine, keyring=house.keyring, blobs=house.blobs):
        pass


def test_an_idle_look_does_nothing_and_asks_once(house):
    settle(house)
    before = house.dump(without=())
    with statements(house.engine) as asked:
        assert tasks.run_once(house.engine, keyring=house.keyring, blobs=house.blobs) is False
    assert len(asked) == 1
    assert house.dump(without=()) == before


def test_what_goes_on_beside_the_queue_asks_little_when_there_is_nothing(house):
    for job in tasks.jobs(house.engine, keyring=house.keyring, blobs=house.blobs, private=False):
        while job.once():
            pass
        with statements(house.engine) as asked:
            assert job.once() is False
        assert len(asked) <= 2


def test_one_look_sees_every_queue(house):
    house.receive(screening(instance_id=(first := new_uid())))
    assert agenda.anything(house.engine)
    settle(house)
    submission = house.submission(first)
    wish = {"reason": "predecessor", "action": b"1", "since": now() - entity_actions.PATIENCE}
    file = {"name": b"1", "digest": b"1", "size": 1, "content_type": "", "blob": "0"}
    of_it, named = {"submission_id": submission.id}, {"name_digest": b"1"}
    for rows in (
        [TraceDue(case_id=submission.case_id)],
        [UnwantedBlob(blob="0" * 64)],
        [LedgerEntry(actor="worker", action="test")],
        [AwaitedFile(**of_it, **named), SubmissionFile(**of_it, **named, **file)],
        [EntityPending(**of_it, list_id=1, entity_id=submission.id, **wish)],
    ):
        with house.session() as session, writing(session):
            if session.get(EntityList, 1) is None:
                session.add(EntityList(id=1, mission_id=house.mission_id, name="trees"))
        assert not agenda.anything(house.engine)
        with house.session() as session, writing(session):
            session.add_all(rows)
        assert agenda.anything(house.engine), rows
        with house.session() as session, writing(session):
            for row in reversed(rows):
                session.delete(session.merge(row))
    with connect_to_write(house.engine) as connection:
        indexing.renew(connection, [submission.id])
    assert agenda.anything(house.engine)
    settle(house)
    assert not agenda.anything(house.engine)


def test_the_worker_waits_for_a_database_that_is_away(house, monkeypatch, capfd):
    real, failures = tasks.normalise.run_batch, []

    def away(engine, **named):
        if len(failures) < 2:
            failures.append(1)
            raise OperationalError("SELECT 'Secretname'", {}, Exception("Secretname"))
        return real(engine, **named)

    monkeypatch.setattr(tasks.normalise, "run_batch", away)
    stop, first = threading.Event(), new_uid()
    house.receive(screening(instance_id=first))
    worker = threading.Thread(
        target=tasks.work,
        args=(house.engine,),
        kwargs={"keyring": house.keyring, "blobs": house.blobs, "stop": stop, "idle": 0.02},
    )
    worker.start()
    until(lambda: house.states()[first] == "normalised")
    stop.set()
    worker.join(timeout=10)
    assert len(failures) == 2
    assert "Secretname" not in "".join(capfd.readouterr())
