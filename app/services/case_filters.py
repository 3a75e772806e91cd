"""What a list of cases is narrowed to beyond who and where: what was done to the person, who they are, what is due."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.models import TABLES, CaseAttention, CaseState, Mission
from app.services.attention import DATED

_FILE, _PERSON = TABLES["case_file"].c, TABLES["person"].c
_EPISODE, _EXPLOITATION = TABLES["episode"].c, TABLES["episode_exploitation"].c
_ELIGIBILITY = TABLES["eligibility"].c

DUE: Final = ("overdue", "week", "month")
"""Dates that have passed, or come within so long."""
AGE_GROUPS: Final = ("child", "adult")
_AHEAD: Final = {"overdue": timedelta(days=-1), "week": timedelta(days=7), "month": timedelta(days=31)}


def conditions(
    session: Session,
    *,
    mission_id: int | None = None,
    sex: str | None = None,
    age_group: str | None = None,
    country: str | None = None,
    exploitation: str | None = None,
    programme: str | None = None,
    due: str | None = None,
) -> list[ColumnElement[bool]]:
    """`country` and `exploitation` are a country and a type of exploitation of any episode that stands; `programme` one
    whose criteria were applied; `due` a key of DUE: next contact, plan item or second screening."""
    found: list[ColumnElement[bool]] = []
    if sex:
        found.append(CaseState.case_id.in_(select(_PERSON.case_id).where(_PERSON.sex == sex)))
    if age_group in AGE_GROUPS:
        found.append(_FILE.is_minor.is_(age_group == "child"))
    if country:
        found.append(
            CaseState.case_id.in_(select(_EPISODE.case_id).where(_EPISODE.exploitation_country == country))
        )
    if exploitation:
        found.append(
            CaseState.case_id.in_(
                select(_EXPLOITATION.case_id).where(
                    _EXPLOITATION.facet == "type", _EXPLOITATION.code == exploitation
                )
            )
        )
    if programme:
        found.append(
            CaseState.case_id.in_(select(_ELIGIBILITY.case_id).where(_ELIGIBILITY.programme == programme))
        )
    if due in _AHEAD:
        asked = select(CaseAttention.case_id).where(
            CaseAttention.kind.in_(DATED), by(session, _AHEAD[due], mission_id=mission_id)
        )
        found.append(CaseState.case_id.in_(asked))
    return found


def by(session: Session, ahead: timedelta, *, mission_id: int | None = None) -> ColumnElement[bool]:
    """Attention whose date has come so long from today, by the clocks of its mission."""
    return _on(session, mission_id, lambda day: CaseAttention.due_on <= (day + ahead).isoformat())


def later(session: Session, *, mission_id: int | None = None) -> ColumnElement[bool]:
    """Attention whose date is still to come. Said like this, and not as what is not due, it lets a database take the
    index of dates."""
    return _on(session, mission_id, lambda day: CaseAttention.due_on > day.isoformat())


def _on(
    session: Session, mission_id: int | None, fits: Callable[[date], ColumnElement[bool]]
) -> ColumnElement[bool]:
    days = today(session, mission_id=mission_id).items()
    return or_(*(and_(CaseAttention.mission_id.in_(missions), fits(day)) for day, missions in days))


def today(session: Session, *, mission_id: int | None = None) -> dict[date, list[int]]:
    """What day it is in which missions, by their clocks."""
    now = datetime.now(UTC)
    zones = select(Mission.id, Mission.time_zone).order_by(Mission.id)
    if mission_id is not None:
        zones = zones.where(Mission.id == mission_id)
    days: dict[date, list[int]] = {}
    for mission, zone in session.execute(zones):
        days.setdefault(now.astimezone(ZoneInfo(zone)).date(), []).append(mission)
    return days
