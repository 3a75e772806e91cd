"""Which standing submissions are in which case: what they ask for, what was decided, and who may be let
in."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import cast

from sqlalchemy import Table, select

from app.models import CaseState
from app.services import placing
from app.services.desk import Desk, Version
from app.services.placing import Candidate

_STATE = cast("Table", CaseState.__table__).c


def admit(desk: Desk, cases: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Version]]:
    """Put every standing version on the desk into a case, or let it wait.

    Returns the cases concerned, those given included, with all that is in them now; what was in them before
    is brought onto the desk for it. A case with nothing in it is no more.
    """
    wanted = {id(one): _target(desk, one) for one in desk.standing}
    new = {*cases, *(target for target, _ in wanted.values() if target)}
    new |= {row.case_id for row in desk.rows.values() if row.case_id}
    concerned: set[uuid.UUID] = set()
    while new:
        concerned |= new
        wanted |= {id(one): _target(desk, one) for one in desk.join(new)}
        new = {target for target, _ in wanted.values() if target} - concerned
    asking: dict[uuid.UUID, dict[str, list[Version]]] = {case: defaultdict(list) for case in concerned}
    for one in desk.standing:
        target, how = wanted[id(one)]
        if target is not None:
            asking[target][how].append(one)
    return {case: _admit(desk, case, how) for case, how in asking.items()}


def _target(desk: Desk, one: Version) -> tuple[uuid.UUID | None, str]:
    """The case a version wants to be in, and how it says so: decided, named (by its uid) or typed (its
    reference). None lets it wait, or be without a case if it says nothing about one."""
    assert one.intake is not None
    one.state, one.hint = "normalised", None
    one.placed = [finding for finding in one.placed if finding.code in placing.CHAINING]
    if (decided := desk.decided(one.root)) is not None:
        if decided.kind == "detach":
            one.wait(placing.detached())
            return None, ""
        return desk.meaning(decided.case_id), "decided"
    if not one.intake.rows:
        return None, ""
    asked = placing.asked(one.intake)
    if asked.uid is not None:
        return desk.meaning(asked.uid), "named"
    if asked.reference is None:
        one.wait(placing.no_case())
        return None, ""
    return _look_up(desk, one, asked.reference), "typed"


def _look_up(desk: Desk, one: Version, reference: str) -> uuid.UUID | None:
    """The one case of the mission that a typed reference means."""
    blind = desk.keyring.blind(reference)
    one.hint = (None, blind)
    found: Sequence[uuid.UUID] = desk.connection.scalars(
        select(_STATE.case_id)
        .where(_STATE.mission_id == one.row.mission_id, _STATE.reference == blind)
        .limit(2)
    ).all()
    if len(found) == 1:
        return found[0]
    one.wait(placing.ambiguous_case() if found else placing.unknown_case())
    return None


def _admit(desk: Desk, case: uuid.UUID, asking: dict[str, list[Version]]) -> list[Version]:
    """Who is in a case: of a mission it is or was with, in reach, and not only by a reference that nothing else makes
    mean it."""
    decided, named, typed = asking["decided"], asking["named"], asking["typed"]
    way = desk.way(case)
    mission = way.mission if way.mission is not None else _mission(desk, case, decided + named)
    desk.missions[case] = mission
    # A mission that had the case once may have phones that did not hear of it.
    missions = way.missions | {mission}
    candidates = [
        Candidate(one.row.id, one.row.mission_id, one.row.interviewer_id, one.row.group_id, one.intake)
        for one in named
        if one.row.mission_id in missions and one.intake is not None
    ]
    reaching = placing.in_reach(candidates, desk.assigned(case))
    members: list[Version] = []
    for one in decided:
        if one.row.mission_id in missions:
            members.append(one)
        else:
            one.wait(placing.other_mission())
    for one in named:
        if one.row.id in reaching:
            members.append(one)
        else:
            assert one.intake is not None
            one.hint = (placing.asked(one.intake).uid, None)
            one.wait(placing.out_of_reach() if one.row.mission_id in missions else placing.other_mission())
    for one in typed:
        if members:
            members.append(one)
        else:
            one.wait(placing.unknown_case())
    for one in members:
        one.case_id = case
    return members


def _mission(desk: Desk, case: uuid.UUID, anchors: list[Version]) -> int:
    """The mission of a case: the one it has, for as long as anything of that mission is in it; else of what
    came first."""
    known = desk.states.get(case)
    missions = {one.row.mission_id for one in anchors}
    if known is not None and (known.mission_id in missions or not missions):
        return int(known.mission_id)
    return int(min(anchors, key=lambda one: one.row.id).row.mission_id) if anchors else 0
