"""Pages of long lists by keyset: where the last row stood, never how many rows were skipped."""

import base64
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from app import problems
from app.language import _

T = TypeVar("T")

LARGEST = 1000
"""Most rows of one page."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page. `next` is handed back as `cursor` to go on; None at the end."""

    items: tuple[T, ...]
    next: str | None = None


def cut(rows: Sequence[T], limit: int, key: Callable[[T], tuple[datetime, uuid.UUID]]) -> Page[T]:
    """A page of `limit` out of rows that were asked for with one more than that. `key` tells where a row
    stands."""
    return Page(tuple(rows[:limit]), write_cursor(key(rows[limit - 1])) if len(rows) > limit else None)


def size(limit: int) -> int:
    """A limit that makes sense: 1 to LARGEST."""
    return max(1, min(limit, LARGEST))


def write_cursor(key: tuple[datetime, uuid.UUID]) -> str:
    """An opaque text for a place in a list: an instant and an id, never an answer."""
    said = json.dumps([key[0].isoformat(), str(key[1])], separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, uuid.UUID]:
    """The instant and id again. Raises Problem `invalid` on a text that is no cursor of such a list."""
    try:
        at, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = datetime.fromisoformat(at), uuid.UUID(last)
        if key[0].tzinfo is None:
            raise ValueError("no time zone")
    except (ValueError, TypeError, AttributeError):
        raise problems.invalid(
            _("The page marker is not one of this list."), _("Begin again at the first page.")
        ) from None
    return key
