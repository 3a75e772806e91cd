"""Reviewing submissions, one or many at once: what a coordinator thinks of them. It changes no case."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.db import writing
from app.keys import Keyring
from app.language import _
from app.models import Submission
from app.services import comments
from app.services.submission_detail import find

REVIEW_STATES: Final = (None, "hasIssues", "approved", "rejected")
"""As in ODK Central; None: nobody has looked at it. Central's `edited` is None on an edit."""
MOST: Final = 200
"""Submissions reviewed at once."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A submission that a review left as it was, and why."""

    id: uuid.UUID
    why: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review of many did."""

    changed: tuple[uuid.UUID, ...]
    unchanged: tuple[Unchanged, ...]


def review(
    session: Session,
    *,
    actor: policy.Actor,
    mission_id: int,
    instance_id: str,
    state: str | None,
    xml_form_id: str | None = None,
) -> None:
    """Say what one thinks of a submission. Raises Problem: not_found, not_allowed, invalid."""
    with writing(session):
        found = find(session, actor, mission_id, instance_id, xml_form_id)
        policy.require(actor, "submission.review", mission_id)
        _known(state)
        _set(session, actor, mission_id, found.id, state)


def review_many(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    ids: Sequence[uuid.UUID],
    state: str | None,
    comment: str = "",
) -> Reviewed:
    """Say the same of many, with the same comment, in one transaction: either all that can be changed are, or none.
    Raises Problem: not_allowed, invalid."""
    policy.require(actor, "submission.review", mission_id)
    _known(state)
    if not ids or len(ids) > MOST:
        raise problems.invalid(
            _("A review is of 1 to %(most)s submissions.", most=MOST), _("Select the rows it is about.")
        )
    changed, unchanged = [], []
    with writing(session):
        rows = session.execute(
            select(
                Submission.id,
                Submission.state,
                Submission.review_state,
                Submission.xml_form_id,
                Submission.instance_id,
            )
            .where(Submission.mission_id == mission_id, Submission.id.in_(ids))
            .with_for_update()
        )
        found = {row.id: row for row in rows}
        for one in dict.fromkeys(ids):
            row = found.get(one)
            why = (
                _why_not(row.state, row.review_state, state)
                if row is not None
                else _("It is not of this mission.")
            )
            if why is not None or row is None:
                unchanged.append(Unchanged(one, why or ""))
                continue
            _set(session, actor, mission_id, one, state)
            if comment.strip():
                comments.write(
                    session,
                    keyring=keyring,
                    actor=actor,
                    about=comments.OfSubmission(mission_id, row.xml_form_id, row.instance_id),
                    body=comment,
                )
            changed.append(one)
    return Reviewed(tuple(changed), tuple(unchanged))


def _why_not(state: str, before: str | None, after: str | None) -> str | None:
    if state == "superseded":
        return _("It was replaced by an edit; review that.")
    if state == "deleted":
        return _("It was deleted.")
    return _("It was so before.") if before == after else None


def _known(state: str | None) -> None:
    if state not in REVIEW_STATES:
        raise problems.invalid(_("A review state is hasIssues, approved, rejected, or none."))


def _set(
    session: Session, actor: policy.Actor, mission_id: int, submission_id: uuid.UUID, state: str | None
) -> None:
    session.execute(update(Submission).where(Submission.id == submission_id).values(review_state=state))
    ledger.write(
        session,
        actor=actor.ref,
        action="submission.review",
        mission_id=mission_id,
        object=f"submission:{submission_id}",
        detail={"state": state},
    )
