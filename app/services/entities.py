"""Cases as phones see them: an entity list with one row a case, holding no name and no date of birth.

The rows follow from the fold, but their version is stored and only rises: a phone keeps its own row if the
server's version ever falls, so a replay must not begin at one again.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from sqlalchemy import Connection, Executable, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.models import CaseEntity
from submissions.case import CaseState

TABLE = cast("Table", CaseEntity.__table__)
_SAID = ("mission_id", "owner_id", "open", "label", "sex", "is_minor", "status", "next_contact_on")
_CLOSED = ("closed", "closed_referred")
_INSERT = insert(TABLE)
_UPDATE = (
    update(TABLE)
    .where(TABLE.c.case_id == bindparam("key"))
    .values({name: bindparam(name) for name in ("version", *_SAID)})
)


def said(state: CaseState, *, mission_id: int, owner_id: int | None) -> dict[str, Any]:
    """What phones are told of a case. Without consent there is nothing to go on with, so it is not
    offered."""
    status = str(state.value("case_file", "status") or "active")
    minor = state.value("case_file", "is_minor")
    consented = any(head.consent_ok is not False for head in state.interviews)
    return {
        "mission_id": mission_id,
        "owner_id": owner_id,
        "open": consented and status not in _CLOSED,
        "label": str(state.value("case_file", "case_ref") or state.case_uid[:8]),
        "sex": str(state.value("person", "sex") or ""),
        "is_minor": "" if minor is None else str(int(bool(minor))),
        "status": status,
        "next_contact_on": str(state.value("case_file", "next_contact_on") or ""),
    }


def changes(
    connection: Connection, wanted: Mapping[uuid.UUID, Mapping[str, Any] | None]
) -> list[tuple[Executable, list[dict[str, Any]]]]:
    """Statements that bring the entities of some cases to what is wanted (None: the case is no more), a
    version up for each that differs."""
    found = connection.execute(select(TABLE).where(TABLE.c.case_id.in_(wanted)))
    known = {row.case_id: row._asdict() for row in found}
    new, changed = [], []
    for case_id, now_said in wanted.items():
        before = known.get(case_id)
        if before is None:
            new += [{"case_id": case_id, "version": 1, **now_said}] if now_said is not None else []
            continue
        after = {name: before[name] for name in _SAID}
        after |= now_said if now_said is not None else {"open": False}
        if any(before[name] != after[name] for name in _SAID):
            changed.append({"key": case_id, "version": before["version"] + 1, **after})
    return [(_INSERT, new), (_UPDATE, changed)]


def entity_rows(session: Session, *, mission_id: int, owner_id: int | None) -> Iterator[CaseEntity]:
    """Open cases for a phone: those of its interviewer; if the phone is nobody's, those that are nobody's
    too."""
    statement = select(CaseEntity).where(
        CaseEntity.mission_id == mission_id, CaseEntity.open.is_(True), CaseEntity.owner_id == owner_id
    )
    return session.execute(
        statement.order_by(CaseEntity.label, CaseEntity.case_id).execution_options(yield_per=500)
    ).scalars()


def integrity(
    session: Session, *, mission_id: int, owner_id: int | None, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, bool]:
    """For cases a phone holds: whether it shall delete them. A case it may not see is as good as deleted; one
    never seen here stays: it was begun on the phone, and its interview is still on the way."""
    rows = session.execute(
        select(CaseEntity.case_id, CaseEntity.mission_id, CaseEntity.owner_id, CaseEntity.open).where(
            CaseEntity.case_id.in_(ids)
        )
    )
    deleted = {
        row.case_id: not row.open or row.mission_id != mission_id or row.owner_id != owner_id for row in rows
    }
    return {one: deleted.get(one, False) for one in ids}
