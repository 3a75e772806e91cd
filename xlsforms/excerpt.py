"""The part of a sheet around a finding: its row as a small table, with the cell at fault marked."""

from dataclasses import dataclass

from xlsforms.finding import Finding
from xlsforms.workbook import Sheet, Workbook

_LONG = 36
"""Characters shown of a cell beside the one at fault."""
_LONGEST = 600
"""And of that one itself."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell under its header. `faulty` if the finding is about it."""

    header: str
    text: str
    faulty: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A row of a sheet by its number in a spreadsheet program: the cells that are filled, and the one at fault even if
    it is not. Row 1 is that of the headers."""

    sheet: str
    row: int
    cells: tuple[Cell, ...]


def excerpt(workbook: Workbook, finding: Finding) -> Excerpt | None:
    """The row a finding is about; None if it names none, or the cells are not known."""
    sheet = workbook.sheets.get(finding.sheet or "")
    if sheet is None or finding.row is None or not 1 <= finding.row <= len(sheet.rows) + 1:
        return None
    # The plain name stands for a column that is not there, or that a language is missing from.
    column = finding.column or ""
    marked = {column, *(() if column in sheet.columns else sheet.all_headers(column)[:1])}
    cells = [
        Cell(header, _shortened(text, _LONGEST if header in marked else _LONG), header in marked)
        for header, text in _row(sheet, finding.row)
        if text or header in marked
    ]
    if column and not any(one.faulty for one in cells):
        cells.append(Cell(column, "", faulty=True))
    return Excerpt(sheet.name, finding.row, tuple(cells)) if cells else None


def _row(sheet: Sheet, number: int) -> list[tuple[str, str]]:
    columns = dict.fromkeys(sheet.columns)
    if number == 1:
        return [(header, header) for header in columns]
    cells = sheet.rows[number - 2]
    columns |= dict.fromkeys(cells)
    return [(header, cells.get(header, "")) for header in columns]


def _shortened(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
