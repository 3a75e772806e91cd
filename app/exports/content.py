"""What every format is made from: the tables of a form, a stream of their rows, its files, and how much of it was
written."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from app.exports.spool import Spool
from submissions.tables import Cell, Column, Layout, Row, Table
from xlsforms.schema import Label, text

Files = Iterable[tuple[str, Iterable[bytes]]]
Cells = list[Cell]


@dataclass(slots=True)
class Written:
    """What went into a download, counted while it is made: rows by table, files, and the SHA-256 of each entry of an
    archive."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    entries: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    """Codes as they are, or under their labels in a language of the form. Empty: codes."""

    language: str = ""
    default: str = ""

    def of(self, label: Label) -> str:
        """A label in this language; empty for codes."""
        return text(label, self.language, self.default) if self.language else ""

    def reader(self, column: Column) -> Callable[[Cell], Cell] | None:
        """What makes labels of a column's cells, if anything does. A code without a label stays."""
        if not self.language or not column.choices:
            return None
        labels = {one.name: self.of(one.label) or one.name for one in column.choices}
        if column.kind == "code":
            return lambda cell: labels.get(str(cell), cell)
        if column.kind == "codes":
            return lambda cell: "; ".join(labels.get(one, one) for one in str(cell).split())
        return None

    def header(self, table: Table) -> list[str]:
        """What the columns of a table are called: by their names; with labels by those, each once."""
        names: list[str] = []
        taken: set[str] = set()
        for column in table.columns:
            label = self.of(column.label)
            if label and column.part is not None:
                label += f" ({column.name.rpartition('-')[2]})"
            elif label and column.code is not None:
                label = f"{column.name.partition('/')[0]}: {label}"
            name = label or column.name
            if name.casefold() in taken:
                name = f"{name} ({column.name})"
            taken.add(name.casefold())
            names.append(name)
        return names


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A download to be written. `submissions` gives the rows of each submission, that of the root first, and is gone
    through once; `files` is asked for when the tables are done. `spreadsheet_safe` keeps spreadsheet programs from
    taking an answer for a formula. `expected` is how many
    submissions there are. `described` is what a manifest says beside counts and hashes."""

    layout: Layout
    submissions: Iterable[Iterable[Row]]
    files: Callable[[], Files] = tuple
    words: Words = Words()
    spreadsheet_safe: bool = False
    expected: int = 0
    described: dict[str, Any] = field(default_factory=dict)
    written: Written = field(default_factory=Written)

    def tables(self) -> Iterator[tuple[Table, Iterator[Cells]]]:
        """Each table and its rows, the root first; each to be read to its end before the next one. Memory does not
        grow with the rows: what has to wait is spooled."""
        tables = self.layout.tables
        spools: dict[int, Spool] = {}
        try:
            yield tables[0], self._root(spools)
            for number, table in enumerate(tables[1:], 1):
                yield table, _waited(spools.get(number))
        finally:
            for spool in spools.values():
                spool.close()

    def labelled(self, rows: Iterable[Cells], table: Table) -> Iterator[Cells]:
        """Rows of a table with labels for codes, if labels are wanted."""
        readers = self.readers(table)
        if not readers:
            yield from rows
            return
        for cells in rows:
            relabel(cells, readers)
            yield cells

    def readers(self, table: Table) -> list[tuple[int, Callable[[Cell], Cell]]]:
        """The places of the columns that get labels, and what makes them."""
        found = ((place, self.words.reader(column)) for place, column in enumerate(table.columns))
        return [(place, reader) for place, reader in found if reader is not None]

    def count(self, table: Table, rows: Iterable[Cells]) -> Iterator[Cells]:
        """The rows, counted."""
        counts, name = self.written.rows, table.name
        counts.setdefault(name, 0)
        for cells in rows:
            counts[name] += 1
            yield cells

    def _root(self, spools: dict[int, Spool]) -> Iterator[Cells]:
        for rows in self.submissions:
            for number, cells in rows:
                if number == 0:
                    yield cells
                else:
                    if number not in spools:
                        spools[number] = Spool()
                    spools[number].write(json.dumps(cells).encode() + b"\n")


def relabel(cells: Cells, readers: Iterable[tuple[int, Callable[[Cell], Cell]]]) -> None:
    """Put labels for codes into a row."""
    for place, reader in readers:
        if cells[place] is not None:
            cells[place] = reader(cells[place])


def _waited(spool: Spool | None) -> Iterator[Cells]:
    if spool is not None:
        with closing(spool):
            for line in spool.lines():
                yield json.loads(line)
