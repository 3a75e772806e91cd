"""Tables for formats whose columns have one type each: Parquet, SPSS, Stata. An answer that is not of its column's type
(a number of forty digits, `about 30`) stands in the column UNREAD behind the others, as JSON, so that it is not lost."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from app.exports import cells
from app.exports.content import Cells, Content
from submissions.tables import Column, Table

UNREAD: Final = "UnreadAnswers"
_TYPES: Final = {
    "integer": float, "decimal": float, "tick": int, "boolean": bool, "date": date, "moment": datetime,
}  # fmt: skip


def columns(table: Table) -> list[Column]:
    """The columns of a table, and UNREAD."""
    return [*table.columns, Column(UNREAD)]


def batches(
    content: Content,
    table: Table,
    rows: Iterable[Cells],
    *,
    size: int,
    readers: dict[str, Callable[[Any], Any]] | None = None,
) -> Iterator[list[list[Any]]]:
    """The rows of a table by column, so many at a time; each value of its column's type, or None. `readers` by kind
    stand for those of `cells`."""
    known = {**cells.READERS, **(readers or {})}
    kept = [
        (column.name, known[column.kind], _TYPES[column.kind])
        if column.kind in known and column.kind in _TYPES
        else (column.name, None, str)
        for column in table.columns
    ]
    counted = content.count(table, content.labelled(rows, table))
    while part := list(islice(counted, size)):
        unread: list[dict[str, Any]] = [{} for _ in part]
        found: list[list[Any]] = []
        for (name, read, kind), column in zip(kept, zip(*part, strict=True), strict=True):
            if read is None:
                found.append([None if cell is None else str(cell) for cell in column])
                continue
            values = []
            for number, cell in enumerate(column):
                value = None if cell is None else read(cell)
                if value is not None and not _is(value, kind):
                    unread[number][name] = cell
                    value = None
                values.append(value)
            found.append(values)
        found.append([json.dumps(one, ensure_ascii=False) if one else None for one in unread])
        yield found


def _is(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int | float)
    # A datetime is a date, too.
    return type(value) is kind
