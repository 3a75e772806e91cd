"""Chains of edits: which submissions are versions of one.

An edit names what it replaces (`meta/deprecatedID`). Versions arrive in any order, and some may never arrive;
which of them stands, `submissions.decision.current` says.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Table, and_, exists, not_, select, tuple_
from sqlalchemy.orm import Session

from app.models import Submission

_TABLE = cast("Table", Submission.__table__).c
_COLUMNS = tuple(
    _TABLE[name] for name in ("id", "instance_id", "deprecated_id", "received_at", "state", "case_id")
)
_VERSION = tuple_(_TABLE.mission_id, _TABLE.xml_form_id, _TABLE.instance_id)
_QUEUED = select(_TABLE.mission_id, _TABLE.xml_form_id, _TABLE.deprecated_id).where(
    _TABLE.state == "received", _TABLE.deprecated_id.is_not(None)
)
_LATER = cast("Table", Submission.__table__).alias("later").c
_AFTER = exists().where(
    _LATER.root_instance_id == _TABLE.root_instance_id,
    _LATER.mission_id == _TABLE.mission_id,
    _LATER.xml_form_id == _TABLE.xml_form_id,
    _LATER.id > _TABLE.id,
    _LATER.state != "deleted",
)


def roots(replaces: Mapping[str, str | None]) -> dict[str, str]:
    """First instanceID of the chain of each version, as far as known: it may be that of a version that never
    came.

    `replaces` holds the versions of one form in one mission: instanceID → deprecatedID.
    """
    return {instance_id: _root(instance_id, replaces) for instance_id in replaces}


def _root(instance_id: str, replaces: Mapping[str, str | None]) -> str:
    path = [instance_id]
    while (before := replaces.get(path[-1])) is not None:
        if before in path:  # a circle, which no phone makes: its smallest name stands for all of it
            return min(path[path.index(before) :])
        path.append(before)
    return path[-1]


def versions(session: Session, *, mission_id: int, xml_form_id: str, instance_id: str) -> Sequence[Row[Any]]:
    """The versions of the submission of which one has this instanceID, in the order of their arrival; none if
    there is none. Follows what the XML said, so that what the worker has not read yet is there too."""
    here = (_TABLE.mission_id == mission_id, _TABLE.xml_form_id == xml_form_id)
    found: dict[Any, Row[Any]] = {}
    known, asked = {instance_id}, {instance_id}
    while asked:
        # Two statements: each has an index, and SQLite uses one of them only for an OR.
        for column in (_TABLE.instance_id, _TABLE.deprecated_id):
            rows = session.execute(select(*_COLUMNS).where(*here, column.in_(asked)))
            found |= {row.id: row for row in rows}
        names = {name for row in found.values() for name in (row.instance_id, row.deprecated_id) if name}
        asked = names - known
        known |= names
    return sorted(found.values(), key=lambda row: row.id)


def key(session: Session, row: Any) -> str:
    """The first instanceID of a submission's chain, also of an edit that the worker has not read yet."""
    if row.root_instance_id or not row.deprecated_id:
        return str(row.root_instance_id or row.instance_id)
    found = versions(
        session, mission_id=row.mission_id, xml_form_id=row.xml_form_id, instance_id=row.instance_id
    )
    return roots({one.instance_id: one.deprecated_id for one in found})[row.instance_id]


def outdated(until: uuid.UUID | None = None) -> ColumnElement[bool]:
    """Whether an edit of a submission is in the worker's queue, so that the row is not its present version: an edit
    that came after the row `until` is not looked at."""
    queued = _QUEUED if until is None else _QUEUED.where(_TABLE.id <= until)
    return _VERSION.in_(queued.correlate(None))


def stood(until: uuid.UUID) -> ColumnElement[bool]:
    """Whether a version that is superseded now was the one that stood when the row `until` had come: every version
    that came after it did so later."""
    return and_(
        _AFTER.where(_LATER.id > until).correlate(Submission),
        not_(_AFTER.where(_LATER.id <= until).correlate(Submission)),
    )


def present(versions: Sequence[Row[Any]]) -> Row[Any] | None:
    """The version to show or edit: the end of the chain. Of several ends (two people edited the same version)
    the one that stands, as long as none of them waits for the worker: then the last one that came."""
    there = [one for one in versions if one.state != "deleted"]
    replaced = {one.deprecated_id for one in there}
    ends = [one for one in there if one.instance_id not in replaced] or there
    queued = any(one.state == "received" for one in ends)
    return max(ends, key=lambda one: (queued or one.state != "superseded", one.id), default=None)
