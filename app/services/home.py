"""The numbers of the home page: what came in, and what needs attention."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import policy
from app.models import Mission
from app.services import case_list, remembering, submissions, todo
from app.services.remembering import remembered
from app.services.submissions import SubmissionLine
from app.services.todo import Item, Todo

LATEST = 10
"""Submissions shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a coordinator sees first. `today` and the week begin where the mission is, the week on the day `week`;
    `queue` is what the
    worker has not read yet; `todos` is what needs attention, the most urgent first, `coming` what will be due
    next, with its kind."""

    today: date
    week: date
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
    zone = _zone(session, mission_id)
    at = remembering.revision(session, actor=actor, mission_id=mission_id)
    today = datetime.now(zone).date()
    week = today - timedelta(days=6)
    where: dict[str, Any] = {"actor": actor, "mission_id": mission_id}
    return Home(
        today=today,
        week=week,
        received_today=submissions.count_submissions(session, received_from=_begin(today, zone), **where),
        received_week=submissions.count_submissions(session, received_from=_begin(week, zone), **where),
        queue=submissions.count_submissions(session, state="received", **where),
        cases_open=remembered(
            at, "open cases", lambda: case_list.count_cases(session, status=case_list.OPEN, **where)
        ),
        todos=todo.todos(session, **where),
        coming=todo.coming(session, **where),
        latest=submissions.list_submissions(session, limit=LATEST, **where).items,
    )


def _zone(session: Session, mission_id: int | None) -> ZoneInfo:
    return ZoneInfo(session.scalar(select(Mission.time_zone).where(Mission.id == mission_id)) or "UTC")


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
