"""The numbers of the home page: what came in, and what needs attention."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import policy
from app.models import CaseAttention, CaseEntity, CaseState, Mission
from app.services import attention, case_list, submissions
from app.services.cases import CaseLine
from app.services.submissions import SubmissionLine

LATEST = 10
"""Submissions and contacts shown."""


@dataclass(frozen=True, slots=True)
class Attention:
    """How many cases (or submissions) ask for somebody, for one reason."""

    kind: str
    count: int
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a coordinator sees first. Today and the week begin where the mission is; `queue` is what the
    worker has not read yet; `contacts` are open cases by the date of their next contact, the overdue ones
    first."""

    received_today: int
    received_week: int
    queue: int
    cases_open: int
    attention: tuple[Attention, ...]
    latest: tuple[SubmissionLine, ...]
    contacts: tuple[CaseLine, ...]


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
        attention=(*_about_cases(session, actor, mission_id), *_about_submissions(session, where)),
        latest=submissions.list_submissions(session, limit=LATEST, **where).items,
        contacts=_contacts(session, actor, mission_id),
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


def _about_cases(session: Session, actor: policy.Actor, mission_id: int | None) -> list[Attention]:
    statement = (
        select(CaseAttention.kind, func.count())
        .where(policy.within(actor, "case.read", CaseAttention.mission_id), case_list.due(session))
        .group_by(CaseAttention.kind)
    )
    if mission_id is not None:
        statement = statement.where(CaseAttention.mission_id == mission_id)
    counts: dict[str, int] = dict(session.execute(statement).all())
    return [Attention(kind, counts[kind], "case") for kind in attention.CASE_KINDS if kind in counts]


def _about_submissions(session: Session, where: dict[str, Any]) -> list[Attention]:
    counts = {
        kind: submissions.count_submissions(session, attention=kind, **where)
        for kind in attention.SUBMISSION_KINDS
    }
    return [Attention(kind, count, "submission") for kind, count in counts.items() if count]


def _contacts(session: Session, actor: policy.Actor, mission_id: int | None) -> tuple[CaseLine, ...]:
    statement = (
        select(CaseAttention.case_id)
        .join(CaseState, CaseState.case_id == CaseAttention.case_id)
        .where(CaseAttention.kind == "contact", policy.within(actor, "case.read", CaseAttention.mission_id))
        .order_by(CaseAttention.due_on, CaseAttention.case_id)
        .limit(LATEST)
    )
    if mission_id is not None:
        statement = statement.where(CaseAttention.mission_id == mission_id)
    ids = session.scalars(statement).all()
    found = case_list.lines(session, ids, actor=actor)
    return tuple(found[one] for one in ids if one in found)
