"""Which cases are within a phone's reach: what it is shown, and what it may add to.

A reach is a text: `interviewer:7`, `group:3` or `nobody`. A phone has one, a case may be in two.
"""

from typing import Final

EVERY: Final = "every"
"""That of the office, which no phone has: every case of a mission, closed ones too."""
NOBODY: Final = "nobody"
"""The reach of phones that are neither an interviewer's nor in a group, and of cases that are neither's."""


def of_phone(interviewer_id: int | None, group_id: int | None) -> str:
    """A phone acts for its interviewer; only if it has none, for its group."""
    if interviewer_id is not None:
        return f"interviewer:{interviewer_id}"
    return f"group:{group_id}" if group_id is not None else NOBODY


def of_case(owner_id: int | None, group_id: int | None) -> frozenset[str]:
    """A case is within reach of its interviewer, and of the phones its group shares."""
    found = {of_phone(owner_id, None), of_phone(None, group_id)}
    return frozenset(found - {NOBODY}) or frozenset({NOBODY})
