"""The figures of a mission, or of all missions somebody may read: counts of cases, interviews and assistance.

Each is counted on the tables of the case store, of the missions in which the actor may read cases: nobody is told a
number of rows they may not see.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from app import policy, problems
from app.models import TABLES, Mission
from app.services import remembering, suppression
from app.services.counting import (
    COUNT,
    FILE,
    NOT_KNOWN,
    PERSON,
    STATE,
    STATUS,
    Days,
    Figure,
    Row,
    Scope,
    Within,
    by_code,
    cases_with,
    in_order,
    median,
)
from app.services.remembering import Revision, remembered
from xlsforms import dictionary

__all__ = ["COUNT", "FIGURES", "NOT_KNOWN", "Figure", "Row", "Scope", "figure", "figures", "names"]

GIVEN: Final = ("ongoing", "completed", "interrupted")
"""States of a service that was given, if only in part; one without a state was, too."""
AGE_GROUPS: Final = ((18, "under18"), (30, "18_29"), (45, "30_44"), (200, "45_plus"))
"""Age below which one belongs to a group, and the group's code."""
WAITS: Final = ((0, "0"), (7, "1_7"), (14, "8_14"), (30, "15_30"), (90, "31_90"))
"""Longest wait for the first assistance in days, and its code; longer ones are `LONG`."""
LONG: Final = "91_"
NONE: Final = "none"
"""Code of the cases that got no assistance yet."""

_CLOSED: Final = ("closed", "closed_referred")
_WEEK: Final = timedelta(days=7)
_MOST_WEEKS: Final = 520
"""Weeks of which those without an interview are rows, too. A date that nobody meant must not make thousands."""
_INTERVIEW, _EPISODE = TABLES["interview"].c, TABLES["episode"].c
_TYPE, _SERVICE = TABLES["episode_exploitation"].c, TABLES["service"].c


def figures(
    session: Session, *, actor: policy.Actor, scope: Scope, suppress: bool = False
) -> tuple[Figure, ...]:
    """All of them, in their order. Raises the Problem `not_allowed`."""
    policy.require(actor, "case.read", scope.mission_id)
    within, at = Within(actor, scope), _revision(session, actor, scope)
    found = (_counted(session, name, within, at) for name in names(scope.mission_id))
    return tuple(_hidden(one) if suppress else one for one in found)


def names(mission_id: int | None) -> tuple[str, ...]:
    """What is counted, for one mission or for all."""
    return tuple(name for name in FIGURES if mission_id is None or name != "cases_by_mission")


def figure(
    session: Session, name: str, *, actor: policy.Actor, scope: Scope, suppress: bool = False
) -> Figure:
    """One of `FIGURES`, with small counts hidden if so asked. Raises the Problems `not_found` and `not_allowed`."""
    policy.require(actor, "case.read", scope.mission_id)
    if name not in names(scope.mission_id):
        raise problems.not_found("figure")
    counted = _counted(session, name, Within(actor, scope), _revision(session, actor, scope))
    return _hidden(counted) if suppress else counted


def _counted(session: Session, name: str, within: Within, at: Revision) -> Figure:
    return remembered(at, (name, within.scope), lambda: FIGURES[name](session, within))


def _revision(session: Session, actor: policy.Actor, scope: Scope) -> Revision:
    return remembering.revision(session, actor=actor, mission_id=scope.mission_id)


def _hidden(one: Figure) -> Figure:
    """The figure with its small counts hidden. All its cells count as one table whose sum is known."""
    cells = iter(suppression.hide([int(cell) for row in one.rows for cell in row.cells]))
    rows = tuple(Row(row.code, tuple(next(cells) for _ in row.cells)) for row in one.rows)
    few = any(cell in (suppression.BELOW, suppression.HIDDEN) for row in rows for cell in row.cells)
    return replace(
        one, rows=rows, counted=suppression.total(int(one.counted)), median=None if few else one.median
    )


# --- what is counted ---------------------------------------------------------------------------------------------


