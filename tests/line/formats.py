"""Downloads read back by readers of other people's making, and compared with the CSV cell by cell.

The CSV is what phones wrote, and is compared with what JavaRosa reports (`compare.in_download`); what agrees with it in
every cell agrees with JavaRosa.
"""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyreadstat
from openpyxl.utils.escape import unescape

from tests.line.office import Office

Tables = dict[str, list[dict[str, Any]]]
"""Table → rows, by column. Columns without an answer may be absent or hold None."""
UNREAD = "UnreadAnswers"
FORMATS = ("csv", "xlsx", "jsonl", "parquet", "spss", "stata")


def read(format_name: str, content: bytes, form_id: str) -> Tables:
    """The tables of a download of a form."""
    if format_name == "jsonl":
        return _json_lines(content, form_id)
    readers = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet, "spss": _spss, "stata": _stata}
    return readers[format_name](content)


def unlike(exact: Tables, other: Tables) -> list[str]:
    """Cells of a download that are not what the CSV holds, rows that are missing or too much."""
    wrong = []
    for table, rows in exact.items():
        there = {row["KEY"]: row for row in other.get(table, [])}
        if len(there) != len(other.get(table, [])) or set(there) != {row["KEY"] for row in rows}:
            wrong.append(f"{table}: has other rows")
            continue
        for row in rows:
            got = dict(there[row["KEY"]])
            got |= json.loads(got.pop(UNREAD, None) or "{}")
            wrong += [
                f"{table} {row['KEY']} {name}: {got.get(name)!r} for {row.get(name)!r}"
                for name in row.keys() | got.keys()
                if not agrees(row.get(name, ""), got.get(name))
            ]
    return wrong


def differences(office: Office, form_id: str) -> list[str]:
    """What any of the formats says otherwise than the CSV."""
    exact = read("csv", office.fetch(form_id, "csv"), form_id)
    return [
        f"{name}: {one}"
        for name in FORMATS[1:]
        for one in unlike(exact, read(name, office.fetch(form_id, name), form_id))
    ]


def agrees(text: str, value: Any) -> bool:
    """Whether a cell says what the phone wrote."""
    if value is None or value == "":
        return text.strip() == ""
    if isinstance(value, bool):
        return text == str(int(value)) or text.lower() == str(value).lower()
    if isinstance(value, str):
        # SPSS has texts of fixed width, so that blanks at the end are no part of them; lines end as they please in XML.
        return value.rstrip() == text.rstrip()
    try:
        if isinstance(value, datetime):
            said = datetime.fromisoformat(text)
            said = said.astimezone(UTC) if value.tzinfo and said.tzinfo else said.replace(tzinfo=value.tzinfo)
            return abs((said - value).total_seconds()) < 0.01
        if isinstance(value, date):
            return date.fromisoformat(text[:10]) == value
        return float(text) == value
    except ValueError:
        return False


def _csv(content: bytes) -> Tables:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {
            name.removesuffix(".csv"): _rows(io.TextIOWrapper(archive.open(name), "utf-8", newline=""))
            for name in archive.namelist()
            if name.endswith(".csv") and "/" not in name
        }


def _rows(file: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a CSV. Of two columns of one name the last keeps it, as the other formats have it."""
    header, *rows = csv.reader(file)
    names = [
        name if (times := header[place:].count(name)) == 1 else f"{name}~{times}"
        for place, name in enumerate(header)
    ]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _xlsx(content: bytes) -> Tables:
    """By the codebook, which says whole names of tables and columns in the order of sheets."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    *sheets, codebook = book.worksheets
    assert codebook.title == "codebook"
    columns: dict[str, list[str]] = {}
    for table, column, _, _, _, code, *_ in codebook.iter_rows(min_row=2, values_only=True):
        if not code:
            columns.setdefault(table, []).append(column)
    found: Tables = {}
    for sheet, (table, names) in zip(sheets, columns.items(), strict=True):
        header, *rows = sheet.iter_rows(values_only=True)
        assert len(header) == len(names), "a column has no line in the codebook"
        # A row that ends in empty cells is read as a shorter one.
        found[table] = [dict(zip(names, map(_unescaped, row), strict=False)) for row in rows]
    return found


def _unescaped(cell: Any) -> Any:
    """As programs show it: `_x000D_` stands for a character."""
    return unescape(cell) if isinstance(cell, str) else cell


def _json_lines(content: bytes, form_id: str) -> Tables:
    found: Tables = {}

    def take(table: str, row: dict[str, Any]) -> None:
        inner = {name: rows for name, rows in row.items() if isinstance(rows, list)}
        found.setdefault(table, []).append({name: cell for name, cell in row.items() if name not in inner})
        for name, rows in inner.items():
            for one in rows:
                take(f"{form_id}-{name}", one)

    for line in content.decode().split("\n")[:-1]:
        take(form_id, json.loads(line))
    return found


def _entries(content: bytes, ending: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            if name.endswith(ending) and "/" not in name:
                yield name.removesuffix(ending), archive.read(name)


def _parquet(content: bytes) -> Tables:
    return {
        name: pl.read_parquet(io.BytesIO(file)).to_dicts()
        for name, file in _entries(content, ".parquet")
        if name != "codebook"
    }


def _spss(content: bytes) -> Tables:
    return dict(_labelled(content, ".sav", pyreadstat.read_sav))


def _stata(content: bytes) -> Tables:
    return dict(_labelled(content, ".dta", pyreadstat.read_dta))


def _labelled(content: bytes, ending: str, reader: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """With whole names of columns, and codes for the numbers that stand for them, both by the codebook."""
    ((_, said),) = _entries(content, ".csv")
    names: dict[tuple[str, str], str] = {}
    codes: dict[tuple[str, str], dict[float, str]] = {}
    for row in csv.DictReader(io.StringIO(said.decode())):
        names[row["table"], row["name"]] = row["column"]
        number, equals, code = row["code"].partition(" = ")
        if equals:
            codes.setdefault((row["table"], row["name"]), {})[float(number)] = code
    for table, file in _entries(content, ending):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"table{ending}"
            path.write_bytes(file)
            frame, _ = reader(path, output_format="polars")
        yield (
            table,
            [
                {
                    names.get((table, name), name): codes.get((table, name), {}).get(value, value)
                    for name, value in row.items()
                }
                for row in frame.to_dicts()
            ],
        )
