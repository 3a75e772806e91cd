"""Submissions as Parquet files in an archive, one for each table; for R, Python, DuckDB and Power BI.

Whole numbers are int64, decimals double, dates date32, moments timestamps in UTC; codes are text. Labels of columns are
in the field's metadata, under `label`; those of codes in `codebook.parquet`.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet

from app.exports import cells, codebook, typed
from app.exports.archive import Archive
from app.exports.content import Cells, Content
from app.exports.manifest import manifest
from submissions.tables import Column, Table

_ROWS: Final = 500
"""Rows that are Python's at a time."""
_GROUP: Final = 4_000_000
"""Bytes of a row group, in memory: what a file says of its groups stays there until the end, so they are few."""
_TYPES: Final = {
    "integer": pa.int64(), "decimal": pa.float64(), "tick": pa.int8(), "boolean": pa.bool_(), "date": pa.date32(),
    "moment": pa.timestamp("ms", tz="UTC"),
}  # fmt: skip


def write(content: Content) -> Iterator[bytes]:
    """The archive, piece by piece."""
    archive = Archive()
    for table, rows in content.tables():
        yield from archive.copy(f"{table.name}.parquet", _table(content, table, rows), stored=True)
    names = codebook.header(content.layout)
    book = pa.table(
        [pa.array(column, pa.string()) for column in zip(*codebook.rows(content.layout), strict=True)], names
    )
    yield from archive.copy("codebook.parquet", _file(book.schema, [book]), stored=True)
    for name, pieces in content.files():
        yield from archive.copy(f"media/{name}", pieces)
        content.written.files += 1
    yield from manifest(archive, content)
    yield archive.close()


def _table(content: Content, table: Table, rows: Iterable[Cells]) -> Iterator[bytes]:
    schema = pa.schema([_field(content, column) for column in typed.columns(table)])
    parts = (
        pa.record_batch(
            [pa.array(one, kind) for one, kind in zip(part, schema.types, strict=True)], schema=schema
        )
        for part in typed.batches(content, table, rows, size=_ROWS, readers={"moment": cells.instant})
    )
    yield from _file(schema, _groups(parts))


def _groups(parts: Iterable[Any]) -> Iterator[Any]:
    """The parts put together, as row groups."""
    held, size = [], 0
    for part in parts:
        held.append(part)
        size += part.nbytes
        if size >= _GROUP:
            yield pa.Table.from_batches(held)
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held)


def _file(schema: Any, groups: Iterable[Any]) -> Iterator[bytes]:
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        yield sink.take()
        for group in groups:
            writer.write_table(group)
            yield sink.take()
    yield sink.take()


def _field(content: Content, column: Column) -> Any:
    language = content.words.language or content.layout.default_language
    label = column.label.get(language) or next(iter(column.label.values()), "")
    kind = _TYPES.get(column.kind, pa.string())
    return pa.field(column.name, kind, metadata={"label": label} if label else None)


class _Sink:
    """What pyarrow takes for a file to write to."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._place = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._place += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._place

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken
