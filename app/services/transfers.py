"""A case goes to another mission: proposed by the one that has it, taken or not by the other. From then on it is theirs;
interviews held before stay submissions of the mission they were held in, and part of the case."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import policy, problems
from app.db import writing
from app.keys import Keyring
from app.language import _
from app.models import CaseHint, CaseState, Decision, Mission, Submission
from app.policy import Actor
from app.services.deciding import find_case, folded, keep, settle


def missions(session: Session) -> list[Mission]:
    """The missions a case can go to, by name."""
    return list(
        session.scalars(
            select(Mission).where(Mission.archived_at.is_(None)).order_by(Mission.name, Mission.id)
        )
    )


def propose(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    case_id: uuid.UUID,
    to_mission_id: int,
    reason: str,
) -> uuid.UUID:
    """Ask another mission to take the case. Raises Problem consent_needed, invalid, conflict."""
    with writing(session):
        case = find_case(session, actor, case_id)
        mission = session.get(Mission, to_mission_id)
        if mission is None or mission.archived_at is not None or mission.id == case.mission_id:
            raise problems.invalid(_("This is no other mission that is open."), _("Choose one of the list."))
        if case.proposed_to is not None:
            raise problems.conflict(
                _("The case is proposed to a mission already."), _("Take that proposal back first.")
            )
        _consented(session, keyring, case)
        return _keep(session, keyring, actor, case, "proposed", mission, reason)


def take_back(
    session: Session, *, keyring: Keyring, actor: Actor, case_id: uuid.UUID, reason: str
) -> uuid.UUID:
    """Take a proposal back that was not answered yet."""
    with writing(session):
        case = find_case(session, actor, case_id)
        mission = session.get(Mission, case.proposed_to) if case.proposed_to is not None else None
        if mission is None:
            raise problems.conflict(_("The case is not proposed to another mission."))
        return _keep(session, keyring, actor, case, "revoked", mission, reason)


def answer(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    mission_id: int,
    case_id: uuid.UUID,
    take: bool,
    reason: str,
) -> uuid.UUID:
    """Take a case that was proposed to this mission, or do not. It comes to nobody in particular, for its interviewer
    was of the other mission."""
    policy.require(actor, "case.decide", mission_id)
    with writing(session):
        case, mission = session.get(CaseState, case_id), session.get(Mission, mission_id)
        if case is None or mission is None or case.proposed_to != mission_id:
            raise problems.not_found("proposal")
        if not take:
            return _keep(session, keyring, actor, case, "declined", mission, reason)
        _consented(session, keyring, case)
        for typed in _typed(session, case.case_id):
            # Its reference is looked up in the mission it was typed in, where the case is no longer.
            body = {"submission": typed, "case_uid": str(case.case_id)}
            keep(session, keyring, actor, "attach", case.case_id, mission_id, reason, body, submission=typed)
        return _keep(session, keyring, actor, case, "accepted", mission, reason)


def why(session: Session, case_id: uuid.UUID) -> str:
    """The reason of the last decision about where a case goes."""
    said = session.scalars(
        select(Decision.reason)
        .where(Decision.case_id == case_id, Decision.kind == "transfer")
        .order_by(Decision.made_at.desc(), Decision.id.desc())
    ).first()
    return said or ""


def _typed(session: Session, case_id: uuid.UUID) -> list[str]:
    """Root instanceIDs of what is in a case by a reference typed by hand."""
    found = session.scalars(
        select(Submission.root_instance_id)
        .join(CaseHint, CaseHint.submission_id == Submission.id)
        .where(Submission.case_id == case_id, CaseHint.reference.is_not(None))
        .order_by(Submission.id)
    )
    return [one for one in found if one is not None]


def _consented(session: Session, keyring: Keyring, case: CaseState) -> None:
    if not folded(session, keyring, case.case_id).consents("case_management"):
        raise problems.consent_needed(_("that IOM keeps the data to manage the case"))


def _keep(
    session: Session,
    keyring: Keyring,
    actor: Actor,
    case: CaseState,
    state: str,
    mission: Mission,
    reason: str,
) -> uuid.UUID:
    body = {
        "case_uid": str(case.case_id),
        "state": state,
        "from_mission": case.mission_id,
        "from_code": session.get_one(Mission, case.mission_id).code,
        "to_mission": mission.id,
        "to_code": mission.code,
    }
    ours = case.mission_id if state in ("proposed", "revoked") else mission.id
    detail = {"state": state, "from": body["from_code"], "to": body["to_code"]}
    made = keep(session, keyring, actor, "transfer", case.case_id, ours, reason, body, detail=detail)
    settle(session, keyring, cases=[case.case_id])
    return made
