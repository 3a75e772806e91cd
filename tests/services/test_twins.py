"""Cases that may be about one person are found in whatever order they come, and stay decided."""

import random
import uuid

import pytest
from sqlalchemy import delete, func, select

from app import policy
from app.models import CaseState, CaseTrace, TraceDue, TraceKey, Twin
from app.problems import Problem
from app.services import decide, replay, twin_desk, twins
from tests.services.conftest import House, edited
from tests.services.made import screening

SAME = [
    {"family_name": "Шевченко", "first_name": "Олена", "sex": "female", "age_estimate": 31},
    {"family_name": "Chevtchenko", "first_name": "Olena", "sex": "female", "age_estimate": 30},
    {"family_name": "Elena", "first_name": "Shevchenko", "sex": "female", "age_estimate": 32},
]
OTHERS = [
    {"family_name": "Popescu", "first_name": "Ion", "sex": "male", "age_estimate": 31},
    {"family_name": "Shevchenko", "first_name": "Taras", "sex": "male", "age_estimate": 31},
    {"family_name": "Sok", "first_name": "Dara", "sex": "female", "age_estimate": 31},
]
PEOPLE = dict(enumerate([*SAME, *OTHERS], start=1))
REASON = "decided in the test"


def uid(number: int) -> uuid.UUID:
    return uuid.UUID(int=number, version=4)


def interview(number: int, said: dict) -> bytes:
    return screening(
        case_uid=str(uid(number)),
        case_ref=f"R-{number:04}",
        instance_id=f"uuid:{uid(number)}",
        citizenship="UA",
        **said,
    )


def arrive(house: House, *numbers: int) -> None:
    for number in numbers:
        house.receive(interview(number, PEOPLE[number]))
    house.work()
    twins.search_all(house.engine, house.keyring)


def pairs(house: House) -> dict[tuple[uuid.UUID, uuid.UUID], tuple[int, list[str]]]:
    with house.session() as session:
        return {
            (one.case_id, one.other_id): (one.score, one.reasons) for one in session.scalars(select(Twin))
        }


def decided(house: House, what, *, actor=policy.COMMAND, **about):
    with house.session() as session:
        done = what(session, keyring=house.keyring, actor=actor, reason=REASON, **about)
    twins.search_all(house.engine, house.keyring)
    return done


def pair(one: int, other: int) -> tuple[uuid.UUID, uuid.UUID]:
    return twins.ordered(uid(one), uid(other))


ALL_THREE = {pair(1, 2), pair(1, 3), pair(2, 3)}


def test_the_same_pairs_are_found_in_any_order_of_arrival_and_a_replay_changes_none(house):
    arrive(house, *PEOPLE)
    at_once = pairs(house)
    assert set(at_once) == ALL_THREE
    assert at_once[pair(1, 2)][1] == ["name_sounds_same", "birth_year_near", "citizenship_shared", "sex_same"]
    before = house.dump()
    assert (
        replay.replay(
            house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND
        ).rows_changed
        == 0
    )
    assert house.dump() == before
    with house.engine.begin() as connection:  # as if nothing had ever been compared
        for table in (Twin, TraceKey, CaseTrace):
            connection.execute(delete(table))
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    for number in random.Random(3).sample(sorted(PEOPLE), 6):
        with house.engine.begin() as connection:
            twins.look(connection, house.keyring, [uid(number)])
    assert pairs(house) == at_once


def test_nothing_that_is_compared_can_be_read_in_the_database(house):
    arrive(house, 1, 2)
    tables = house.dump()
    kept = [value for name in ("case_trace", "trace_key", "twin") for row in tables[name] for value in row]
    # The keyed hashes are numbers, which may hold any digits.
    texts = repr([value for value in kept if isinstance(value, str | bytes)]).casefold()
    assert len(kept) > 10
    for text in ("shevchenko", "svsnk", "olena", "female", "1995", "r-0001"):
        assert text not in texts
    assert 1995 not in kept


def test_cases_of_another_mission_are_not_compared(house):
    arrive(house, 1)
    house.receive(interview(2, PEOPLE[2]), mission_id=house.other_mission_id)
    house.work()
    twins.search_all(house.engine, house.keyring)
    assert not pairs(house)


def test_what_many_share_says_nothing_whatever_the_order(house, monkeypatch):
    """Three have the same keys, and two are the most that may: the pairs go as the third comes, and come back."""
    monkeypatch.setattr(twins, "MANY", 2)
    people = {number: SAME[1] | {"age_estimate": 30} for number in (1, 2, 3)}
    for number in (1, 2):
        house.receive(interview(number, people[number]))
    house.work()
    twins.search_all(house.engine, house.keyring)
    assert set(pairs(house)) == {pair(1, 2)}
    house.receive(interview(3, people[3]))
    house.work()
    twins.search_all(house.engine, house.keyring)
    assert not pairs(house)
    house.receive(
        edited(interview(3, people[3]), "uuid:edit", first_name="Dara", family_name="Sok", age_estimate="60")
    )
    house.work()
    twins.search_all(house.engine, house.keyring)
    assert set(pairs(house)) == {pair(1, 2)}


