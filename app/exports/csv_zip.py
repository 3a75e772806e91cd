"""Submissions as CSV, in the shape of ODK Central's `submissions.csv.zip`: a table for the form, one for each
repeat, and the files under `media/`.

Cells are exactly what the phone wrote, as in Central. Lines end as RFC 4180 says, so that a carriage return inside a
cell is quoted too.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator

from app.exports.archive import BUFFER, Archive
from app.exports.content import Cells, Content
from app.exports.manifest import manifest
from submissions.tables import Cell, Table

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?")


def write(content: Content) -> Iterator[bytes]:
    """The archive, piece by piece: tables, files, manifest."""
    archive = Archive()
    for table, rows in content.tables():
        yield from archive.copy(table.file, lines(content, table, rows))
    for name, pieces in content.files():
        yield from archive.copy(f"media/{name}", pieces)
        content.written.files += 1
    yield from manifest(archive, content)
    yield archive.close()


def write_root(content: Content) -> Iterator[bytes]:
    """The table of the form alone, without its repeats, as CSV."""
    root = content.layout.root
    only = (cells for rows in content.submissions for number, cells in rows if number == 0)
    return lines(content, root, only)


def lines(content: Content, table: Table, rows: Iterable[Cells]) -> Iterator[bytes]:
    """A table as CSV, its header first, some hundred lines at a time."""
    text = io.StringIO()
    write_row: Callable[[Iterable[Cell]], object] = csv.writer(text, lineterminator="\r\n").writerow
    write_row(table.header)
    yield taken(text)
    safe = content.spreadsheet_safe
    for cells in content.count(table, content.labelled(rows, table)):
        write_row(map(guarded, cells) if safe else cells)
        if text.tell() > BUFFER:
            yield taken(text)
    yield taken(text)


def guarded(cell: Cell) -> Cell:
    """A cell that a spreadsheet program takes for text: an apostrophe before what would be a formula. A
    number stays what it is, also a negative one."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def taken(text: io.StringIO) -> bytes:
    """What was written since the last time."""
    said = text.getvalue().encode("utf-8", "surrogatepass")
    text.seek(0)
    text.truncate()
    return said
