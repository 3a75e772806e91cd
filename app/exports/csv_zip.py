"""Submissions as CSV, in the shape of ODK Central's `submissions.csv.zip`: a table for the form, one for each
repeat, and the files under `media/`.

Memory does not grow with the number of submissions: the root table streams into the archive while the others,
which have to wait for it to end, are spooled. Cells are exactly what the phone wrote, as in Central. Lines
end as RFC 4180 says, so that a carriage return inside a cell is quoted too.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.exports.spool import Spool
from submissions.tables import Cell, Layout, Table

Row = tuple[Table, Sequence[Cell]]
Files = Iterable[tuple[str, Iterable[bytes]]]

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?")
_BUFFER = 64 * 1024


@dataclass(slots=True)
class Sheet:
    """How a table is written: the places of its columns that are kept, and what becomes of each cell."""

    table: Table
    columns: tuple[int, ...]
    cell: Callable[[Cell], Cell]

    def header(self) -> bytes:
        return _line([self.table.columns[place].name for place in self.columns])

    def line(self, row: Sequence[Cell]) -> bytes:
        return _line([self.cell(row[place]) for place in self.columns])


@dataclass(slots=True)
class Written:
    """What went into an archive, counted while it is made."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0


def sheets(
    layout: Layout, *, without: Callable[[str], bool] = lambda _path: False, spreadsheet_safe: bool = False
) -> Mapping[str, Sheet]:
    """How to write each table of a layout, by its file name. `without` tells of a question's path whether its
    columns are left out; with `spreadsheet_safe` no cell is taken for a formula by a spreadsheet program."""
    cell = guarded if spreadsheet_safe else _as_it_is
    return {
        table.file: Sheet(
            table,
            tuple(
                place
                for place, column in enumerate(table.columns)
                if not (column.path and without(column.path))
            ),
            cell,
        )
        for table in layout.tables
    }


def archive(
    layout: Layout,
    sheets: Mapping[str, Sheet],
    *,
    submissions: Iterable[Iterable[Row]],
    files: Callable[[], Files],
    written: Written,
) -> Iterator[bytes]:
    """The archive, piece by piece. `files` is asked for when the tables are done."""
    sink = _Sink()
    spools = {table.file: Spool() for table in layout.tables[1:]}
    try:
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archived:
            with archived.open(layout.root.file, "w", force_zip64=True) as entry:
                entry.write(sheets[layout.root.file].header())
                for table, line in _lines(sheets, submissions, written):
                    if table is layout.root:
                        entry.write(line)
                    else:
                        spools[table.file].write(line)
                    if sink.size > _BUFFER:
                        yield sink.take()
            for name, spool in spools.items():
                with archived.open(name, "w", force_zip64=True) as entry:
                    entry.write(sheets[name].header())
                    for piece in spool.read():
                        entry.write(piece)
                        yield sink.take()
            for name, content in files():
                with archived.open(f"media/{name}", "w", force_zip64=True) as entry:
                    for piece in content:
                        entry.write(piece)
                        yield sink.take()
                written.files += 1
        yield sink.take()
    finally:
        for spool in spools.values():
            spool.close()


def root_table(
    layout: Layout,
    sheets: Mapping[str, Sheet],
    *,
    submissions: Iterable[Iterable[Row]],
    written: Written,
) -> Iterator[bytes]:
    """The table of the form alone, without its repeats."""
    yield sheets[layout.root.file].header()
    for table, line in _lines(sheets, submissions, written):
        if table is layout.root:
            yield line


def guarded(cell: Cell) -> Cell:
    """A cell that a spreadsheet program takes for text: an apostrophe before what would be a formula. A
    number stays what it is, also a negative one."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def safe_name(name: str, taken: set[int]) -> str:
    """A file name that stays inside the archive's folder, and differs from those taken."""
    plain = re.sub(r"[\x00-\x1f\x7f/\\:]+", "_", name.strip()).lstrip(".") or "file"
    stem, dot, ending = plain.rpartition(".")
    number = 1
    while hash(plain) in taken:
        number += 1
        plain = f"{stem} ({number}){dot}{ending}" if dot else f"{ending} ({number})"
    taken.add(hash(plain))
    return plain


def _as_it_is(cell: Cell) -> Cell:
    return cell


def _lines(
    sheets: Mapping[str, Sheet], submissions: Iterable[Iterable[Row]], written: Written
) -> Iterator[tuple[Table, bytes]]:
    for rows in submissions:
        for table, row in rows:
            written.rows[table.file] = written.rows.get(table.file, 0) + 1
            yield table, sheets[table.file].line(row)


def _line(cells: Sequence[Cell]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8", "surrogatepass")


class _Sink(io.RawIOBase):
    """Where the archive is written to, and taken from in pieces. It cannot seek, so sizes follow the
    content."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # a buffer, as RawIOBase says
        self._pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        """What has been written since the last time."""
        taken, self._pieces, self.size = b"".join(self._pieces), [], 0
        return taken
