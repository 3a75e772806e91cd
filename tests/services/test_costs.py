"""What one more submission costs the database does not depend on how many there are."""

from sqlalchemy import event

from app.services import packing
from tests.databases import on_sqlite
from tests.services.conftest import House, new_uid
from tests.services.made import assistance, screening

# PostgreSQL chooses its plans by the sizes it has found, and none of a test is large.
pytestmark = on_sqlite
STEP = 10
"""Instructions of SQLite's virtual machine between two counts."""


def instructions(house: House, work) -> int:
    """Instructions SQLite's virtual machine executes for some work: counted, where a clock would measure the
    machine."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += STEP
        return 0

    def listen(connection, _record, _proxy) -> None:
        connection.set_progress_handler(count, STEP)

    event.listen(house.engine, "checkout", listen)
    try:
        work()
    finally:
        event.remove(house.engine, "checkout", listen)
    return counted


def arrive(house: House, number: int) -> None:
    """Some people, each screened and then assisted."""
    for _ in range(number):
        person = new_uid()
        for xml in (screening(case_uid=person, case_ref=person[:8]), assistance(case_uid=person)):
            house.receive(xml)


def test_one_more_case_costs_the_same_in_a_large_store_as_in_a_small_one(house):
    arrive(house, 10)
    house.work()
    arrive(house, 10)
    small = instructions(house, house.work)
    arrive(house, 100)
    house.work()
    arrive(house, 10)
    large = instructions(house, house.work)
    assert small > 10 * STEP
    assert large < 1.05 * small


def test_a_page_of_answers_costs_the_same_whether_few_wait_or_many(house, monkeypatch):
    monkeypatch.setattr(packing, "PAGE", 4)

    def pack() -> None:
        assert packing.pack_next(house.engine, keyring=house.keyring)

    arrive(house, 8)
    house.work()
    pack()
    small = instructions(house, pack)
    arrive(house, 60)
    house.work()
    large = instructions(house, pack)
    assert small > 10 * STEP
    assert large < small + 120, "less than one for each that waits"


def test_looking_for_pages_of_an_older_layout_costs_the_same_among_few_pages_and_many(house, monkeypatch):
    arrive(house, 40)
    house.work()

    def look() -> None:
        assert not packing.pack_next(house.engine, keyring=house.keyring)

    monkeypatch.setattr(packing, "PAGE", 40)
    while packing.pack_next(house.engine, keyring=house.keyring):
        pass
    few = instructions(house, look)
    arrive(house, 40)
    house.work()
    monkeypatch.setattr(packing, "PAGE", 1)
    while packing.pack_next(house.engine, keyring=house.keyring):
        pass
    many = instructions(house, look)
    assert few > STEP
    assert many < few + 80, "less than one for each page there is"
