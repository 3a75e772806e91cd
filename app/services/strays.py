"""Submissions that found no case, and for each the cases it may belong to, with what speaks for them.

A case is likely because the interview names it, because its reference is nearly the one that was typed, because the
person is alike (`likeness`), or because the same phone sent interviews about it. Looked up when somebody looks: what a
submission could mean changes with every case that comes.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, Uuid, literal, or_, select, union_all
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
from submissions.likeness import Traits

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
_FAR: Final = 10**6
_AT_ONCE: Final = 20


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
    waiting = _waiting(session, keyring, [line.id for line in page.items])
    found = _likely(session, keyring, actor, mission_id, waiting)
    return Page(tuple(_stray(line, waiting.get(line.id), found) for line in page.items), page.next)


def likely(
    session: Session, *, keyring: Keyring, actor: Actor, submission_id: uuid.UUID
) -> tuple[Likely, ...]:
    """The cases one waiting submission may belong to."""
    waiting = _waiting(session, keyring, [submission_id])
    one = waiting.get(submission_id)
    if one is None or not policy.may(actor, "case.read", one.mission_id):
        return ()
    return _likely(session, keyring, actor, one.mission_id, waiting)[submission_id]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What is known of a submission that waits and was read: its interview, and the cases it names by `case_uid` or by
    the blind index `reference`."""

    id: uuid.UUID
    mission_id: int
    device_id: int | None
    interviewer_id: int | None
    intake: Intake
    case_uid: uuid.UUID | None
    reference: bytes | None

    @property
    def typed(self) -> str:
        return placing.asked(self.intake).reference or ""


def _waiting(session: Session, keyring: Keyring, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, _Waiting]:
    rows: Select[Any] = (
        select(*stored.COLUMNS, Submission.device_id, CaseHint.case_uid, CaseHint.reference)
        .outerjoin(CaseHint, CaseHint.submission_id == Submission.id)
        .where(Submission.id.in_(ids), Submission.state == "waiting", Submission.intake.is_not(None))
    )
    return {
        row.id: _Waiting(
            row.id,
            row.mission_id,
            row.device_id,
            row.interviewer_id,
            stored.intake(row, keyring),
            row.case_uid,
            row.reference,
        )
        for row in session.execute(rows)
    }


def _stray(
    line: SubmissionLine, one: _Waiting | None, found: Mapping[uuid.UUID, tuple[Likely, ...]]
) -> Stray:
    if one is None:
        return Stray(line, "", readable=False, likely=())
    typed = "" if one.intake.case_uid else one.intake.case_ref or ""
    return Stray(line, typed, readable=True, likely=found[line.id])


def _likely(
    session: Session, keyring: Keyring, actor: Actor, mission_id: int, waiting: Mapping[uuid.UUID, _Waiting]
) -> dict[uuid.UUID, tuple[Likely, ...]]:
    """The likely cases of submissions of one mission. What is looked up is looked up for all of them at once."""
    traits = {one.id: _traits(keyring, one) for one in waiting.values()}
    keys = {
        one.id: likeness.keys(traits[one.id]) | likeness.typed_keys(one.typed) for one in waiting.values()
    }
    near = twins.neighbours(session.connection(), keyring, mission_id, keys)
    named, sent = _named(session, waiting.values()), _sent(session, waiting.values())
    reasons: dict[uuid.UUID, dict[uuid.UUID, list[str]]] = {}
    for one in waiting.values():
        why = reasons[one.id] = defaultdict(list)
        for trace in near[one.id]:
            why[trace.case_id] += likeness.compare(traits[one.id], trace.traits).reasons
        for case_id in named[one.id]:
            why[case_id].append("case_named")
        for case_id, days in _nearest(sent[one.device_id], one.intake.held_on).items():
            why[case_id] += ["device_same", "days_near"] if days <= _WEEK else ["device_same"]
    cases = {case_id for why in reasons.values() for case_id in why}
    lines = {
        line.case_id: line
        for line in case_list.lines(session, cases, actor=actor).values()
        if line.mission_id == mission_id
    }
    owners = _owners(session, lines)
    return {
        one.id: _best(
            one,
            {lines[case_id]: why for case_id, why in reasons[one.id].items() if case_id in lines},
            owners,
        )
        for one in waiting.values()
    }


