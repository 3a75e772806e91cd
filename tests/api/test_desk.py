"""A program at the coordinator's desk: duplicates, strays and the fund, by the same rules as the pages."""

import uuid

import pytest
from sqlalchemy import select

from app.models import LedgerEntry
from app.services import normalise, twins
from tests.databases import on_sqlite
from tests.services.made import screening

# What is below these doors is tested on every database.
pytestmark = on_sqlite
REASON = "Agreed in the case conference"
ALIKE = {"family_name": "Shevchenko", "first_name": "Olena", "sex": "female", "citizenship": "UA"}


@pytest.fixture
def path(world):
    return f"/projects/{world.mission}"


@pytest.fixture
def send(coordinator, path, engine, keyring, blobs):
    """`send(case_uid=…, …)`: a screening sent and read; its instanceID. Without a case_uid it is of no case."""

    def send(case_uid="", **said):
        instance_id = f"uuid:{uuid.uuid4()}"
        xml = screening(instance_id=instance_id, case_uid=case_uid or "none", **said)
        xml = xml.replace(b"<case_uid>none</case_uid>", b"<case_uid/>")
        assert coordinator.post(f"{path}/forms/ct_screening/submissions", data=xml).status_code == 200
        normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
        twins.search_all(engine, keyring)
        return instance_id

    return send


@pytest.fixture
def decide(coordinator, path):
    def decide(place, kind, *, status=201, reason=REASON, **body):
        sent = {"kind": kind, "reason": reason, "body": body}
        answer = coordinator.post(f"{path}/{place}/decisions", json=sent)
        assert answer.status_code == status, answer.text
        return answer.json

    return decide


@pytest.fixture
def walk(coordinator, path):
    """Everything of a list, a page of one at a time."""

    def walk(what, **asked):
        found, after = [], None
        while True:
            page = coordinator.get(f"{path}/{what}", query_string={"limit": 1, "after": after or "", **asked})
            assert page.status_code == 200, page.text
            found += page.json["items"]
            if (after := page.json["next"]) is None:
                return found

    return walk


def entries(session, action):
    return session.scalars(
        select(LedgerEntry).where(LedgerEntry.action == action).order_by(LedgerEntry.id)
    ).all()


def test_pairs_are_listed_held_apart_and_merged(send, walk, decide, session):
    one, two, three = (str(uuid.uuid4()) for _ in range(3))
    for number, case_uid in enumerate((one, two, three)):
        send(case_uid=case_uid, case_ref=f"R-{number}", age_estimate=30 + number, **ALIKE)

    def pairs():
        return {frozenset(line["caseId"] for line in pair["cases"]): pair for pair in walk("duplicates")}

    found = pairs()
    assert set(found) == {frozenset(both) for both in ((one, two), (one, three), (two, three))}
    told = found[frozenset((one, two))]
    assert "name_same" in told["reasons"] or "name_sounds_same" in told["reasons"]
    assert [line["caseRef"] for line in told["cases"]] == ["R-0", "R-1"]
    assert "Olena" not in str(found)
    decide(f"cases/{one}", "distinct", other=three)
    assert set(pairs()) == {frozenset((one, two)), frozenset((two, three))}
    decide(f"cases/{one}", "undistinct", other=three)
    assert len(pairs()) == 3
    decide(f"cases/{two}", "merge", into=one)
    assert set(pairs()) <= {frozenset((one, three))}
    decide(f"cases/{two}", "unmerge")
    assert [one.reason for one in entries(session, "case.distinct")] == [REASON]
    decide(f"cases/{one}", "distinct", status=400)
    decide(f"cases/{one}", "distinct", status=409, other=one)


def test_a_stray_is_attached_taken_out_and_begins_a_case(send, walk, decide, coordinator, path, session):
    case_uid = str(uuid.uuid4())
    send(case_uid=case_uid, case_ref="DEMO1-26-1a2b3c4d", age_estimate=30, **ALIKE)
    stray = send(case_ref="DEMO1-26-1a2b3c4e", age_estimate=30, **ALIKE)
    submission = f"forms/ct_screening/submissions/{stray}"
    (waiting,) = [one for one in walk("strays") if one["submission"]["instanceId"] == stray]
    assert (waiting["xmlFormId"], waiting["reference"], waiting["readable"]) == (
        "ct_screening", "DEMO1-26-1a2b3c4e", True,
    )  # fmt: skip
    assert waiting["likely"][0]["case"]["caseId"] == case_uid
    assert "reference_near" in waiting["likely"][0]["reasons"]
    decide(submission, "attach", status=404, caseId=str(uuid.uuid4()))
    decide(submission, "attach", status=400, reason="no", caseId=case_uid)
    assert decide(submission, "attach", caseId=case_uid)["caseId"] == case_uid
    assert walk("strays") == []
    assert coordinator.get(f"{path}/{submission}").json["caseId"] == case_uid
    assert len(coordinator.get(f"{path}/cases/{case_uid}").json["interviews"]) == 2
    assert decide(submission, "detach")["caseId"] == case_uid
    assert [one["submission"]["instanceId"] for one in walk("strays")] == [stray]
    begun = decide(submission, "new-case")["caseId"]
    assert begun != case_uid
    assert coordinator.get(f"{path}/cases/{begun}").json["interviews"][0]["instanceId"] == stray
    decide("forms/places/submissions/uuid:none", "detach", status=404)
    assert [one.action for kind in ("attach", "detach") for one in entries(session, f"case.{kind}")] == [
        "case.attach", "case.attach", "case.detach",
    ]  # fmt: skip


def test_the_fund_is_asked_on_evidence_and_decided(send, walk, decide, coordinator, path, session):
    case_uid = str(uuid.uuid4())
    send(case_uid=case_uid, trafficking_status="actual", gaf_result="pending", **ALIKE)
    waits = {one["case"]["caseId"]: one for one in walk("fund")}
    asked = waits[case_uid]
    assert asked == coordinator.get(f"{path}/cases/{case_uid}/fund").json
    assert (asked["decided"], asked["changed"]) == (None, False)
    assert {one["criterion"]: one["outcome"] for one in asked["evidence"]}["victim"] == "yes"
    assert any(one["value"] and one["value"]["question"] for one in asked["evidence"])
    decide(f"cases/{case_uid}", "fund", status=400, result="perhaps")
    decide(f"cases/{case_uid}", "fund", result="approved")
    assert case_uid not in {one["case"]["caseId"] for one in walk("fund")}
    assert coordinator.get(f"{path}/cases/{case_uid}/fund").json["decided"] == "approved"
    decide(f"cases/{case_uid}", "record", table="service", values={
        "category": "medical", "type": "treatment", "status": "completed", "funding": "gaf", "cost": "120.50", "currency": "EUR",
    })  # fmt: skip
    (charged,) = coordinator.get(f"{path}/cases/{case_uid}/fund").json["charged"]
    assert charged["service"]["currency"] == "EUR"
    totals = coordinator.get(f"{path}/fund/totals").json
    assert sum(one["approved"] for one in totals) == 1
    assert [one["costs"] for one in totals if one["costs"]] == [{"EUR": 120.5}]
    assert [one.detail["result"] for one in entries(session, "case.eligibility")] == ["approved"]
    other = str(uuid.uuid4())
    send(case_uid=other, consent="no")
    assert coordinator.get(f"{path}/cases/{other}/fund").status_code == 404


def test_a_page_marker_of_another_list_is_refused(coordinator, path):
    for what in ("duplicates", "strays", "fund"):
        assert coordinator.get(f"{path}/{what}?after=nonsense").json["problem"] == "invalid"
