"""The order of a table, as OData's `$orderby` says it: `__system/submissionDate desc, person/age`.

What the server knows of a submission (fields of `__system`) the database sorts; answers are sorted when they are read,
which is why that has a limit. Null comes before everything (OData 4.01, Protocol, section 11.2.6.2).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, literal, or_
from sqlalchemy.sql.elements import UnaryExpression

from app import problems
from app.models import Instant
from app.services import condition_sql
from app.services.condition import FIELDS, Answer, Field

MOST: Final = 5
"""Things to sort by."""
_ITEM: Final = re.compile(
    r"(?P<whole>\$root/Submissions/)?(?P<name>[A-Za-z_][\w/]*)(?:\s+(?P<direction>asc|desc))?"
)


@dataclass(frozen=True, slots=True)
class By:
    """One thing to sort by."""

    what: Field | Answer
    descending: bool = False


def read(text: str | None) -> tuple[By, ...]:
    """An order; nothing for an empty text. Raises the Problem `invalid`."""
    items = [item.strip() for item in (text or "").split(",")] if (text or "").strip() else []
    if len(items) > MOST:
        raise refused(f"It names more than {MOST} things.")
    return tuple(map(_by, items))


def _by(item: str) -> By:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise refused("Between commas stands one name, and behind it asc or desc.")
    group, _, name = found["name"].partition("/")
    descending = found["direction"] == "desc"
    if group != "__system":
        return By(Answer(found["name"], whole=found["whole"] is not None), descending)
    if name not in FIELDS:
        raise refused(f"Of __system it can name {', '.join(FIELDS)}.")
    return By(Field(name), descending)


def columns(order: Sequence[By]) -> list[ColumnElement[Any]]:
    """What the database sorts by. Only fields of `__system`."""
    return [condition_sql.field(by.what.name) for by in order if isinstance(by.what, Field)]


def clauses(order: Sequence[By]) -> list[UnaryExpression[Any]]:
    """For `.order_by(...)`; what is equal in all of it, the caller puts in an order."""
    found: list[UnaryExpression[Any]] = []
    for by, column in zip(order, columns(order), strict=True):
        known = column.is_not(None)
        found += [known.desc(), column.desc()] if by.descending else [known.asc(), column.asc()]
    return found


def from_there_on(
    order: Sequence[By], values: Sequence[Any], last: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether a row stands at the place of these values or behind it; `last` tells it for rows that are equal in all
    of them."""
    found = last
    for by, column, value in reversed(list(zip(order, columns(order), values, strict=True))):
        known = literal(value, Instant()) if isinstance(value, datetime) else literal(value)
        if by.descending:
            behind = false() if value is None else or_(column < known, column.is_(None))
        else:
            behind = column.is_not(None) if value is None else column > known
        equal = column.is_(None) if value is None else column == known
        found = or_(behind, and_(equal, found))
    return found


def refused(why: str) -> problems.Problem:
    """The Problem of an order that cannot be read or kept."""
    return problems.invalid(
        f"The order cannot be read. {why}",
        "Name fields of __system, or questions by the names they have in the table, with commas between.",
    )
