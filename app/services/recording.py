"""What the office says of a case itself: plan items, assistance, consent, the next contact. Each is a decision; a later
interview may say otherwise."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import problems
from app.db import writing
from app.keys import Keyring
from app.language import N_, _
from app.models import CaseState, Mission, now
from app.policy import Actor
from app.services.correction import checked
from app.services.deciding import find_case, folded, keep, settle
from submissions.facts import CaseRow
from submissions.facts import CaseState as State
from xlsforms import dictionary

RECORDED: Final[Mapping[str, tuple[str, ...]]] = {
    "case_file": ("next_contact_on",),
    "plan_item": ("type", "objective", "action", "due_on", "status", "done_on"),
    "service": (
        "category", "type", "organisation_name", "country", "started_on", "ended_on", "status", "funding", "cost",
        "currency", "outcome",
    ),
    "consent": ("purpose", "granted", "method"),
}  # fmt: skip
"""What of each table the office records."""

_NEEDED: Final[Mapping[str, Mapping[str, str]]] = {
    "plan_item": {"type": N_("type"), "status": N_("status")},
    "service": {"category": N_("category"), "status": N_("status")},
    "consent": {"purpose": N_("purpose"), "granted": N_("granted")},
}
"""Columns that are never empty, and what they are called."""
_ORDERED: Final[Mapping[str, tuple[str, str]]] = {"service": ("started_on", "ended_on")}


def record(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    case_id: uuid.UUID,
    table: str,
    values: Mapping[str, Any],
    reason: str,
    row_id: str | None = None,
) -> uuid.UUID:
    """Say something of a case: of a row it has (`row_id`), or as a new row; of `case_file`, which is one row, without.
    A value of None takes away what stood there."""
    with writing(session):
        case = find_case(session, actor, case_id)
        state = folded(session, keyring, case.case_id)
        row = _row(state, table, row_id)
        if unknown := values.keys() - set(RECORDED.get(table, ())):
            raise problems.invalid(
                _(
                    "The office does not record this of %(table)s: %(columns)s.",
                    table=table,
                    columns=", ".join(sorted(unknown)),
                )
            )
        said = {column: value for column, value in values.items() if value is not None or row is not None}
        keys = {column: str(value) for column, value in said.items()}
        said = {
            column: checked(dictionary.load().tables[table].fields[column], keys, value)
            for column, value in said.items()
        }
        today = here(session, case)
        _sensible(table, said, row, today)
        if table == "plan_item" and said.get("status") == "done":
            said.setdefault("done_on", today)
        if table == "consent":
            said["given_on"] = today
        return say(session, keyring, actor, case, table, said, reason, row=row)


def say(
    session: Session,
    keyring: Keyring,
    actor: Actor,
    case: CaseState,
    table: str,
    values: Mapping[str, Any],
    reason: str,
    *,
    row: CaseRow | None,
) -> uuid.UUID:
    """Keep a record of what was checked, and fold the case again."""
    body: dict[str, Any] = {"case_uid": str(case.case_id), "table": table, "values": dict(values)}
    if row is not None:
        body["row_key"] = row.key
    elif table != "case_file":
        body |= {"row_key": str(uuid.uuid4()), "new": True}
    made = keep(
        session,
        keyring,
        actor,
        "record",
        case.case_id,
        case.mission_id,
        reason,
        body,
        detail={"table": table, "columns": sorted(values)},
    )
    settle(session, keyring, cases=[case.case_id])
    return made


def here(session: Session, case: CaseState) -> str:
    """Today, where the case is."""
    zone = ZoneInfo(session.get_one(Mission, case.mission_id).time_zone)
    return datetime.astimezone(now(), zone).date().isoformat()


def find_row(state: State, table: str, row_id: str) -> CaseRow:
    """A present row of a case. Raises the Problem `not_found`."""
    for row in state.rows.get(table, ()):
        if row_id in (row.id, row.key):
            return row
    raise problems.not_found("row")


def _row(state: State, table: str, row_id: str | None) -> CaseRow | None:
    if table not in RECORDED:
        raise problems.invalid(
            _("The office records %(tables)s, and nothing else.", tables=", ".join(RECORDED))
        )
    if table == "consent" and row_id:
        raise problems.invalid(
            _("Consent is only added to."), _("Record the person’s last word as a new one.")
        )
    return find_row(state, table, row_id) if row_id and table != "case_file" else None


def _sensible(table: str, said: Mapping[str, Any], row: CaseRow | None, today: str) -> None:
    """Raises the Problem `invalid` for what cannot be meant."""

    def value(column: str) -> Any:
        return said[column] if column in said else row.value(column) if row is not None else None

    if missing := [_(said) for column, said in _NEEDED.get(table, {}).items() if value(column) is None]:
        raise problems.invalid(
            _("This is needed: %(columns)s.", columns=_(", ").join(missing)),
            _("Choose one of the list."),
        )
    if table == "case_file" and (day := said.get("next_contact_on")) and day < today:
        raise problems.invalid(_("The next contact lies in the past."), _("Take today or a day to come."))
    if value("done_on") and value("status") != "done":
        raise problems.invalid(
            _("It has a day on which it was done, and is not done."), _("Set its status to done.")
        )
    first, last = _ORDERED.get(table, ("", ""))
    if value(first) and value(last) and value(last) < value(first):
        raise problems.invalid(_("It ends before it begins."), _("Look at the two dates."))
