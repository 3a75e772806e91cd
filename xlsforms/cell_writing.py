"""Texts put into cells of a workbook, and nothing else of it touched.

A spreadsheet library that opens and saves a workbook loses what it does not know: pictures, drop-downs, rules. So the
parts of the archive stay as they are, byte for byte, but for the sheets that get a text; and of these every cell but
those. Which cells are written is said by row and header, as findings say it.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from posixpath import join, normpath
from typing import Final

import xlsxwriter
from lxml import etree
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name

from xlsforms.workbook import Workbook
from xlsforms.xml import attributes

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_COLUMN: Final = re.compile(r"[A-Z]{1,3}")
_RANGE: Final = re.compile(r"([A-Z]{1,3}\d+):([A-Z]{1,3})(\d+)")
MOST_CHARACTERS: Final = 32_767
"""Of one cell."""


@dataclass(frozen=True, slots=True)
class CellText:
    """A text for the cell at a row (1-based) and header of a sheet. A header that is not there becomes a new column at
    the right, dressed as that of `beside`."""

    sheet: str
    row: int
    header: str
    text: str
    beside: str = ""


def write(content: bytes, cells: Iterable[CellText]) -> tuple[bytes, tuple[CellText, ...]]:
    """The .xlsx with these texts, and those left out because a formula makes what stands in their cell."""
    wanted: dict[str, list[CellText]] = {}
    for cell in cells:
        wanted.setdefault(cell.sheet, []).append(cell)
    left: list[CellText] = []
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        found = parts(old)
        strings = shared_strings(old) if wanted else ()
        changed = {found[name]: texts for name, texts in wanted.items()}
        for item in old.infolist():
            part = old.read(item)
            if texts := changed.get(item.filename):
                part, formulas = _write_sheet(part, texts, strings)
                left += formulas
            new.writestr(item, part, compress_type=item.compress_type)
    return made.getvalue(), tuple(left)


def rewrite(workbook: Workbook) -> bytes:
    """A new .xlsx of the cells that are read of a form in another format, as text."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        head, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        for name, sheet in workbook.sheets.items():
            page = book.add_worksheet(name)
            page.freeze_panes(1, 0)
            page.set_column(0, len(sheet.columns), 24)
            for column, header in enumerate(sheet.columns):
                page.write_string(0, column, header, head)
            for number, row in enumerate(sheet.rows, start=1):
                for column, header in enumerate(sheet.columns):
                    if header in row:
                        page.write_string(number, column, row[header][:MOST_CHARACTERS], wrapped)
    return content.getvalue()


# --- within ------------------------------------------------------------------------------------------------------


def parts(archive: zipfile.ZipFile) -> Mapping[str, str]:
    """Name of a sheet in lower case → the part of the archive that holds it. A workbook of one sheet has it as `survey`,
    whatever it is called, as the converter has it."""
    relations = {
        one.get("Id"): one.get("Target", "") for one in parse(archive.read("xl/_rels/workbook.xml.rels"))
    }
    found: dict[str, str] = {}
    for sheet in parse(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
        target = relations.get(attributes(sheet).get("id"), "")
        path = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
        found[sheet.get("name", "").lower()] = path
    return found if len(found) != 1 else {**found, "survey": next(iter(found.values()))}


def shared_strings(archive: zipfile.ZipFile) -> tuple[str, ...]:
    name = next((one for one in archive.namelist() if one.lower() == "xl/sharedstrings.xml"), None)
    if name is None:
        return ()
    return tuple(_plain(item) for item in parse(archive.read(name)).iter(f"{_MAIN}si"))


def headers(sheet: etree._Element, strings: tuple[str, ...]) -> dict[str, int]:
    """The columns of a sheet by their headers, counted from 1."""
    first = next((row for number, row in _rows(sheet) if number == 1), None)
    return {
        " ".join(text.split()): column
        for column, cell in (_cells(first) if first is not None else {}).items()
        if (text := _text(cell, strings))
    }


def spot(ref: str) -> tuple[int, int]:
    """Row and column of a cell by its name: `B3` → (3, 2)."""
    named = _COLUMN.match(ref)
    return int(ref[named.end() :] or 1) if named else 1, _column(named[0]) if named else 1


def _column(letters: str) -> int:
    """The column of this name, counted from 1."""
    column: int = xl_cell_to_rowcol(f"{letters}1")[1] + 1
    return column


def _write_sheet(
    part: bytes, cells: Iterable[CellText], strings: tuple[str, ...]
) -> tuple[bytes, list[CellText]]:
    root = parse(part)
    rows = dict(_rows(root))
    named = headers(root, strings)
    left = []
    for cell in cells:
        if cell.header not in named:
            column = max(named.values(), default=0) + 1
            named[cell.header] = column
            _set(rows[1], 1, column, cell.header, like=named.get(cell.beside))
            _widen(root, column, named.get(cell.beside))
        column = named[cell.header]
        there = _cells(rows[cell.row]).get(column)
        if there is not None and there.find(f"{_MAIN}f") is not None:
            left.append(cell)
        else:
            _set(rows[cell.row], cell.row, column, cell.text, like=named.get(cell.beside))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True), left


