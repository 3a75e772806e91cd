"""Chains of edits: which submissions are versions of one.

An edit names what it replaces (`meta/deprecatedID`). Versions arrive in any order, and some may never arrive;
which of them stands, `submissions.decision.current` says.
"""

from collections.abc import Mapping


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
