"""The worker's search for cases that may be about one person.

A case that changed in what is compared (`submissions.likeness`) is due. The search gives it its keys, compares it
with the cases of its mission that have one of them, and keeps the pairs that are alike enough. What a pair is depends
on the cases alone and not on the order in which they came: a key that many share says nothing, and when one begins or
ceases to be such, those who have it are due again. Decision 11 says why names are compared opened, and only here.
"""

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import structlog
from sqlalchemy import Connection, Engine, Table, and_, delete, func, insert, or_, select, union_all, update
from sqlalchemy.orm import Session

from app.db import connect_to_write, insert_or
from app.keys import Keyring
from app.log import describe
from app.models import TABLES, CaseState, CaseTrace, Decision, TraceDue, TraceKey, Twin
from app.models.case_store import p3_context
from app.services import placing, settling, stored
from submissions import likeness
from submissions.likeness import Traits
from xlsforms import dictionary

MANY = 50
"""A key that more cases than this have says nothing about two of them."""
PIECE = 10
"""Cases compared in one transaction: some 30 ms in which SQLite takes no phone's interview."""

_TRACE = cast("Table", CaseTrace.__table__)
_KEY = cast("Table", TraceKey.__table__)
_DUE = cast("Table", TraceDue.__table__)
_TWIN = cast("Table", Twin.__table__)
_STATE = cast("Table", CaseState.__table__).c
_DECISION = cast("Table", Decision.__table__).c
_COLUMNS = {
    "person": (
        "first_name", "family_name", "birthdate", "birthdate_precision", "birth_year_estimate", "sex",
        "contact_phone", "contact_email", "identity_number",
    ),
    "person_name": ("name",),
    "person_citizenship": ("country",),
}  # fmt: skip
_STAMP = 12
_AT_ONCE = 20  # keys looked up in one statement: SQLite takes no more than 500

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trace:
    """What is compared of one case, as it stands in its row."""

    case_id: uuid.UUID
    mission_id: int
    stamp: bytes
    traits: Traits
    keys: frozenset[int] = frozenset()


def search(engine: Engine, keyring: Keyring, *, limit: int = PIECE) -> int:
    """Compare up to `limit` cases that are due. Returns how many. Looks before it writes, so that an idle worker
    takes no lock."""
    with engine.connect() as connection:
        if connection.scalar(select(_DUE.c.case_id).limit(1)) is None:
            return 0
    with connect_to_write(engine) as connection:
        settling.stand_alone(connection)
        due = connection.scalars(select(_DUE.c.case_id).order_by(_DUE.c.case_id).limit(limit)).all()
        if not _look_safely(connection, keyring, due):
            # One by one, so that only the one at fault is left out; it is looked at again when it changes.
            for case_id in due:
                if not _look_safely(connection, keyring, [case_id]):
                    connection.execute(delete(_DUE).where(_DUE.c.case_id == case_id))
    return len(due)


def _look_safely(connection: Connection, keyring: Keyring, cases: Sequence[uuid.UUID]) -> bool:
    """Compare cases; whether it went well. Whatever stands in a case, it must not stop the worker."""
    try:
        with connection.begin_nested():
            look(connection, keyring, cases)
    except Exception as error:  # noqa: BLE001 -- as above
        _log.error("cases could not be compared", count=len(cases), exception=describe(error))
        return False
    return True


def search_all(engine: Engine, keyring: Keyring) -> int:
    """Compare whatever is due. Returns how many cases were compared."""
    total = 0
    while done := search(engine, keyring, limit=100):
        total += done
    return total


def due(connection: Connection, cases: Collection[uuid.UUID]) -> None:
    """Have cases compared again."""
    if cases:
        rows = [{"case_id": case_id} for case_id in sorted(cases)]
        connection.execute(insert_or(connection, _DUE).on_conflict_do_nothing(), rows)


