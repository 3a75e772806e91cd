"""The numbers of the home page: what came in, and what needs attention."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import policy
from app.models import CaseEntity, Mission
from app.services import submissions, todo
from app.services.submissions import SubmissionLine
from app.services.todo import Item, Todo

LATEST = 10
"""Submissions shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a coordinator sees first. Today and the week begin where the mission is; `queue` is what the
    worker has not read yet; `todos` is what needs attention, the most urgent first, `coming` what will be due
    next, with its kind."""

    received_today: int
    received_week: int
    queue: int
    cases_open: int
    todos: tuple[Todo, ...]
    coming: tuple[tuple[str, Item], ...]
    latest: tuple[SubmissionLine, ...]


def home(session: Session, *, actor: policy.Actor, mission_id: int | None = None) -> Home:
    """The home page of a mission, or of all missions the actor may read. Who may read no cases sees zeros."""
    policy.require(actor, "home.read", mission_id)
    midnight = _midnight(session, mission_id)
    where: dict[str, Any] = {"actor": actor, "mission_id": mission_id}
    return Home(
        received_today=submissions.count_submissions(session, received_from=midnight, **where),
        received_week=submissions.count_submissions(
            session, received_from=midnight - timedelta(days=6), **where
        ),
        queue=submissions.count_submissions(session, state="received", **where),
        cases_open=_open(session, actor, mission_id),
        todos=todo.todos(session, **where),
        coming=todo.coming(session, **where),
        latest=submissions.list_submissions(session, limit=LATEST, **where).items,
    )


def _midnight(session: Session, mission_id: int | None) -> datetime:
    zone = session.scalar(select(Mission.time_zone).where(Mission.id == mission_id)) or "UTC"
    today = datetime.now(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today.astimezone(UTC)


def _open(session: Session, actor: policy.Actor, mission_id: int | None) -> int:
    statement = select(func.count()).where(
        CaseEntity.open, policy.within(actor, "case.read", CaseEntity.mission_id)
    )
    if mission_id is not None:
        statement = statement.where(CaseEntity.mission_id == mission_id)
    return session.scalar(statement) or 0
