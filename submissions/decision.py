"""What people in the office decided about cases, and where that puts the interviews.

Decisions are append-only; the last one of its kind about a thing holds. They are sorted by the moment they
were made, then by id, so that it does not matter in which order they are read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from submissions.intake import Intake

KINDS = frozenset(
    {
        "attach",
        "detach",
        "merge",
        "unmerge",
        "correct",
        "close",
        "reopen",
        "assign",
        "transfer",
        "eligibility",
        "record",
        "distinct",
        "undistinct",
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. `made_at` is an instant in UTC that sorts as text; `body` says the rest:

    | kind | body |
    |---|---|
    | attach, detach | `submission` (instanceID of the first version), `case_uid` |
    | merge, unmerge | `case_uid` (the case that ends), `other_case_uid` (the one that carries on) |
    | correct | `table`, `row_key` (CaseRow.key), `column`, `value`, `overrules` |
    | close | `closed_on`, `closure_reason`, `closure_details`, `status` (closed if absent) |
    | reopen | `reopened_on` |
    | eligibility | `programme`, `result` (approved, declined), `decided_on` |
    | record | `table`, `row_key`, `values` (column → value); `new`: the row begins with it |
    | transfer | `state` (proposed, accepted, declined, revoked), `from_mission`, `to_mission` |
    | assign | for the application alone |
    | assign, transfer | for the application alone |
    | distinct, undistinct | `case_uid`, `other_case_uid`, `seen`: for the application alone |

    `overrules` is the answer a correction was made against (`submission`, `question` and, if known,
    `instance_id`), or None. `case_uid` in a body is the case the decision was made about, before any merge.
    """

    id: str
    kind: str
    made_at: str
    made_by: int | None = None
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[str, str]:
        return self.made_at, self.id

    @property
    def day(self) -> str:
        return self.made_at[:10]


def in_order(decisions: Iterable[Decision]) -> list[Decision]:
    """Each decision once, the earliest first."""
    return sorted({decision.id: decision for decision in decisions}.values(), key=lambda one: one.order)


def aliases(decisions: Iterable[Decision]) -> dict[str, str]:
    """Case uid → the case that carries on, for every case merged into another, chains followed to their
    end. A merge that would close a circle counts for nothing."""
    into: dict[str, str] = {}

    def end(uid: str) -> str:
        while uid in into:
            uid = into[uid]
        return uid

    for decision in in_order(decisions):
        if decision.kind == "merge":
            ends, carries_on = str(decision.body["case_uid"]), str(decision.body["other_case_uid"])
            if end(carries_on) != ends and ends not in into:
                into[ends] = carries_on
        elif decision.kind == "unmerge":
            into.pop(str(decision.body["case_uid"]), None)
    return {uid: end(uid) for uid in into}


@dataclass(frozen=True, slots=True)
class Way:
    """How a case went from mission to mission by decisions. `mission` has it now (None: the one it began in),
    `missions` had it at any time and may still send interviews about it, `proposed` is asked to take it."""

    mission: int | None = None
    missions: frozenset[int] = frozenset()
    proposed: int | None = None


def way(case_uid: str, decisions: Iterable[Decision]) -> Way:
    """The way of a case, from the decisions about it. Where those merged into it had been counts for its interviews,
    not for where it is."""
    mission, proposed = None, None
    missions: set[int] = set()
    for decision in in_order(decisions):
        if decision.kind != "transfer":
            continue
        own, accepted = decision.body["case_uid"] == case_uid, decision.body["state"] == "accepted"
        if accepted:
            missions |= {int(decision.body["from_mission"]), int(decision.body["to_mission"])}
        if own:
            mission = int(decision.body["to_mission"]) if accepted else mission
            proposed = int(decision.body["to_mission"]) if decision.body["state"] == "proposed" else None
    return Way(mission, frozenset(missions), proposed)


def place(intakes: Iterable[Intake], decisions: Iterable[Decision] = ()) -> dict[str, str | None]:
    """Which case each submission belongs to; None waits for a coordinator.

    The case uid of its current version, unless a decision attached the submission to a case (or detached it
    from all); then through the merges. Keys are the instanceIDs of first versions.
    """
    decisions = in_order(decisions)
    placed: dict[str, str | None] = {}
    grouped: dict[str, list[Intake]] = {}
    for intake in intakes:
        grouped.setdefault(intake.submission, []).append(intake)
    for submission, versions in grouped.items():
        placed[submission] = current(versions)[0].case_uid
    for decision in decisions:
        if decision.kind in ("attach", "detach") and (submission := decision.body["submission"]) in placed:
            placed[submission] = str(decision.body["case_uid"]) if decision.kind == "attach" else None
    means = aliases(decisions)
    return {submission: means.get(uid, uid) if uid else None for submission, uid in placed.items()}


def current(versions: Iterable[Intake]) -> tuple[Intake, bool]:
    """The version of a submission that counts, and whether its chain of edits has branches.

    It is the end of the chain that the deprecatedIDs make. With several ends (two phones edited the same
    submission, or a version between is missing) an edit counts before a first version, then the one
    finished last, then the higher instanceID: nothing that depends on arrival.
    """
    known: dict[str, Intake] = {}
    for version in versions:
        twin = known.setdefault(version.instance_id, version)
        if twin is not version and twin != version:  # one instanceID in two forms: no phone does that
            known[version.instance_id] = max(twin, version, key=repr)
    replaced = {version.deprecated_id for version in known.values()}
    ends = [version for version in known.values() if version.instance_id not in replaced] or list(
        known.values()
    )
    last = max(ends, key=lambda one: (one.deprecated_id is not None, one.ended_at, one.instance_id))
    return last, sum(one.deprecated_id is not None for one in ends) > 1
