"""Submissions that found no case, and the cases they may belong to."""

import uuid

import pytest
from sqlalchemy import select

from app import policy
from app.models import CaseState
from app.services import decide, strays, twins
from tests.databases import on_sqlite
from tests.services.conftest import new_uid, statements
from tests.services.made import assistance, screening

CASES = {"MDCHI-26-1a2b3c4d": "Olena", "MDCHI-26-99999999": "Dara", "MDCHI-26-55555555": "Ion"}


@pytest.fixture(scope="module")
def cases() -> dict[str, uuid.UUID]:
    return {reference: uuid.uuid4() for reference in CASES}


@pytest.fixture
def house(make_house, engine, cases, tmp_path):
    """A house with these cases."""

    def screened(house):
        for number, (reference, name) in enumerate(CASES.items()):
            house.receive(
                screening(
                    case_uid=str(cases[reference]),
                    case_ref=reference,
                    first_name=name,
                    family_name=f"{name}va Sok",
                    age_estimate=20 + 10 * number,
                    sex="female",
                    citizenship="UA",
                )
            )
        house.work()
        twins.search_all(house.engine, house.keyring)

    return make_house(engine, tmp_path / "blobs", "house with strays", screened)


def waiting(house, mission_id=None) -> list[strays.Stray]:
    found, cursor = [], None
    with house.session() as session:
        while True:
            page = strays.list_strays(
                session,
                keyring=house.keyring,
                actor=policy.COMMAND,
                mission_id=mission_id or house.mission_id,
                cursor=cursor,
                limit=2,
            )
            found += page.items
            if (cursor := page.next) is None:
                return found


@on_sqlite
@pytest.mark.parametrize(
    "typed",
    ["MDCHI-26-1a2b3c4e", "MDCHI-26-1a2b3cd", "MDCHI-26-1a2b33c4d", "mdchi-26-1b2a3c4d", "MDCHl-26-1a2b3c4d"],
    ids=["another letter", "one too few", "one too many", "exchanged", "before the end"],
)
def test_a_mistyped_reference_leads_to_the_case_it_meant(house, cases, typed):
    house.receive(assistance(case_uid="", case_ref=typed))
    house.work()
    (stray,) = waiting(house)
    assert stray.reference == typed
    assert [one.case.case_id for one in stray.likely] == [cases["MDCHI-26-1a2b3c4d"]]
    assert stray.likely[0].reasons == ("reference_near",)


def test_a_person_who_is_alike_is_likely_and_what_is_attached_leaves_the_queue(house, cases):
    first = new_uid()
    house.receive(
        screening(case_uid=str(uuid.uuid4()), instance_id=first, first_name="Олена", family_name="Оленва Сок",
                  age_estimate=21, sex="female", citizenship="UA", case_ref="X-1")
    )  # fmt: skip
    house.work()
    with house.session() as session:
        decide.detach(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id,
            instance_id=first, reason="not a case of its own",
        )  # fmt: skip
    (stray,) = waiting(house)
    assert stray.likely[0].case.case_id == cases["MDCHI-26-1a2b3c4d"]
    assert "citizenship_shared" in stray.likely[0].reasons
    with house.session() as session:
        decide.attach(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id,
            instance_id=first, case_id=stray.likely[0].case.case_id, reason="the same person",
        )  # fmt: skip
    assert not waiting(house)


def test_cases_that_only_share_the_reference_are_both_offered(house, cases):
    house.receive(screening(case_uid=str(uuid.uuid4()), case_ref="MDCHI-26-55555555", sex="male"))
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-55555555"))
    house.work()
    (stray,) = waiting(house)
    assert len(stray.likely) == 2
    assert all("case_named" in one.reasons for one in stray.likely)


def test_cases_of_another_mission_are_never_offered(house, cases):
    house.receive(assistance(case_uid=str(cases["MDCHI-26-1a2b3c4d"])), mission_id=house.other_mission_id)
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-1a2b3c4d"), mission_id=house.other_mission_id)
    house.work()
    found = waiting(house, house.other_mission_id)
    assert len(found) == 2
    assert not any(one.likely for one in found)


def test_a_case_without_a_reference_is_not_named_by_who_typed_none(house, cases):
    other = house.other_mission_id
    unnamed = screening(case_uid=str(uuid.uuid4())).replace(b"MDCHI-26-0000ffff", b"")
    house.receive(unnamed, mission_id=other)
    house.receive(assistance(case_uid=str(cases["MDCHI-26-1a2b3c4d"])), mission_id=other)
    house.work()
    with house.session() as session:
        references = session.scalars(select(CaseState.reference).where(CaseState.mission_id == other))
        assert references.all() == [None]
    (stray,) = waiting(house, other)
    assert stray.likely == ()


def test_what_cannot_be_read_waits_without_cases_and_the_queue_is_paged_by_key(house, cases):
    for _ in range(3):
        house.receive(assistance(case_uid="", case_ref="nothing like it"))
    house.receive(screening().replace(b'version="2', b'version="9', 1))
    house.work()
    found = waiting(house)
    assert [one.readable for one in found] == [False, True, True, True]
    assert len({one.line.id for one in found}) == 4


def test_a_longer_page_takes_hardly_more_statements(house, cases):
    for typed in ("MDCHI-26-1a2b3c4e", "MDCHI-26-5555555", "nothing like it"):
        house.receive(assistance(case_uid="", case_ref=typed))
    house.work()
    told = []
    for limit in (2, 3):
        with house.session() as session, statements(house.engine) as said:
            page = strays.list_strays(
                session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id, limit=limit
            )
        assert len(page.items) == limit
        told.append(len(said))
    # Keys of what is alike are looked up twenty at a time.
    assert told[1] - told[0] <= 1, told
    named = {one.reference: [found.case.case_id for found in one.likely] for one in page.items}
    assert named == {
        "MDCHI-26-1a2b3c4e": [cases["MDCHI-26-1a2b3c4d"]],
        "MDCHI-26-5555555": [cases["MDCHI-26-55555555"]],
        "nothing like it": [],
    }
