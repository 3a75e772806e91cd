"""The cells of a .xlsx, by a parser that looks at nothing else.

openpyxl reads a worksheet with the parser of Python's library, and makes objects of print settings, validations and
formats that nobody asks for; that was half of what a conversion cost. `quickly` lends it this parser of rows and of
shared strings. What a cell's value is, is still decided as openpyxl decides it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, ClassVar

from lxml import etree
from openpyxl.reader import excel
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet import _read_only
from openpyxl.worksheet._reader import (
    DATA_TAG,
    DIMENSION_TAG,
    FORMULA_TAG,
    ROW_TAG,
    VALUE_TAG,
    WorkSheetParser,
)
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.xml.constants import SHEET_MAIN_NS

_TEXT, _RUN, _STRING, _INLINE = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("t", "r", "si", "is"))


@contextmanager
def quickly() -> Iterator[list[tuple[str, int, int]]]:
    """Meanwhile openpyxl reads rows and strings so, in this process. Gives a list of the formulas without a result that
    are met: part of the package, row and column."""
    before = _read_only.WorkSheetParser, excel.read_string_table
    _read_only.WorkSheetParser, excel.read_string_table = Rows, strings
    Rows.uncomputed = []
    try:
        yield Rows.uncomputed
    finally:
        _read_only.WorkSheetParser, excel.read_string_table = before


class Rows(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """The rows of one worksheet: number, and cells as openpyxl's own parser gives them."""

    uncomputed: ClassVar[list[tuple[str, int, int]]]

    def parse_dimensions(self) -> tuple[int, int, int, int] | None:
        """What the worksheet says of its size, if it says it before its rows, where it must (18.3.1.99)."""
        walk = etree.iterparse(
            self.source,
            events=("start",),
            tag=(DIMENSION_TAG, DATA_TAG),
            resolve_entities=False,
            load_dtd=False,
        )
        first = next((element for _, element in walk), None)
        if first is None or first.tag == DATA_TAG:
            return None
        size: tuple[int, int, int, int] = SheetDimension.from_tree(first).boundaries
        return size

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
            if not value and element.find(FORMULA_TAG) is not None and element.find(VALUE_TAG) is None:
                self.uncomputed.append((self.source.name, self.row_counter, column))
            return {"row": self.row_counter, "column": column, "value": value, "data_type": "s"}
        parsed: dict[str, Any] = super().parse_cell(element)
        if parsed["value"] is None and element.find(FORMULA_TAG) is not None:
            self.uncomputed.append((self.source.name, parsed["row"], parsed["column"]))
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
