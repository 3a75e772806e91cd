"""What a .xlsx holds beside its cells, and a designer may not know of: macros, links to other files, formulas that were
never computed, a sheet blown up by formats.

None of it keeps the form from being read: nothing is run or fetched here, and the cells are what they were when the
workbook was last saved.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice

import openpyxl

from xlsforms.finding import Finding, warning
from xlsforms.marked import N_, worded
from xlsforms.workbook import Workbook

MOST = 100
"""Formulas that are told."""
_PADDED = 4 << 20
"""Bytes of sheets below which nobody notices."""


def remarks(
    content: bytes, workbook: Workbook, uncomputed: Iterable[tuple[str, int, int]]
) -> Iterator[Finding]:
    """The findings about a workbook that was read. `uncomputed` are formulas without a result: part, row, column."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
    if any(name.startswith("xl/vbaProject") for name in sizes):
        yield warning(
            "workbook_macros",
            N_("The workbook holds macros. Nothing runs them here, but who downloads it gets them."),
            N_("Save it as Excel workbook (.xlsx), which keeps no macros."),
        )
    if any(name.startswith(("xl/externalLinks/", "xl/connections")) for name in sizes):
        yield warning(
            "workbook_links",
            N_(
                "Cells of the workbook take their values from other files. Nothing is fetched here: they are what they "
                "were when it was last saved."
            ),
            N_("Break the links in the spreadsheet program, so that the values stand in the cells."),
        )
    filled = sum(
        len(cell) + 100 for sheet in workbook.sheets.values() for row in sheet.rows for cell in row.values()
    )
    padded = sum(size for name, size in sizes.items() if name.startswith("xl/worksheets/"))
    if padded > max(_PADDED, 20 * filled):
        yield warning(
            "workbook_padded",
            worded(
                "The sheets have %(value)s MB, nearly all of it formats of empty rows and columns.",
                value=padded >> 20,
            ),
            N_("Delete the rows and columns below and beside the form, and save it again."),
        )
    yield from islice(_uncomputed(content, uncomputed), MOST)


def _uncomputed(content: bytes, cells: Iterable[tuple[str, int, int]]) -> Iterator[Finding]:
    if not (cells := list(cells)):
        return
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    heads = {}
    for sheet in book.worksheets:
        first = next(sheet.iter_rows(max_row=1, values_only=True), ())
        heads[sheet._worksheet_path] = (sheet.title.lower(), first)
    for part, row, column in cells:
        title, first = heads.get(part, ("", ()))
        header = first[column - 1] if column <= len(first) else None
        if header:
            yield warning(
                "formula_not_computed",
                N_("The cell holds a formula, and the file no result of it: it counts as empty."),
                N_("Open the workbook in a spreadsheet program and save it, or write the text itself."),
                sheet=title,
                row=row,
                column=str(header),
            )
