"""Feeds read back by pandas and by pyODK, and compared with what JavaRosa reports.

pandas reads each table by its pages and joins rows of repeats to those they belong to, places as well-known text;
pyODK reads whole submissions, the rows of their repeats within them, places as GeoJSON.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
from pyodk._utils.config import CentralConfig, Config
from pyodk.client import Client

from tests.line import formats
from tests.line.compare import UNASKED
from tests.line.office import Office
from tests.line.said import Said, plain

BESIDE = re.compile(r"__id|__system(/.*)?|__Submissions.*-id|.*@odata\.navigationLink|at here|at parent")
"""Names of what stands beside the answers."""
Cells = dict[tuple[str, str], Any]
"""(key of the submission, path with positions, without the root) → what was read. Empty cells are left out."""


def differences(
    office: Office, form_id: str, said: Iterable[Said], *, gated: Iterable[str] = ()
) -> tuple[list[str], Counter[str]]:
    """What either reader found otherwise than JavaRosa reports it, and what was compared. `gated` are the paths that a
    refused consent keeps out."""
    shut, wrong, counted = set(gated), [], Counter[str]()
    expected = {
        (one.key, _identifiers(path)): text
        for one in said
        for path, text in one.values.items()
        if text and not (one.shut and plain(path) in shut) and not path.endswith(UNASKED)
    }
    for name, read in (("pandas", by_pandas), ("pyODK", by_pyodk)):
        found = read(office, form_id, counted)
        wrong += [
            f"{name} {key}: {found.get(key)!r} where JavaRosa has {expected.get(key)!r}"
            for key in sorted(expected.keys() | found.keys())
            if not _agrees(expected.get(key, ""), found.get(key))
        ]
        counted[f"cells read by {name}"] += len(found)
    return wrong, counted


def by_pandas(office: Office, form_id: str, counted: Counter[str]) -> Cells:
    """All tables, page by page, joined by their keys."""
    service = f"{office.project}/forms/{form_id}.svc"
    frames: dict[str, pd.DataFrame] = {}
    found: Cells = {}
    for one in office.ask("GET", service).json()["value"]:
        name = one["name"]
        frame = _frame(_pages(lambda url: office.ask("GET", url).json(), f"{service}/{one['url']}", counted))
        frames[name] = frame
        around = max((table for table in frames if name.startswith(f"{table}.")), key=len, default="")
        if around and len(frame):
            key = "__" + around.replace(".", "-") + "-id"
            parents = frames[around][["__id", "at here"]].rename(
                columns={"__id": key, "at here": "at parent"}
            )
            position = (frame.groupby(key).cumcount() + 1).astype(str)
            frame = frame.merge(parents, on=key, how="left", validate="many_to_one")
            steps = name.removeprefix(f"{around}.").replace(".", "/")
            frame["at here"] = frame["at parent"] + f"/{steps}[" + position + "]"
            frames[name] = frame
        elif len(frame):
            frame["at here"] = frame["__id"]
        counted["rows"] += len(frame)
        for row in frame.to_dict("records"):
            submission, _, before = row["at here"].partition("/")
            for column, value in row.items():
                if not BESIDE.fullmatch(column) and not _empty(value):
                    found[submission, f"{before}/{column}".lstrip("/")] = value
    return found


def _frame(pages: Iterator[list[dict[str, Any]]]) -> pd.DataFrame:
    frames = [pd.json_normalize(rows, sep="/") for rows in pages if rows]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _pages(
    get: Callable[[str], dict[str, Any]], table: str, counted: Counter[str]
) -> Iterator[list[dict[str, Any]]]:
    """The first by its address, each next one by its link."""
    address: str | None = f"{table}?%24top=5&%24wkt=true"
    while address:
        page = get(address)
        counted["pages"] += 1
        yield page["value"]
        address = page.get("@odata.nextLink")


def by_pyodk(office: Office, form_id: str, counted: Counter[str]) -> Cells:
    """Whole submissions."""
    found: Cells = {}
    with client(office) as odk:
        page = odk.submissions.get_table(form_id=form_id, expand="*", top=4, count=True)
        rows = list(page["value"])
        total = page["@odata.count"]
        while following := page.get("@odata.nextLink"):
            page = odk.get(following).json()
            rows += page["value"]
        assert len(rows) == total
    for row in rows:
        _take(row, row["__id"], "", found)
    return found


@contextmanager
def client(office: Office) -> Iterator[Client]:
    """pyODK with the token of somebody who is signed in."""
    project = int(office.project.rpartition("/")[2])
    said = CentralConfig(base_url=office.base, username="x", password="x", default_project_id=project)
    odk = Client(config=Config(central=said))
    odk.session.headers["Authorization"] = office.session.headers["Authorization"]
    try:
        yield odk
    finally:
        odk.close()


def _take(row: dict[str, Any], submission: str, before: str, found: Cells) -> None:
    for name, value in row.items():
        if BESIDE.fullmatch(name) or value is None:
            continue
        path = f"{before}{name}"
        if isinstance(value, list):
            for position, inner in enumerate(value, 1):
                _take(inner, submission, f"{path}[{position}]/", found)
        elif isinstance(value, dict) and "coordinates" not in value:
            _take(value, submission, f"{path}/", found)
        else:
            found[submission, path] = value


def _identifiers(path: str) -> str:
    """A path as feeds spell it: without its root, each name as OData allows it."""
    steps = []
    for step in path.split("/")[2:]:
        name, bracket, position = step.partition("[")
        name = re.sub("^(?![A-Za-z_])", "_", name)
        steps.append(re.sub("[^A-Za-z0-9_]+", "_", name) + bracket + position)
    return "/".join(steps)


def _empty(value: Any) -> bool:
    return value is None or value is pd.NA or value != value


def _agrees(text: str, value: Any) -> bool:
    """Whether a feed says what the phone wrote. Well-known text has no accuracy, and longitude is first in both shapes."""
    if isinstance(value, dict):
        points = value["coordinates"]
        if value["type"] == "Point":
            points = [points]
        elif value["type"] == "Polygon":
            (points,) = points
        accuracies = value.get("properties", {})
        more = accuracies.get("accuracies", [accuracies.get("accuracy")])
        return [[lat, lon, *rest] for lon, lat, *rest in points] == [one[:3] for one in _points(text)] and [
            one for one in more if one is not None
        ] == [one[3] for one in _points(text) if len(one) > 3]
    if isinstance(value, str) and re.match(r"(POINT|LINESTRING|POLYGON) \(", value):
        points = [
            [float(one) for one in point.split()] for point in value.partition("(")[2].strip("()").split(",")
        ]
        return [[lat, lon, *rest] for lon, lat, *rest in points] == [one[:3] for one in _points(text)]
    return formats.agrees(text, value)


def _points(text: str) -> list[list[float]]:
    return [[float(one) for one in point.split()] for point in text.strip(" ;").split(";")]
