"""Cases over REST: the list page by page, one with where each value came from, identifiers after a reason."""

import json
import uuid

import pytest
from sqlalchemy import select

from app.models import LedgerEntry
from app.policy import COMMAND
from app.problems import Problem
from app.services import cases, documents
from app.services.reveal import Reveal


@pytest.fixture
def path(world):
    return f"/projects/{world.mission}/cases"


@pytest.fixture
def case(coordinator, path):
    return coordinator.get(path).json["items"][0]["caseId"]


def test_cases_are_listed_page_by_page(coordinator, path):
    whole = coordinator.get(path).json
    assert whole["next"] is None
    assert whole["items"]
    seen, cursor = [], ""
    while cursor is not None:
        page = coordinator.get(path, query_string={"limit": 1, **({"after": cursor} if cursor else {})}).json
        seen += page["items"]
        cursor = page["next"]
    assert seen == whole["items"]


def test_cases_are_filtered(coordinator, path):
    one = coordinator.get(path).json["items"][0]
    found = coordinator.get(path, query_string={"reference": one["caseRef"]}).json["items"]
    assert [case["caseId"] for case in found] == [one["caseId"]]
    assert coordinator.get(f"{path}?status=no-such-status").json["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=nonsense"])
def test_a_page_that_cannot_be_is_said_to_be_none(coordinator, path, query):
    assert coordinator.get(f"{path}?{query}").status_code in (400, 422)


def test_a_case_holds_its_tables_with_identifiers_masked(coordinator, path, case):
    answer = coordinator.get(f"{path}/{case}")
    assert answer.status_code == 200
    assert answer.json["caseId"] == case
    assert answer.json["tables"]["case_file"]
    (person,) = answer.json["tables"]["person"]
    named = {column: value for column, value in person.items() if column.endswith("_name") and value}
    assert named
    assert all(value == {"masked": True} for value in named.values())


def test_every_value_names_the_submission_and_question_behind_it(coordinator, path, case, world):
    person = coordinator.get(f"{path}/{case}?provenance=true").json["tables"]["person"][0]
    sex = person["sex"]
    assert sex["value"]
    assert sex["submission"] in world.instances
    assert sex["question"].startswith("/")
    assert sex["form"] == "ct_screening"


def test_identifiers_are_shown_for_a_reason_that_the_ledger_keeps(coordinator, path, case, session):
    masked = coordinator.get(f"{path}/{case}").text
    assert '"masked":true' in masked.replace(" ", "")
    answer = coordinator.get(f"{path}/{case}", query_string={"reveal": "Preparing the referral"})
    assert answer.status_code == 200
    (person,) = answer.json["tables"]["person"]
    assert {"masked": True} not in person.values()
    reveals = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "reveal")).all()
    assert [entry.reason for entry in reveals] == ["Preparing the referral"]
    said = json.dumps([entry.detail for entry in reveals])
    assert not [
        value for value in person.values() if isinstance(value, str) and len(value) > 20 and value in said
    ]


def test_a_case_asked_for_in_another_mission_is_not_found_and_nothing_is_said_to_be_revealed(
    case, world, session, keyring
):
    with pytest.raises(Problem, match="not_found"):
        cases.read_case(
            session,
            keyring=keyring,
            actor=COMMAND,
            case_id=case,
            mission_id=world.mission + 1,
            reveal=Reveal("Preparing the referral"),
        )
    assert not session.scalars(select(LedgerEntry).where(LedgerEntry.action == "reveal")).all()


@pytest.mark.parametrize("reason", ["", "   ", "x"])
def test_a_reason_that_is_none_reveals_nothing(coordinator, path, case, reason):
    answer = coordinator.get(f"{path}/{case}", query_string={"reveal": reason})
    assert answer.status_code in (400, 422)


def test_a_case_that_is_not_there_or_no_case_is_not_found(coordinator, path):
    assert coordinator.get(f"{path}/00000000-0000-4000-8000-000000000000").status_code == 404
    assert coordinator.get(f"{path}/none").status_code == 404


def test_documents_are_listed_without_their_names_and_opened_only_for_a_reason(
    coordinator, callers, path, case, session, world, keyring, blobs
):
    content, reason = b"%PDF-1.7 the passport", "The hearing on Monday"
    where = {"actor": COMMAND, "mission_id": world.mission, "case_id": uuid.UUID(case)}
    made = documents.add(
        session, keyring=keyring, blobs=blobs, **where,
        kind="identity", name="Ana Lungu.pdf", content=content, dated_on="2026-03-01",
    )  # fmt: skip
    session.commit()
    (listed,) = coordinator.get(f"{path}/{case}/documents").json
    assert listed.pop("addedAt")
    assert listed == {
        "id": str(made.id), "kind": "identity", "datedOn": "2026-03-01", "mediaType": "application/pdf",
        "size": len(content), "addedBy": None,
    }  # fmt: skip
    one = f"{path}/{case}/documents/{made.id}"
    for asked in ({}, {"reason": "short"}):
        answer = coordinator.get(one, query_string=asked)
        assert (answer.status_code, answer.json["problem"]) == (400, "reason_needed")
    answer = coordinator.get(one, query_string={"reason": reason})
    assert (answer.data, answer.content_type) == (content, "application/octet-stream")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Ana Lungu.pdf"'
    read = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "case.document_read")).all()
    assert [(entry.reason, entry.object) for entry in read] == [(reason, f"case:{case}")]
    elsewhere = callers["coordinator elsewhere"]
    for door in (f"{case}/documents", f"{case}/documents/{made.id}?reason=The+hearing"):
        assert elsewhere.get(f"{path}/{door}").status_code == 403
        assert elsewhere.get(f"/projects/{world.other}/cases/{door}").status_code == 404
    assert coordinator.get(f"{path}/{case}/documents/{uuid.uuid4()}?reason=The+hearing").status_code == 404
