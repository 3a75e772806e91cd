"""Comments on submissions: what coordinators write to each other about one.

They are free text and may name somebody: encrypted at rest, and reading them is an entry of the ledger, as
reading what the phone sent is.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.db import writing
from app.keys import Keyring
from app.models import Comment, User, new_id, now
from app.services import chains

MAX_LENGTH: Final = 10_000
"""Characters of one comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentLine:
    """A comment, opened. `user_id` is None for the command line."""

    body: str
    user_id: int | None
    made_at: datetime


def listing(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    instance_id: str,
) -> list[CommentLine]:
    """The comments on a submission and all its versions, the newest first. Raises Problem: not_found,
    not_allowed."""
    policy.require(actor, "submission.comments", mission_id)
    with writing(session):
        versions, present = _submission(session, mission_id, xml_form_id, instance_id)
        rows = session.scalars(
            select(Comment)
            .where(Comment.submission_id.in_([one.id for one in versions]))
            .order_by(Comment.id.desc())
        ).all()
        if rows:
            _enter(session, actor, "submission.comments", mission_id, present)
        return [_opened(row, keyring) for row in rows]


def count(session: Session, ids: Sequence[uuid.UUID]) -> int:
    """How many there are on these versions of a submission: no more than that, so nothing to write down."""
    return session.scalar(select(func.count()).where(Comment.submission_id.in_(ids))) or 0


def writers(session: Session, found: Sequence[CommentLine]) -> dict[int | None, str]:
    """What those who wrote them are called."""
    ids = {one.user_id for one in found if one.user_id is not None}
    rows = session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
    return {row.id: row.display_name for row in rows}


def write(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    instance_id: str,
    body: str,
) -> CommentLine:
    """Comment on a submission, by any instanceID of its versions. Raises Problem: not_found, not_allowed,
    invalid."""
    policy.require(actor, "submission.comment", mission_id)
    if not body.strip() or len(body) > MAX_LENGTH:
        raise problems.invalid(f"A comment has 1 to {MAX_LENGTH} characters.")
    with writing(session):
        _, present = _submission(session, mission_id, xml_form_id, instance_id)
        identity = new_id()
        row = Comment(
            id=identity,
            submission_id=present.id,
            user_id=actor.user_id,
            body=keyring.encrypt(body.encode("utf-8", "replace"), f"comment:{identity}"),
            made_at=now(),
        )
        session.add(row)
        session.flush()
        _enter(session, actor, "submission.comment", mission_id, present)
        return _opened(row, keyring)


def _submission(
    session: Session, mission_id: int, xml_form_id: str, instance_id: str
) -> tuple[Sequence[Row[Any]], Row[Any]]:
    versions = chains.versions(
        session, mission_id=mission_id, xml_form_id=xml_form_id, instance_id=instance_id
    )
    present = chains.present(versions)
    if present is None:
        raise problems.not_found("submission")
    return versions, present


def _opened(row: Comment, keyring: Keyring) -> CommentLine:
    body = keyring.decrypt(row.body, f"comment:{row.id}").decode()
    return CommentLine(body=body, user_id=row.user_id, made_at=row.made_at)


def _enter(session: Session, actor: policy.Actor, action: str, mission_id: int, present: Row[Any]) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=mission_id,
        object=f"submission:{present.id}",
    )
