"""What waits in the queues of the worker, asked in one statement: a worker that has nothing to do asks five times a
second."""

from functools import cache
from typing import Final, cast

from sqlalchemy import Engine, Select, Table, exists, or_, select

from app.db import glance
from app.models import LedgerEntry, Submission, TraceDue, UnwantedBlob
from app.services import decryption, entity_actions, indexing

_SUBMISSION: Final = cast("Table", Submission.__table__)


def anything(engine: Engine) -> bool:
    """Whether a look at the queues would find something to do."""
    return bool(glance(engine, _asking(engine.dialect.name)))


@cache
def _asking(dialect: str) -> Select[bool]:
    return select(
        or_(
            exists().where(_SUBMISSION.c.state == "received"),
            exists().where(LedgerEntry.position.is_(None)),
            exists(select(_SUBMISSION.c.id).where(indexing.DUE[dialect])),
            exists(select(TraceDue.case_id)),
            exists(decryption.arrived()),
            entity_actions.ripe(),
            exists(select(UnwantedBlob.blob)),
        )
    )
