"""Deciding about cases over REST: what the pages do, by the same rules."""

import pytest
from sqlalchemy import select

from app.models import LedgerEntry

REASON = "Agreed in the case conference"


@pytest.fixture
def path(world):
    return f"/projects/{world.mission}/cases"


@pytest.fixture
def case(coordinator, path):
    return coordinator.get(path).json["items"][0]["caseId"]


@pytest.fixture
def decides(coordinator, path, case):
    def decide(kind, *, status=201, reason=REASON, **body):
        sent = {"kind": kind, "reason": reason, "body": body}
        answer = coordinator.post(f"{path}/{case}/decisions", json=sent)
        assert answer.status_code == status, answer.text
        return answer.json

    return decide


def test_a_case_is_closed_and_opened_again(decides, coordinator, path, case, session):
    decides("close", closedOn="2026-11-01", closureReason="lost_contact")
    assert coordinator.get(f"{path}/{case}").json["status"] == "closed"
    made = decides("reopen")
    assert coordinator.get(f"{path}/{case}").json["status"] == "active"
    found = coordinator.get(f"{path}/{case}?provenance=true").json["decisions"]
    assert made["id"] in {one["id"] for one in found}
    entries = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "case.close")).all()
    assert [entry.reason for entry in entries] == [REASON]


def test_plans_are_recorded_and_carried_on(decides, coordinator, path, case):
    values = {"type": "social_care", "objective": "A room", "status": "planned", "due_on": "2998-01-01"}
    decides("record", table="plan_item", values=values)
    rows = coordinator.get(f"{path}/{case}?provenance=true").json["tables"]["plan_item"]
    row = next(one for one in rows if one["objective"]["value"] == "A room")
    decides("record", table="plan_item", rowId=row["id"], values={"status": "done"})
    rows = coordinator.get(f"{path}/{case}").json["tables"]["plan_item"]
    assert [one["status"] for one in rows if one["objective"] == "A room"] == ["done"]


def test_nobody_is_referred_without_consent(decides):
    decides("record", table="consent", values={"purpose": "referral", "granted": False})
    assert decides("refer", status=409, direction="out")["problem"] == "consent_needed"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("close", {"closedOn": "soon", "closureReason": "died"}),
        ("close", {}),
        ("merge", {"into": "nothing"}),
        ("assign", {"ownerId": True}),
        ("record", {"table": "person", "values": {"sex": "male"}}),
        ("record", {"table": "plan_item", "values": {"nonsense": 1}}),
        ("correct", {"table": "person", "rowId": "", "column": "sex", "value": {"a": 1}}),
        (
            "record",
            {"table": "plan_item", "values": {"type": "social_care", "status": "planned", "objective": "\0"}},
        ),
        ("refer", {"direction": "sideways"}),
        ("transfer", {"projectId": 10**12}),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(decides, kind, body):
    assert decides(kind, status=400, **body)["problem"] == "invalid"


def test_a_decision_needs_a_reason_and_a_known_kind(decides):
    assert decides("reopen", status=400, reason="no")["problem"] == "reason_needed"
    assert decides("nonsense", status=400)


def test_a_case_of_another_mission_is_not_found(coordinator, world, case):
    sent = {"kind": "reopen", "reason": REASON, "body": {}}
    answer = coordinator.post(f"/projects/{world.other}/cases/{case}/decisions", json=sent)
    assert answer.status_code in (403, 404)
