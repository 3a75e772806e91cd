"""The Global Assistance Fund: what it is asked to decide, on what evidence, and what it paid for."""

from typing import Any, Final
from uuid import UUID

from app import auth, problems
from app.api import cases as listed
from app.api import door
from app.api.door import Door
from app.api.schemas.desk import FUND_QUERY, PROPOSAL, PROPOSAL_PAGE, TOTAL
from app.auth import needs
from app.db import db
from app.services import cases, fund
from app.services.case_json import row_json, value_json
from app.services.cases import CaseDetail
from app.state import state

bp = Door(
    "fund",
    __name__,
    url_prefix="/v1/projects/<int:project_id>",
    description="The Global Assistance Fund.",
)

_QUEUES: Final = {"pending": "eligibility_pending", "changed": "eligibility_changed"}


@bp.get("/fund")
@needs("case.read")
@bp.arguments(FUND_QUERY, location="query")
@bp.response(200, PROPOSAL_PAGE)
def list_proposals(query: dict[str, Any], project_id: int) -> dict[str, Any]:
    """List what the fund is asked to decide

    Each with the criteria and the values they rest on. Decide by the kind `fund` of the decisions about a case.
    """
    door.project(project_id)
    page = cases.list_cases(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        attention=_QUEUES[query["which"]],
        cursor=query["after"],
        limit=query["limit"],
    )
    found = map(_shown, cases.read_cases(db.session, keyring=state().keyring, lines=page.items))
    return {"items": [one for one in found if one is not None], "next": page.next}


@bp.get("/cases/<uuid:case_id>/fund")
@needs("case.read")
@bp.response(200, PROPOSAL)
def get_proposal(project_id: int, case_id: UUID) -> dict[str, Any]:
    """What the fund is asked about a case

    404 where neither an interview nor the fund has spoken of it.
    """
    found = _shown(_case(project_id, case_id))
    if found is None:
        raise problems.not_found("proposal")
    return found


@bp.get("/fund/totals")
@needs("case.read")
@bp.response(200, TOTAL(many=True))
def list_totals(project_id: int) -> list[dict[str, Any]]:
    """Totals of the fund

    By country and year, the newest year first.
    """
    door.project(project_id)
    return [
        {
            "country": one.country or None,
            "year": one.year,
            "approved": one.approved,
            "declined": one.declined,
            "services": one.services,
            "costs": one.costs,
        }
        for one in fund.totals(db.session, actor=auth.actor(), mission_id=project_id)
    ]


def _case(project_id: int, case_id: UUID) -> CaseDetail:
    return cases.read_case(
        db.session, keyring=state().keyring, actor=auth.actor(), case_id=case_id, mission_id=project_id
    )


def _shown(case: CaseDetail) -> dict[str, Any] | None:
    found = fund.proposal(case)
    if found is None:
        return None
    return {
        "case": listed.shown(case.line),
        "rules": found.rules,
        "proposed": found.proposed,
        "decided": found.decided.value if found.decided is not None else None,
        "decidedOn": found.decided_on,
        "changed": found.changed,
        "evidence": [
            {
                "criterion": one.criterion,
                "outcome": one.outcome,
                "value": value_json(one.value, provenance=True) if one.value is not None else None,
            }
            for one in found.evidence
        ],
        "charged": [{"service": row_json(one.row), "doubts": list(one.doubts)} for one in found.charged],
    }
