"""What needs somebody's attention: counted, and listed for one reason, as far as the actor may see it."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from app import policy, problems
from app.models import CaseAttention, CaseState
from app.services import attention, case_filters, case_list, paging, remembering, submissions, twin_desk
from app.services.case_list import CaseLine
from app.services.paging import Page
from app.services.submissions import SubmissionLine

T = TypeVar("T")
_Reason = tuple[uuid.UUID, str | None]
"""A case, and the date from which it is due."""
FEW: Final = 10
"""Items shown where it is only to be seen what waits."""
_LAST: Final = 1000
"""Cases that are looked at for what concerns each of them, before others are searched by a reason."""


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
    cases = _remembered(session, "first", actor, mission_id, lambda: _first(session, **where))
    lines = case_list.lines(session, {one for _, first in cases.values() for one, _ in first}, actor=actor)
    counts = {("case", kind): count for kind, (count, _) in cases.items()} | {
        ("submission", kind): submissions.count_submissions(session, attention=kind, **where)
        for kind in attention.SUBMISSION_KINDS
    }
    found = tuple(
        Todo(
            on,
            kind,
            counts[on, kind],
            _cases(cases[kind][1], lines)
            if on == "case"
            else listing(session, on=on, kind=kind, limit=FEW, **where).items,
        )
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
        due = case_filters.by(session, timedelta(), mission_id=mission_id)
        return _dated(session, CaseAttention.kind == kind, due, **where)
    cases = case_list.list_cases(session, attention=kind, **where)
    return Page(tuple(Item(case=line) for line in cases.items), cases.next)


def coming(
    session: Session, *, actor: policy.Actor, mission_id: int | None = None
) -> tuple[tuple[str, Item], ...]:
    """What is due next and is not yet, with its kind."""

    def find() -> tuple[tuple[str, _Reason], ...]:
        later = case_filters.later(session, mission_id=mission_id)
        statement = _reasons(actor, mission_id, CaseAttention.kind.in_(attention.DATED), later)
        rows = session.execute(statement.limit(FEW))
        return tuple((row.kind, (row.case_id, row.due_on)) for row in rows)

    found = _remembered(session, "coming", actor, mission_id, find)
    lines = case_list.lines(session, {case_id for _, (case_id, _) in found}, actor=actor)
    return tuple(zip((kind for kind, _ in found), _cases((one for _, one in found), lines), strict=True))


def _remembered(
    session: Session, what: str, actor: policy.Actor, mission_id: int | None, find: Callable[[], T]
) -> T:
    """What depends on the cases, and on the day it is where they are."""
    at = remembering.revision(session, actor=actor, mission_id=mission_id)
    today = case_filters.today(session, mission_id=mission_id)
    days = tuple((day, *missions) for day, missions in today.items())
    return remembering.remembered(at, (what, days), find)


def _first(
    session: Session, *, actor: policy.Actor, mission_id: int | None
) -> Mapping[str, tuple[int, tuple[_Reason, ...]]]:
    """For each reason there is: how many cases it concerns, and the first of them, as `listing` has them."""
    due = case_list.due(session, mission_id)
    counted = (
        select(CaseAttention.kind, func.count())
        .where(*_within(actor, mission_id, due))
        .group_by(CaseAttention.kind)
    )
    passed = case_filters.by(session, timedelta(), mission_id=mission_id)
    changed = _changed(session, actor, mission_id)
    found: dict[str, tuple[int, tuple[_Reason, ...]]] = {}
    for kind, count in session.execute(counted).all():
        if kind in attention.DATED:
            rows = session.execute(_reasons(actor, mission_id, CaseAttention.kind == kind, passed).limit(FEW))
            first = [(row.case_id, row.due_on) for row in rows]
        else:
            ids = changed.get(kind, ())[:FEW]
            if len(ids) < min(count, FEW):
                asked: dict[str, Any] = {"actor": actor, "mission_id": mission_id, "attention": kind}
                ids = case_list.list_ids(session, limit=FEW, **asked).items
            first = [(case_id, None) for case_id in ids]
        found[kind] = count, tuple(first)
    return found


def _changed(
    session: Session, actor: policy.Actor, mission_id: int | None
) -> Mapping[str, Sequence[uuid.UUID]]:
    """For each reason without a date, the cases it concerns among those that changed last, the last first: in one walk
    for all reasons, and where a reason is not a rare one, enough of them."""
    last = (
        select(CaseState.case_id, CaseState.updated_at)
        .where(policy.within(actor, "case.read", CaseState.mission_id, mission_id))
        .order_by(CaseState.updated_at.desc(), CaseState.case_id.desc())
        .limit(_LAST)
        .subquery()
    )
    rows = (
        select(CaseAttention.kind, last.c.case_id)
        .join(last, last.c.case_id == CaseAttention.case_id)
        .where(CaseAttention.kind.not_in(attention.DATED))
        .order_by(last.c.updated_at.desc(), last.c.case_id.desc())
    )
    found: dict[str, list[uuid.UUID]] = {}
    for kind, case_id in session.execute(rows):
        found.setdefault(kind, []).append(case_id)
    return found


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
    lines = case_list.lines(session, {row.case_id for row in rows}, actor=actor)
    return _cases(((row.case_id, row.due_on) for row in rows), lines)


def _cases(reasons: Iterable[_Reason], lines: Mapping[uuid.UUID, CaseLine]) -> tuple[Item, ...]:
    return tuple(Item(case=lines.get(case_id), due_on=due_on) for case_id, due_on in reasons)
