"""Submissions for SPSS and Stata: an archive with a file for each table, variables and values labelled, and the codebook
as CSV.

SPSS keeps a code as text, with its label. Stata labels numbers only: a list whose codes are whole numbers keeps them,
any other is numbered in the order of its choices, and the codebook says which number is which code.

These formats are written whole, so a table must fit into memory; `MAX_CELLS` and `MAX_BYTES` are what is taken, and
beyond them the download is refused before its first byte, or as soon as it is known.
"""

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl
import pyreadstat

from app import problems
from app.exports import codebook, typed
from app.exports.archive import BUFFER, Archive
from app.exports.content import Cells, Content, Words
from app.exports.manifest import manifest
from submissions.tables import Column, Table
from xlsforms.schema import text

MAX_CELLS: Final = 4_000_000
"""Cells of a table."""
MAX_BYTES: Final = 120_000_000
"""Bytes of a table whose texts are all as long as the longest of their column, as these formats store them."""
_ROWS: Final = 500
_SPSS_TIME: Final = slice(92, 109)
_STATA_TIME: Final = re.compile(rb"(?<=<timestamp>\x11).{17}")
_POLARS: Final[Mapping[str, Any]] = {
    "integer": pl.Float64, "decimal": pl.Float64, "tick": pl.Int8, "boolean": pl.Int8, "date": pl.Date,
    "moment": pl.Datetime("us"), "number": pl.Int32,
}  # fmt: skip
_RESERVED: Final = frozenset(
    (
        "all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with", "byte", "double", "float",
        "if", "in", "int", "long", "strl", "using",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """What a statistics program takes: the ending of its files, and its limits. Names and labels of variables, labels of
    values, in bytes of UTF-8; texts likewise. Stata takes names
    of 32 letters, of which pyreadstat takes some to name labels."""

    ending: str
    name: int
    label: int
    value_label: int
    text: int
    numbers_codes: bool


SPSS: Final = Program("sav", 64, 255, 120, 32_767, numbers_codes=False)
STATA: Final = Program("dta", 27, 80, 32_000, 2_000_000, numbers_codes=True)


def write(content: Content, program: Program) -> Iterator[bytes]:
    """The archive, piece by piece. Raises the Problem `download_limit`."""
    width = len(content.layout.root.columns) + 1
    if content.expected * width > MAX_CELLS:
        raise problems.download_limit(
            f"{content.expected} submissions of {width} columns are more than the {MAX_CELLS:,} cells "
            "that a file for a statistics program is made of."
        )
    return _archive(content, program)


def short_names(table: Table, longest: int) -> list[str]:
    """What the variables of a table are called: as the columns, with `_` for what is no letter or digit. A name that is
    too long, or that another has already, ends in six digits that follow from the whole name alone."""
    taken: set[str] = set()
    found = []
    for column in typed.columns(table):
        plain = re.sub(r"[^A-Za-z0-9_]", "_", column.name)
        if not plain[:1].isalpha():
            plain = f"v_{plain}"
        if plain.casefold() in _RESERVED:
            plain += "_"
        if len(plain) > longest or plain.casefold() in taken:
            mark = hashlib.sha256(f"{column.path}/{column.name}".encode()).hexdigest()[:6]
            plain = f"{plain[: longest - 7]}_{mark}"
        taken.add(plain.casefold())
        found.append(plain)
    return found


def numbers(column: Column) -> dict[str, int]:
    """Code → the number that stands for it where codes cannot be text; empty for a column without choices."""
    if column.kind != "code":
        return {}
    codes = [choice.name for choice in column.choices]
    if all(re.fullmatch(r"-?(0|[1-9][0-9]{0,8})", code) for code in codes):
        return {code: int(code) for code in codes}
    return {code: number for number, code in enumerate(codes, 1)}


def _archive(content: Content, program: Program) -> Iterator[bytes]:
    archive = Archive()
    plain = replace(content, words=Words())
    yield from archive.copy("codebook.csv", [_codebook(content, program)])
    for table, rows in plain.tables():
        yield from archive.copy(f"{table.name}.{program.ending}", _file(content, plain, table, rows, program))
    for name, pieces in content.files():
        yield from archive.copy(f"media/{name}", pieces)
        content.written.files += 1
    yield from manifest(archive, content)
    yield archive.close()


def _file(
    content: Content, plain: Content, table: Table, rows: Iterable[Cells], program: Program
) -> Iterator[bytes]:
    columns = [_as_written(column, program) for column in typed.columns(table)]
    names = short_names(table, program.name)
    schema = {name: _POLARS.get(one.kind, pl.String) for name, one in zip(names, columns, strict=True)}
    frames = []
    widths = [8] * len(columns)
    cells = count = 0
    coded = [numbers(replace(one, kind="code")) if one.kind == "number" else {} for one in columns]
    # Codes that become numbers are read as text first: what has no number is among the unread.
    for batch in typed.batches(plain, table, rows, size=_ROWS):
        count += len(batch[0])
        cells += len(batch) * len(batch[0])
        for place, (column, values) in enumerate(zip(columns, batch, strict=True)):
            if column.kind == "text":
                widths[place] = max(
                    widths[place], max((len(one.encode()) for one in values if one), default=0)
                )
                if widths[place] > program.text:
                    raise problems.download_limit(
                        f"A text in {table.name}, {column.name} has {widths[place]} bytes; "
                        f"a .{program.ending} file holds {program.text}."
                    )
            elif column.kind == "number":
                known = coded[place]
                batch[place] = [None if one is None else known.get(one) for one in values]
                _keep_unread(column.name, batch[place], values, batch[-1])
        if cells > MAX_CELLS or count * sum(widths) > MAX_BYTES:
            raise problems.download_limit(
                f"The table {table.name} does not fit into the memory that a .{program.ending} file is made in."
            )
        frames.append(pl.DataFrame(dict(zip(names, batch, strict=True)), schema=schema))
    frame = pl.concat(frames, rechunk=False) if frames else pl.DataFrame(schema=schema)
    del frames
    yield from _written(frame, names, columns, content, table, program)


def _as_written(column: Column, program: Program) -> Column:
    """A column with the kind it has in the file: `number` for codes that are numbered, text for what is no type of its
    own there."""
    if program.numbers_codes and numbers(column):
        return replace(column, kind="number")
    return column if column.kind in _POLARS else replace(column, kind="text")


def _keep_unread(
    name: str, values: Sequence[int | None], texts: Sequence[str | None], unread: list[str | None]
) -> None:
    """Codes that no number stands for go where the other answers are that their column does not hold."""
    for place, (value, said) in enumerate(zip(values, texts, strict=True)):
        if value is None and said is not None:
            before = json.loads(unread[place] or "{}")
            unread[place] = json.dumps({**before, name: said}, ensure_ascii=False)


def _written(
    frame: Any,
    names: Sequence[str],
    columns: Sequence[Column],
    content: Content,
    table: Table,
    program: Program,
) -> Iterator[bytes]:
    """The file of a table. It is written to memory that has a name only while it is open, never to the disk."""
    language = content.words.language or content.layout.default_language

    def shortened(label: Mapping[str, str], longest: int, otherwise: str = "") -> str:
        said = " ".join((text(label, language, content.layout.default_language) or otherwise).split())
        data = said.encode()
        return said if len(data) <= longest else data[: longest - 3].decode(errors="ignore") + "…"

    labels: dict[str, dict[Any, str]] = {}
    for name, column in zip(names, columns, strict=True):
        if column.kind in ("tick", "boolean"):
            labels[name] = {0: "no", 1: "yes"}
        elif column.kind == "number":
            known = numbers(replace(column, kind="code"))
            labels[name] = {
                known[one.name]: shortened(one.label, program.value_label, one.name) for one in column.choices
            }
        elif column.choices and column.type == "select_one":
            labels[name] = {
                one.name: shortened(one.label, program.value_label, one.name) for one in column.choices
            }
    said: list[str | None] = [shortened(one.label, program.label, one.name) for one in columns]
    file = os.memfd_create(table.name[:100])
    try:
        target = f"/proc/self/fd/{file}"
        title = shortened(table.label, program.label, table.name)
        if program is SPSS:
            pyreadstat.write_sav(
                frame,
                target,
                file_label=title[:60],
                column_labels=said,
                variable_value_labels=labels,
                row_compress=True,
            )
        else:
            pyreadstat.write_dta(
                frame, target, file_label=title[:80], column_labels=said, variable_value_labels=labels
            )
        os.lseek(file, 0, os.SEEK_SET)
        first = True
        while piece := os.read(file, BUFFER):
            yield _timeless(piece, program) if first else piece
            first = False
    finally:
        os.close(file)


def _timeless(head: bytes, program: Program) -> bytes:
    """The beginning of a file without the time at which it was made, which these formats note."""
    if program is SPSS:
        return head[: _SPSS_TIME.start] + b"01 Jan 8000:00:00" + head[_SPSS_TIME.stop :]
    return _STATA_TIME.sub(b"01 Jan 1980 00:00", head, count=1)


def _codebook(content: Content, program: Program) -> bytes:
    names: dict[tuple[str, str], str] = {}
    known: dict[tuple[str, str], Mapping[str, int]] = {}
    for table in content.layout.tables:
        for column, name in zip(typed.columns(table), short_names(table, program.name), strict=True):
            names[table.name, column.name] = name
            if program.numbers_codes:
                known[table.name, column.name] = numbers(column)
    said = io.StringIO()
    writer = csv.writer(said, lineterminator="\r\n")
    writer.writerow(codebook.header(content.layout))
    writer.writerows(codebook.rows(content.layout, names=names, numbers=known))
    return said.getvalue().encode("utf-8", "replace")
