"""The fund: criteria propose, a person decides, and the decision knows the facts it was made on."""

import csv
import io
import uuid

import pytest
from sqlalchemy import select

from app import policy
from app.models import LedgerEntry
from app.problems import Problem
from app.services import cases, decide, fund, recording, replay
from submissions.facts import row_id
from tests.services.conftest import House
from tests.services.made import screening

REASON = "decided in the test"


@pytest.fixture
def case(house: House) -> uuid.UUID:
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), trafficking_status="actual", held_on="2026-01-10"))
    house.work()
    corrected(house, uid, "case_file", "", "identified_country", "KH")
    return uid


def corrected(house, uid, table, key, column, value):
    with house.session() as session:
        decide.correct(
            session, keyring=house.keyring, actor=policy.COMMAND, case_id=uid, table=table,
            row_id=row_id(str(uid), table, key),
            column=column, value=value, reason=REASON,
        )  # fmt: skip


def read(house: House, uid: uuid.UUID) -> tuple[cases.CaseDetail, fund.Proposal]:
    with house.session() as session:
        found = cases.read_case(session, keyring=house.keyring, actor=policy.COMMAND, case_id=uid)
    asked = fund.proposal(found)
    assert asked is not None
    return found, asked


def decided(house: House, uid: uuid.UUID, result: str, *, actor=policy.COMMAND, **more) -> None:
    with house.session() as session:
        fund.decide(
            session, keyring=house.keyring, actor=actor, case_id=uid, result=result, reason=REASON, **more
        )


def unchanged_by_replay(house: House) -> bool:
    before = house.dump()
    done = replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    return done.rows_changed == 0 and house.dump() == before


def test_each_criterion_stands_with_its_value_and_the_interview_it_came_from(house, case):
    _, asked = read(house, case)
    assert {one.criterion: one.outcome for one in asked.evidence} == {
        "victim": "yes", "area": "yes", "other_programme": "pending", "wanted": "yes",
    }  # fmt: skip
    assert (asked.rules, asked.proposed, asked.decided) == ("gaf-2009", "pending", None)
    by_name = {one.criterion: one.value for one in asked.evidence}
    assert by_name["victim"].question.endswith("/trafficking_status")
    assert by_name["area"].value == "KH"
    assert by_name["area"].decision


def test_a_decision_survives_a_replay_and_says_when_the_facts_have_changed_since(house, case):
    decided(house, case, "approved", decided_on="2026-02-01")
    found, asked = read(house, case)
    assert (asked.decided.value, asked.decided_on, asked.changed) == ("approved", "2026-02-01", False)
    assert "eligibility_pending" not in found.line.attention
    assert unchanged_by_replay(house)
    corrected(house, case, "case_file", "", "identified_country", "FR")
    found, asked = read(house, case)
    assert (asked.decided.value, asked.proposed, asked.changed) == ("approved", "not_eligible", True)
    assert "eligibility_changed" in found.line.attention
    assert unchanged_by_replay(house)
    decided(house, case, "declined")
    found, asked = read(house, case)
    assert (asked.decided.value, asked.changed) == ("declined", False)
    decided(house, case, "approved")
    corrected(house, case, "case_file", "", "identified_country", "KH")
    assert read(house, case)[1].changed
    corrected(house, case, "case_file", "", "identified_country", "FR")
    assert not read(house, case)[1].changed, "the fact is again as it was"


def test_only_who_may_decides_and_only_what_makes_sense(house, case):
    administrator = policy.Actor("user", None, (policy.Held("administrator"),))
    with pytest.raises(Problem):
        decided(house, case, "approved", actor=administrator)
    for wrong in ({"result": "eligible"}, {"result": "approved", "decided_on": "soon"},
                  {"result": "approved", "decided_on": "2999-01-01"}):  # fmt: skip
        with pytest.raises(Problem, match="invalid"):
            decided(house, case, **wrong)


def test_the_mission_chooses_the_criteria_and_cases_follow_when_they_are_folded(house):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), trafficking_status="not_victim"))
    house.work()
    assert read(house, uid)[1].rules == "gaf-2009"
    with house.session() as session:
        fund.choose_rules(
            session, actor=policy.COMMAND, mission_id=house.mission_id, rules="gaf-2021", reason=REASON
        )
        with pytest.raises(Problem, match="invalid"):
            fund.choose_rules(
                session, actor=policy.COMMAND, mission_id=house.mission_id, rules="gaf-1950", reason=REASON
            )
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    _, asked = read(house, uid)
    assert asked.rules == "gaf-2021"
    assert "area" not in {one.criterion for one in asked.evidence}
    assert unchanged_by_replay(house)


def charge(house, uid, **values):
    with house.session() as session:
        recording.record(
            session, keyring=house.keyring, actor=policy.COMMAND, case_id=uid, table="service", reason=REASON,
            values={"category": "medical", "type": "treatment", "status": "completed", "funding": "gaf"} | values,
        )  # fmt: skip


def test_services_charged_are_counted_by_country_and_year_and_doubted_where_the_fund_would_not_pay(
    house, case
):
    charge(house, case, started_on="2026-03-01", cost="100.50", currency="USD", country="KH")
    charge(house, case, started_on="2026-01-05", cost="20", currency="USD", country="KH")
    charge(
        house,
        case,
        started_on="2025-12-01",
        category="security",
        type="risk_assessment",
        cost="7",
        currency="EUR",
    )
    charge(house, case, started_on="2026-03-02", funding="government")
    assert {one.doubts for one in read(house, case)[1].charged} >= {
        ("undecided",),
        ("other_category", "undecided"),
    }
    decided(house, case, "approved", decided_on="2026-02-01")
    doubts = sorted(one.doubts for one in read(house, case)[1].charged)
    assert doubts == [(), ("early",), ("other_category", "early")]
    with house.session() as session:
        found = fund.totals(session, actor=policy.COMMAND, mission_id=house.mission_id)
        assert [
            (one.country, one.year, one.approved, one.declined, one.services, one.costs) for one in found
        ] == [
            ("KH", 2026, 1, 0, 2, {"USD": 120.5}),
            ("KH", 2025, 0, 0, 1, {"EUR": 7.0}),
        ]
        assert not fund.totals(session, actor=policy.COMMAND, mission_id=house.other_mission_id)
        sent = fund.totals_csv(session, actor=policy.COMMAND, mission_id=house.mission_id)
        assert session.scalars(
            select(LedgerEntry.action).where(LedgerEntry.action == "eligibility.export")
        ).all()
    lines = list(csv.DictReader(io.StringIO(sent.decode())))
    assert lines[0] == {"country": "KH", "year": "2026", "approved": "1", "declined": "0", "services": "2",
                        "currency": "USD", "cost": "120.50"}  # fmt: skip
    assert len(lines) == 2
