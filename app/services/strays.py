"""Submissions that found no case, and for each the cases it may belong to, with what speaks for them.

A case is likely because the interview names it, because its reference is nearly the one that was typed, because the
person is alike (`likeness`), or because the same phone sent interviews about it. Looked up when somebody looks: what a
submission could mean changes with every case that comes.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from app import policy
from app.keys import Keyring
from app.models import CaseAlias, CaseHint, CaseState, Submission
from app.policy import Actor
from app.services import case_list, placing, stored, submissions, twins
from app.services.case_list import CaseLine
from app.services.paging import Page
from app.services.submissions import SubmissionLine
from submissions import likeness
from submissions.intake import Intake

FEW: Final = 5
"""Cases shown for one submission."""
POINTS: Final[Mapping[str, int]] = {
    "case_named": 60,
    "reference_near": 30,
    "device_same": 10,
    "days_near": 5,
    "interviewer_same": 5,
}
"""What each reason adds to those of likeness."""
ENOUGH: Final = 20
_LATEST: Final = 20
_WEEK: Final = 7
_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class Likely:
    """A case it may belong to. `reasons` are keys of POINTS and of `likeness.POINTS`, the weightiest first."""

    case: CaseLine
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stray:
    """A submission that waits. `reference` is what was typed; `readable`: it was read, so it can be put into a
    case."""

    line: SubmissionLine
    reference: str
    readable: bool
    likely: tuple[Likely, ...]


def list_strays(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    mission_id: int,
    cursor: str | None = None,
    limit: int = 10,
) -> Page[Stray]:
    """The submissions of a mission that wait for a case or for their form, the newest first."""
    policy.require(actor, "case.read", mission_id)
    page = submissions.list_submissions(
        session, actor=actor, mission_id=mission_id, state="waiting", cursor=cursor, limit=limit
    )
    return Page(tuple(_stray(session, keyring, actor, line) for line in page.items), page.next)


def likely(
    session: Session, *, keyring: Keyring, actor: Actor, submission_id: uuid.UUID
) -> tuple[Likely, ...]:
    """The cases one waiting submission may belong to."""
    row = _row(session, submission_id)
    if row is None or row.intake is None or not policy.may(actor, "case.read", row.mission_id):
        return ()
    return _likely(session, keyring, actor, row, stored.intake(row, keyring))


def _stray(session: Session, keyring: Keyring, actor: Actor, line: SubmissionLine) -> Stray:
    row = _row(session, line.id)
    if row is None or row.intake is None:
        return Stray(line, "", readable=False, likely=())
    intake = stored.intake(row, keyring)
    typed = "" if intake.case_uid else intake.case_ref or ""
    return Stray(line, typed, readable=True, likely=_likely(session, keyring, actor, row, intake))


def _row(session: Session, submission_id: uuid.UUID) -> Row[Any] | None:
    found: Select[Any] = select(*stored.COLUMNS, Submission.device_id).where(
        Submission.id == submission_id, Submission.state == "waiting"
    )
    return session.execute(found).first()


def _likely(
    session: Session, keyring: Keyring, actor: Actor, row: Row[Any], intake: Intake
) -> tuple[Likely, ...]:
    typed = placing.asked(intake).reference or ""
    reference = keyring.blind(typed).hex() if typed else ""
    said = [(one.table, {name: value.value for name, value in one.values.items()}) for one in intake.rows]
    traits = likeness.traits(said, reference=reference)
    reasons: dict[uuid.UUID, list[str]] = defaultdict(list)
    near = twins.neighbours(
        session.connection(), keyring, row.mission_id, traits, more=likeness.typed_keys(typed)
    )
    for trace in near:
        reasons[trace.case_id] += likeness.compare(traits, trace.traits).reasons
    for case_id in _named(session, row):
        reasons[case_id].append("case_named")
    for case_id, days in _sent(session, row, intake.held_on).items():
        reasons[case_id] += ["device_same", "days_near"] if days <= _WEEK else ["device_same"]
    lines = case_list.lines(session, reasons.keys(), actor=actor)
    owned = _owned(session, row, reasons.keys())
    found = []
    for case_id, line in lines.items():
        if line.mission_id != row.mission_id:
            continue
        why = reasons[case_id] + (["interviewer_same"] if case_id in owned else [])
        if typed and line.case_ref:
            letters = likeness.distance(typed, placing.normal_reference(line.case_ref), at_most=_LETTERS)
            why += ["reference_near"] if 0 < letters <= _LETTERS else []
        found.append(_weighed(line, why))
    found.sort(key=lambda one: (-one.score, one.case.case_ref or "", str(one.case.case_id)))
    return tuple(one for one in found if one.score >= ENOUGH)[:FEW]


def _weighed(line: CaseLine, why: Sequence[str]) -> Likely:
    points = {**likeness.POINTS, **POINTS}
    reasons = sorted(why, key=lambda reason: (-points[reason], reason))
    return Likely(line, sum(points[reason] for reason in reasons), tuple(reasons))


def _named(session: Session, row: Row[Any]) -> Sequence[uuid.UUID]:
    """The cases it names by a uid, or whose reference is the one it typed."""
    hint = session.get(CaseHint, row.id)
    if hint is None:
        return ()
    alias = select(CaseAlias.target_id).where(CaseAlias.case_id == hint.case_uid).scalar_subquery()
    statement = select(CaseState.case_id).where(
        CaseState.mission_id == row.mission_id,
        or_(
            CaseState.case_id == hint.case_uid,
            CaseState.case_id == alias,
            CaseState.reference == hint.reference,
        ),
    )
    return session.scalars(statement.order_by(CaseState.case_id).limit(_LATEST)).all()


def _sent(session: Session, row: Row[Any], held_on: str) -> dict[uuid.UUID, int]:
    """The cases the same phone sent interviews about of late, and how many days lie between the nearest and this
    one."""
    if row.device_id is None:
        return {}
    latest = (
        select(Submission.case_id, Submission.held_on)
        .where(Submission.device_id == row.device_id, Submission.mission_id == row.mission_id)
        .order_by(Submission.received_at.desc(), Submission.id)
        .limit(_LATEST)
    )
    found: dict[uuid.UUID, int] = {}
    for case_id, day in session.execute(latest):
        if case_id is not None:
            found[case_id] = min(_apart(held_on, day or ""), found.get(case_id, 10**6))
    return found


def _apart(one: str, other: str) -> int:
    try:
        return abs((date.fromisoformat(one) - date.fromisoformat(other)).days)
    except ValueError:
        return 10**6


def _owned(session: Session, row: Row[Any], cases: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these cases that are the interviewer's who sent it."""
    if row.interviewer_id is None or not cases:
        return set()
    return set(
        session.scalars(
            select(CaseState.case_id).where(
                CaseState.case_id.in_(cases), CaseState.owner_id == row.interviewer_id
            )
        )
    )
