"""The ledger: who did what to what. Append-only, written with its action, chained by hashes afterwards."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, RowMapping, Table, bindparam, func, insert, select, text, update
from sqlalchemy.orm import Session

from app.models import LedgerEntry, new_id, now

TABLE: Final = cast("Table", LedgerEntry.__table__)
# Any number will do, as long as nothing else in the database locks the same: two workers must not chain at
# once.
_CHAIN_LOCK: Final = 0x5A1F
_BEGINNING: Final = bytes(32)


def entry(
    *,
    actor: str,
    action: str,
    mission_id: int | None = None,
    object: str | None = None,  # noqa: A002 -- the column's name, and what the sentence needs
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A row of the ledger, for those who insert many at once."""
    return {
        "id": new_id(),
        "at": now(),
        "actor": actor,
        "action": action,
        "mission_id": mission_id,
        "object": object,
        "reason": reason,
        "detail": dict(detail or {}),
    }


def write(
    session: Session | Connection,
    *,
    actor: str,
    action: str,
    mission_id: int | None = None,
    object: str | None = None,  # noqa: A002 -- as above
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one action in the transaction of the action itself: both happen, or neither.

    `actor` is `user:7`, `device:12`, `worker` or `command line`; `object` is `case:…`, `submission:…`,
    `form:…`. Neither `object` nor `detail` ever holds personal data.
    """
    session.execute(
        insert(TABLE),
        entry(actor=actor, action=action, mission_id=mission_id, object=object, reason=reason, detail=detail),
    )


def write_many(session: Session | Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write rows made by `entry`, in one statement."""
    if entries:
        session.execute(insert(TABLE), entries)


def chain(
    session: Session, *, limit: int = 1000, each: Callable[[Sequence[RowMapping]], None] = lambda _rows: None
) -> int:
    """Give the oldest unchained rows their place, in the session's transaction. Returns how many; `each` is given
    them, every row once.

    On PostgreSQL a second worker waits here for the first; on SQLite `writing` has seen to that.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    position, digest = _last(session)
    rows = session.execute(select(TABLE).where(TABLE.c.position.is_(None)).order_by(TABLE.c.id).limit(limit))
    places = []
    found = rows.mappings().all()
    for row in found:
        position += 1
        digest = _digest(digest, position, row)
        places.append({"row_id": row["id"], "position": position, "digest": digest})
    if places:
        session.execute(update(TABLE).where(TABLE.c.id == bindparam("row_id")), places)
        each(found)
    return len(places)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found. `broken_at` is the first position that does not follow from the one before
    it."""

    chained: int
    unchained: int
    broken_at: int | None

    @property
    def ok(self) -> bool:
        """Whether every chained row is as it was when it was chained."""
        return self.broken_at is None


def verify(session: Session) -> Verdict:
    """Recompute the chain from its beginning. Memory does not grow with the ledger."""
    unchained = session.scalar(select(func.count()).where(TABLE.c.position.is_(None))) or 0
    statement = select(TABLE).where(TABLE.c.position.is_not(None)).order_by(TABLE.c.position)
    digest, position = _BEGINNING, 0
    with session.execute(statement.execution_options(yield_per=1000)) as rows:
        for row in rows.mappings():
            position += 1
            digest = _digest(digest, position, row)
            if row["position"] != position or row["digest"] != digest:
                return Verdict(position - 1, unchained, position)
    return Verdict(position, unchained, None)


def _last(session: Session) -> tuple[int, bytes]:
    statement = select(TABLE.c.position, TABLE.c.digest).where(TABLE.c.position.is_not(None))
    last = session.execute(statement.order_by(TABLE.c.position.desc()).limit(1)).first()
    return (last.position, last.digest) if last else (0, _BEGINNING)


def _digest(previous: bytes, position: int, row: RowMapping) -> bytes:
    """SHA-256 over the previous digest and the row as canonical JSON."""
    said = {name: row[name] for name in ("actor", "action", "mission_id", "object", "reason", "detail")}
    said |= {"id": str(row["id"]), "at": _instant(row["at"]), "position": position}
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(previous + canonical.encode()).digest()


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
