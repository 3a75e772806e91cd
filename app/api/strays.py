"""Submissions that found no case, the cases they may belong to, and what is decided of a submission."""

from typing import Any

from app import auth
from app.api import cases, door, submissions
from app.api.decisions import Body
from app.api.door import Door
from app.api.schemas.cases import DECISION
from app.api.schemas.desk import NEW_SUBMISSION_DECISION, PAGE_QUERY, STRAY_PAGE
from app.auth import needs
from app.db import db, writing
from app.services import decide, strays
from app.services.strays import Stray
from app.state import state

bp = Door(
    "strays",
    __name__,
    url_prefix="/v1/projects/<int:project_id>",
    description="Submissions that found no case.",
)


@bp.get("/strays")
@needs("case.read")
@bp.arguments(PAGE_QUERY, location="query")
@bp.response(200, STRAY_PAGE)
def list_strays(query: dict[str, Any], project_id: int) -> dict[str, Any]:
    """List submissions that found no case

    Each with the cases it may belong to, looked up now. Without names.
    """
    door.project(project_id)
    page = strays.list_strays(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        cursor=query["after"],
        limit=query["limit"],
    )
    return {"items": [_shown(one) for one in page.items], "next": page.next}


@bp.post("/forms/<form_id>/submissions/<instance_id>/decisions")
@needs("case.decide")
@bp.arguments(NEW_SUBMISSION_DECISION)
@bp.response(201, DECISION)
def create_submission_decision(
    wanted: dict[str, Any], project_id: int, form_id: str, instance_id: str
) -> dict[str, Any]:
    """Decide to which case a submission belongs

    `attach` puts it into the case `caseId` of the project, `new-case` begins one with it, `detach` takes it out of its
    case, back to what waits. Every decision needs a reason and leaves an entry in the ledger.
    """
    body = Body(wanted["body"])
    said: dict[str, Any] = {
        "keyring": state().keyring,
        "actor": auth.actor(),
        "mission_id": project_id,
        "instance_id": submissions.present_id(project_id, form_id, instance_id),
        "reason": wanted["reason"],
    }
    with writing(db.session):
        before = submissions.whole(project_id, form_id, instance_id)["caseId"]
        match wanted["kind"]:
            case "attach":
                made = decide.attach(db.session, case_id=body.uid("caseId"), **said)
            case "new-case":
                made = decide.new_case(db.session, **said)
            case _:
                made = decide.detach(db.session, **said)
        after = submissions.whole(project_id, form_id, instance_id)["caseId"]
    return {"id": made, "kind": wanted["kind"], "caseId": after or before}


def _shown(one: Stray) -> dict[str, Any]:
    return {
        "xmlFormId": one.line.xml_form_id,
        "submission": submissions.as_json(one.line),
        "reference": one.reference,
        "readable": one.readable,
        "likely": [
            {"case": cases.shown(found.case), "score": found.score, "reasons": list(found.reasons)}
            for found in one.likely
        ],
    }
