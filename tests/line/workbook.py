"""A form as its workbook says it, read cell by cell with nothing of ours: paths, mapping cells, what stands behind the
consent gate."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

_CELL = re.compile(r"(?:(?P<converter>\w+):)?\s*(?P<table>\w+)(?:\[(?P<keys>[^]]*)\])?\.(?P<column>\w+)")
_KEY = re.compile(r"(\w+)\s*=\s*'([^']*)'")


@dataclass(frozen=True)
class Place:
    """Where a mapping cell sends an answer. `keys` are values that other columns of that row must have."""

    table: str
    column: str
    keys: tuple[tuple[str, str], ...]
    converted: bool


@dataclass(frozen=True)
class Asked:
    """One question of a workbook."""

    type: str
    places: tuple[Place, ...]
    gated: bool


@dataclass(frozen=True)
class Workbook:
    """The questions of a form by path, without positions. `repeats` are those whose cell says what all their rows have:
    path → column and value."""

    form_id: str
    gate: str
    questions: dict[str, Asked]
    repeats: dict[str, tuple[tuple[str, str], ...]]


def read(file: Path) -> Workbook:
    """A workbook of this project (`data` is its root)."""
    book = load_workbook(file, read_only=True, data_only=True)
    try:
        settings = _rows(book["settings"])[0]
        gate = settings["attribute::case:gate"]
        return Workbook(settings["form_id"], gate, *_nodes(_rows(book["survey"]), gate))
    finally:
        book.close()


def _rows(sheet: Any) -> list[dict[str, str]]:
    header, *rows = sheet.iter_rows(values_only=True)
    names = [str(name or "") for name in header]
    return [
        {name: "" if cell is None else str(cell) for name, cell in zip(names, row, strict=True)}
        for row in rows
    ]


def _nodes(
    rows: list[dict[str, str]], gate: str
) -> tuple[dict[str, Asked], dict[str, tuple[tuple[str, str], ...]]]:
    found: dict[str, Asked] = {}
    repeats = {}
    around: list[tuple[str, bool]] = [("/data", False)]
    for row in rows:
        kind = row["type"].strip().replace(" group", "_group").replace(" repeat", "_repeat")
        if not kind or kind == "csv-external":
            continue
        if kind.startswith("end_"):
            around.pop()
            continue
        above, shut = around[-1]
        path = f"{above}/{row['name'].strip()}"
        shut = shut or f"${{{gate}}}" in row["relevant"]
        if kind.startswith("begin_"):
            around.append((path, shut))
            repeats[path] = tuple(_KEY.findall(row["bind::case:field"]))
        elif kind != "audit":
            found[path] = Asked(kind.split()[0], _places(row["bind::case:field"]), shut)
    return found, repeats


def _places(cell: str) -> tuple[Place, ...]:
    places = []
    for text in filter(None, (one.strip() for one in cell.split(";"))):
        said = _CELL.fullmatch(text)
        assert said, f"not understood: {text}"
        keys = tuple(_KEY.findall(said["keys"] or ""))
        places.append(Place(said["table"], said["column"], keys, said["converter"] is not None))
    return tuple(places)
