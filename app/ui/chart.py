"""Where the bars of a chart stand. Pure: templates draw them as SVG, in percent of its width, so that a chart fills any
page and its letters keep their size.

What is hidden has no bar: a length would tell what the number does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.services.suppression import Cell

HEIGHT: Final = 160
"""Of the plot of a chart of columns, in pixels."""
_LINES: Final = 4
"""Most lines of the grid above zero."""
_LABELS: Final = 3
"""Most labels below the columns."""
_LAST: Final = 72
"""Percent of the width behind which no label begins: it might not end before the chart does."""
_GAP: Final = 0.15
"""Share of a column's place that is left free."""
_MARGIN: Final = 9
"""Percent of the width, at its beginning, in which the numbers of the grid stand."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of one series, the first being 0. `x` and `width` in percent, `y` and `height` in pixels from the top."""

    series: int
    x: float
    width: float
    y: float = 0
    height: float = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of columns: its bars; lines of the grid as (y, number); labels as (x, text)."""

    bars: tuple[Bar, ...]
    grid: tuple[tuple[float, int], ...]
    labels: tuple[tuple[float, str], ...]


def pieces(cells: Sequence[Cell], largest: int) -> tuple[Bar, ...]:
    """One bar that lies, its series behind each other. `largest` is the sum that fills the width."""
    found, x = [], 0.0
    for series, cell in enumerate(cells):
        if width := 100 * _length(cell) / max(largest, 1):
            found.append(Bar(series, round(x, 3), round(width, 3)))
        x += width
    return tuple(found)


def largest(rows: Sequence[Sequence[Cell]]) -> int:
    """The largest sum of a row, of what is shown."""
    return max((sum(map(_length, cells)) for cells in rows), default=0)


def columns(rows: Sequence[tuple[str, Sequence[Cell]]]) -> Columns:
    """Columns that stand side by side, each with its label, its series on top of each other."""
    step = _step(largest([cells for _, cells in rows]))
    top = max(step * -(-largest([cells for _, cells in rows]) // step), step)
    place = (100 - _MARGIN) / max(len(rows), 1)
    bars = []
    for at, (_, cells) in enumerate(rows):
        below = 0
        for series, cell in enumerate(cells):
            height = HEIGHT * _length(cell) / top
            if height:
                y = HEIGHT - HEIGHT * below / top - height
                x, width = _MARGIN + place * (at + _GAP / 2), place * (1 - _GAP)
                bars.append(Bar(series, round(x, 3), round(width, 3), round(y, 2), round(height, 2)))
            below += _length(cell)
    grid = tuple((HEIGHT - HEIGHT * number / top, number) for number in range(step, top + 1, step))
    every = max(1, -(-len(rows) // _LABELS))
    starts = (
        (round(_MARGIN + place * at, 3), label) for at, (label, _) in enumerate(rows) if at % every == 0
    )
    labels = tuple((x, label) for x, label in starts if x <= _LAST)
    return Columns(tuple(bars), grid, labels)


def _length(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _step(most: int) -> int:
    """A round distance of lines: 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * _LINES >= most:
                return digit * power
        power *= 10
