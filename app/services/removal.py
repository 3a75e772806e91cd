"""Deleting submissions, and bringing them back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, update
from sqlalchemy.orm import Session

from app import ledger, problems
from app.db import writing
from app.keys import Keyring
from app.models import Submission
from app.policy import Actor
from app.services import chains, indexing
from app.services.deciding import find_submission, need_case_here, settle
from app.services.reveal import need_reason


def delete_submission(
    session: Session, *, keyring: Keyring, actor: Actor, mission_id: int, instance_id: str, reason: str
) -> None:
    """Delete a submission with all its versions: the case store is then as if it had never come. What the
    phone sent stays sealed until its retention ends, and `undelete_submission` brings it back. Raises Problem:
    not_found, not_allowed, reason_needed, conflict (its case is with another mission now)."""
    with writing(session):
        found = find_submission(session, actor, mission_id, instance_id, action="submission.delete")
        need_case_here(session, found)
        chain = _chain(session, found)
        cases = {one.case_id for one in chain if one.case_id is not None}
        session.execute(
            update(Submission)
            .where(Submission.id.in_([one.id for one in chain]))
            .values(state="deleted", case_id=None, intake=None)
        )
        indexing.remove(session, [one.id for one in chain])
        _note(session, actor, "submission.delete", found, need_reason(reason))
        settle(session, keyring, submissions=[one.id for one in chain], cases=cases)


def undelete_submission(
    session: Session, *, actor: Actor, mission_id: int, instance_id: str, reason: str
) -> None:
    """Put a deleted submission back into the queue, with all its versions."""
    with writing(session):
        found = find_submission(session, actor, mission_id, instance_id, action="submission.delete")
        chain = _chain(session, found)
        if all(one.state != "deleted" for one in chain):
            raise problems.conflict("This submission is not deleted.")
        ids = [one.id for one in chain]
        session.execute(update(Submission).where(Submission.id.in_(ids)).values(state="received"))
        _note(session, actor, "submission.undelete", found, need_reason(reason))


def _chain(session: Session, one: Submission) -> Sequence[Row[Any]]:
    return chains.versions(
        session, mission_id=one.mission_id, xml_form_id=one.xml_form_id, instance_id=one.instance_id
    )


def _note(session: Session, actor: Actor, action: str, found: Submission, reason: str) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=found.mission_id,
        object=f"submission:{found.id}",
        reason=reason,
    )
