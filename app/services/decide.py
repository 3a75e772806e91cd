"""What a coordinator decides about a case. Each decision is kept for good, with its reason, and is a part of
the fold: it survives a replay, and a later decision takes it back.

Every function checks that the actor may and that it makes sense (raising a Problem if not), writes the
decision and the ledger, and folds the cases concerned again, in one transaction: the caller's if that is
writing, else its own.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import problems
from app.db import writing
from app.keys import Keyring
from app.language import _
from app.models import CaseAlias, Interviewer, now
from app.policy import Actor
from app.services import merging
from app.services.correction import correct
from app.services.deciding import find_case, find_submission, keep, need_case_here, settle
from app.services.removal import delete_submission, undelete_submission
from xlsforms import dictionary

__all__ = [
    "assign",
    "attach",
    "close",
    "correct",
    "delete_submission",
    "detach",
    "merge",
    "new_case",
    "reopen",
    "undelete_submission",
    "unmerge",
]

CLOSED = ("closed", "closed_referred")


def attach(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    mission_id: int,
    instance_id: str,
    case_id: uuid.UUID,
    reason: str,
) -> uuid.UUID:
    """Put a submission into a case of its mission, whatever case it names."""
    with writing(session):
        case = find_case(session, actor, case_id)
        if case.mission_id != mission_id:
            raise problems.not_found("case")
        return _attach(session, keyring, actor, mission_id, instance_id, case.case_id, reason)


def new_case(
    session: Session, *, keyring: Keyring, actor: Actor, mission_id: int, instance_id: str, reason: str
) -> uuid.UUID:
    """Begin a case with a submission that waits. Returns the decision; the submission then has the case."""
    with writing(session):
        return _attach(session, keyring, actor, mission_id, instance_id, uuid.uuid4(), reason)


def detach(
    session: Session, *, keyring: Keyring, actor: Actor, mission_id: int, instance_id: str, reason: str
) -> uuid.UUID:
    """Take a submission out of its case, back to the queue."""
    with writing(session):
        found = find_submission(session, actor, mission_id, instance_id)
        if found.case_id is None:
            raise problems.conflict(_("This submission is in no case."))
        need_case_here(session, found)
        body = {"submission": found.root_instance_id, "case_uid": str(found.case_id)}
        made = keep(
            session,
            keyring,
            actor,
            "detach",
            found.case_id,
            mission_id,
            reason,
            body,
            submission=body["submission"],
        )
        settle(session, keyring, submissions=[found.id])
        return made


def merge(
    session: Session, *, keyring: Keyring, actor: Actor, case_id: uuid.UUID, into: uuid.UUID, reason: str
) -> uuid.UUID:
    """Make one case part of another: two cases turned out to be one. `unmerge` takes it back whole."""
    with writing(session):
        ends, carries_on = find_case(session, actor, case_id), find_case(session, actor, into)
        if ends.case_id == carries_on.case_id:
            raise problems.conflict(_("A case cannot be merged into itself."))
        if ends.mission_id != carries_on.mission_id:
            raise problems.conflict(
                _("The cases belong to different missions."), _("Transfer one of them first.")
            )
        body = {"case_uid": str(ends.case_id), "other_case_uid": str(carries_on.case_id)}
        made = keep(
            session,
            keyring,
            actor,
            "merge",
            ends.case_id,
            ends.mission_id,
            reason,
            body,
            other=carries_on.case_id,
        )
        _realign(session, keyring, {ends.case_id, carries_on.case_id})
        return made


def unmerge(
    session: Session, *, keyring: Keyring, actor: Actor, case_id: uuid.UUID, reason: str
) -> uuid.UUID:
    """Take back the merge of a case into another. `case_id` is the uid that was merged."""
    with writing(session):
        target = session.scalar(select(CaseAlias.target_id).where(CaseAlias.case_id == case_id))
        if target is None:
            raise problems.conflict(_("This case is not merged into another."))
        case = find_case(session, actor, target)
        body = {"case_uid": str(case_id), "other_case_uid": str(case.case_id)}
        made = keep(
            session, keyring, actor, "unmerge", case_id, case.mission_id, reason, body, other=case.case_id
        )
        _realign(session, keyring, {case_id, case.case_id})
        return made


def assign(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    case_id: uuid.UUID,
    owner_id: int | None,
    reason: str,
) -> uuid.UUID:
    """Give a case to an interviewer of its mission, or to nobody."""
    with writing(session):
        case = find_case(session, actor, case_id)
        if owner_id is not None:
            owner = session.get(Interviewer, owner_id)
            if owner is None or owner.mission_id != case.mission_id:
                raise problems.invalid(_("There is no such interviewer in the mission of this case."))
        body = {"case_uid": str(case.case_id), "owner_id": owner_id}
        made = keep(session, keyring, actor, "assign", case.case_id, case.mission_id, reason, body)
        settle(session, keyring, cases=[case.case_id])
        return made


def close(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    case_id: uuid.UUID,
    closure_reason: str,
    closed_on: str,
    reason: str,
    closure_details: str | None = None,
    status: str = "closed",
) -> uuid.UUID:
    """End the assistance. `closed_on` is a date, `closure_reason` and `status` codes of their lists."""
    lists = dictionary.load().code_lists
    try:
        ends = date.fromisoformat(closed_on)
    except ValueError:
        raise problems.invalid(_("The date of closure must be a date, like 2026-11-22.")) from None
    if ends > now().date() + timedelta(days=1):  # whose calendars may be a day ahead of ours
        raise problems.invalid(_("The date of closure is still to come."), _("Close the case on that day."))
    if closure_reason not in lists["closure_reason"] or status not in CLOSED:
        raise problems.invalid(_("The reason for closure or the status is not one of its list."))
    body = {"closed_on": closed_on, "closure_reason": closure_reason, "status": status}
    if closure_details:
        body["closure_details"] = closure_details
    return _change(session, keyring, actor, "close", case_id, reason, body)


def reopen(session: Session, *, keyring: Keyring, actor: Actor, case_id: uuid.UUID, reason: str) -> uuid.UUID:
    """Take up a closed case again."""
    body = {"reopened_on": now().date().isoformat()}
    return _change(session, keyring, actor, "reopen", case_id, reason, body)


def _attach(
    session: Session,
    keyring: Keyring,
    actor: Actor,
    mission_id: int,
    instance_id: str,
    case_id: uuid.UUID,
    reason: str,
) -> uuid.UUID:
    found = find_submission(session, actor, mission_id, instance_id)
    if found.intake is None:
        raise problems.conflict(
            _("This submission could not be read yet, so it cannot be put into a case."),
            _("Mend what its findings say, and replay it."),
        )
    need_case_here(session, found)
    body = {"submission": found.root_instance_id, "case_uid": str(case_id)}
    made = keep(
        session, keyring, actor, "attach", case_id, mission_id, reason, body, submission=body["submission"]
    )
    settle(session, keyring, submissions=[found.id])
    return made


def _change(
    session: Session,
    keyring: Keyring,
    actor: Actor,
    kind: str,
    case_id: uuid.UUID,
    reason: str,
    body: Mapping[str, Any],
) -> uuid.UUID:
    with writing(session):
        case = find_case(session, actor, case_id)
        said = {"case_uid": str(case.case_id), **body}
        made = keep(session, keyring, actor, kind, case.case_id, case.mission_id, reason, said)
        settle(session, keyring, cases=[case.case_id])
        return made


def _realign(session: Session, keyring: Keyring, uids: Collection[uuid.UUID]) -> None:
    session.flush()
    merging.realign(session, keyring, uids)
    session.expire_all()