def outdated(connection: Connection, mission_id: int | None) -> int:
    """Have every case compared again that was not, or by other rules. Returns how many."""
    known = select(_TRACE.c.case_id).where(_TRACE.c.rules == likeness.RULES)
    wanted = select(_STATE.case_id).where(
        _STATE.case_id.not_in(known), _STATE.case_id.not_in(select(_DUE.c.case_id))
    )
    if mission_id is not None:
        wanted = wanted.where(_STATE.mission_id == mission_id)
    found = connection.scalars(wanted).all()
    due(connection, found)
    return len(found)


def look(connection: Connection, keyring: Keyring, cases: Sequence[uuid.UUID]) -> None:
    """Compare these cases with those of their missions. `connection` is in a transaction that writes, and nobody
    settles at the same time."""
    before = _traces(connection, keyring, cases)
    after = _made(connection, keyring, cases)
    for case_id in cases:
        _keep(connection, keyring, before.get(case_id), after.get(case_id))
    connection.execute(delete(_DUE).where(_DUE.c.case_id.in_(cases)))
    _spread(connection, before, after)
    for case_id in cases:
        _pair(connection, keyring, case_id, after.get(case_id))


def neighbours(
    connection: Connection, keyring: Keyring, mission_id: int, wanted: Mapping[uuid.UUID, Collection[str]]
) -> dict[uuid.UUID, list[Trace]]:
    """The cases of a mission that have one of some keys (`likeness.keys`), for each of several that ask."""
    blind = {one: _blind(keyring, mission_id, keys) for one, keys in wanted.items()}
    members = _members(connection, frozenset().union(*blind.values()))
    near = {one: {case_id for key in keys for case_id in members.get(key, ())} for one, keys in blind.items()}
    traces = _traces(connection, keyring, set().union(*near.values()))
    return {one: [traces[case_id] for case_id in cases if case_id in traces] for one, cases in near.items()}


def stamps(connection: Connection, cases: Collection[uuid.UUID]) -> dict[str, str]:
    """Case uid → keyed hash of what is compared of it, as decisions keep them."""
    rows = connection.execute(select(_TRACE.c.case_id, _TRACE.c.stamp).where(_TRACE.c.case_id.in_(cases)))
    return {str(row.case_id): row.stamp.hex() for row in rows}


# ---- what is compared ------------------------------------------------------------------------------------------


