"""Cases: SAIF's own resource. Each table of the case store as the dictionary names it."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from app import auth
from app.api import door
from app.api.door import Door
from app.api.schemas.cases import CASE_PAGE, CASE_QUERY, CASE_READ_QUERY
from app.auth import needs
from app.db import db
from app.services import cases
from app.services.cases import CaseLine
from app.services.reveal import Reveal
from app.state import state

bp = Door(
    "cases",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/cases",
    description="What interviews add up to.",
)


@bp.get("")
@needs("case.read")
@bp.arguments(CASE_QUERY, location="query")
@bp.response(200, CASE_PAGE)
def list_cases(query: dict[str, Any], project_id: int) -> dict[str, Any]:
    """List cases

    Newest change first, a page at a time.
    """
    door.project(project_id)
    page = cases.list_cases(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        status=query["status"],
        trafficking_status=query["traffickingStatus"],
        risk_level=query["riskLevel"],
        reference=query["reference"],
        cursor=query["after"],
        limit=query["limit"],
    )
    return {"items": [shown(line) for line in page.items], "next": page.next}


@bp.get("/<uuid:case_id>")
@needs("case.read")
@bp.arguments(CASE_READ_QUERY, location="query")
@bp.response(200, {"type": "object"}, description="The case, every table of the dictionary as nested JSON.")
def get_case(query: dict[str, Any], project_id: int, case_id: UUID) -> Response:
    """One case

    `tables` holds rows as the dictionary nests them. With `provenance=true` every value is an object that
    names the submission and the question behind it, and the earlier values it replaced. Identifiers and free
    text (class P3) are masked unless `reveal` gives a reason, which goes into the ledger.
    """
    door.project(project_id)
    detail = cases.read_case(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        case_id=case_id,
        mission_id=project_id,
        reveal=Reveal(query["reveal"]) if query["reveal"] is not None else None,
    )
    db.session.commit()
    return jsonify(detail.to_json(provenance=query["provenance"]))


def shown(line: CaseLine) -> dict[str, Any]:
    """A case as lists show it."""
    return {
        "caseId": line.case_id,
        "projectId": line.mission_id,
        "caseRef": line.case_ref,
        "sex": line.sex,
        "isMinor": line.is_minor,
        "age": line.age,
        "status": line.status,
        "traffickingStatus": line.trafficking_status,
        "riskLevel": line.risk_level,
        "registeredOn": line.registered_on,
        "lastInterviewOn": line.last_interview_on,
        "nextContactOn": line.next_contact_on,
        "interviews": line.interviews,
        "owner": line.owner,
        "attention": list(line.attention),
        "updatedAt": line.updated_at,
    }
