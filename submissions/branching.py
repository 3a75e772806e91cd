"""Changes made apart: on which version a change was made, and whether it meets another that did not know of it.

Rules of https://getodk.github.io/xforms-spec/entities for a server: a run of changes that a phone makes offline
is a branch. Its first change is made on the trunk version the phone had from the server, each further one on
the change before it. Changes by others since then are a conflict: soft if they said other properties, hard if
they said something else of the same one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from submissions.entities import EntityAction
from submissions.intake import Intake
from xlsforms.finding import Finding, info, warning
from xlsforms.marked import N_, worded

Conflict = Literal["soft", "hard"]


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was applied: the version it made, what it said, and the branch it belongs to."""

    version: int
    said: Mapping[str, str]
    branch_id: str | None


def base_of(action: EntityAction, applied: Sequence[Applied]) -> int | None:
    """The version a change was made on. None if a change of the same branch before it has not come yet; 0 if
    it is a version nobody here knows.

    `applied` are all versions of the entity from 1 on, in their order.
    """
    current = len(applied)
    if action.branch_id is None:
        return action.base_version if action.base_version <= current else 0
    # A phone that made the entity itself had no version from the server: its own first one is the trunk.
    trunk = action.trunk_version or 1
    before = action.base_version - trunk
    if trunk > current or before < 0:
        return 0
    if before == 0:
        return trunk
    own = [one.version for one in applied if one.branch_id == action.branch_id]
    return own[before - 1] if len(own) >= before else None


def conflict(said: Mapping[str, str], base: int, applied: Sequence[Applied]) -> Conflict | None:
    """Whether what others said since the base stands against what is said now."""
    others = [one for one in applied if one.version > base]
    if any(one.said.get(name, value) != value for one in others for name, value in said.items()):
        return "hard"
    return "soft" if any(one.said.items() - said.items() for one in others) else None


def of_case(interviews: Iterable[Intake]) -> list[Finding]:
    """Changes of a case made on two phones at once, by the interviews alone, so that the order in which they
    came is no matter: the same version from the server, and different branches."""
    changes = [one for one in interviews if one.change is not None and one.change.branch_id is not None]
    found: dict[tuple[str, str], Finding] = {}
    for one, other in combinations(sorted(changes, key=lambda intake: (intake.order, intake.submission)), 2):
        first, second = one.change, other.change
        assert first is not None
        assert second is not None
        if first.id != second.id or first.trunk_version != second.trunk_version:
            continue
        if first.branch_id == second.branch_id:
            continue
        shared = first.said.keys() & second.said.keys()
        differing = sorted(name for name in shared if first.said[name] != second.said[name])
        if differing:
            found["hard", ", ".join(differing)] = _hard(", ".join(differing), other.submission)
        elif alone := sorted(name for name, _ in first.said.items() ^ second.said.items()):
            found["soft", ", ".join(alone)] = _soft(", ".join(alone), other.submission)
    return [found[key] for key in sorted(found)]


def _hard(names: str, submission: str) -> Finding:
    return warning(
        "case_conflict_hard",
        worded(
            "Two phones that did not know of each other changed the same of this case: "
            "%(names)s. The later interview counts; the earlier value is kept.",
            names=names,
        ),
        N_("Compare the two, and correct the case if the earlier one is right."),
        question=submission,
    )


def _soft(names: str, submission: str) -> Finding:
    return info(
        "case_conflict_soft",
        worded(
            "Two phones that did not know of each other changed this case; one of them "
            "changed %(names)s. Both changes count.",
            names=names,
        ),
        N_("See whether they fit together."),
        question=submission,
    )
