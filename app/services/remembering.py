"""What was counted of cases, remembered by a process for as long as no case changes.

To count tens of thousands of cases takes a database the better part of a second, and a home page asks every time it is
looked at. Whoever settles gives each mission in which a case changed another revision, in the same transaction: what
was counted at one revision stands while it is the present one, whichever process wrote since.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app import policy
from app.models import CaseReach
from app.services import reach

T = TypeVar("T")
Revision = tuple[Hashable, ...]

_REACH = cast("Table", CaseReach.__table__).c


def revision(session: Session, *, actor: policy.Actor, mission_id: int | None) -> Revision:
    """What the cases are that the actor may read, in a mission or in all: another one whenever one of them changes.
    Empty where none was ever settled."""
    found = session.execute(
        select(_REACH.mission_id, _REACH.revision)
        .where(_REACH.reach == reach.EVERY, policy.within(actor, "case.read", _REACH.mission_id, mission_id))
        .order_by(_REACH.mission_id)
    ).all()
    # Who may read what belongs to it: of a mission without a revision there may be cases all the same, from before.
    who = policy.missions(actor, "case.read") if mission_id is None else mission_id
    return (who, *map(tuple, found)) if found else ()


def remembered(at: Revision, what: Hashable, count: Callable[[], T]) -> T:
    """What `count` returns, or returned before at this revision. `what` says what it is, with all it depends on beside
    the cases; it must not be altered."""
    if not at:
        return count()
    place = _place(at, what)
    if not place:
        place.append(count())
    return cast("T", place[0])


@lru_cache(maxsize=500)
def _place(_at: Revision, _what: Hashable) -> list[Any]:
    """Where something is kept; what was not asked for longest makes room."""
    return []
