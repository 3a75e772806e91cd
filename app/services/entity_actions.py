"""What submissions do to entities, in the order in which they arrive, once each.

Updates may arrive out of order. One whose predecessor in its phone's branch has not come yet waits, for a
limited time, then it is applied as a conflict; one of an entity that is not there waits until it is. Nothing is
lost: what is not done stands among the pending actions and says why.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Exists,
    Row,
    Table,
    and_,
    delete,
    exists,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.db import connect_to_write, insert_or
from app.keys import Keyring
from app.models import EntityList, EntityPending, Submission, ago, now
from app.services import entity_lists, entity_store
from app.services.entity_store import VERSION, Source
from submissions import branching
from submissions.entities import LABEL, EntityAction
from xlsforms import schema

_PENDING: Final = cast("Table", EntityPending.__table__)
_SUBMISSION: Final = cast("Table", Submission.__table__)
PATIENCE: Final = timedelta(days=5)
"""How long an update waits for the one before it."""
WAITING: Final = ("predecessor", "unknown")
"""Reasons that end by themselves when what lacks arrives."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """An action, the list it is about, and whence it came."""

    list_id: int
    action: EntityAction
    source: Source

    @property
    def entity_id(self) -> uuid.UUID:
        return uuid.UUID(self.action.id)


def act(
    connection: Connection,
    keyring: Keyring,
    *,
    submission_id: uuid.UUID,
    form: schema.Form,
    actions: Iterable[EntityAction],
) -> None:
    """Do what a submission wishes. Doing it again does nothing."""
    row = connection.execute(
        select(_SUBMISSION.c.mission_id, _SUBMISSION.c.device_id, _SUBMISSION.c.user_id).where(
            _SUBMISSION.c.id == submission_id
        )
    ).one()
    lists = entity_lists.declare(connection, row.mission_id, form)
    source = Source(row.user_id, "", submission_id, row.device_id)
    for action in actions:
        if action.list_name in lists:
            wish = _Wish(lists[action.list_name], action, source)
            if not _done(connection, wish):
                _begin(connection, keyring, wish)


def take_up(engine: Engine, keyring: Keyring) -> int:
    """Do what was waiting and need not wait any longer: the submission was approved, or the update before it did
    not come in time, so that it is applied as a conflict. Returns how many; looks before it writes."""
    with engine.connect() as connection:
        if not _pending(connection, _ready()):
            return 0
    with connect_to_write(engine) as connection:
        rows = _pending(connection, _ready())
        for row in rows:
            _attempt(connection, keyring, _wish(row, keyring), patient=row.reason == "approval")
        return len(rows)


def ripe() -> Exists:
    """Whether anything need not wait any longer."""
    return exists().where(_SUBMISSION.c.id == _PENDING.c.submission_id, _ready())


def _ready() -> ColumnElement[bool]:
    late = and_(_PENDING.c.reason == "predecessor", _PENDING.c.since < ago(PATIENCE))
    version = _SUBMISSION.alias()  # an edit may be what somebody looked at
    approved = exists().where(
        version.c.mission_id == _SUBMISSION.c.mission_id,
        version.c.root_instance_id == _SUBMISSION.c.root_instance_id,
        version.c.review_state == "approved",
    )
    return or_(late, and_(_PENDING.c.reason == "approval", approved))


@dataclass(frozen=True, slots=True)
class Left:
    """An action that was not done, or not yet: which submission wished it, and why it is so."""

    submission_id: uuid.UUID
    xml_form_id: str
    reason: str
    since: datetime


def left(session: Session, list_id: int, *, limit: int = 100) -> list[Left]:
    """What was not done to the entities of a list, the oldest first."""
    statement = (
        select(_PENDING.c.submission_id, _SUBMISSION.c.xml_form_id, _PENDING.c.reason, _PENDING.c.since)
        .join(_SUBMISSION, _SUBMISSION.c.id == _PENDING.c.submission_id)
        .where(_PENDING.c.list_id == list_id)
        .order_by(_PENDING.c.submission_id)
        .limit(limit)
    )
    return [Left(*row) for row in session.execute(statement)]


# --- one wish


def _done(connection: Connection, wish: _Wish) -> bool:
    """Whether the wish was done or is pending: a submission may be read again and again."""
    return any(
        connection.scalar(
            select(
                exists().where(
                    table.c.submission_id == wish.source.submission_id,
                    table.c.list_id == wish.list_id,
                    table.c.entity_id == wish.entity_id,
                )
            )
        )
        for table in (VERSION, _PENDING)
    )


def _begin(connection: Connection, keyring: Keyring, wish: _Wish) -> None:
    if connection.scalar(select(EntityList.approval_required).where(EntityList.id == wish.list_id)):
        _wait(connection, keyring, wish, "approval")
    else:
        _attempt(connection, keyring, wish)


def _attempt(connection: Connection, keyring: Keyring, wish: _Wish, *, patient: bool = True) -> None:
    """Do it, and whatever waited for it; or note why not."""
    reason = _apply(connection, keyring, wish, patient=patient)
    if reason is not None:
        _wait(connection, keyring, wish, reason)
        return
    _forget(connection, wish)
    this = (_PENDING.c.list_id == wish.list_id, _PENDING.c.entity_id == wish.entity_id)
    while any(
        _retry(connection, keyring, row)
        for row in _pending(connection, *this, _PENDING.c.reason.in_(WAITING))
    ):
        pass


def _retry(connection: Connection, keyring: Keyring, row: Row[Any]) -> bool:
    wish = _wish(row, keyring)
    reason = _apply(connection, keyring, wish, patient=True)
    if reason is None:
        _forget(connection, wish)
    elif reason != row.reason:
        _wait(connection, keyring, wish, reason)
    return reason is None


def _apply(connection: Connection, keyring: Keyring, wish: _Wish, *, patient: bool) -> str | None:
    """Apply a wish. Returns why not, None if it was."""
    action, list_id = wish.action, wish.list_id
    before = entity_store.get(connection, keyring, list_id, wish.entity_id, lock=True)
    if before is None:
        if not action.create:
            return "unknown"
        if LABEL not in action.said:
            return "label"
        made = entity_store.add_many(
            connection, keyring, list_id, {wish.entity_id: action.said}, source=wish.source
        )
        return None if made else "exists"
    if before.deleted_at is not None:
        return "deleted"
    if not action.update:
        return "exists"
    applied = [one.applied for one in entity_store.versions(connection, keyring, list_id, wish.entity_id)]
    base = branching.base_of(action, applied)
    conflict = branching.conflict(action.said, base, applied) if base is not None else None
    if base is None:
        if patient:
            return "predecessor"
        base = max(
            (one.version for one in applied if one.branch_id == action.branch_id),
            default=action.trunk_version or 1,
        )
        conflict = branching.conflict(action.said, base, applied) or "soft"
    entity_store.change(
        connection,
        keyring,
        list_id,
        before,
        action.said,
        source=wish.source,
        base=base,
        conflict=conflict,
        trunk=action.trunk_version,
        branch_id=action.branch_id,
    )
    return None


# --- what is pending


def _wait(connection: Connection, keyring: Keyring, wish: _Wish, reason: str) -> None:
    key = {"submission_id": wish.source.submission_id, "list_id": wish.list_id, "entity_id": wish.entity_id}
    content = json.dumps(wish.action.to_json(), separators=(",", ":"), ensure_ascii=False).encode()
    row = {**key, "reason": reason, "action": keyring.encrypt(content, _context(key)), "since": now()}
    statement = insert_or(connection, _PENDING).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_={"reason": reason}))


def _forget(connection: Connection, wish: _Wish) -> None:
    connection.execute(
        delete(_PENDING).where(
            _PENDING.c.submission_id == wish.source.submission_id,
            _PENDING.c.list_id == wish.list_id,
            _PENDING.c.entity_id == wish.entity_id,
        )
    )


def _pending(connection: Connection | Session, *where: Any) -> list[Row[Any]]:
    """Pending actions in the order of their submissions' arrival, with who sent them."""
    statement = (
        select(_PENDING, _SUBMISSION.c.device_id, _SUBMISSION.c.user_id)
        .join(_SUBMISSION, _SUBMISSION.c.id == _PENDING.c.submission_id)
        .where(*where)
    )
    return list(connection.execute(statement.order_by(_PENDING.c.submission_id, _PENDING.c.entity_id)))


def _wish(row: Row[Any], keyring: Keyring) -> _Wish:
    content = keyring.decrypt(row.action, _context(row._asdict()))
    action = EntityAction.from_json(json.loads(content))
    return _Wish(row.list_id, action, Source(row.user_id, "", row.submission_id, row.device_id))


def _context(key: Mapping[str, Any]) -> str:
    return f"entity-action:{key['submission_id']}:{key['list_id']}:{key['entity_id']}"