def _interviews_by_week(session: Session, within: Within) -> Figure:
    counts: Counter[tuple[date | None, str]] = Counter()
    statement = within.rows(
        "interview", _INTERVIEW.held_on, _INTERVIEW.held_on, _INTERVIEW.form, func.count()
    )
    for day, form, count in session.execute(statement.group_by(_INTERVIEW.held_on, _INTERVIEW.form)):
        counts[day and day - timedelta(days=day.weekday()), form or NOT_KNOWN] += count
    codes = dictionary.load().code_lists["interview_form"]
    series = _in_use([*codes, NOT_KNOWN], {form for _, form in counts})
    mondays = sorted(week for week, _ in counts if week is not None)
    weeks: list[date | None] = [*dict.fromkeys(mondays)]
    if mondays and (span := (mondays[-1] - mondays[0]) // _WEEK) < _MOST_WEEKS:
        weeks = [mondays[0] + _WEEK * number for number in range(span + 1)]
    if any(week is None for week, _ in counts):
        weeks.append(None)
    rows = (
        Row(week.isoformat() if week else NOT_KNOWN, tuple(counts[week, one] for one in series))
        for week in weeks
    )
    return Figure("interviews_by_week", series, tuple(rows), counts.total())


def _cases_by_status(session: Session, within: Within) -> Figure:
    counts = by_code(session, within.cases(), STATUS, func.count())
    codes = dictionary.load().code_lists["case_status"]
    return Figure("cases_by_status", COUNT, in_order(counts, codes), counts.total())


def _cases_by_mission(session: Session, within: Within) -> Figure:
    statement = within.cases(STATE.mission_id, STATUS.label("counted_status"), func.count())
    counts: Counter[tuple[int, bool]] = Counter()
    for mission_id, status, count in session.execute(statement.group_by(STATE.mission_id, "counted_status")):
        counts[mission_id, status in _CLOSED] += count
    here = select(Mission.id, Mission.code).where(Mission.id.in_({one for one, _ in counts}))
    rows = (
        Row(code, (counts[mission_id, False], counts[mission_id, True]))
        for mission_id, code in session.execute(here.order_by(Mission.code))
    )
    return Figure("cases_by_mission", ("open", "closed"), tuple(rows), counts.total())


def _exploitation(session: Session, within: Within) -> Figure:
    counts, unknown, cases = cases_with(
        session, within, "episode_exploitation", _TYPE.code, _TYPE.facet == "type"
    )
    rows = in_order(counts, dictionary.load().code_lists["exploitation_type"])
    return Figure("exploitation", COUNT, (*rows, Row(NOT_KNOWN, (unknown,))), cases)


def _age_and_sex(session: Session, within: Within) -> Figure:
    age = case(
        *((FILE.age_at_registration < below, code) for below, code in AGE_GROUPS),
        (FILE.is_minor, "under18"),
        else_=NOT_KNOWN,
    )
    statement = within.cases(age.label("counted_age"), PERSON.sex, func.count(), people=True)
    counts: Counter[tuple[str, str]] = Counter()
    for group, sex, count in session.execute(statement.group_by("counted_age", PERSON.sex)):
        counts[group, sex or NOT_KNOWN] += count
    series = _in_use([*dictionary.load().code_lists["sex"], NOT_KNOWN], {sex for _, sex in counts})
    groups = (*(code for _, code in AGE_GROUPS), NOT_KNOWN)
    rows = (Row(group, tuple(counts[group, one] for one in series)) for group in groups)
    return Figure("age_and_sex", series, tuple(rows), counts.total())


def _countries(session: Session, within: Within) -> Figure:
    counts, unknown, cases = cases_with(session, within, "episode", _EPISODE.exploitation_country)
    rows = (Row(code, (count,)) for code, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
    return Figure("countries", COUNT, (*rows, Row(NOT_KNOWN, (unknown,))), cases)


def _assistance(session: Session, within: Within) -> Figure:
    people = func.count(_SERVICE.case_id.distinct())
    statement = within.rows("service", _SERVICE.started_on).where(_given())
    counts = by_code(session, statement, _SERVICE.category, people)
    rows = in_order(counts, dictionary.load().code_lists["service_category"])
    return Figure("assistance", COUNT, rows, session.scalar(statement.add_columns(people)) or 0)


def _first_assistance(session: Session, within: Within) -> Figure:
    """Of cases registered in the period: days from the first screening to the first service."""
    first = (
        select(_SERVICE.case_id, func.min(_SERVICE.started_on).label("began_on"))
        .where(_given())
        .group_by(_SERVICE.case_id)
        .subquery()
    )
    days, assisted = Days(FILE.registered_on, first.c.began_on), first.c.case_id.is_not(None)
    statement = within.cases(days, assisted, func.count()).outerjoin(first, first.c.case_id == STATE.case_id)
    counts: Counter[str] = Counter()
    waits: Counter[int] = Counter()
    for wait, some, count in session.execute(statement.group_by(days, assisted)):
        if wait is None:
            counts[NOT_KNOWN if some else NONE] += count
        else:
            waits[max(0, wait)] += count
            counts[next((code for most, code in WAITS if wait <= most), LONG)] += count
    codes = (*(code for _, code in WAITS), LONG, NONE, NOT_KNOWN)
    rows = tuple(Row(code, (counts[code],)) for code in codes)
    return Figure("first_assistance", COUNT, rows, counts.total(), median(waits))


def _given() -> ColumnElement[bool]:
    return _SERVICE.status.is_(None) | _SERVICE.status.in_(GIVEN)


def _in_use(codes: list[str], used: set[str]) -> tuple[str, ...]:
    """The series that anything is counted in, in order."""
    return tuple(one for one in codes if one in used) or COUNT


FIGURES: Final[Mapping[str, Callable[[Session, Within], Figure]]] = MappingProxyType(
    {
        "interviews_by_week": _interviews_by_week,
        "cases_by_status": _cases_by_status,
        "cases_by_mission": _cases_by_mission,
        "exploitation": _exploitation,
        "age_and_sex": _age_and_sex,
        "countries": _countries,
        "assistance": _assistance,
        "first_assistance": _first_assistance,
    }
)
"""Every figure by its name, in the order they are shown."""
