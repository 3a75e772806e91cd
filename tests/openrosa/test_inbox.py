"""Threads commit in groups, and each learns what became of its own submission."""

import threading
import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.models import LedgerEntry, Submission
from app.problems import Problem
from app.services import arrivals, receive
from app.services.receive import Inbox, Sender
from tests.field import submission


@pytest.fixture
def inbox(engine, keyring, blobs):
    return Inbox(engine, keyring=keyring, blobs=blobs, max_xml=1_000_000)


@pytest.fixture
def sender(field):
    return Sender(field.mission_id, f"device:{field.device_id}", field.device_id, forms={"visit": "open"})


def at_once(*acts):
    """Run them in threads of their own, and return what each returned or raised."""
    results = [None] * len(acts)

    def run(number, act):
        try:
            results[number] = act()
        except Exception as error:  # noqa: BLE001 -- it is what the test looks at
            results[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    return results


def test_many_at_once_are_all_stored_in_few_transactions(inbox, sender, session, monkeypatch):
    groups = []
    real = arrivals.write
    monkeypatch.setattr(arrivals, "write", lambda c, group, k: (groups.append(len(group)), real(c, group, k)))

    def ten():
        return [inbox.receive(sender, xml=submission()) for _ in range(10)]

    receipts = [receipt for thread in at_once(*[ten] * 16) for receipt in thread]
    assert all(receipt.new for receipt in receipts)
    assert session.scalar(select(func.count()).select_from(Submission)) == 160
    assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 160
    assert sum(groups) == 160
    assert len(groups) < 160


def test_the_same_submission_from_many_threads_is_stored_once(inbox, sender, session):
    xml = submission()
    receipts = at_once(*[lambda: inbox.receive(sender, xml=xml)] * 16)
    assert sorted(receipt.new for receipt in receipts) == [False] * 15 + [True]
    assert len({receipt.submission_id for receipt in receipts}) == 1
    assert session.scalar(select(func.count()).select_from(Submission)) == 1
    assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 1


def test_one_that_cannot_be_stored_does_not_take_the_others_with_it(inbox, sender, session):
    nobody = Sender(mission_id=77, actor="device:1", device_id=None, forms={"visit": "open"})
    acts = [
        lambda one=one: [inbox.receive(one, xml=submission()) for _ in range(5)]
        for one in [sender, nobody, sender, sender, nobody, sender, sender, sender]
    ]
    results = at_once(*acts)
    refused = [result for result in results if isinstance(result, Problem)]
    assert [problem.code for problem in refused] == ["unavailable"] * 2
    assert session.scalar(select(func.count()).select_from(Submission)) == 30


def test_a_database_that_fails_once_fails_nobody_for_good(inbox, sender, session, monkeypatch):
    real, failures = arrivals.write, iter([True] * 3)

    def sometimes(*arguments):
        if next(failures, False):
            raise OperationalError("", {}, Exception())
        real(*arguments)

    monkeypatch.setattr(arrivals, "write", sometimes)
    results = at_once(*[lambda: inbox.receive(sender, xml=submission())] * 8)
    stored = [result for result in results if not isinstance(result, Exception)]
    assert session.scalar(select(func.count()).select_from(Submission)) == len(stored)
    assert inbox.receive(sender, xml=submission()).new


def test_a_commit_that_fails_is_not_called_a_success(inbox, sender, session, monkeypatch):
    from contextlib import contextmanager

    real = receive.connect_to_write

    @contextmanager
    def failing(engine):
        with real(engine) as connection:
            yield connection
            raise OperationalError("COMMIT", {}, Exception())

    monkeypatch.setattr(receive, "connect_to_write", failing)
    with pytest.raises(Problem) as raised:
        inbox.receive(sender, xml=submission())
    assert raised.value.code == "unavailable"
    assert session.scalar(select(Submission.id)) is None


def test_a_person_in_the_office_can_send_too(inbox, field, session):
    person = Sender(field.mission_id, "user:1")
    receipt = inbox.receive(person, xml=submission("uuid:1"))
    assert (receipt.instance_id, receipt.xml_form_id, receipt.new, receipt.files_added) == (
        "uuid:1",
        "visit",
        True,
        0,
    )
    row = session.get_one(Submission, receipt.submission_id)
    assert row.device_id is None


def test_a_submission_without_a_number_gets_the_same_one_each_time(inbox, sender, session):
    xml = b'<data id="visit" version="1"><name>x</name></data>'
    first, again = inbox.receive(sender, xml=xml), inbox.receive(sender, xml=xml)
    assert first.new
    assert not again.new
    assert uuid.UUID(first.instance_id.removeprefix("uuid:")).version == 4
    assert inbox.receive(sender, xml=xml.replace(b"x<", b"y<")).instance_id != first.instance_id
