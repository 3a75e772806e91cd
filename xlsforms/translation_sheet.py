"""The texts of a form as a spreadsheet for translators, and what comes back in one.

One row a text, one column a language, and beside it how each translation stands, as a word that colours the cells. The
columns that say which text it is are locked; the rest can be written to.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from xlsforms.finding import Finding, error
from xlsforms.language import direction
from xlsforms.marked import N_, worded
from xlsforms.translations import Entry, Translations

SHEET: Final = "texts"
KEY: Final = "key"
_FIXED: Final = {KEY: 34, "sheet": 9, "row": 6, "part": 16, "context": 36}
"""Columns that say which text it is, and their widths."""
_SOURCE, _STATE = "source: ", "state: "
_COLOURS: Final = {"ok": "#D9EAD3", "missing": "#F4CCCC", "stale": "#FFE599"}
_ABOUT: Final = """
Write into the columns of your languages; the grey ones say which text it is, and stay as they are.
missing: there is no translation.
stale: the source text changed after it was made. If it is right as it is, change the word beside it to ok.
What stands in ${…} is filled in by the phone: keep it as it is.
A file name (image, audio, video) names the file for that language.
An empty cell changes nothing. Save as .xlsx, and import it on the form’s page of translations.
""".strip().splitlines()
_MOST_ROWS: Final = 200_000
_MOST_COLUMNS: Final = 400


def write(translations: Translations, languages: Sequence[str], *, form_id: str, version: str) -> bytes:
    """The workbook for translators into some languages, which may be new ones."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet(SHEET)
        head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        locked = book.add_format({"bg_color": "#EEEEEE", "valign": "top"})
        wrapped = book.add_format({"bg_color": "#EEEEEE", "valign": "top", "text_wrap": True})
        free = {"locked": False, "valign": "top", "text_wrap": True}
        forwards = book.add_format(free)
        backwards = book.add_format({**free, "reading_order": 2, "align": "right"})
        source = translations.source
        headers = [*_FIXED, _SOURCE + (source or "no language")]
        for language in languages:
            headers += [language, _STATE + language]
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, head)
        for row, text in enumerate(translations.texts, start=1):
            sheet.write_string(row, 0, text.place, locked)
            sheet.write_string(row, 1, text.sheet, locked)
            sheet.write_number(row, 2, text.row, locked)
            sheet.write_string(row, 3, text.part, locked)
            sheet.write_string(row, 4, text.context, wrapped)
            sheet.write_string(
                row, 5, text.said.get(source, ""), wrapped
            )  # a string, even where it begins with =
            for column, language in zip(range(6, len(headers), 2), languages, strict=True):
                dress = backwards if direction(language) == "rtl" else forwards
                sheet.write_string(row, column, text.said.get(language, ""), dress)
                sheet.write_string(row, column + 1, text.state(language, source), forwards)
        for word, colour in _COLOURS.items():
            _colour(
                sheet, word, book.add_format({"bg_color": colour}), len(languages), len(translations.texts)
            )
        _dress(sheet, len(languages), len(translations.texts))
        about = book.add_worksheet("about")
        about.set_column(0, 0, 100)
        for row, line in enumerate((f"{translations.title} ({form_id}), version {version}", *_ABOUT)):
            about.write_string(row, 0, line, book.add_format({"text_wrap": True}))
    return content.getvalue()


def read(content: bytes) -> Iterator[Entry]:
    """What a workbook says, cell by cell; cells that are empty say nothing. Raises `NotTexts`. Reads hostile files as
    openpyxl does: run it where time and memory are limited."""
    import openpyxl  # a quarter of a second, and only the child process reads

    sheet = next(iter(openpyxl.load_workbook(BytesIO(content), read_only=True).worksheets), None)
    rows = sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS) if sheet is not None else iter(())
    headers = {_said(cell): number for number, cell in enumerate(next(rows, ())) if _said(cell)}
    source = next((number for header, number in headers.items() if header.startswith(_SOURCE)), None)
    if KEY not in headers or source is None:
        raise NotTexts(not_texts(N_("Its first sheet has no columns “key” and “source: …”.")))
    languages = {
        header: (number, headers.get(_STATE + header))
        for header, number in headers.items()
        if header not in _FIXED and not header.startswith((_SOURCE, _STATE))
    }
    for number, row in enumerate(rows, start=2):
        cells: dict[int, Any] = dict(enumerate(row))
        place = _said(cells.get(headers[KEY]))
        for language, (column, state) in languages.items() if place else ():
            if said := _said(cells.get(column)):
                yield Entry(
                    place,
                    language,
                    source=_said(cells.get(source)),
                    said=said,
                    state=_said(cells.get(state)).lower() if state is not None else "",
                    row=number,
                    formula=getattr(cells.get(column), "data_type", "") == "f",
                )


class NotTexts(Exception):  # noqa: N818 - it is what the file is
    """A file that holds no texts of a form; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def not_texts(why: str) -> Finding:
    """The finding on a file that cannot be read as translations."""
    return error(
        "translation_file_unreadable",
        worded("The file cannot be read as translations of a form. %(why)s", why=worded(why)),
        N_("Export the texts again, write into that file, and save it as .xlsx or .po."),
    )


# --- within ------------------------------------------------------------------------------------------------------


def _colour(sheet: Worksheet, word: str, dress: Any, languages: int, rows: int) -> None:
    """A translation and its word have the colour of the word, whoever writes it."""
    for column in range(len(_FIXED) + 1, len(_FIXED) + 1 + 2 * languages, 2) if rows else ():
        rule = {
            "type": "formula",
            "criteria": f'=${xl_col_to_name(column + 1)}2="{word}"',
            "format": dress,
        }
        sheet.conditional_format(1, column if word != "ok" else column + 1, rows, column + 1, rule)


def _dress(sheet: Worksheet, languages: int, rows: int) -> None:
    widths = [*_FIXED.values(), 44, *(44, 10) * languages]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, len(widths) - 1)
    for column in range(len(_FIXED) + 2, len(widths), 2) if rows else ():
        sheet.data_validation(1, column, rows, column, {"validate": "list", "source": list(_COLOURS)})
    # Against accidents, so without a password.
    sheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True})


def _said(cell: Any) -> str:
    value = getattr(cell, "value", None)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).replace("\r\n", "\n").strip()
