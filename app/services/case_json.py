"""One case as JSON, the answer of the REST interface: every table of the dictionary, nested as the dictionary
nests them. A masked value is `{"masked": true}`; a field nobody said anything about is absent."""

from typing import Any

from app.services.case_detail import CaseDetail, Interview, Row, Value


def case_json(detail: CaseDetail, *, provenance: bool = False) -> dict[str, Any]:
    """The case; with `provenance` each value is an object that says where it came from, and rows that are no
    longer in the present stand under `earlierRows`."""
    line = detail.line
    said: dict[str, Any] = {
        "caseId": str(detail.case_id),
        "projectId": line.mission_id,
        "caseRef": line.case_ref,
        "status": line.status,
        "traffickingStatus": line.trafficking_status,
        "riskLevel": line.risk_level,
        "owner": line.owner,
        "attention": list(line.attention),
        "updatedAt": line.updated_at.isoformat(),
        "mergedCaseIds": [str(one) for one in detail.merged],
        "interviews": [_interview(one) for one in detail.interviews],
        "tables": _tables(detail, provenance, earlier=False),
    }
    if provenance:
        said["earlierRows"] = _tables(detail, provenance, earlier=True)
        said["decisions"] = [
            {
                "id": str(one.id),
                "kind": one.kind,
                "madeAt": one.made_at.isoformat(),
                "madeBy": one.made_by,
                "reason": one.reason,
                "body": dict(one.body),
            }
            for one in detail.decisions
        ]
        said["findings"] = [finding.to_json() for finding in detail.findings]
    return said


def _interview(one: Interview) -> dict[str, Any]:
    return {
        "interviewId": one.interview_id,
        "submission": one.submission,
        "instanceId": one.instance_id,
        "xmlFormId": one.xml_form_id,
        "formVersion": one.form_version,
        "kind": one.kind,
        "heldOn": one.held_on,
        "endedAt": one.ended_at,
        "consentOk": one.consent_ok,
        "interviewer": one.interviewer_code,
    }


def _tables(detail: CaseDetail, provenance: bool, *, earlier: bool) -> dict[str, Any]:
    found = {
        name: [row_json(row, provenance=provenance, earlier=earlier) for row in rows if _holds(row, earlier)]
        for name, rows in detail.rows.items()
    }
    return {name: rows for name, rows in found.items() if rows}


def _holds(row: Row, earlier: bool) -> bool:
    """Whether a row is of that time, or holds rows that are: a child may be past where its parent is
    present."""
    return row.earlier == earlier or any(
        _holds(one, earlier) for rows in row.children.values() for one in rows
    )


def row_json(row: Row, *, provenance: bool = False, earlier: bool = False) -> dict[str, Any]:
    """A row with what it holds of now, or of before."""
    said: dict[str, Any] = {"id": row.id, "interviewId": row.interview_id}
    if row.earlier == earlier:
        said |= {value.column: value_json(value, provenance=provenance) for value in row.fields}
    for name, rows in row.children.items():
        if inner := [
            row_json(one, provenance=provenance, earlier=earlier) for one in rows if _holds(one, earlier)
        ]:
            said[name] = inner
    return said


def value_json(value: Value, *, provenance: bool = False) -> Any:
    """A value, alone or with where it came from."""
    if not provenance:
        return {"masked": True} if value.masked else value.value
    said: dict[str, Any] = {
        "value": value.value,
        "answer": value.answer,
        "submission": value.submission,
        "instanceId": value.instance_id,
        "question": value.question,
        "form": value.form,
        "heldOn": value.held_on,
        "decision": value.decision,
        "rule": value.rule,
        "earlier": [value_json(one, provenance=provenance) for one in value.earlier],
    }
    return said | {"masked": True} if value.masked else said
