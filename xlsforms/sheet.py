"""The cells of a .xlsx, by a parser that looks at nothing else.

openpyxl reads a worksheet with the parser of Python's library, and makes objects of print settings, validations and
formats that nobody asks for; that was half of what a conversion cost. `quickly` lends it this parser of rows and of
shared strings. What a cell's value is, is still decided as openpyxl decides it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from lxml import etree
from openpyxl.reader import excel
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet import _read_only
from openpyxl.worksheet._reader import ROW_TAG, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

_TEXT, _RUN, _STRING, _INLINE = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("t", "r", "si", "is"))


@contextmanager
def quickly() -> Iterator[None]:
    """Meanwhile openpyxl reads rows and strings so, in this process."""
    before = _read_only.WorkSheetParser, excel.read_string_table
    _read_only.WorkSheetParser, excel.read_string_table = Rows, strings
    try:
        yield
    finally:
        _read_only.WorkSheetParser, excel.read_string_table = before


class Rows(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """The rows of one worksheet: number, and cells as openpyxl's own parser gives them."""

    def parse(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        for row in _elements(self.source, ROW_TAG):
            number = row.get("r")
            self.row_counter: int = int(float(number)) if number else self.row_counter + 1
            self.col_counter = 0
            # A cell with a format and nothing in it is none.
            filled = [cell for cell in row if len(cell) or cell.get("r") is None]
            yield self.row_counter, [self.parse_cell(cell) for cell in filled]

    def parse_cell(self, element: etree._Element) -> dict[str, Any]:
        kind, coordinate = element.get("t", "n"), element.get("r")
        if kind in ("s", "str", "inlineStr") and coordinate:  # most cells; the others are not worth a thought
            self.col_counter = column = column_index_from_string(coordinate.rstrip("0123456789"))
            value: str | None = None
            if kind == "inlineStr":
                inline = element.find(_INLINE)
                value = None if inline is None else _content(inline)
            elif found := element.findtext(VALUE_TAG):
                value = self.shared_strings[int(found)] if kind == "s" else found
            return {"row": self.row_counter, "column": column, "value": value, "data_type": "s"}
        parsed: dict[str, Any] = super().parse_cell(element)
        return parsed


def strings(source: IO[bytes]) -> list[str]:
    """The shared strings of a workbook, in order."""
    return [_content(one).replace("x005F_", "") for one in _elements(source, _STRING)]


def _elements(source: IO[bytes], tag: str) -> Iterator[etree._Element]:
    """Every element of that name, which is emptied when the next is asked for. Raises etree.XMLSyntaxError."""
    walk = etree.iterparse(
        source, tag=tag, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    for _, element in walk:
        yield element
        element.clear()
        while (before := element.getprevious()) is not None and (parent := element.getparent()) is not None:
            parent.remove(before)


def _content(element: etree._Element) -> str:
    """Its own text, then that of its runs; what is read aloud (phonetic) is no text of the cell."""
    if len(element) == 1 and element[0].tag == _TEXT:
        return element[0].text or ""
    parts = []
    for one in element:
        if one.tag == _TEXT:
            parts.append(one.text or "")
        elif one.tag == _RUN:
            parts.append(one.findtext(_TEXT) or "")
    return "".join(parts)
