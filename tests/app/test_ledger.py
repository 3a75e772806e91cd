"""The ledger is written with its action, chained afterwards, and tells when it was touched."""

import pytest
from sqlalchemy import text

from app import ledger
from app.db import writing


@pytest.fixture
def entries(session):
    with writing(session):
        for number in range(5):
            ledger.write(
                session,
                actor=f"user:{number}",
                action="case.reveal",
                mission_id=1,
                object=f"case:{number}",
                reason="Ärztin ruft an — 帮助",
                detail={"fields": ["person.family_name"], "count": number},
            )
    return session


def chain_all(session, *, limit=1000):
    while True:
        with writing(session):
            if not ledger.chain(session, limit=limit):
                return


def test_an_entry_goes_with_its_action(session):
    def fail():
        with writing(session):
            ledger.write(session, actor="worker", action="x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert ledger.verify(session).unchained == 0


def test_entries_are_chained_in_batches_and_hold(entries):
    assert ledger.verify(entries) == ledger.Verdict(0, 5, None)
    chain_all(entries, limit=2)
    assert ledger.verify(entries) == ledger.Verdict(5, 0, None)
    assert ledger.verify(entries).ok


def test_chaining_goes_on_where_it_stopped(entries):
    chain_all(entries)
    with writing(entries):
        ledger.write_many(
            entries, [ledger.entry(actor="worker", action="x"), ledger.entry(actor="worker", action="y")]
        )
        ledger.write_many(entries, [])
    chain_all(entries)
    assert ledger.verify(entries) == ledger.Verdict(7, 0, None)


@pytest.mark.parametrize(
    ("touch", "broken_at"),
    [
        ("UPDATE ledger SET actor = 'user:9' WHERE position = 3", 3),
        ("UPDATE ledger SET reason = 'another' WHERE position = 1", 1),
        ("UPDATE ledger SET at = '2020-01-01 00:00:00+00:00' WHERE position = 2", 2),
        ("UPDATE ledger SET detail = '{}' WHERE position = 4", 4),
        ("DELETE FROM ledger WHERE position = 2", 2),
        ("UPDATE ledger SET digest = NULL WHERE position = 5", 5),
    ],
)
def test_a_row_changed_or_taken_away_is_found(entries, touch, broken_at):
    chain_all(entries)
    with writing(entries):
        entries.execute(text(touch))
    verdict = ledger.verify(entries)
    assert not verdict.ok
    assert verdict.broken_at == broken_at
