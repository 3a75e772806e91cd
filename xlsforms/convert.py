"""The child process that converts a workbook.

    python -m xlsforms.convert LIMITS KIND STEM < workbook > answer.json

It is the only place that knows pyxform. It runs apart because a workbook may cost any amount of time and
memory, because pyxform and the spreadsheet libraries under it read hostile files, and because pyxform
configures logging when it is imported. It answers with one JSON object and has no opinion: what the
messages mean is said in `complaints`.
"""

import json
import re
import resource
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from string import Formatter
from typing import Any, get_args

from xlsforms.finding import Finding, error
from xlsforms.workbook import Kind, Limits, inspect

SHEETS = ("survey", "choices", "settings", "external_choices", "entities", "osm")


def main() -> None:
    """Limits come as JSON in the first argument, the workbook on standard input."""
    limits = Limits(**json.loads(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.xform, limits.xform))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kind, stem = sys.argv[2], sys.argv[3]
    assert kind in get_args(Kind)
    answer = convert(sys.stdin.buffer.read(), kind, stem=stem, limits=limits)  # type: ignore[arg-type]  # asserted
    json.dump(answer, sys.stdout)


def convert(content: bytes, kind: Kind, *, stem: str, limits: Limits) -> dict[str, Any]:
    """`xform` and `itemsets` (text or None), `sheets` (for Workbook.from_json), `error` and `warnings` as
    {text, code, context}, `finding` where the file was not even opened."""
    answer: dict[str, Any] = {"xform": None, "itemsets": None, "sheets": {}, "warnings": [], "error": None}
    if finding := inspect(content, kind, limits):
        return answer | {"finding": finding.to_json()}
    from pyxform.errors import PyXFormError
    from pyxform.xls2json_backends import get_xlsform
    from pyxform.xls2xform import convert as pyxform_convert

    warnings: list[str] = []
    try:
        definition = get_xlsform(xlsform=BytesIO(content), file_type=f".{kind}")
        answer["sheets"] = _sheets(definition)
        if sum(len(row) for sheet in answer["sheets"].values() for row in sheet["rows"]) > limits.cells:
            return answer | {"sheets": {}, "finding": _too_many_cells(limits).to_json()}
        definition.fallback_form_name = stem
        result = pyxform_convert(_as_dict(definition), warnings=warnings)
        answer["xform"], answer["itemsets"] = result.xform, result.itemsets and _text(result.itemsets)
    except PyXFormError as fault:
        answer["error"] = _message(str(fault))
        if str(fault).startswith("Duplicate column header"):
            answer["error"]["context"] = _repeated_header(content, kind)
    except RecursionError:
        answer["error"] = _message("Groups or repeats are nested too deep.")
    except Exception as fault:  # noqa: BLE001 - whatever a library raises on a hostile workbook is a finding
        answer["error"] = _message(f"Internal fault: {type(fault).__name__}")
    answer["warnings"] = [_message(text) for text in warnings]
    return answer


def _sheets(definition: Any) -> dict[str, Any]:
    sheets = {}
    for name in SHEETS:
        rows, header = getattr(definition, name), getattr(definition, f"{name}_header")
        if rows is not None or header:
            columns = [_text(column) for one in header or () for column in one]
            cells = [{_text(key): _text(value) for key, value in row.items()} for row in rows or ()]
            sheets[name] = {"columns": columns, "rows": cells}
    return sheets


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
        f"The sheets have more than {limits.cells} filled cells.",
        "Move long choice lists to a CSV file attached to the form.",
    )


if __name__ == "__main__":
    main()
