"""Replay: everything again from what the phones sent, with the mappings, dictionary and rules of today.

It changes what has reason to change, and nothing else: where nothing was mended, not a row is touched. What
could not be read or placed before gets its chance again.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, Engine, Table, or_, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.blobs import BlobStore
from app.db import connect_to_write, writing
from app.keys import Keyring
from app.models import CaseAlias, CaseState, Decision, Submission
from app.policy import Actor
from app.services import indexing, merging, normalise, packing, plans, settling, twins

_TABLE = cast("Table", Submission.__table__)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: submissions read again, cases folded again, rows that changed."""

    submissions: int
    cases: int
    rows_changed: int


def replay(
    engine: Engine,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: Actor,
    mission_id: int | None = None,
    case_id: uuid.UUID | None = None,
    instance_id: str | None = None,
) -> Replayed:
    """Replay one submission, one case, one mission or everything. Commits in pieces; submissions in the queue
    are left to the worker. Raises Problem not_found or not_allowed."""
    plans.forget()
    with engine.connect() as connection:
        if case_id is not None:
            case_id, mission_id = _case(connection, case_id)
        policy.require(actor, "replay", mission_id)
        if mission_id is None and policy.missions(actor, "replay") is not None:
            raise problems.not_allowed("replay")
        ids = _wanted(connection, mission_id, case_id, instance_id)
    if instance_id is not None and not ids:
        raise problems.not_found("submission")
    cases: set[uuid.UUID] = set()
    changed = _realias(engine, keyring)
    for start in range(0, len(ids), normalise.PIECE):
        with engine.connect() as connection:
            rows = normalise.load_sealed(connection, ids[start : start + normalise.PIECE])
            readings = [normalise.read(connection, row, keyring=keyring, blobs=blobs) for row in rows]
        with connect_to_write(engine) as connection:
            for done in normalise.settle_safely(connection, readings, keyring=keyring):
                cases |= done.cases
                changed += done.rows
            indexing.renew(connection, [row.id for row in rows])
            packing.queue(connection, [reading.id for reading in readings], anew=False)
    changed += _leftovers(engine, keyring, mission_id, case_id, instance_id)
    with Session(engine) as session, writing(session):
        ledger.write(
            session,
            actor=actor.ref,
            action="replay",
            mission_id=mission_id,
            object=f"case:{case_id}" if case_id is not None else None,
            detail={"submissions": len(ids), "cases": len(cases), "rows_changed": changed},
        )
    return Replayed(len(ids), len(cases), changed)


def _case(connection: Connection, case_id: uuid.UUID) -> tuple[uuid.UUID, int]:
    target = connection.scalar(select(CaseAlias.target_id).where(CaseAlias.case_id == case_id)) or case_id
    mission = connection.scalar(select(CaseState.mission_id).where(CaseState.case_id == target))
    if mission is None:
        raise problems.not_found("case")
    return target, mission


def _wanted(
    connection: Connection, mission_id: int | None, case_id: uuid.UUID | None, instance_id: str | None
) -> Sequence[uuid.UUID]:
    statement = select(_TABLE.c.id).where(_TABLE.c.state.not_in(("received", "deleted")))
    if mission_id is not None:
        statement = statement.where(_TABLE.c.mission_id == mission_id)
    if case_id is not None:
        roots = select(_TABLE.c.root_instance_id).where(_TABLE.c.case_id == case_id)
        statement = statement.where(_TABLE.c.root_instance_id.in_(roots))
    if instance_id is not None:
        roots = select(_TABLE.c.root_instance_id).where(_TABLE.c.instance_id == instance_id)
        statement = statement.where(
            or_(_TABLE.c.instance_id == instance_id, _TABLE.c.root_instance_id.in_(roots))
        )
    return connection.scalars(statement.order_by(_TABLE.c.id)).all()


def _realias(engine: Engine, keyring: Keyring) -> int:
    """What merged uids mean follows from the decisions too."""
    with Session(engine) as session, writing(session):
        uids = set(session.scalars(select(Decision.case_id).where(Decision.kind.in_(("merge", "unmerge")))))
        uids |= set(session.scalars(select(CaseAlias.case_id)))
        return merging.realias(session, keyring, uids)


def _leftovers(
    engine: Engine,
    keyring: Keyring,
    mission_id: int | None,
    case_id: uuid.UUID | None,
    instance_id: str | None,
) -> int:
    """Cases that no submission is in any more: there are none, unless somebody changed the tables by hand. And
    those that the worker has not compared with others, or by other rules than those of today."""
    if case_id is not None or instance_id is not None:
        return 0
    inside = select(_TABLE.c.case_id).where(_TABLE.c.case_id.is_not(None))
    statement = select(CaseState.case_id).where(CaseState.case_id.not_in(inside))
    if mission_id is not None:
        statement = statement.where(CaseState.mission_id == mission_id)
    with connect_to_write(engine) as connection:
        empty = connection.scalars(statement).all()
        changed = settling.settle(connection, keyring=keyring, cases=empty).rows if empty else 0
        return changed + twins.outdated(connection, mission_id)
