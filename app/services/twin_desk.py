"""Pairs of cases that may be about one person: the list, one pair, and what somebody decides about it.

To merge them is `decide.merge`. To hold them apart is a decision too: it is kept for good, and the pair is not
proposed again for as long as neither case changes in what is compared.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from app import policy, problems
from app.db import writing
from app.keys import Keyring
from app.language import _
from app.models import CaseState, Decision, Twin
from app.policy import Actor
from app.services import case_list, paging, settling, twins
from app.services.case_list import CaseLine
from app.services.deciding import find_case, keep
from app.services.paging import Page


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cases, how much speaks for one person (0 to 200 or so), and what: keys of `likeness.POINTS`, the
    weightiest first. The one registered first stands first."""

    one: CaseLine
    other: CaseLine
    score: int
    reasons: tuple[str, ...]

    @property
    def cursor(self) -> str:
        """Where the pair stands in the list: what comes after it is the next one."""
        one, other = twins.ordered(self.one.case_id, self.other.case_id)
        return f"{self.score}.{one.hex}.{other.hex}"


def list_pairs(
    session: Session,
    *,
    actor: Actor,
    mission_id: int | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[Pair]:
    """The pairs of a mission that wait for somebody, or of all the actor may read, those for which most speaks
    first."""
    policy.require(actor, "case.read", mission_id)
    limit = paging.size(limit)
    statement = _standing().where(policy.within(actor, "case.read", Twin.mission_id, mission_id))
    if cursor:
        score, one, other = _read_cursor(cursor)
        below = and_(Twin.score == score, tuple_(Twin.case_id, Twin.other_id) < tuple_(one, other))
        statement = statement.where(or_(Twin.score < score, below))
    statement = statement.order_by(Twin.score.desc(), Twin.case_id.desc(), Twin.other_id.desc())
    found = session.scalars(statement.limit(limit + 1)).all()
    pairs = _filled(session, actor, found[:limit])
    return Page(pairs, pairs[-1].cursor if pairs and len(found) > limit else None)


def pairs_of(session: Session, *, actor: Actor, case_id: uuid.UUID) -> tuple[Pair, ...]:
    """The pairs a case is in, those for which most speaks first."""
    statement = _standing().where(or_(Twin.case_id == case_id, Twin.other_id == case_id))
    found = session.scalars(
        statement.order_by(Twin.score.desc(), Twin.case_id.desc(), Twin.other_id.desc())
    ).all()
    return _filled(session, actor, found)


def read_pair(session: Session, *, actor: Actor, one: uuid.UUID, other: uuid.UUID) -> Pair:
    """One pair. Raises the Problem `not_found`, also where it was decided meanwhile."""
    found = session.get(Twin, twins.ordered(one, other))
    pairs = _filled(session, actor, [found]) if found is not None else ()
    if not pairs:
        raise problems.not_found("pair")
    return pairs[0]


def count_pairs(session: Session, *, actor: Actor, mission_id: int | None = None) -> int:
    """How many pairs wait for somebody in a mission, or in all the actor may read."""
    return twins.count(session, policy.within(actor, "case.read", Twin.mission_id, mission_id))


def distinct(
    session: Session, *, keyring: Keyring, actor: Actor, case_id: uuid.UUID, other: uuid.UUID, reason: str
) -> uuid.UUID:
    """Two cases are about two people."""
    return _decide(session, keyring, actor, "distinct", case_id, other, reason)


def undistinct(
    session: Session, *, keyring: Keyring, actor: Actor, case_id: uuid.UUID, other: uuid.UUID, reason: str
) -> uuid.UUID:
    """Take back that two cases are about two people: they may be proposed again."""
    return _decide(session, keyring, actor, "undistinct", case_id, other, reason)


def held_apart(session: Session, *, actor: Actor, case_id: uuid.UUID) -> tuple[CaseLine, ...]:
    """The cases that somebody said are about other people than this one."""
    rows = session.execute(
        select(Decision.kind, Decision.case_id, Decision.other_case_id)
        .where(
            Decision.kind.in_(("distinct", "undistinct")),
            or_(Decision.case_id == case_id, Decision.other_case_id == case_id),
        )
        .order_by(Decision.made_at, Decision.id)
    )
    apart: dict[uuid.UUID, bool] = {}
    for kind, one, two in rows:
        if two is not None:
            apart[two if one == case_id else one] = kind == "distinct"
    found = case_list.lines(session, [one for one, still in apart.items() if still], actor=actor)
    return tuple(sorted(found.values(), key=lambda line: (line.case_ref or "", str(line.case_id))))


def look_again(session: Session, *, keyring: Keyring, cases: list[uuid.UUID]) -> None:
    """Compare cases at once that somebody has just decided about, so that the next page shows it."""
    with writing(session):
        session.flush()
        settling.stand_alone(session.connection())
        twins.look(session.connection(), keyring, cases)
        session.expire_all()


def _decide(
    session: Session,
    keyring: Keyring,
    actor: Actor,
    kind: str,
    case_id: uuid.UUID,
    other: uuid.UUID,
    reason: str,
) -> uuid.UUID:
    with writing(session):
        first, second = find_case(session, actor, case_id), find_case(session, actor, other)
        if first.case_id == second.case_id:
            raise problems.conflict(_("These two are one case already."), _("Take their merge back first."))
        if first.mission_id != second.mission_id:
            raise problems.conflict(_("The cases belong to different missions."))
        both = sorted((first.case_id, second.case_id))
        look_again(session, keyring=keyring, cases=both)
        seen = twins.stamps(session.connection(), both)
        body = {"case_uid": str(both[0]), "other_case_uid": str(both[1]), "seen": seen}
        mission_id = find_case(session, actor, both[0]).mission_id
        made = keep(session, keyring, actor, kind, both[0], mission_id, reason, body, other=both[1])
        look_again(session, keyring=keyring, cases=both)
        return made


def _standing() -> Select[Twin]:
    """Pairs of which neither case was merged or emptied since the worker compared them."""
    # Looked up for each pair as it comes: joined, SQLite would begin with the cases, which are many.
    found = (
        select(CaseState.case_id).where(CaseState.case_id == one).correlate(Twin).scalar_subquery()
        for one in (Twin.case_id, Twin.other_id)
    )
    return select(Twin).where(*(one.is_not(None) for one in found))


def _filled(session: Session, actor: Actor, found: Sequence[Twin]) -> tuple[Pair, ...]:
    known = case_list.lines(
        session, {case_id for one in found for case_id in (one.case_id, one.other_id)}, actor=actor
    )
    pairs = []
    for one in found:
        if one.case_id in known and one.other_id in known:
            first, second = sorted((known[one.case_id], known[one.other_id]), key=_age)
            pairs.append(Pair(first, second, one.score, tuple(one.reasons)))
    return tuple(pairs)


def _age(line: CaseLine) -> tuple[str, str, str]:
    return line.registered_on or "9999", line.case_ref or "", str(line.case_id)


def _read_cursor(cursor: str) -> tuple[int, uuid.UUID, uuid.UUID]:
    try:
        score, one, other = cursor.split(".")
        if not 0 <= int(score) < 1000:
            raise ValueError("no score")
        return int(score), uuid.UUID(one), uuid.UUID(other)
    except ValueError:
        raise problems.invalid(
            _("The page marker is not one of this list."), _("Begin again at the first page.")
        ) from None