def _made(connection: Connection, keyring: Keyring, cases: Collection[uuid.UUID]) -> dict[uuid.UUID, Trace]:
    """The traces of cases as their tables stand; a case that is no more has none."""
    rows: dict[uuid.UUID, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    tables = dictionary.load().tables
    for name, columns in _COLUMNS.items():
        table, key = TABLES[name], tables[name].id_column
        wanted = (table.c.case_id, table.c[key], *(table.c[column] for column in columns))
        for row in connection.execute(select(*wanted).where(table.c.case_id.in_(cases))).mappings():
            said = {
                column: _opened(keyring, tables[name].fields[column], row[key], row[column])
                for column in columns
            }
            rows[row["case_id"]].append((name, said))
    file = TABLES["case_file"].c
    states = connection.execute(
        select(_STATE.case_id, _STATE.mission_id, _STATE.reference, file.case_ref)
        .outerjoin(TABLES["case_file"], file.case_id == _STATE.case_id)
        .where(_STATE.case_id.in_(cases))
    )
    made = {}
    for state in states:
        traits = likeness.traits(rows[state.case_id], reference=(state.reference or b"").hex())
        readable = likeness.reference_keys(placing.normal_reference(state.case_ref or ""))
        keys = _blind(keyring, state.mission_id, likeness.keys(traits) | readable)
        stamp = keyring.digest(_written(traits))[:_STAMP]
        made[state.case_id] = Trace(state.case_id, state.mission_id, stamp, traits, keys)
    return made


def _opened(keyring: Keyring, field: dictionary.Field, row_id: uuid.UUID, value: Any) -> Any:
    if value is None or field.privacy != "P3":
        return value
    return keyring.decrypt(value, p3_context(field.table, field.column, row_id)).decode()


def _written(traits: Traits) -> bytes:
    return json.dumps(traits.to_json(), separators=(",", ":"), sort_keys=True).encode()


def _traces(connection: Connection, keyring: Keyring, cases: Collection[uuid.UUID]) -> dict[uuid.UUID, Trace]:
    if not cases:
        return {}
    return {
        row.case_id: Trace(
            row.case_id,
            row.mission_id,
            row.stamp,
            Traits.from_json(json.loads(keyring.decrypt(row.traits, f"trace:{row.case_id}"))),
            _unpacked(row.keys),
        )
        for row in connection.execute(select(_TRACE).where(_TRACE.c.case_id.in_(cases)))
    }


def _keep(connection: Connection, keyring: Keyring, before: Trace | None, after: Trace | None) -> None:
    """Write the trace and the keys of a case where they differ."""
    had, has = (one.keys if one else frozenset() for one in (before, after))
    case_id = (before or after or _NOTHING).case_id
    if lost := had - has:
        connection.execute(delete(_KEY).where(_KEY.c.case_id == case_id, _KEY.c.key.in_(lost)))
    if gained := has - had:
        connection.execute(insert(_KEY), [{"key": key, "case_id": case_id} for key in sorted(gained)])
    if after is None:
        connection.execute(delete(_TRACE).where(_TRACE.c.case_id == case_id))
        return
    row = {
        "mission_id": after.mission_id,
        "rules": likeness.RULES,
        "stamp": after.stamp,
        "keys": b"".join(key.to_bytes(8, signed=True) for key in sorted(after.keys)),
    }
    if before is None or before.stamp != after.stamp:
        row["traits"] = keyring.encrypt(_written(after.traits), f"trace:{case_id}")
    if before is None:
        connection.execute(insert(_TRACE), {"case_id": case_id, **row})
    else:
        connection.execute(update(_TRACE).where(_TRACE.c.case_id == case_id).values(**row))


_NOTHING = Trace(uuid.UUID(int=0), 0, b"", Traits())


# ---- where to look ---------------------------------------------------------------------------------------------


def _blind(keyring: Keyring, mission_id: int, keys: Iterable[str]) -> frozenset[int]:
    """Keys as they are kept: 64 bits of a blind index each."""
    return frozenset(
        int.from_bytes(keyring.blind(f"trace {mission_id} {key}")[:8], signed=True) for key in keys
    )


def _unpacked(keys: bytes) -> frozenset[int]:
    return frozenset(int.from_bytes(keys[place : place + 8], signed=True) for place in range(0, len(keys), 8))


def _members(
    connection: Connection, keys: Collection[int], *, besides: int = 0
) -> dict[int, list[uuid.UUID]]:
    """The cases that have each key; none for a key that more than MANY, and `besides`, have."""
    most = MANY + besides
    found: dict[int, list[uuid.UUID]] = defaultdict(list)
    wanted = sorted(keys)
    for start in range(0, len(wanted), _AT_ONCE):
        # Each key is cut off by itself: what many cases have is never read in full.
        each = (
            select(_KEY).where(_KEY.c.key == key).limit(most + 1).subquery()
            for key in wanted[start : start + _AT_ONCE]
        )
        for key, case_id in connection.execute(
            union_all(*(select(one.c.key, one.c.case_id) for one in each))
        ):
            found[key].append(case_id)
    return {key: some for key, some in found.items() if len(some) <= most}


def _spread(
    connection: Connection, before: Mapping[uuid.UUID, Trace], after: Mapping[uuid.UUID, Trace]
) -> None:
    """Keys that have begun, or ceased, to be shared by too many: who has one is compared again."""
    came = Counter(key for one in after.values() for key in one.keys)
    came.subtract(Counter(key for one in before.values() for key in one.keys))
    changed = {key: more for key, more in came.items() if more}
    most = max((abs(more) for more in changed.values()), default=0)
    again: set[uuid.UUID] = set()
    for key, some in _members(connection, changed, besides=most).items():
        if (len(some) > MANY) != (len(some) - changed[key] > MANY):
            again.update(some)
    due(connection, again.difference(before, after))


# ---- the pairs -------------------------------------------------------------------------------------------------


def _pair(connection: Connection, keyring: Keyring, case_id: uuid.UUID, trace: Trace | None) -> None:
    """Bring the pairs of a case in line with what is alike now."""
    known = {
        (row.case_id, row.other_id): (row.mission_id, row.score, row.reasons)
        for row in connection.execute(
            select(_TWIN).where(or_(_TWIN.c.case_id == case_id, _TWIN.c.other_id == case_id))
        )
    }
    wanted = _alike(connection, keyring, trace) if trace is not None else {}
    if stale := [pair for pair, said in known.items() if wanted.get(pair) != said]:
        connection.execute(delete(_TWIN).where(or_(*(_is(pair) for pair in stale))))
    new = [
        {"case_id": pair[0], "other_id": pair[1]}
        | dict(zip(("mission_id", "score", "reasons"), said, strict=True))
        for pair, said in sorted(wanted.items())
        if known.get(pair) != said
    ]
    if new:
        connection.execute(insert(_TWIN), new)


def _is(pair: tuple[uuid.UUID, uuid.UUID]) -> Any:
    return and_(_TWIN.c.case_id == pair[0], _TWIN.c.other_id == pair[1])


def _alike(
    connection: Connection, keyring: Keyring, trace: Trace
) -> dict[tuple[uuid.UUID, uuid.UUID], tuple[int, int, list[str]]]:
    found: set[uuid.UUID] = set()
    for some in _members(connection, _blind(keyring, trace.mission_id, likeness.keys(trace.traits))).values():
        found.update(some)
    others = _traces(connection, keyring, found - {trace.case_id})
    wanted = {}
    for other in others.values():
        said = likeness.compare(trace.traits, other.traits)
        if said.score >= likeness.ENOUGH:
            wanted[ordered(trace.case_id, other.case_id)] = (
                trace.mission_id,
                said.score,
                list(said.reasons),
            )
    if wanted:
        apart = _held_apart(connection, keyring, trace, others)
        wanted = {pair: said for pair, said in wanted.items() if pair not in apart}
    return wanted


def _held_apart(
    connection: Connection, keyring: Keyring, trace: Trace, others: Mapping[uuid.UUID, Trace]
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """The pairs of a case of which somebody said that they are not the same, if neither has changed since."""
    rows = connection.execute(
        select(Decision.__table__)
        .where(
            _DECISION.kind.in_(("distinct", "undistinct")),
            or_(_DECISION.case_id == trace.case_id, _DECISION.other_case_id == trace.case_id),
        )
        .order_by(_DECISION.made_at, _DECISION.id)
    )
    apart: dict[tuple[uuid.UUID, uuid.UUID], bool] = {}
    for row in rows:
        pair = ordered(row.case_id, row.other_case_id)
        other = others.get(next(one for one in pair if one != trace.case_id))
        if other is None:
            continue
        seen = stored.decision(row, keyring).body.get("seen", {})
        now = {str(one.case_id): one.stamp.hex() for one in (trace, other)}
        apart[pair] = row.kind == "distinct" and seen == now
    return {pair for pair, still in apart.items() if still}


def ordered(one: uuid.UUID, other: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """A pair as it is kept."""
    return (one, other) if one < other else (other, one)


def count(session: Session | Connection, mission: Any) -> int:
    """How many pairs wait for somebody, in the missions that a condition on `Twin.mission_id` allows."""
    return session.scalar(select(func.count()).select_from(_TWIN).where(mission)) or 0
