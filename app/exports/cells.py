"""From the text of a cell to what it means, by the kind of its column. What its kind does not read stays text: nothing
is lost, and nothing is guessed."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from submissions.tables import Cell

Value = str | int | float | bool | date | datetime | None

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_LONG = 16
"""Characters of a decimal that floating point surely holds: 15 digits and the point."""


def integer(cell: Cell) -> Value:
    """A whole number of up to 15 digits, which every program holds."""
    text = str(cell).strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    number = decimal(cell)  # 41.0, which calculations give
    return int(number) if isinstance(number, float) and number.is_integer() else cell


def decimal(cell: Cell) -> Value:
    """A decimal number that floating point holds."""
    text = str(cell).strip()
    return float(text) if len(text) <= _LONG and _DECIMAL.fullmatch(text) else cell


def day(cell: Cell) -> Value:
    """A date, as it was said."""
    try:
        return date.fromisoformat(str(cell).strip()[:10])
    except ValueError:
        return cell


def wall(cell: Cell) -> Value:
    """Date and time as the clock showed where it was written; the offset is left out."""
    try:
        return datetime.fromisoformat(str(cell).strip()).replace(tzinfo=None)
    except ValueError:
        return cell


def instant(cell: Cell) -> Value:
    """A moment in UTC; without an offset it is taken for UTC."""
    try:
        said = datetime.fromisoformat(str(cell).strip())
        return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return cell


def boolean(cell: Cell) -> Value:
    """true or false."""
    return {"true": True, "1": True, "false": False, "0": False}.get(str(cell).strip().lower(), cell)


READERS: dict[str, Callable[[Cell], Value]] = {
    "integer": integer,
    "decimal": decimal,
    "date": day,
    "moment": wall,
    "boolean": boolean,
    "tick": integer,
}
"""Kind of a column → reader. The others are text."""
