"""What merged uids mean. Phones go on sending under a uid whose case became part of another; the aliases
follow from the decisions, and can be made again from them."""

import uuid
from collections.abc import Collection
from typing import cast

from sqlalchemy import Table, delete, insert, or_, select
from sqlalchemy.orm import Session

from app.keys import Keyring
from app.models import CaseAlias, Decision, Submission
from app.services import settling, stored
from submissions import decision as decisions

_DECISION = cast("Table", Decision.__table__)
_KINDS = ("merge", "unmerge")


def realign(session: Session, keyring: Keyring, uids: Collection[uuid.UUID]) -> None:
    """After a merge or its end: what every uid around means now, and every submission around placed again."""
    around = set(uids)
    while more := _neighbours(session, around) - around:
        around |= more
    realias(session, keyring, around)
    placed = session.scalars(select(Submission.id).where(Submission.case_id.in_(around))).all()
    settling.settle(session.connection(), keyring=keyring, submissions=placed, cases=around)


def realias(session: Session, keyring: Keyring, uids: Collection[uuid.UUID]) -> int:
    """Make the aliases of some uids anew from the decisions about them. Returns how many rows changed."""
    rows = session.execute(
        select(_DECISION).where(_DECISION.c.kind.in_(_KINDS), _DECISION.c.case_id.in_(uids))
    )
    means = decisions.aliases([stored.decision(row, keyring) for row in rows])
    wanted = {uuid.UUID(uid): uuid.UUID(target) for uid, target in means.items()}
    found = select(CaseAlias.case_id, CaseAlias.target_id).where(CaseAlias.case_id.in_(uids))
    known = {row.case_id: row.target_id for row in session.execute(found)}
    stale = [uid for uid, target in known.items() if wanted.get(uid) != target]
    new = [
        {"case_id": uid, "target_id": target} for uid, target in wanted.items() if known.get(uid) != target
    ]
    if stale:
        session.execute(delete(CaseAlias).where(CaseAlias.case_id.in_(stale)))
    if new:
        session.execute(insert(CaseAlias), new)
    return len(stale) + len(new)


def _neighbours(session: Session, uids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """The cases that were ever merged with any of these, or taken apart again."""
    found = session.execute(
        select(_DECISION.c.case_id, _DECISION.c.other_case_id).where(
            _DECISION.c.kind.in_(_KINDS),
            or_(_DECISION.c.case_id.in_(uids), _DECISION.c.other_case_id.in_(uids)),
        )
    )
    return {uid for row in found for uid in row if uid is not None}
