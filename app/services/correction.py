"""Correcting a value of a case: a decision that names row, field and value, and the source it overrules."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app import problems
from app.db import writing
from app.keys import Keyring
from app.language import _
from app.policy import Actor
from app.services.deciding import find_case, folded, keep, settle
from submissions import conversion
from xlsforms import dictionary

LONGEST = 10_000
"""Characters of the longest corrected text."""


def correct(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    case_id: uuid.UUID,
    table: str,
    row_id: str,
    column: str,
    value: Any,
    reason: str,
    overrules: tuple[str, str] | None = None,
) -> uuid.UUID:
    """Set a value of a row of the case. None takes it away. `overrules` is the source, (submission,
    question), of the value that stood there when the person decided; a newer answer then gives a finding, and
    the correction holds."""
    with writing(session):
        case = find_case(session, actor, case_id)
        field = dictionary.load().field(f"{table}.{column}")
        if field is None or dictionary.load().tables[table].scope != "case":
            raise problems.invalid(_("The case store has no such field."))
        said = folded(session, keyring, case.case_id)
        rows = (*said.rows.get(table, ()), *said.earlier_rows.get(table, ()))
        row = next((row for row in rows if row_id in (row.id, row.key)), None)
        if row is None:
            raise problems.not_found("row")
        keys = {name: str(fact.value) for name, fact in row.columns.items()}
        body = {
            "case_uid": str(case.case_id),
            "table": table,
            "row_key": row.key,
            "column": column,
            "value": checked(field, keys, value),
            "overrules": {"submission": overrules[0], "question": overrules[1]} if overrules else None,
        }
        made = keep(session, keyring, actor, "correct", case.case_id, case.mission_id, reason, body)
        settle(session, keyring, cases=[case.case_id])
        return made


def checked(field: dictionary.Field, keys: Mapping[str, str], value: Any) -> Any:
    """A value of the field's type, as facts hold it. Raises Problem `invalid`, which never repeats the
    value."""
    if value is None:
        return None
    wrong = problems.invalid(
        _("The value is not of the type of %(field)s (%(type)s).", field=field.name, type=field.type)
    )
    codes = dictionary.load().code_lists.get(field.list_for(keys) or "")
    if field.type == "array" and isinstance(value, list | tuple):
        if codes is None or not all(isinstance(one, str) and one in codes for one in value):
            raise wrong
        return list(value)
    if codes is not None:
        if not isinstance(value, str) or value not in codes:
            raise problems.invalid(_("The value is not a code of the list %(list)s.", list=codes.name))
        return value
    if field.type in ("boolean", "integer"):
        if isinstance(value, int) and isinstance(value, bool) == (field.type == "boolean"):
            return value
        raise wrong
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        raise wrong
    try:
        return conversion.BY_TYPE[field.type](value)
    except (ValueError, KeyError):
        raise wrong from None