def _set(row: etree._Element, number: int, column: int, text: str, *, like: int | None) -> None:
    there = _cells(row)
    cell = there.get(column)
    if cell is None:
        cell = etree.Element(f"{_MAIN}c", r=f"{xl_col_to_name(column - 1)}{number}")
        if like in there and (style := there[like].get("s")):
            cell.set("s", style)
        following = next((one for at, one in there.items() if at > column), None)
        if following is None:
            row.append(cell)
        else:
            following.addprevious(cell)
        row.attrib.pop("spans", "")  # a hint of the first and last column, now too narrow
    for child in cell:
        cell.remove(child)
    cell.set("t", "inlineStr")
    plain = etree.SubElement(etree.SubElement(cell, f"{_MAIN}is"), f"{_MAIN}t")
    plain.text = text
    plain.set(_SPACE, "preserve")


def _widen(root: etree._Element, column: int, like: int | None) -> None:
    """A new column is as wide as the one beside which it belongs, and within what the sheet says it covers."""
    letter = xl_col_to_name(column - 1)
    dimension = root.find(f"{_MAIN}dimension")
    covers = _RANGE.fullmatch(dimension.get("ref", "")) if dimension is not None else None
    if dimension is not None and covers is not None and _column(covers[2]) < column:
        dimension.set("ref", f"{covers[1]}:{letter}{covers[3]}")
    widths = root.find(f"{_MAIN}cols")
    spans = (
        [(int(one.get("min", 0)), int(one.get("max", 0)), one) for one in widths]
        if widths is not None
        else []
    )
    model = next((one for first, last, one in spans if like is not None and first <= like <= last), None)
    if widths is not None and model is not None and not any(last >= column for _, last, _ in spans):
        widths.append(deepcopy(model))
        widths[-1].set("min", str(column))
        widths[-1].set("max", str(column))


def _rows(root: etree._Element) -> Iterator[tuple[int, etree._Element]]:
    """Rows by number; one that does not say its number is the one after the last."""
    number = 0
    for row in root.iter(f"{_MAIN}row"):
        number = int(row.get("r") or number + 1)
        yield number, row


def _cells(row: etree._Element) -> dict[int, etree._Element]:
    """Cells by column, from left to right."""
    found = {}
    column = 0
    for cell in row.iter(f"{_MAIN}c"):
        named = _COLUMN.match(cell.get("r") or "")
        column = _column(named[0]) if named else column + 1
        found[column] = cell
    return found


def _text(cell: etree._Element, strings: tuple[str, ...]) -> str:
    if cell.get("t") == "inlineStr":
        return _plain(cell)
    value = cell.findtext(f"{_MAIN}v") or ""
    if cell.get("t") == "s":
        return strings[int(value)] if value.isdigit() and int(value) < len(strings) else ""
    return value


def _plain(element: etree._Element) -> str:
    """The text of a string item, its runs together and without phonetic hints."""
    hints = {id(text) for hint in element.iter(f"{_MAIN}rPh") for text in hint.iter(f"{_MAIN}t")}
    return "".join(text.text or "" for text in element.iter(f"{_MAIN}t") if id(text) not in hints)


def parse(part: bytes) -> etree._Element:
    """A part of an archive that `workbook.inspect` has let through: it declares no entities."""
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
