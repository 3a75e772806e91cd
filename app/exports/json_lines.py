"""Submissions as JSON lines: an object a line for each submission, the rows of its repeats inside it.

Keys are the columns of the CSV tables. Numbers and true and false are such, dates and times are text as the phone wrote
it; what was not answered is not there.
"""

import json
from collections.abc import Iterator
from typing import Any

from app.exports.archive import BUFFER
from app.exports.cells import READERS
from app.exports.content import Content, relabel
from submissions.tables import Row, Table

_TYPED = ("integer", "decimal", "boolean", "tick")


def write(content: Content) -> Iterator[bytes]:
    """The lines, some at a time. The rows of a repeat stand under its name, in the row they belong to."""
    shapes = [_Shape(content, table) for table in content.layout.tables]
    counts = content.written.rows
    pieces: list[bytes] = []
    size = 0
    for rows in content.submissions:
        line = (
            json.dumps(_nested(rows, shapes, counts), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        )
        pieces.append(line)
        size += len(line)
        if size > BUFFER:
            yield b"".join(pieces)
            pieces, size = [], 0
    yield b"".join(pieces)


class _Shape:
    """How the rows of one table become objects."""

    def __init__(self, content: Content, table: Table) -> None:
        self.name = table.name
        self.inner = table.path.rpartition("/")[2] + ("" if "~" not in table.name else f"~{table.name[-1]}")
        self.columns = [
            (column.name, READERS[column.kind] if column.kind in _TYPED else None) for column in table.columns
        ]
        self.readers = content.readers(table)

    def shown(self, cells: list[Any]) -> dict[str, Any]:
        relabel(cells, self.readers)
        return {
            name: cell if read is None else read(cell)
            for (name, read), cell in zip(self.columns, cells, strict=True)
            if cell is not None
        }


def _nested(rows: Any, shapes: list[_Shape], counts: dict[str, int]) -> dict[str, Any]:
    by_key: dict[str, dict[str, Any]] = {}
    root: dict[str, Any] = {}
    row: Row
    for row in rows:
        number, cells = row
        shape = shapes[number]
        counts[shape.name] = counts.get(shape.name, 0) + 1
        shown = shape.shown(cells)
        by_key[shown["KEY"]] = shown
        if number == 0:
            root = shown
        else:
            # Keys of what a newer layout left out lead to nothing: then it hangs from the submission.
            by_key.get(shown["PARENT_KEY"], root).setdefault(shape.inner, []).append(shown)
    return root
