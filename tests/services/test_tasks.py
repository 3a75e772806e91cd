"""The worker process: it works the queue off, chains the ledger, outlives a database that is away, and
stops."""

import threading
import time

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import ledger, tasks
from app.models import LedgerEntry
from tests.services.conftest import new_uid
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


def test_an_idle_look_does_nothing(house):
    while tasks.run_once(house.engine, keyring=house.keyring, blobs=house.blobs):
        pass
    before = house.dump(without=())
    assert tasks.run_once(house.engine, keyring=house.keyring, blobs=house.blobs) is False
    assert house.dump(without=()) == before


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