def _traits(keyring: Keyring, one: _Waiting) -> Traits:
    said = [(row.table, {name: value.value for name, value in row.values.items()}) for row in one.intake.rows]
    return likeness.traits(said, reference=keyring.blind(one.typed).hex() if one.typed else "")


def _best(
    one: _Waiting, reasons: Mapping[CaseLine, Sequence[str]], owners: Mapping[uuid.UUID, int | None]
) -> tuple[Likely, ...]:
    """The cases for which enough speaks, those for which most does first."""
    found = []
    for line, reasoned in reasons.items():
        why = list(reasoned)
        if one.interviewer_id is not None and owners[line.case_id] == one.interviewer_id:
            why.append("interviewer_same")
        if one.typed and line.case_ref:
            letters = likeness.distance(one.typed, placing.normal_reference(line.case_ref), at_most=_LETTERS)
            why += ["reference_near"] if 0 < letters <= _LETTERS else []
        found.append(_weighed(line, why))
    found.sort(key=lambda likely: (-likely.score, likely.case.case_ref or "", str(likely.case.case_id)))
    return tuple(likely for likely in found if likely.score >= ENOUGH)[:FEW]


def _weighed(line: CaseLine, why: Sequence[str]) -> Likely:
    points = {**likeness.POINTS, **POINTS}
    reasons = sorted(why, key=lambda reason: (-points[reason], reason))
    return Likely(line, sum(points[reason] for reason in reasons), tuple(reasons))


def _named(session: Session, waiting: Collection[_Waiting]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The cases each names by a uid, or whose reference is the one it typed."""
    asked: list[Select[*tuple[Any, ...]]] = []
    for one in waiting:
        alias = select(CaseAlias.target_id).where(CaseAlias.case_id == one.case_uid).scalar_subquery()
        named = [CaseState.case_id == one.case_uid, CaseState.case_id == alias] if one.case_uid else []
        named += [CaseState.reference == one.reference] if one.reference else []
        if named:
            of_one = select(literal(one.id, Uuid()).label("id"), CaseState.case_id)
            asked.append(
                of_one.where(CaseState.mission_id == one.mission_id, or_(*named)).order_by(CaseState.case_id)
            )
    found: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for submission_id, case_id in _each(session, asked):
        found[submission_id].append(case_id)
    return found


def _sent(
    session: Session, waiting: Collection[_Waiting]
) -> dict[int | None, list[tuple[uuid.UUID, str | None]]]:
    """The cases each phone sent interviews about of late, and the days of those."""
    phones = {(one.device_id, one.mission_id) for one in waiting if one.device_id is not None}
    asked: list[Select[*tuple[Any, ...]]] = [
        select(Submission.device_id, Submission.case_id, Submission.held_on)
        .where(Submission.device_id == device_id, Submission.mission_id == mission_id)
        .order_by(Submission.received_at.desc(), Submission.id)
        for device_id, mission_id in sorted(phones)
    ]
    found: dict[int | None, list[tuple[uuid.UUID, str | None]]] = defaultdict(list)
    for device_id, case_id, day in _each(session, asked):
        if case_id is not None:
            found[device_id].append((case_id, day))
    return found


def _each(session: Session, asked: Sequence[Select[*tuple[Any, ...]]]) -> Iterator[Any]:
    """The first rows of each of these, a few of them in one statement."""
    for start in range(0, len(asked), _AT_ONCE):
        cut = (one.limit(_LATEST).subquery() for one in asked[start : start + _AT_ONCE])
        yield from session.execute(union_all(*(select(one) for one in cut)))


def _nearest(sent: Iterable[tuple[uuid.UUID, str | None]], held_on: str) -> dict[uuid.UUID, int]:
    """Days between an interview and the nearest about each case."""
    found: dict[uuid.UUID, int] = {}
    for case_id, day in sent:
        found[case_id] = min(_apart(held_on, day or ""), found.get(case_id, _FAR))
    return found


def _apart(one: str, other: str) -> int:
    try:
        return abs((date.fromisoformat(one) - date.fromisoformat(other)).days)
    except ValueError:
        return _FAR


def _owners(session: Session, cases: Collection[uuid.UUID]) -> dict[uuid.UUID, int | None]:
    """Case → the interviewer whose it is."""
    if not cases:
        return {}
    found = session.execute(select(CaseState.case_id, CaseState.owner_id).where(CaseState.case_id.in_(cases)))
    return {row.case_id: row.owner_id for row in found}
