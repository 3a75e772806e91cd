"""From a workbook to an XForm: pyxform, at arm's length.

It is the only module that knows it, and has no opinion: what its messages mean is said in `complaints`. It is meant to
be called in the child process of `apart`.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO
from string import Formatter
from typing import Any

from xlsforms import separated, zipped
from xlsforms.finding import Finding, error
from xlsforms.marked import N_, worded
from xlsforms.workbook import Kind, Limits, Sheet, Workbook, inspect, unreadable

SHEETS = zipped.SHEETS


@dataclass(frozen=True, slots=True)
class Converted:
    """What pyxform made of a workbook. `error` and `warnings` are what it said, as {text, code, context}; `finding` is
    there, and nothing else, where the file was not even opened; `remarks` are what its package holds beside cells."""

    workbook: Workbook = field(default_factory=lambda: Workbook({}))
    xform: str | None = None
    itemsets: str | None = None
    error: Mapping[str, Any] | None = None
    warnings: tuple[Mapping[str, Any], ...] = ()
    finding: Finding | None = None
    remarks: tuple[Finding, ...] = ()


class _Damaged(Exception):  # noqa: N818 - it is what the file is
    """The file cannot be read; the text says why."""


def prepare() -> None:
    """Imports what the first conversion would import."""
    import pyxform.xls2xform  # noqa: F401 - so that every child has it
    import xlrd  # noqa: F401 - so that every child has it

    import xlsforms.package
    import xlsforms.sheet  # noqa: F401 - so that every child has it

    _templates()


def convert(
    content: bytes, kind: Kind, *, stem: str, limits: Limits, progress: Callable[[str, float | None], None]
) -> Converted:
    """Opens the file and converts it. `stem` is the form id where the workbook names none. Never raises for what is in
    the file."""
    progress("reading", None)
    if finding := inspect(content, kind, limits):
        return Converted(finding=finding)
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert as pyxform_convert

    from xlsforms.package import remarks
    from xlsforms.sheet import quickly

    warnings: list[str] = []
    made = Converted()
    try:
        content, kind = _plain(content, kind)
        with quickly() as uncomputed:
            definition = _read(content, kind)
        book = _workbook(definition)
        made = Converted(book, remarks=tuple(remarks(content, book, uncomputed)) if kind == "xlsx" else ())
        if sum(len(row) for sheet in book.sheets.values() for row in sheet.rows) > limits.cells:
            return Converted(finding=_too_many_cells(limits))
        progress("converting", None)
        definition.fallback_form_name = stem
        with _sameness():
            result = pyxform_convert(_as_dict(definition), warnings=warnings)
        made = replace(made, xform=result.xform, itemsets=result.itemsets and _text(result.itemsets))
    except _Damaged as fault:
        return Converted(finding=unreadable(fault.args[0]))
    except PyXFormError as fault:
        said = _message(str(fault))
        if str(fault).startswith("Duplicate column header"):
            said["context"] = _repeated_header(content, kind)
        made = replace(made, error=said)
    except RecursionError:
        made = replace(made, error=_message("Groups or repeats are nested too deep."))
    except MemoryError:
        raise  # there is none to say more
    except Exception as fault:  # noqa: BLE001 - whatever a library raises on a hostile workbook is a finding
        made = replace(made, error=_message(f"Internal fault: {type(fault).__name__}"))
    return replace(made, warnings=tuple(_message(text) for text in warnings))


def read(content: bytes, kind: Kind) -> Workbook:
    """The cells of a workbook that was converted before."""
    from xlsforms.sheet import quickly

    with quickly():
        return _workbook(_read(*_plain(content, kind)))


def _plain(content: bytes, kind: Kind) -> tuple[bytes, Kind]:
    """The file as pyxform can read it. Raises _Damaged."""
    try:
        if kind == "zip":
            return zipped.as_xlsx(content), "xlsx"
        if kind == "csv":
            return separated.one_table(content), kind
    except (separated.Unreadable, zipped.NotTextError) as fault:
        raise _Damaged(*fault.args) from fault
    return (separated.decoded(content) or "").encode() if kind == "md" else content, kind


def _read(content: bytes, kind: Kind) -> Any:
    """The cells as pyxform has them. Raises _Damaged, and PyXFormError for what pyxform itself has to say."""
    from pyxform.errors import PyXFormError, PyXFormReadError
    from pyxform.xls2json_backends import csv_to_dict, get_xlsform

    try:
        if kind == "csv":
            cells = csv_to_dict(BytesIO(content))
            # Of all kinds of files it is only here that pyxform trips over sheets that are no part of a form.
            known = {*SHEETS, *(f"{name}_header" for name in SHEETS), "sheet_names"}
            return get_xlsform({name: said for name, said in cells.items() if name in known})
        return get_xlsform(BytesIO(content), file_type=f".{kind}")
    except PyXFormError as fault:
        if isinstance(fault, PyXFormReadError) or "not recognized as a supported type" in str(fault):
            raise _Damaged(N_("It has no sheet that a form must have, or is damaged.")) from fault
        raise
    except csv.Error as fault:
        raise _Damaged(worded("As a table it is faulty: %(fault)s.", fault=fault)) from fault
    except SyntaxError as fault:  # of the XML parsers
        raise _Damaged(N_("One of its parts is no XML, or a cell is far too long.")) from fault
    except (MemoryError, RecursionError):
        raise
    except Exception as fault:
        raise _Damaged(worded("It is damaged (%(fault)s).", fault=type(fault).__name__)) from fault


@contextmanager
def _sameness() -> Iterator[None]:
    """Meanwhile an element equals itself and no other, in this process. pyxform asks of what stands in a repeat whether
    its nearest repeat is that one, and compares all that the two hold: a third of what a conversion cost. No repeat
    holds as much as one around it, so the answer is the same."""
    from pyxform.survey_element import SurveyElement

    compared = SurveyElement.__eq__
    SurveyElement.__eq__ = object.__eq__
    try:
        yield
    finally:
        SurveyElement.__eq__ = compared


def _workbook(definition: Any) -> Workbook:
    sheets = {}
    for name in SHEETS:
        rows, header = getattr(definition, name), getattr(definition, f"{name}_header")
        if rows is not None or header:
            columns = tuple(_text(column) for one in header or () for column in one)
            cells = tuple({_text(key): _text(value) for key, value in row.items()} for row in rows or ())
            sheets[name] = Sheet(name, columns, cells)
    return Workbook(sheets)


def _text(value: object) -> str:
    """A cell as text that can be written: old workbooks may hold halves of characters."""
    return str(value).encode(errors="replace").decode()


def _as_dict(definition: Any) -> dict[str, Any]:
    return {name: getattr(definition, name) for name in definition.__slots__}


def _message(said: str) -> dict[str, Any]:
    """The text, and for the messages pyxform has a template for, its code and what was filled in: most are
    formatted before they are raised, and pyxform then forgets which they were."""
    text = _text(said)
    for code, pattern in _templates():
        if match := pattern.fullmatch(text):
            return {"text": text, "code": code, "context": match.groupdict()}
    return {"text": text, "code": None, "context": {}}


@cache
def _templates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    from pyxform.errors import ErrorCode

    patterns = []
    for code in ErrorCode:
        named: set[str] = set()
        pattern = ""
        for literal, name, _, _ in Formatter().parse(code.value.msg):
            pattern += re.escape(literal)
            if name:
                pattern += f"(?P={name})" if name in named else f"(?P<{name}>.*?)"
                named.add(name)
        patterns.append((code.name, re.compile(pattern, re.DOTALL)))
    return tuple(patterns)


def _repeated_header(content: bytes, kind: Kind) -> dict[str, str]:
    """Sheet and column of a header that stands twice: pyxform names only the column."""
    for sheet, row in _first_rows(content, kind):
        texts = [str(cell).strip() for cell in row if cell not in (None, "")]
        if repeated := next((text for text in texts if texts.count(text) > 1), None):
            return {"sheet": sheet, "column": repeated, "row": "1"}
    return {}


def _first_rows(content: bytes, kind: Kind) -> Iterator[tuple[str, Iterable[Any]]]:
    if kind == "xls":
        import xlrd

        for sheet in xlrd.open_workbook(file_contents=content).sheets():
            yield sheet.name.lower(), sheet.row_values(0) if sheet.nrows else ()
    elif kind == "xlsx":
        import openpyxl

        for sheet in openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True):
            yield sheet.title.lower(), next(sheet.iter_rows(max_row=1, values_only=True), ())


def _too_many_cells(limits: Limits) -> Finding:
    return error(
        "workbook_too_large",
        worded("The sheets have more than %(cells)s filled cells.", cells=limits.cells),
        N_("Move long choice lists to a CSV file attached to the form."),
    )
