"""A form as one CSV that names its sheets in the first column, in the encodings and with the separators that
spreadsheet programs write. pyxform reads it in UTF-8 and with commas alone: the others are brought into that form.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from xlsforms.marked import worded

SEPARATORS = ",;\t"


class Unreadable(ValueError):  # noqa: N818 - it is what the text is
    """It is no table; the text says why."""


def decoded(content: bytes) -> str | None:
    """The text of a file in UTF-8 or, where it says so, UTF-16; None if it is neither."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def one_table(content: bytes) -> bytes:
    """A CSV as pyxform reads it. A table of questions that names no sheet is the survey. Raises Unreadable."""
    text = decoded(content) or ""
    separator = _separator(text)
    first = {cell.strip().lower() for cell in next(_rows(text[:100_000], separator), [])}
    if {"type", "name"} <= first:
        return _written([["survey"], *(["", *row] for row in _rows(text, separator))])
    return text.encode() if separator == "," else _written(_rows(text, separator))


def _separator(text: str) -> str:
    """That of the first lines."""
    head = [line for line in text[:10_000].splitlines() if line.strip()][:3]
    return max(SEPARATORS, key=lambda one: sum(line.count(one) for line in head))


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error as fault:
        raise Unreadable(worded("As a table it is faulty: %(fault)s.", fault=fault)) from fault


def _written(rows: Iterable[list[str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode(errors="replace")
