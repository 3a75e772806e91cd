"""From the text a phone writes to a value: one small function per XForm type.

Values are JSON-native, so that they go through JSON unchanged: text, whole numbers, decimals as text in
plain notation (no floating point), dates and times as text. Each function raises ValueError on text its
type does not read. Notation: ODK XForms specification, section "Data types".
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

Scalar = str | int | bool | None
Value = Scalar | tuple[str, ...]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MAX_EXPONENT = 30  # 1E30: beyond it plain notation is only a way to fill memory


def text(said: str) -> str:
    return said


def integer(said: str) -> int:
    """`41`; also `41.0`, which calculations give."""
    if not _INTEGER.fullmatch(said.strip()):
        raise ValueError("not a whole number")
    return int(said.partition(".")[0])


def decimal(said: str) -> str:
    """`18.31`, `1.0E10` → plain notation."""
    try:
        number = Decimal(said.strip())
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > _MAX_EXPONENT or len(said) > 2 * _MAX_EXPONENT:
        raise ValueError("not a number that can be kept")
    return format(number, "f")


def number(said: str) -> int | str:
    """A whole number if it is one, else a decimal: the type of a range, which has steps of either."""
    try:
        return integer(said)
    except ValueError:
        return decimal(said)


def day(said: str) -> str:
    """`2026-11-22`. A date is what the person said; it has no time zone and is never shifted. Of a dateTime
    it is the day as the phone wrote it."""
    found = said.strip()[:10]
    if not _DATE.fullmatch(found):
        raise ValueError("not a date")
    date.fromisoformat(found)
    return found


def clock(said: str) -> str:
    """`08:32:00.000+03:00`, as written."""
    time.fromisoformat(said.strip())
    return said.strip()


def moment(said: str) -> str:
    """`2026-11-22T08:32:00.000+03:00`, as written, offset included. `instant` gives the moment in UTC."""
    datetime.fromisoformat(said.strip())
    return said.strip()


def instant(said: str) -> str | None:
    """The moment of a dateTime in UTC, `2026-11-22T05:32:00.000Z`, which sorts as text; None if it says no
    offset or is no dateTime."""
    try:
        read = datetime.fromisoformat(said.strip())
        if read.tzinfo is None:
            return None
        return read.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None


def boolean(said: str) -> bool:
    """`true` or `1`, `false` or `0`."""
    known = {"true": True, "1": True, "false": False, "0": False}.get(said.strip().lower())
    if known is None:
        raise ValueError("neither true nor false")
    return known


def choice(said: str) -> str:
    return said.strip()


def choices(said: str) -> tuple[str, ...]:
    """Names separated by blanks, in the order of the phone; a rank keeps its order. A name said twice
    counts once."""
    return tuple(dict.fromkeys(said.split()))


def point(said: str) -> str:
    """`lat lon altitude accuracy`, the last two optional."""
    parts = said.split()
    if not 2 <= len(parts) <= 4:
        raise ValueError("not a point")
    latitude, longitude = (Decimal(decimal(part)) for part in parts[:2])
    for part in parts[2:]:
        decimal(part)
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError("not on Earth")
    return " ".join(parts)


def trace(said: str) -> str:
    """Points separated by `;`."""
    points = [point(part) for part in said.split(";") if part.strip()]
    if len(points) < 2:
        raise ValueError("not a line")
    return "; ".join(points)


READERS: dict[str, Callable[[str], Value]] = {
    "integer": integer,
    "decimal": decimal,
    "range": number,
    "date": day,
    "today": day,
    "time": clock,
    "dateTime": moment,
    "start": moment,
    "end": moment,
    "boolean": boolean,
    "select_one": choice,
    "select_multiple": choices,
    "rank": choices,
    "geopoint": point,
    "start-geopoint": point,
    "geotrace": trace,
    "geoshape": trace,
}
"""Question type → reader. Every other type is text: names of files, notes, barcodes, calculations."""


def reader(question_type: str) -> Callable[[str], Value]:
    return READERS.get(question_type, text)
