"""What every decision does: find what it is about, see whether the actor may, keep it, and fold again."""

import json
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.keys import Keyring
from app.language import _
from app.models import CaseAlias, CaseState, Decision, Form, Submission, new_id, now
from app.policy import Actor
from app.services import rules, settling, stored
from app.services.reveal import need_reason
from submissions.case import CaseState as State
from submissions.case import fold


def find_case(session: Session, actor: Actor, case_id: uuid.UUID) -> CaseState:
    """The case that a uid means, if the actor may decide about it."""
    target = session.scalar(select(CaseAlias.target_id).where(CaseAlias.case_id == case_id)) or case_id
    case = session.get(CaseState, target)
    if case is None or not policy.may(actor, "case.read", case.mission_id):
        raise problems.not_found("case")
    policy.require(actor, "case.decide", case.mission_id)
    return case


def folded(session: Session, keyring: Keyring, case_id: uuid.UUID) -> State:
    """The case as it is, to find the row that is spoken of."""
    merged = session.scalars(select(CaseAlias.case_id).where(CaseAlias.target_id == case_id)).all()
    said = session.execute(select(*stored.COLUMNS).where(Submission.case_id == case_id))
    decided = session.execute(select(*Decision.__table__.c).where(Decision.case_id.in_([case_id, *merged])))
    return fold(
        str(case_id),
        [stored.intake(row, keyring) for row in said],
        [stored.decision(row, keyring) for row in decided],
        rules=rules.of_case(session, case_id),
    )


def find_submission(
    session: Session, actor: Actor, mission_id: int, instance_id: str, *, action: str = "case.decide"
) -> Submission:
    """The version that stands of a submission, asked for by any of its instanceIDs."""
    if not policy.may(actor, "submission.read", mission_id):
        raise problems.not_found("submission")
    policy.require(actor, action, mission_id)
    # By form id too, which the index wants: an instanceID is unique in a form of a mission.
    named = session.scalars(
        select(Submission)
        .where(
            Submission.mission_id == mission_id,
            Submission.xml_form_id.in_(select(Form.xml_form_id)),
            Submission.instance_id == instance_id,
        )
        .order_by(Submission.id)
    ).first()
    if named is None:
        raise problems.not_found("submission")
    if named.root_instance_id is None:
        return named
    found = session.scalars(
        select(Submission)
        .where(
            Submission.mission_id == mission_id,
            Submission.xml_form_id == named.xml_form_id,
            Submission.root_instance_id == named.root_instance_id,
        )
        .order_by(Submission.state == "superseded", Submission.id.desc())
    ).first()
    return found or named


def need_case_here(session: Session, found: Submission) -> None:
    """A case that went to another mission is theirs, with the interviews that were held here: none of them is taken out
    of it or deleted behind their back. Raises the Problem `conflict`."""
    case = session.get(CaseState, found.case_id) if found.case_id is not None else None
    if case is not None and case.mission_id != found.mission_id:
        raise problems.conflict(
            _("This interview is part of a case that is with another mission now."),
            _("Ask that mission to give the case back; then do it."),
        )


def keep(
    session: Session,
    keyring: Keyring,
    actor: Actor,
    kind: str,
    case_id: uuid.UUID,
    mission_id: int,
    reason: str,
    body: Mapping[str, Any],
    *,
    submission: str | None = None,
    other: uuid.UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> uuid.UUID:
    """Keep a decision, its body encrypted: a corrected value may be a name. `detail` is for the ledger, in codes."""
    reason = need_reason(reason)
    made = new_id()
    content = json.dumps(dict(body), separators=(",", ":"), ensure_ascii=False).encode()
    session.execute(
        insert(Decision).values(
            id=made,
            kind=kind,
            case_id=case_id,
            other_case_id=other,
            instance_id=submission,
            body=keyring.encrypt(content, f"decision:{made}"),
            reason=reason,
            made_by=actor.user_id,
            made_at=now(),
        )
    )
    ledger.write(
        session,
        actor=actor.ref,
        action=f"case.{kind}",
        mission_id=mission_id,
        object=f"case:{case_id}",
        reason=reason,
        detail={"decision": str(made), **({"other": str(other)} if other else {}), **(detail or {})},
    )
    return made


def settle(
    session: Session,
    keyring: Keyring,
    *,
    submissions: Collection[uuid.UUID] = (),
    cases: Collection[uuid.UUID] = (),
) -> None:
    session.flush()
    settling.settle(session.connection(), keyring=keyring, submissions=submissions, cases=cases)
    session.expire_all()
