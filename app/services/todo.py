"""What needs somebody's attention: counted, and listed for one reason, as far as the actor may see it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, not_, select, tuple_
from sqlalchemy.orm import Session

from app import policy, problems
from app.models import CaseAttention
from app.services import attention, case_list, paging, submissions, twin_desk
from app.services.case_list import CaseLine
from app.services.paging import Page
from app.services.submissions import SubmissionLine

FEW: Final = 10
"""Items shown where it is only to be seen what waits."""


@dataclass(frozen=True, slots=True)
class Item:
    """One case or submission that waits. `due_on` (YYYY-MM-DD) is the date it is due from, for kinds that have one."""

    case: CaseLine | None = None
    submission: SubmissionLine | None = None
    due_on: str | None = None


@dataclass(frozen=True, slots=True)
class Todo:
    """How many cases or submissions ask for somebody, for one reason, and the first of them."""

    on: str
    kind: str
    count: int
    items: tuple[Item, ...]


def todos(session: Session, *, actor: policy.Actor, mission_id: int | None = None) -> tuple[Todo, ...]:
    """All reasons there are at this moment, the most urgent first."""
    where: dict[str, Any] = {"actor": actor, "mission_id": mission_id}
    counts = _counts(session, **where)
    found = tuple(
        Todo(on, kind, counts[on, kind], listing(session, on=on, kind=kind, limit=FEW, **where).items)
        for on, kind in attention.ORDER
        if counts.get((on, kind))
    )
    if pairs := twin_desk.count_pairs(session, **where):
        first = twin_desk.list_pairs(session, limit=FEW, **where).items
        found += (Todo("case", "possible_duplicate", pairs, tuple(Item(case=pair.one) for pair in first)),)
    return found


def listing(
    session: Session,
    *,
    actor: policy.Actor,
    on: str,
    kind: str,
    mission_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Item]:
    """The cases or submissions of one reason, a page at a time: what is due longest first where there is a date, else
    what changed or came in last. Raises the Problems `not_found`, `not_allowed` and `invalid`."""
    if (on, kind) not in attention.ORDER:
        raise problems.not_found("list of what needs attention")
    policy.require(actor, f"{on}.read", mission_id)
    where: dict[str, Any] = {"actor": actor, "mission_id": mission_id, "cursor": cursor, "limit": limit}
    if on == "submission":
        lines = submissions.list_submissions(session, attention=kind, **where)
        return Page(tuple(Item(submission=line) for line in lines.items), lines.next)
    if kind in attention.DATED:
        return _dated(session, CaseAttention.kind == kind, case_list.due(session), **where)
    cases = case_list.list_cases(session, attention=kind, **where)
    return Page(tuple(Item(case=line) for line in cases.items), cases.next)


def coming(
    session: Session, *, actor: policy.Actor, mission_id: int | None = None
) -> tuple[tuple[str, Item], ...]:
    """What is due next and is not yet, with its kind."""
    statement = _reasons(
        actor, mission_id, CaseAttention.kind.in_(attention.DATED), not_(case_list.due(session))
    )
    rows = session.execute(statement.limit(FEW)).all()
    return tuple(zip((row.kind for row in rows), _items(session, actor, rows), strict=True))


def _counts(session: Session, *, actor: policy.Actor, mission_id: int | None) -> dict[tuple[str, str], int]:
    where: dict[str, Any] = {"actor": actor, "mission_id": mission_id}
    about_cases = _within(actor, mission_id, case_list.due(session))
    kinds = select(CaseAttention.kind, func.count()).where(*about_cases).group_by(CaseAttention.kind)
    return {("case", kind): count for kind, count in session.execute(kinds)} | {
        ("submission", kind): submissions.count_submissions(session, attention=kind, **where)
        for kind in attention.SUBMISSION_KINDS
    }


def _dated(
    session: Session,
    *which: ColumnElement[bool],
    actor: policy.Actor,
    mission_id: int | None,
    cursor: str | None,
    limit: int,
) -> Page[Item]:
    limit = paging.size(limit)
    statement = _reasons(actor, mission_id, *which)
    if cursor:
        at, last = paging.read_cursor(cursor)
        place = tuple_(CaseAttention.due_on, CaseAttention.case_id)
        statement = statement.where(place > (at.date().isoformat(), last))
    page = paging.cut(session.execute(statement.limit(limit + 1)).all(), limit, _place)
    return Page(_items(session, actor, page.items), page.next)


def _reasons(
    actor: policy.Actor, mission_id: int | None, *which: ColumnElement[bool]
) -> Select[uuid.UUID, str, str | None]:
    """Reasons that have a date, by it."""
    return (
        select(CaseAttention.case_id, CaseAttention.kind, CaseAttention.due_on)
        .where(*_within(actor, mission_id, *which))
        .order_by(CaseAttention.due_on, CaseAttention.case_id, CaseAttention.kind)
    )


def _within(
    actor: policy.Actor, mission_id: int | None, *which: ColumnElement[bool]
) -> list[ColumnElement[bool]]:
    return [policy.within(actor, "case.read", CaseAttention.mission_id, mission_id), *which]


def _place(row: Any) -> tuple[datetime, uuid.UUID]:
    return datetime.fromisoformat(row.due_on).replace(tzinfo=UTC), row.case_id


def _items(session: Session, actor: policy.Actor, rows: Sequence[Any]) -> tuple[Item, ...]:
    cases = case_list.lines(session, {row.case_id for row in rows}, actor=actor)
    return tuple(Item(case=cases.get(row.case_id), due_on=row.due_on) for row in rows)
