"""Places as GeoJSON (RFC 7946): a feature for each place that a submission tells, in the shape of ODK Central's
`submissions.geojson`, with the other answers of its row as properties."""

import json
from collections.abc import Iterator
from typing import Any

from app import problems
from app.exports.archive import BUFFER
from app.exports.content import Content, relabel
from submissions import values
from submissions.odata import geometry
from submissions.tables import Column, Layout, Table

_SHAPES = {"geotrace": "LineString", "geoshape": "Polygon"}
_POINTS = ("geopoint", "start-geopoint")


def has_places(layout: Layout) -> bool:
    """Whether a form asks for places."""
    return any(column.type in (*_SHAPES, *_POINTS) for table in layout.tables for column in table.columns)


def write(content: Content) -> Iterator[bytes]:
    """The collection, piece by piece. Raises the Problem `invalid` for a form that asks for no place."""
    if not has_places(content.layout):
        raise problems.invalid("The form asks for no place.", "Take another format.")
    return _collection(content)


def _collection(content: Content) -> Iterator[bytes]:
    pieces, size = ['{"type":"FeatureCollection","features":['], 0
    separator = ""
    shown = [(table, _places(table), content.readers(table)) for table in content.layout.tables]
    for rows in content.submissions:
        for number, cells in rows:
            table, places, readers = shown[number]
            content.written.rows[table.name] = content.written.rows.get(table.name, 0) + 1
            if not places:
                continue
            found = [
                (path, shape) for path, columns in places if (shape := _shape(columns, cells)) is not None
            ]
            relabel(cells, readers)
            properties = {
                column.name: cell
                for column, cell in zip(table.columns, cells, strict=True)
                if cell is not None and column.type not in (*_SHAPES, *_POINTS)
            }
            for path, shape in found:
                feature = {
                    "type": "Feature",
                    "id": properties["KEY"],
                    "geometry": shape,
                    "properties": {"fieldpath": path[path.index("/", 1) :], **properties},
                }
                pieces.append(separator + json.dumps(feature, ensure_ascii=False))
                separator = ",\n"
                size += len(pieces[-1])
        if size > BUFFER:
            yield "".join(pieces).encode("utf-8", "replace")
            pieces, size = [], 0
    yield ("".join(pieces) + "]}\n").encode("utf-8", "replace")


def _places(table: Table) -> list[tuple[str, list[tuple[int, Column]]]]:
    """The questions of a table that ask for a place, each with its columns."""
    found: dict[str, list[tuple[int, Column]]] = {}
    for place, column in enumerate(table.columns):
        if column.type in (*_SHAPES, *_POINTS):
            found.setdefault(column.path, []).append((place, column))
    return list(found.items())


def _shape(columns: list[tuple[int, Column]], cells: list[Any]) -> dict[str, Any] | None:
    """The place a row tells; None if it tells none that can be read."""
    said = " ".join(str(cells[place]) for place, _ in columns if cells[place] is not None)
    if not said:
        return None
    try:
        kind = columns[0][1].type
        text = values.point(said) if kind in _POINTS else values.trace(said)
        shape: dict[str, Any] = geometry(_SHAPES.get(kind, "Point"), text)
    except ValueError:
        return None
    return shape
