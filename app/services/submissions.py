"""Reading submissions: the list, one submission, what the phone sent; and what a coordinator thinks of it."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.db import writing
from app.models import Submission
from app.services.answers import Answered, Section
from app.services.submission_detail import (
    FileContent,
    FileLine,
    SubmissionDetail,
    VersionLine,
    find,
    read_file,
    read_submission,
    read_xml,
)
from app.services.submission_list import SubmissionLine, count_submissions, list_submissions, read_line

__all__ = [
    "REVIEW_STATES",
    "Answered",
    "FileContent",
    "FileLine",
    "Section",
    "SubmissionDetail",
    "SubmissionLine",
    "VersionLine",
    "count_submissions",
    "list_submissions",
    "read_file",
    "read_line",
    "read_submission",
    "read_xml",
    "review",
]

REVIEW_STATES = (None, "hasIssues", "approved", "rejected")
"""As in ODK Central; None: nobody has looked at it. Central's `edited` is None on an edit."""


def review(
    session: Session,
    *,
    actor: policy.Actor,
    mission_id: int,
    instance_id: str,
    state: str | None,
    xml_form_id: str | None = None,
) -> None:
    """Say what one thinks of a submission. It changes no case. Raises Problem: not_found, not_allowed,
    invalid."""
    with writing(session):
        found = find(session, actor, mission_id, instance_id, xml_form_id)
        policy.require(actor, "submission.review", mission_id)
        if state not in REVIEW_STATES:
            raise problems.invalid("A review state is hasIssues, approved, rejected, or none.")
        session.execute(update(Submission).where(Submission.id == found.id).values(review_state=state))
        ledger.write(
            session,
            actor=actor.ref,
            action="submission.review",
            mission_id=mission_id,
            object=f"submission:{found.id}",
            detail={"state": state},
        )