def test_a_merge_takes_the_pairs_of_the_case_that_ended_and_its_end_brings_them_back(house):
    arrive(house, 1, 2, 3)
    decided(house, decide.merge, case_id=uid(1), into=uid(2))
    assert set(pairs(house)) == {pair(2, 3)}
    decided(house, decide.unmerge, case_id=uid(1))
    assert set(pairs(house)) == ALL_THREE


def test_two_people_are_not_proposed_again_until_one_of_them_changes(house):
    arrive(house, 1, 2, 3)
    decided(house, twin_desk.distinct, case_id=uid(2), other=uid(1))
    assert set(pairs(house)) == {pair(1, 3), pair(2, 3)}
    with house.session() as session:
        (apart,) = twin_desk.held_apart(session, actor=policy.COMMAND, case_id=uid(1))
    assert apart.case_id == uid(2)
    assert (
        replay.replay(
            house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND
        ).rows_changed
        == 0
    )
    house.receive(edited(interview(1, PEOPLE[1]), "uuid:noted", narrative="nothing that is compared"))
    house.work()
    twins.search_all(house.engine, house.keyring)
    assert pair(1, 2) not in pairs(house)
    house.receive(edited(interview(2, PEOPLE[2]), "uuid:older", age_estimate="31"))
    house.work()
    twins.search_all(house.engine, house.keyring)
    assert set(pairs(house)) == ALL_THREE


def test_that_two_are_two_people_is_taken_back(house):
    arrive(house, 1, 2)
    decided(house, twin_desk.distinct, case_id=uid(1), other=uid(2))
    assert not pairs(house)
    decided(house, twin_desk.undistinct, case_id=uid(1), other=uid(2))
    assert set(pairs(house)) == {pair(1, 2)}
    with pytest.raises(Problem, match="conflict"):
        decided(house, twin_desk.distinct, case_id=uid(1), other=uid(1))


def test_the_list_is_paged_by_key_and_counts_what_the_actor_may_see(house):
    arrive(house, 1, 2, 3)
    elsewhere = policy.Actor("user", None, (policy.Held("coordinator", house.other_mission_id),))
    seen, cursor = [], None
    with house.session() as session:
        while True:
            page = twin_desk.list_pairs(
                session, actor=policy.COMMAND, mission_id=house.mission_id, cursor=cursor, limit=2
            )
            seen += [twins.ordered(one.one.case_id, one.other.case_id) for one in page.items]
            if (cursor := page.next) is None:
                break
        assert len(seen) == 3
        assert set(seen) == ALL_THREE
        assert twin_desk.count_pairs(session, actor=policy.COMMAND, mission_id=house.mission_id) == 3
        assert twin_desk.count_pairs(session, actor=elsewhere, mission_id=house.mission_id) == 0
        assert twin_desk.count_pairs(session, actor=elsewhere) == 0
        for wrong in ("1", "x.y.z", "-1." + uid(1).hex + "." + uid(2).hex):
            with pytest.raises(Problem, match="invalid"):
                twin_desk.list_pairs(session, actor=policy.COMMAND, cursor=wrong)


def test_every_case_is_compared_once_and_an_idle_search_writes_nothing(house):
    arrive(house, 1, 2, 4)
    with house.session() as session:
        assert session.scalar(select(func.count()).select_from(TraceDue)) == 0
        assert set(session.scalars(select(CaseTrace.case_id))) == set(
            session.scalars(select(CaseState.case_id))
        )
    before = house.dump(without=())
    assert twins.search(house.engine, house.keyring) == 0
    assert house.dump(without=()) == before


def test_what_stands_where_a_name_belongs_stops_nobody(house, monkeypatch):
    """A whole letter in the field of a name costs little; and a case that cannot be compared leaves out only itself."""
    letter = " ".join(f"word{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(600))
    house.receive(
        interview(4, {"family_name": letter, "first_name": letter, "sex": "male", "age_estimate": 31})
    )
    arrive(house, 1, 2)
    assert set(pairs(house)) == {pair(1, 2)}
    with house.engine.connect() as connection:
        assert connection.scalar(select(func.count()).where(TraceKey.case_id == uid(4))) < 100
    compare = twins.likeness.compare

    def at_fault(one, other):
        if "taras" in str(one.names):
            raise RuntimeError("a fault of the server")
        return compare(one, other)

    monkeypatch.setattr(twins.likeness, "compare", at_fault)
    house.receive(interview(6, OTHERS[1] | {"sex": "female"}))
    arrive(house, 5, 3)
    assert set(pairs(house)) == ALL_THREE
    with house.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(TraceDue)) == 0
