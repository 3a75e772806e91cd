"""Small counts in a table of figures, hidden so that what is left does not give them away.

A count below five may point to a person, so it is shown as `<5`. As the sum of a table is known (it stands beside it, or
in another table of the same cases), one hidden count could be had by subtraction. So further counts are hidden until
every small one could be any from one to four, whatever a reader reckons from the sum and from what is shown: that a
count hidden for the sake of others is five or more, and no larger than the smallest that is shown.
"""

from collections.abc import Sequence
from typing import Final

SMALL: Final = 5
"""Counts from one to below this are hidden."""
BELOW: Final = f"<{SMALL}"
"""What is shown in place of a small count."""
HIDDEN: Final = "x"
"""What is shown in place of one that would give a small one away."""

Cell = int | str
"""A count, or `BELOW` or `HIDDEN` in its place."""


def hide(counts: Sequence[int]) -> tuple[Cell, ...]:
    """The counts of a table whose sum is known, as they may be shown. Zero is shown, unless nothing else is left to hide
    behind: then nothing of the table is shown."""
    small = {place for place, count in enumerate(counts) if 0 < count < SMALL}
    if not small:
        return tuple(counts)
    others = sorted((count, place) for place, count in enumerate(counts) if count >= SMALL)
    for taken in range(len(others) + 1):
        behind, shown = others[:taken], others[taken:]
        if _safe(
            [counts[place] for place in small], [count for count, _ in behind], shown[0][0] if shown else None
        ):
            places = {place for _, place in behind}
            return tuple(
                BELOW if place in small else HIDDEN if place in places else count
                for place, count in enumerate(counts)
            )
    return tuple(HIDDEN for _ in counts)


def total(count: int) -> Cell:
    """A sum, as it may be shown."""
    return BELOW if 0 < count < SMALL else count


def _safe(small: Sequence[int], behind: Sequence[int], least: int | None) -> bool:
    """Whether each small count could be any from one to four, if the sum of all that is hidden is known. `least` is the
    smallest count shown: no hidden one is larger."""
    room = SMALL - 2
    down = sum(count - 1 for count in small) + sum(count - SMALL for count in behind)
    up = sum(SMALL - 1 - count for count in small)
    if behind:
        up = room if least is None else up + sum(least - count for count in behind)
    return down >= room and up >= room
