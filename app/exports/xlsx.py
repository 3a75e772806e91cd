"""Submissions as a workbook: a sheet for the form, one for each repeat, and the codebook.

XlsxWriter makes the frame: styles, frozen headers, the codebook. The rows are written into it here, because a library
that makes whole workbooks keeps them on the disk in clear until they are done, and hands out nothing before. A cell is
a number, a date or true and false where the question is; everything else is text, so that nothing an interviewer typed
is ever a formula.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Final
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from app import problems
from app.exports import codebook
from app.exports.archive import Archive
from app.exports.cells import READERS
from app.exports.content import Cells, Content
from submissions.tables import Cell, Column, Layout, Table

MAX_ROWS: Final = 1_048_576
MAX_COLUMNS: Final = 16_384
MAX_TEXT: Final = 32_767
"""What Excel holds: rows of a sheet with its header, columns, characters of a cell."""
CODEBOOK: Final = "codebook"
_WHEN: Final = datetime(1980, 1, 1, tzinfo=UTC)
_SPECIAL: Final = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORMATS: Final = {"date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm:ss"}
_EPOCH: Final = date(1899, 12, 30).toordinal()
_FIRST: Final = date(1900, 3, 1).toordinal()
"""Days before it have other numbers in Excel than elsewhere."""

Writer = Callable[[Cell], str]
"""From a cell to what stands between `<c r="B2"` and the next cell."""


def write(content: Content) -> Iterator[bytes]:
    """The workbook, piece by piece. Raises the Problem `download_limit`: before the first piece if the rows of the
    form or the columns of a table are too many, later if those of a repeat are, or a text is too long."""
    for table in content.layout.tables:
        if len(table.columns) > MAX_COLUMNS:
            raise problems.download_limit(
                f"The table {table.name} has {len(table.columns)} columns; a sheet holds {MAX_COLUMNS}."
            )
    if content.expected + 1 > MAX_ROWS:
        raise problems.download_limit(
            f"There are {content.expected} submissions; a sheet holds {MAX_ROWS - 1}."
        )
    return _archive(content)


def sheet_names(layout: Layout) -> list[str]:
    """What the sheets are called: as the tables, as far as Excel takes it, each name once."""
    taken = {CODEBOOK}
    names = []
    for table in layout.tables:
        plain = re.sub(r"[\[\]:*?/\\']+", "_", table.name)
        name, number = plain[:31], 1
        while name.casefold() in taken:
            number += 1
            ending = f"~{number}"
            name = plain[: 31 - len(ending)] + ending
        taken.add(name.casefold())
        names.append(name)
    return names


def _archive(content: Content) -> Iterator[bytes]:
    frame = zipfile.ZipFile(_frame(content))
    archive = Archive()
    numbers = {
        f"xl/worksheets/sheet{number}.xml": number for number, _ in enumerate(content.layout.tables, 1)
    }
    for name in frame.namelist():
        if name not in numbers:
            yield from archive.copy(name, [frame.read(name)])
    for (table, rows), name in zip(content.tables(), numbers, strict=True):
        # The extent of the sheet is not known before its end; readers find it out.
        sheet = re.sub(rb"<dimension [^>]*/>", b"", frame.read(name))
        head, end, tail = sheet.partition(b"</sheetData>")
        yield from archive.copy(name, _sheet(content, table, rows, head, end + tail))
    yield archive.close()


def _frame(content: Content) -> io.BytesIO:
    """The workbook without its rows."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_urls": False})
    book.set_properties({"title": content.layout.title, "created": _WHEN})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    formats = {kind: book.add_format({"num_format": said}) for kind, said in _FORMATS.items()}
    for table, name in zip(content.layout.tables, sheet_names(content.layout), strict=True):
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, (column, label) in enumerate(zip(table.columns, content.words.header(table), strict=True)):
            sheet.set_column(place, place, _width(column), formats.get(column.kind))
            sheet.write_string(0, place, label[:MAX_TEXT], bold)
    sheet = book.add_worksheet(CODEBOOK)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(codebook.HEADER) + len(content.layout.languages), 20)
    for place, label in enumerate(codebook.header(content.layout)):
        sheet.write_string(0, place, label, bold)
    for number, row in enumerate(codebook.rows(content.layout), 1):
        for place, text in enumerate(row):
            if text:
                sheet.write_string(number, place, text[:MAX_TEXT])
    book.close()
    made.seek(0)
    return made


def _width(column: Column) -> int:
    return 20 if column.kind == "moment" else 12 if column.kind in ("date", "integer", "decimal") else 16


def _sheet(
    content: Content, table: Table, rows: Iterable[Cells], head: bytes, tail: bytes
) -> Iterator[bytes]:
    styles = _styles(head)
    opening = [f'<c r="{xl_col_to_name(place)}' for place, _ in enumerate(table.columns)]
    writers = [
        _writer(column, styles.get(place, 0), table.name) for place, column in enumerate(table.columns)
    ]
    columns = list(zip(opening, writers, strict=True))
    pieces, size = [head.decode()], 0
    for number, cells in enumerate(content.count(table, content.labelled(rows, table)), 2):
        if number > MAX_ROWS:
            raise problems.download_limit(
                f"The table {table.name} has more rows than the {MAX_ROWS - 1} that a sheet holds."
            )
        pieces.append(f'<row r="{number}">')
        pieces += [
            f'{start}{number}"{writer(cell)}'
            for (start, writer), cell in zip(columns, cells, strict=True)
            if cell is not None
        ]
        pieces.append("</row>")
        size += 1
        if size == _ROWS:
            yield "".join(pieces).encode("utf-8", "replace")
            pieces, size = [], 0
    yield "".join(pieces).encode("utf-8", "replace") + tail


_ROWS: Final = 50
"""Rows joined before they are compressed."""


def _styles(head: bytes) -> dict[int, int]:
    """Place of a column → number of its style, as the frame has it."""
    found = re.findall(rb'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"', head)
    return {place: int(style) for low, high, style in found for place in range(int(low) - 1, int(high))}


def _writer(column: Column, style: int, table: str) -> Writer:
    """What writes the cells of a column."""
    where = f"{table}, {column.name}"

    def string(cell: Cell) -> str:
        text = str(cell)
        if len(text) > MAX_TEXT:
            raise problems.download_limit(
                f"A text in {where} has {len(text)} characters; a cell of a workbook holds {MAX_TEXT}."
            )
        if _SPECIAL.search(text):
            text = _CONTROL.sub(
                lambda found: f"_x{ord(found[0]):04X}_", _ESCAPED.sub("_x005F_", escape(text))
            )
        return f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

    def number(cell: Cell) -> str:
        value = read(cell)
        return f"><v>{value!r}</v></c>" if isinstance(value, int | float) else string(cell)

    def truth(cell: Cell) -> str:
        value = read(cell)
        return f' t="b"><v>{int(value)}</v></c>' if isinstance(value, bool) else string(cell)

    def moment(cell: Cell) -> str:
        value = read(cell)
        if not isinstance(value, date) or (day := value.toordinal()) < _FIRST:
            return string(cell)
        serial: float = day - _EPOCH
        if isinstance(value, datetime):
            serial += (value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6) / 86400
        return f' s="{style}"><v>{serial!r}</v></c>'

    if column.kind not in READERS:
        return string
    read = READERS[column.kind]
    return {"date": moment, "moment": moment, "boolean": truth}.get(column.kind, number)
