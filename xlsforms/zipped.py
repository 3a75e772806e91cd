"""A form as a zip of CSV files, one for each sheet: `survey.csv`, `choices.csv`, `settings.csv`, in a folder or not,
alone or behind the name of the form, as spreadsheet programs write them.

It becomes a workbook, which is what the converter reads best.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Final

import xlsxwriter

from xlsforms.marked import worded

SHEETS: Final = ("survey", "choices", "settings", "external_choices", "entities", "osm")
_NAMED: Final = re.compile(rf"(?:^|.*[/\\ _.-])({'|'.join(SHEETS)})\.csv", re.IGNORECASE)
_CELL: Final = 32_767
"""Characters a cell of a workbook holds."""


class NotTextError(Exception):
    """A file is not text in UTF-8; the message names it."""


def is_zipped(content: bytes) -> bool:
    """Whether a zip holds a survey as CSV. Opens its table of contents only."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "survey" in _members(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, OSError, EOFError):
        return False


def as_xlsx(content: bytes) -> bytes:
    """The sheets as one workbook of texts, empty rows included, so that row numbers stay. The zip was measured before
    (`workbook.inspect`). Raises NotTextError."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as archive,
        xlsxwriter.Workbook(out, {"in_memory": True}) as book,
    ):
        for sheet, member in _members(archive).items():
            page = book.add_worksheet(sheet)
            try:
                text = archive.read(member).decode("utf-8-sig")
            except UnicodeDecodeError:
                raise NotTextError(worded("%(sheet)s.csv is not text in UTF-8.", sheet=sheet)) from None
            for number, row in enumerate(_rows(text)):
                for column, cell in enumerate(row):
                    if cell:
                        page.write_string(number, column, cell[:_CELL])
    return out.getvalue()


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet → the file that holds it; of several the one whose name is shortest. In the order of a workbook."""
    found: dict[str, str] = {}
    for name in sorted(archive.namelist(), key=len, reverse=True):
        if "__MACOSX/" not in name and (match := _NAMED.fullmatch(name)):
            found[match[1].lower()] = name
    return {sheet: found[sheet] for sheet in SHEETS if sheet in found}


def _rows(text: str) -> Iterator[list[str]]:
    """Rows with commas between cells, or what a spreadsheet program of another country writes: semicolons, tabs."""
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    csv.field_size_limit(len(text) + 1)
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)
