"""What happened in a case, in one order: interviews, decisions, assistance, referrals, contacts agreed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.language import _
from app.services.cases import CaseDetail, DecisionLine, Interview, Row
from app.ui import facts
from app.ui.words.sections import table_title


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on a day, beside interviews and decisions: of `kind` service, referral or contact."""

    kind: str
    day: str
    title: str
    words: str
    ahead: bool = False
    """It is still to come."""


_DAYS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "service": ("started_on", ("type", "category", "status")),
    "referral": ("referred_on", ("organisation_name", "category", "state", "status")),
}
"""Table → the column of its day, and those that say what it was."""


def of(case: CaseDetail, *, locale: str, today: str) -> list[Event | Interview | DecisionLine]:
    """The timeline, the newest first; what is still to come before all."""
    found: list[Event | Interview | DecisionLine] = [*case.interviews, *case.decisions]
    for table in _DAYS:
        found += [event for row in case.rows.get(table, ()) if (event := _event(row, locale, today))]
    if day := case.line.next_contact_on:
        late = "" if day >= today else _("The day has passed.")
        found.append(Event("contact", day, _("Next contact"), late, ahead=day >= today))
    return sorted(found, key=_moment, reverse=True)


def _event(row: Row, locale: str, today: str) -> Event | None:
    column, said = _DAYS[row.table]
    values = {one.column: one for one in row.fields if not one.masked}
    day = values[column].value if column in values else None
    if row.earlier or not day:
        return None
    texts = [facts.text_of(values[one].value, values[one].code_list, locale) for one in said if one in values]
    title = table_title(row.table)
    return Event(row.table, str(day), title, " · ".join(filter(None, texts)), ahead=str(day) > today)


def _moment(event: Event | Interview | DecisionLine) -> str:
    """When it was, as text that sorts: of one day, what is known to the moment comes after what is not."""
    if isinstance(event, DecisionLine):
        return event.made_at.isoformat()
    if isinstance(event, Event):
        return event.day
    return event.ended_at or event.held_on or ""
