"""Comments on submissions and cases: what coordinators write to each other about one.

They are free text and may name somebody: encrypted at rest, and reading them is an entry of the ledger, as
reading what the phone sent is. Those on a case stay with the uid it had when they were written, as decisions do: they
go along where it is merged, and come back where that is undone; and they follow it to another mission.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import ledger, policy, problems
from app.db import writing
from app.keys import Keyring
from app.language import _
from app.models import CaseAlias, CaseState, Comment, User, new_id, now
from app.services import chains, mentions

MAX_LENGTH: Final = 10_000
"""Characters of one comment."""


@dataclass(frozen=True, slots=True)
class OfSubmission:
    """A submission with all its versions, by any instanceID of them."""

    mission_id: int
    xml_form_id: str
    instance_id: str
    kind: ClassVar[str] = "submission"


@dataclass(frozen=True, slots=True)
class OfCase:
    """A case of a mission, by a uid that means it."""

    mission_id: int
    case_id: uuid.UUID
    kind: ClassVar[str] = "case"


About = OfSubmission | OfCase


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentLine:
    """A comment, opened. `user_id` is None for the command line; `told` are those it was written to."""

    body: str
    user_id: int | None
    made_at: datetime
    told: tuple[int, ...] = ()


def listing(session: Session, *, keyring: Keyring, actor: policy.Actor, about: About) -> list[CommentLine]:
    """The comments on a submission and all its versions, or on a case and what was merged into it, the newest first.
    Mentions of the actor in them are read now. Raises Problem: not_found, not_allowed."""
    policy.require(actor, f"{about.kind}.comments", about.mission_id)
    with writing(session):
        present, ids = _places(session, about)
        rows = session.scalars(
            select(Comment).where(_on(about.kind).in_(ids)).order_by(Comment.id.desc())
        ).all()
        if rows:
            _enter(session, actor, about, "comments", present)
            mentions.mark_read(session, actor, [row.id for row in rows])
        told = mentions.told(session, [row.id for row in rows])
        return [_opened(row, keyring, told.get(row.id, ())) for row in rows]


def count(session: Session, kind: str, ids: Sequence[uuid.UUID]) -> int:
    """How many there are on these versions of a submission, or uids of a case: no more than that, so nothing to write
    down."""
    return session.scalar(select(func.count()).where(_on(kind).in_(ids))) or 0


def people(session: Session, found: Sequence[CommentLine]) -> dict[int | None, str]:
    """What those who wrote them, and whom they were written to, are called."""
    ids = {one.user_id for one in found if one.user_id is not None}.union(*(one.told for one in found))
    rows = session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
    return {row.id: row.display_name for row in rows}


def write(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    about: About,
    body: str,
    tell: Collection[int] = (),
) -> CommentLine:
    """Comment on a submission or a case. `tell` are ids of people who are told; so are those whose `@name` stands in
    it, if they may read it. Raises Problem: not_found, not_allowed, invalid."""
    policy.require(actor, f"{about.kind}.comment", about.mission_id)
    if not body.strip() or len(body) > MAX_LENGTH:
        raise problems.invalid(_("A comment has 1 to %(most)s characters.", most=MAX_LENGTH))
    with writing(session):
        present, _ids = _places(session, about)
        told = _told(session, actor, about, body, tell)
        identity = new_id()
        row = Comment(
            id=identity,
            submission_id=present if about.kind == "submission" else None,
            case_id=present if about.kind == "case" else None,
            user_id=actor.user_id,
            body=keyring.encrypt(body.encode("utf-8", "replace"), f"comment:{identity}"),
            made_at=now(),
        )
        session.add(row)
        session.flush()
        mentions.note(session, identity, told)
        _enter(session, actor, about, "comment", present, told)
        return _opened(row, keyring, told)


# --- within ------------------------------------------------------------------------------------------------------


def _on(kind: str) -> InstrumentedAttribute[uuid.UUID | None]:
    return Comment.submission_id if kind == "submission" else Comment.case_id


def _told(
    session: Session, actor: policy.Actor, about: About, body: str, tell: Collection[int]
) -> tuple[int, ...]:
    if not tell and "@" not in body:
        return ()
    may = mentions.people(
        session, mission_id=about.mission_id, action=f"{about.kind}.comments", but=actor.user_id
    )
    if set(tell) - {one.id for one in may}:
        raise problems.invalid(
            _("Somebody who was chosen may not read these comments."),
            _("Load the page again, and choose from the list."),
        )
    return tuple(sorted({*tell, *mentions.named(body, may)}))


def _places(session: Session, about: About) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """Where a new comment is kept, and where there may be comments."""
    if isinstance(about, OfSubmission):
        versions = chains.versions(
            session,
            mission_id=about.mission_id,
            xml_form_id=about.xml_form_id,
            instance_id=about.instance_id,
        )
        present = chains.present(versions)
        if present is None:
            raise problems.not_found("submission")
        return present.id, [one.id for one in versions]
    target = session.scalar(select(CaseAlias.target_id).where(CaseAlias.case_id == about.case_id))
    case = session.get(CaseState, target or about.case_id)
    if case is None or case.mission_id != about.mission_id:
        raise problems.not_found("case")
    merged = session.scalars(select(CaseAlias.case_id).where(CaseAlias.target_id == case.case_id))
    return case.case_id, [case.case_id, *merged]


def _opened(row: Comment, keyring: Keyring, told: tuple[int, ...]) -> CommentLine:
    body = keyring.decrypt(row.body, f"comment:{row.id}").decode()
    return CommentLine(body=body, user_id=row.user_id, made_at=row.made_at, told=told)


def _enter(
    session: Session, actor: policy.Actor, about: About, act: str, place: uuid.UUID, told: Sequence[int] = ()
) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=f"{about.kind}.{act}",
        mission_id=about.mission_id,
        object=f"{about.kind}:{place}",
        detail={"told": [f"user:{one}" for one in told]} if told else None,
    )
