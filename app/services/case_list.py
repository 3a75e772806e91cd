"""The list of cases: lines that hold nothing of class P3, found by what a coordinator looks for."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, null, or_, select, tuple_
from sqlalchemy.orm import Session

from app import policy, problems
from app.models import TABLES, CaseAlias, CaseAttention, CaseState, Interviewer, Mission
from app.services import case_filters, paging
from app.services.counting import STATUS
from app.services.paging import Page
from submissions.derivation import CLOSED

_FILE, _PERSON, _INTERVIEW = TABLES["case_file"].c, TABLES["person"].c, TABLES["interview"].c


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case in a list: nothing of class P3. Dates are `YYYY-MM-DD`; `attention` are kinds of
    CaseAttention. A closed case has no next contact, whatever was agreed before."""

    case_id: uuid.UUID
    mission_id: int
    mission_code: str
    case_ref: str | None
    sex: str | None
    is_minor: bool | None
    age: int | None
    status: str
    trafficking_status: str | None
    risk_level: str | None
    registered_on: str | None
    last_interview_on: str | None
    next_contact_on: str | None
    interviews: int
    owner: str | None
    attention: tuple[str, ...]
    updated_at: datetime
    proposed_to: int | None = None
    """The mission that is asked to take it."""

    @property
    def closed(self) -> bool:
        """Whether assistance has ended."""
        return self.status in CLOSED


