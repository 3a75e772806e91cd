"""Mentions: somebody is told of a comment, by `@name` in it or by choice.

Only people who may read comments of that mission can be told, and whoever no longer may, or whose case went to another
mission, no longer learns that there is one: it is asked anew whenever they look.
"""

import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from app import policy
from app.models import CaseAlias, CaseState, Comment, Grant, Mention, Mission, Submission, User, now
from app.policy.permissions import ACTIONS
from app.services import case_list, paging, submission_list
from app.services.case_list import CaseLine
from app.services.paging import Page
from app.services.submission_list import SubmissionLine

_CASE: Final = func.coalesce(CaseAlias.target_id, Comment.case_id)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionLine:
    """That somebody was told of a comment: on which case or submission, by whom (None: the command line), never what it
    says."""

    comment_id: uuid.UUID
    mission_id: int
    mission_name: str
    by: str | None
    made_at: datetime
    read: bool
    case: CaseLine | None = None
    submission: SubmissionLine | None = None


def people(session: Session, *, mission_id: int, action: str, but: int | None = None) -> list[Person]:
    """Who may do this in the mission, by name; `but` leaves out whoever asks."""
    rows = session.execute(
        select(User.id, User.display_name)
        .where(
            User.active,
            User.id.in_(
                select(Grant.user_id).where(
                    Grant.role.in_(sorted(ACTIONS[action].roles)),
                    or_(Grant.mission_id == mission_id, Grant.mission_id.is_(None)),
                )
            ),
        )
        .order_by(User.display_name, User.id)
    )
    return [Person(row.id, row.display_name) for row in rows if row.id != but]


def named(body: str, known: Collection[Person]) -> set[int]:
    """Those whose `@name` stands in a text, whole and in either case of letters. Of `@Ana` and `@Ana Rusu` the longer
    one is meant; of two people of one name, both."""
    by_name: dict[str, set[int]] = {}
    for person in known:
        by_name.setdefault(person.name.casefold(), set()).add(person.id)
    if not by_name:
        return set()
    longest_first = sorted(by_name, key=lambda name: -len(name))
    pattern = rf"(?<!\w)@({'|'.join(map(re.escape, longest_first))})(?!\w)"
    return {one for name in re.findall(pattern, body.casefold()) for one in by_name[name]}


def note(session: Session, comment_id: uuid.UUID, user_ids: Collection[int]) -> None:
    """Keep who is told of a comment, in its transaction."""
    if user_ids:
        rows = [{"user_id": one, "comment_id": comment_id} for one in sorted(user_ids)]
        session.execute(insert(Mention), rows)


def told(session: Session, comment_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, ...]]:
    """Who is told of each of these comments."""
    rows = session.execute(
        select(Mention.comment_id, Mention.user_id)
        .where(Mention.comment_id.in_(comment_ids))
        .order_by(Mention.user_id)
    )
    found: dict[uuid.UUID, tuple[int, ...]] = {}
    for comment_id, user_id in rows:
        found[comment_id] = (*found.get(comment_id, ()), user_id)
    return found


def mark_read(session: Session, actor: policy.Actor, comment_ids: Sequence[uuid.UUID]) -> None:
    """The actor has opened these comments."""
    session.execute(
        update(Mention)
        .where(
            Mention.user_id == actor.user_id, Mention.comment_id.in_(comment_ids), Mention.read_at.is_(None)
        )
        .values(read_at=now())
    )


def unread(session: Session, *, actor: policy.Actor) -> int:
    """How many mentions the actor has not opened, in all missions where they may."""
    statement = _mine(select(func.count()).select_from(Mention), actor)
    return session.scalar(statement.where(Mention.read_at.is_(None))) or 0


def listing(
    session: Session,
    *,
    actor: policy.Actor,
    unread: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[MentionLine]:
    """The actor's mentions in all missions where they may read comments, the newest first; `unread`: only those."""
    limit = paging.size(limit)
    columns = (
        Comment.id, Comment.made_at, Comment.submission_id, CaseState.case_id, Mention.read_at,
        Mission.id.label("mission_id"), Mission.name.label("mission_name"), User.display_name,
    )  # fmt: skip
    statement = (
        _mine(select(*columns).select_from(Mention), actor)
        .join(Mission, Mission.id == func.coalesce(CaseState.mission_id, Submission.mission_id))
        .outerjoin(User, User.id == Comment.user_id)
    )
    if unread:
        statement = statement.where(Mention.read_at.is_(None))
    if cursor:
        statement = statement.where(Comment.id < paging.read_cursor(cursor)[1])
    rows = session.execute(statement.order_by(Comment.id.desc()).limit(limit + 1)).all()
    page = paging.cut(rows, limit, lambda row: (row.made_at, row.id))
    cases = case_list.lines(session, {row.case_id for row in page.items if row.case_id}, actor=actor)
    of = [row.submission_id for row in page.items if row.submission_id]
    where = [policy.within(actor, "submission.read", Submission.mission_id), Submission.id.in_(of)]
    found = session.execute(submission_list.select_lines(where)).all() if of else ()
    sent = {line.id: line for line in submission_list.lines(session, found)}
    return Page(
        tuple(
            MentionLine(
                comment_id=row.id,
                mission_id=row.mission_id,
                mission_name=row.mission_name,
                by=row.display_name,
                made_at=row.made_at,
                read=row.read_at is not None,
                case=cases.get(row.case_id),
                submission=sent.get(row.submission_id),
            )
            for row in page.items
        ),
        page.next,
    )


def _mine(statement: Select[*tuple[Any, ...]], actor: policy.Actor) -> Select[*tuple[Any, ...]]:
    """Narrowed to what the actor was told of and may read now."""
    return (
        statement.join(Comment, Comment.id == Mention.comment_id)
        .outerjoin(Submission, Submission.id == Comment.submission_id)
        .outerjoin(CaseAlias, CaseAlias.case_id == Comment.case_id)
        .outerjoin(CaseState, CaseState.case_id == _CASE)
        .where(
            Mention.user_id == actor.user_id,
            or_(
                and_(
                    CaseState.case_id.is_not(None),
                    policy.within(actor, "case.comments", CaseState.mission_id),
                ),
                and_(
                    Submission.id.is_not(None),
                    Submission.state != "deleted",
                    policy.within(actor, "submission.comments", Submission.mission_id),
                ),
            ),
        )
    )
