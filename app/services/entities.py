"""Cases as phones see them: an entity list with one row a case, holding no name and no date of birth.

The rows follow from the fold, but their version is stored and only rises: a phone keeps its own row if the
server's version ever falls, so a replay must not begin at one again.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Table,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.db import insert_or
from app.models import CaseEntity, CaseReach, new_id
from app.services import reach
from app.services.placing import Holder
from app.services.senders import Sender
from submissions.case import CaseState

TABLE = cast("Table", CaseEntity.__table__)
_REACH = cast("Table", CaseReach.__table__)
COLUMNS: Final = ("sex", "is_minor", "status", "next_contact_on")
"""What a phone holds of a case beside its uid, its reference and its version; never a name, never a birth date."""
_SAID = ("mission_id", "owner_id", "group_id", "open", "label", *COLUMNS)
_CLOSED = ("closed", "closed_referred")
_INSERT = insert(TABLE)
_UPDATE = (
    update(TABLE)
    .where(TABLE.c.case_id == bindparam("key"))
    .values({name: bindparam(name) for name in ("version", *_SAID)})
)


def said(state: CaseState, *, mission_id: int, holder: Holder) -> dict[str, Any]:
    """What phones are told of a case. Without consent there is nothing to go on with, so it is not
    offered."""
    status = str(state.value("case_file", "status") or "active")
    minor = state.value("case_file", "is_minor")
    consented = any(head.consent_ok is not False for head in state.interviews)
    return {
        "mission_id": mission_id,
        "owner_id": holder.interviewer,
        "group_id": holder.group,
        "open": consented and status not in _CLOSED,
        # A row without a label would make a phone refuse the whole list.
        "label": str(state.value("case_file", "case_ref") or "").strip() or state.case_uid[:8],
        "sex": str(state.value("person", "sex") or ""),
        "is_minor": "" if minor is None else str(int(bool(minor))),
        "status": status,
        "next_contact_on": str(state.value("case_file", "next_contact_on") or ""),
    }


def changes(
    connection: Connection, wanted: Mapping[uuid.UUID, Mapping[str, Any] | None]
) -> list[tuple[Executable, list[dict[str, Any]]]]:
    """Statements that bring the entities of some cases to what is wanted (None: the case is no more), a
    version up for each that differs; and that mark every list which is another one then."""
    found = connection.execute(select(TABLE).where(TABLE.c.case_id.in_(wanted)))
    known = {row.case_id: row._asdict() for row in found}
    new, changed = [], []
    lists: set[tuple[int, str]] = set()
    for case_id, now_said in wanted.items():
        before = known.get(case_id)
        if before is None:
            if now_said is not None:
                new.append({"case_id": case_id, "version": 1, **now_said})
                lists |= _lists(now_said)
            continue
        after = {name: before[name] for name in _SAID}
        after |= now_said if now_said is not None else {"open": False}
        if any(before[name] != after[name] for name in _SAID):
            changed.append({"key": case_id, "version": before["version"] + 1, **after})
            lists |= _lists(before) | _lists(after)
    return [(_INSERT, new), (_UPDATE, changed), renewed(connection, lists)]


def renewed(
    connection: Connection, lists: Collection[tuple[int, str]]
) -> tuple[Executable, list[dict[str, Any]]]:
    """The statement that gives lists, each a mission and a reach, another revision."""
    # Never a number that was there before, as a counter would give after a backup was restored.
    marks = [{"mission_id": mission, "reach": one, "revision": new_id()} for mission, one in sorted(lists)]
    mark = insert_or(connection, _REACH)
    mark = mark.on_conflict_do_update(
        index_elements=["mission_id", "reach"], set_={"revision": mark.excluded.revision}
    )
    return mark, marks


def _lists(entity: Mapping[str, Any]) -> set[tuple[int, str]]:
    """The lists that an entity is in: mission and reach."""
    if not entity["open"]:
        return set()
    return {(entity["mission_id"], one) for one in reach.of_case(entity["owner_id"], entity["group_id"])}


def revision(session: Session, sender: Sender) -> str:
    """Another text whenever the phone's list is another one: one row, however long the list."""
    within = reach.of_phone(sender.interviewer_id, sender.group_id)
    found = session.scalar(
        select(_REACH.c.revision).where(_REACH.c.mission_id == sender.mission_id, _REACH.c.reach == within)
    )
    return f"{sender.mission_id} {within} {found}"


def rows(session: Session, sender: Sender) -> Iterator[list[tuple[Any, ...]]]:
    """The open cases within the phone's reach by label, in portions: uid, label, version, and COLUMNS. One
    query, read as it comes, so that memory does not grow with the list."""
    return _rows(session, and_(TABLE.c.mission_id == sender.mission_id, TABLE.c.open, _within(sender)))


def of_mission(
    session: Session, mission_id: int, also: Collection[uuid.UUID]
) -> Iterator[list[tuple[Any, ...]]]:
    """As `rows`: all open cases of a mission, and of its other cases those named."""
    return _rows(
        session, and_(TABLE.c.mission_id == mission_id, or_(TABLE.c.open, TABLE.c.case_id.in_(also)))
    )


def _rows(session: Session, condition: ColumnElement[bool]) -> Iterator[list[tuple[Any, ...]]]:
    columns = (TABLE.c[name] for name in ("case_id", "label", "version", *COLUMNS))
    statement = select(*columns).where(condition).order_by(TABLE.c.label, TABLE.c.case_id)
    # Closed at once if the reader stops early.
    with session.execute(statement, execution_options={"yield_per": 1000}) as found:
        for portion in found.partitions():
            yield [tuple(row) for row in portion]


def integrity(session: Session, sender: Sender, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, bool]:
    """For cases a phone holds: whether it shall delete them. A case it may not see is as good as deleted; one
    never seen here stays: it was begun on the phone, and its interview is still on the way."""
    within = and_(TABLE.c.mission_id == sender.mission_id, TABLE.c.open, _within(sender))
    found = session.execute(select(TABLE.c.case_id, within.label("kept")).where(TABLE.c.case_id.in_(ids)))
    kept = {row.case_id: bool(row.kept) for row in found}
    return {one: not kept.get(one, True) for one in ids}


def _within(sender: Sender) -> ColumnElement[bool]:
    """The same as `reach`, said in SQL."""
    if sender.interviewer_id is not None:
        return TABLE.c.owner_id == sender.interviewer_id
    if sender.group_id is not None:
        return TABLE.c.group_id == sender.group_id
    return and_(TABLE.c.owner_id.is_(None), TABLE.c.group_id.is_(None))
