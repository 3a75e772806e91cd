"""Writers stand in line, and what they wrote stands after them."""

import threading
import time
import uuid

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import connect_to_glance, connect_to_write, make_engine, writing
from app.models import Device, Mission, new_id


def add_mission(session, code="MDCHI"):
    session.add(Mission(code=code, name="Chisinau", country="MD"))


def test_what_is_written_is_committed_at_the_end_of_the_block(engine, session):
    with writing(session):
        add_mission(session)
    with Session(engine) as other:
        assert other.scalar(select(Mission.code)) == "MDCHI"


def test_what_raises_leaves_nothing(engine, session):
    def fail():
        with writing(session):
            add_mission(session)
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with Session(engine) as other:
        assert other.scalar(select(Mission.code)) is None
    with writing(session):  # and the session can be used again
        add_mission(session)


def test_a_block_within_a_block_is_the_same_transaction(engine, session):
    def fail():
        with writing(session):
            with writing(session):
                add_mission(session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with Session(engine) as other:
        assert other.scalar(select(Mission.code)) is None


def test_a_decision_is_made_on_what_stands_now(engine, session):
    with writing(session):
        add_mission(session)
    mission = session.scalars(select(Mission)).one()
    with Session(engine) as other, writing(other):
        other.execute(text("UPDATE mission SET name = 'Balti'"))
    with writing(session):
        assert mission.name == "Balti"


def test_changes_made_before_the_block_are_not_lost_silently(session):
    add_mission(session)
    with pytest.raises(RuntimeError, match="inside it"), writing(session):
        pass


def test_twenty_threads_that_count_lose_no_step(engine, session):
    with writing(session):
        add_mission(session)
        session.flush()
        session.execute(text("UPDATE mission SET name = '0'"))
    slowest = []

    def count():
        for _ in range(5):
            begin = time.monotonic()
            with Session(engine) as own, writing(own):
                name = own.scalar(select(Mission.name).with_for_update())
                own.execute(text("UPDATE mission SET name = :name"), {"name": str(int(name) + 1)})
            slowest.append(time.monotonic() - begin)

    threads = [threading.Thread(target=count) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.scalar(select(Mission.name)) == "100"


def test_a_glance_leaves_no_transaction_behind(engine, session):
    with writing(session):
        add_mission(session)
    for _ in range(3):
        with connect_to_glance(engine) as connection:
            assert connection.scalar(select(Mission.code)) == "MDCHI"
    with connect_to_write(engine) as connection:
        connection.execute(text("UPDATE mission SET name = 'x'"))
    session.rollback()
    assert session.scalar(select(Mission.name)) == "x"


def test_references_are_checked(session):
    with pytest.raises(IntegrityError) as raised, writing(session):
        session.add(Device(mission_id=77, display_name="Secret name", token_digest=b"1", token_sealed=b"1"))
    assert "Secret name" not in str(raised.value).replace("Key (mission_id)=(77)", "")


def test_sqlite_is_durable(tmp_path):
    from sqlalchemy import URL

    engine = make_engine(URL.create("sqlite", database=str(tmp_path / "x.db")))
    with engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    engine.dispose()


def test_what_a_process_makes_sorts_as_it_was_made():
    made = [new_id() for _ in range(1_000)]
    assert made == sorted(made)
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
