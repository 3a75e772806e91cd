"""A walk through a table of a feed, page by page: where it is, as OData's `$skiptoken` carries it.

A walk sees the submissions as they stood when it began: what comes in on the way, and what an edit replaces on the way,
changes neither which rows it meets nor how often. A place is a submission and a row of it, never a number of rows
skipped, so a page costs what is on it.
"""

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app import problems

_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk is. `until` is the id of the newest submission there was when it began; `submission` and `row` what
    comes next, the row counted from 0 within the table; without a submission, the beginning. `values` are what
    the database sorts that submission by; `total` how many rows there are, if the first page has counted them."""

    until: uuid.UUID
    submission: uuid.UUID | None = None
    row: int = 0
    values: tuple[Any, ...] = ()
    total: int | None = None

    def token(self) -> str:
        """The place as an opaque text without any answer."""
        said = [str(self.until), str(self.submission), self.row, list(map(_write, self.values)), self.total]
        return base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode().rstrip("=")


def read(token: str, *, values: int) -> Place:
    """The place of a token, with so many values to sort by. Raises the Problem `invalid`."""
    try:
        if len(token) > _LONGEST:
            raise ValueError("too long")
        until, submission, row, sorted_by, total = json.loads(
            base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        )
        place = Place(uuid.UUID(until), uuid.UUID(submission), row, tuple(map(_read, sorted_by)), total)
        if not _counts(row) or not (total is None or _counts(total)) or len(place.values) != values:
            raise ValueError("no place")
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise gone() from None
    return place


def gone() -> problems.Problem:
    """The Problem of a token that leads nowhere."""
    return problems.invalid(
        "The $skiptoken is not one of this table and order, or what it led to was deleted.",
        "Begin again at the first page, and change nothing but what @odata.nextLink changes.",
    )


def _counts(number: Any) -> bool:
    return type(number) is int and 0 <= number < 2**53


def _write(value: Any) -> Any:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _read(said: Any) -> Any:
    if isinstance(said, dict):
        moment = datetime.fromisoformat(said["at"])
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment
    if said is not None and not isinstance(said, str | int):
        raise ValueError("no value")
    return said