OPEN: Final = "open"
"""Instead of a status: whatever is not closed."""
_CONTACT: Final = case((_FILE.status.in_(sorted(CLOSED)), null()), else_=_FILE.next_contact_on)


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of the list: by a column that is never empty, `down` from the last to the first. `dated`: it holds days,
    not instants."""

    column: Any
    down: bool = True
    dated: bool = False


SORTS: Final[Mapping[str, Sort]] = {
    "changed": Sort(CaseState.updated_at),
    "registered": Sort(func.coalesce(_FILE.registered_on, date(1, 1, 1)), dated=True),
    "contact": Sort(func.coalesce(_CONTACT, date(9999, 12, 31)), down=False, dated=True),
}
"""By name: what changed last, what was registered last, whose next contact comes first."""


def list_cases(
    session: Session,
    *,
    actor: policy.Actor,
    cursor: str | None = None,
    limit: int = 50,
    sort: str = "changed",
    **filters: Any,
) -> Page[CaseLine]:
    """Cases the actor may read, in an order of SORTS. Filters as in `matching`. A cursor belongs to its order."""
    page = list_ids(session, actor=actor, cursor=cursor, limit=limit, sort=sort, **filters)
    found = lines(session, page.items, actor=actor)
    return Page(tuple(found[case_id] for case_id in page.items if case_id in found), page.next)


def list_ids(
    session: Session,
    *,
    actor: policy.Actor,
    cursor: str | None = None,
    limit: int = 50,
    sort: str = "changed",
    **filters: Any,
) -> Page[uuid.UUID]:
    """Which cases these are."""
    limit = paging.size(limit)
    by = SORTS[sort]
    place = tuple_(by.column, CaseState.case_id)
    # Which they are is found without the lines: they are long, and a sort would carry all of them.
    which = select(CaseState.case_id, by.column.label("place")).select_from(_joined(lines=False))
    statement = which.where(*matching(session, actor, **filters))
    if cursor:
        at, last = paging.read_cursor(cursor)
        after = (at.date() if by.dated else at, last)
        statement = statement.where(place < after if by.down else place > after)
    ordered = (by.column.desc(), CaseState.case_id.desc()) if by.down else (by.column, CaseState.case_id)
    page = paging.cut(session.execute(statement.order_by(*ordered).limit(limit + 1)).all(), limit, _place)
    return Page(tuple(row.case_id for row in page.items), page.next)


def _place(row: Any) -> tuple[datetime, uuid.UUID]:
    at = row.place if isinstance(row.place, datetime) else datetime.combine(row.place, time(), UTC)
    return at, row.case_id


def count_cases(session: Session, *, actor: policy.Actor, **filters: Any) -> int:
    """How many cases a list with these filters has."""
    statement = (
        select(func.count()).select_from(_joined(lines=False)).where(*matching(session, actor, **filters))
    )
    return session.scalar(statement) or 0


def lines(
    session: Session, case_ids: Collection[uuid.UUID], *, actor: policy.Actor
) -> dict[uuid.UUID, CaseLine]:
    """The lines of given cases the actor may read."""
    if not case_ids:
        return {}
    found = session.execute(_lines([*matching(session, actor), CaseState.case_id.in_(case_ids)])).all()
    return {line.case_id: line for line in _fill(session, found)}


def read_line(session: Session, *, actor: policy.Actor, case_id: uuid.UUID, mission_id: int) -> CaseLine:
    """The line of a case of the mission, by any uid that means it. Raises the Problem `not_found`."""
    target = session.scalar(select(CaseAlias.target_id).where(CaseAlias.case_id == case_id)) or case_id
    line = lines(session, [target], actor=actor).get(target)
    if line is None or line.mission_id != mission_id:
        raise problems.not_found("case")
    return line


def proposed(session: Session, *, actor: policy.Actor, mission_id: int) -> tuple[CaseLine, ...]:
    """Cases of other missions that this one is asked to take, by their reference. Whoever decides here sees these lines
    before they may read the cases."""
    policy.require(actor, "case.decide", mission_id)
    found = session.execute(
        _lines([CaseState.proposed_to == mission_id]).order_by(_FILE.case_ref, CaseState.case_id)
    )
    return _fill(session, found.all())


def matching(
    session: Session,
    actor: policy.Actor,
    *,
    mission_id: int | None = None,
    status: str | None = None,
    trafficking_status: str | None = None,
    risk_level: str | None = None,
    owner_id: int | None = None,
    attention: str | None = None,
    reference: str | None = None,
    **further: str | None,
) -> list[ColumnElement[bool]]:
    """What a list is narrowed to. `status` is a code, or OPEN for all that are not closed; `reference` is the beginning
    of a case reference, in either case of letters; `attention` a kind of CaseAttention (`contact`: due by today);
    `further` as `case_filters` has it."""
    found = [policy.within(actor, "case.read", CaseState.mission_id, mission_id)]
    for column, wanted in (
        (STATUS, status if status != OPEN else None),
        (_FILE.trafficking_status, trafficking_status),
        (_FILE.risk_level, risk_level),
        (CaseState.owner_id, owner_id),
    ):
        if wanted is not None:
            found.append(column == wanted)
    if status == OPEN:
        found.append(STATUS.not_in(sorted(CLOSED)))
    if reference:
        found.append(func.lower(_FILE.case_ref).startswith(reference.strip().lower(), autoescape=True))
    if attention:
        reason = select(CaseAttention.case_id).where(
            policy.within(actor, "case.read", CaseAttention.mission_id, mission_id),
            CaseAttention.kind == attention,
            due(session, mission_id),
        )
        found.append(CaseState.case_id.in_(reason))
    return [*found, *case_filters.conditions(session, mission_id=mission_id, **further)]


def due(session: Session, mission_id: int | None = None) -> ColumnElement[bool]:
    """Attention that is asked for by now, in one mission or in all: today is what the clocks of the mission say."""
    return or_(CaseAttention.due_on.is_(None), case_filters.by(session, timedelta(), mission_id=mission_id))


def _joined(*, lines: bool = True) -> Any:
    """What a case is found by; and what its line says besides."""
    found = CaseState.__table__.outerjoin(TABLES["case_file"], _FILE.case_id == CaseState.case_id)
    if not lines:
        return found
    return (
        found.join(Mission.__table__, Mission.id == CaseState.mission_id)
        .outerjoin(TABLES["person"], _PERSON.case_id == CaseState.case_id)
        .outerjoin(Interviewer.__table__, Interviewer.id == CaseState.owner_id)
    )


def _lines(where: list[ColumnElement[bool]]) -> Select[Any]:
    return (
        select(
            CaseState.case_id,
            CaseState.mission_id,
            Mission.code.label("mission_code"),
            _FILE.case_ref,
            _PERSON.sex,
            _FILE.is_minor,
            _FILE.age_at_registration,
            _FILE.status,
            _FILE.trafficking_status,
            _FILE.risk_level,
            _FILE.registered_on,
            _CONTACT.label("next_contact_on"),
            Interviewer.code.label("owner"),
            CaseState.updated_at,
            CaseState.proposed_to,
        )
        .select_from(_joined())
        .where(*where)
    )


def _fill(session: Session, rows: Sequence[Any]) -> tuple[CaseLine, ...]:
    """Lines out of rows: what hangs from a case in numbers is counted for the page, not for the list."""
    ids = [row.case_id for row in rows]
    interviews = {
        case_id: (count, last)
        for case_id, count, last in session.execute(
            select(_INTERVIEW.case_id, func.count(), func.max(_INTERVIEW.held_on))
            .where(_INTERVIEW.case_id.in_(ids))
            .group_by(_INTERVIEW.case_id)
        )
    }
    attention: dict[uuid.UUID, list[str]] = {}
    reasons = select(CaseAttention.case_id, CaseAttention.kind).where(
        CaseAttention.case_id.in_(ids), due(session)
    )
    for case_id, kind in session.execute(reasons.order_by(CaseAttention.kind)):
        attention.setdefault(case_id, []).append(kind)
    return tuple(
        CaseLine(
            case_id=row.case_id,
            mission_id=row.mission_id,
            mission_code=row.mission_code,
            case_ref=row.case_ref,
            sex=row.sex,
            is_minor=row.is_minor,
            age=row.age_at_registration,
            status=row.status or "active",
            trafficking_status=row.trafficking_status,
            risk_level=row.risk_level,
            registered_on=_day(row.registered_on),
            last_interview_on=_day(interviews.get(row.case_id, (0, None))[1]),
            next_contact_on=_day(row.next_contact_on),
            interviews=interviews.get(row.case_id, (0, None))[0],
            owner=row.owner,
            attention=tuple(attention.get(row.case_id, ())),
            updated_at=row.updated_at,
            proposed_to=row.proposed_to,
        )
        for row in rows
    )


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
