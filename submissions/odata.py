"""Records as OData writes them: a table `Submissions` for the form, one `Submissions.group.repeat` for each
repeat, each row an object nested as the form is, in the shape of ODK Central's feeds.

Numbers are numbers, geopoints are GeoJSON or well-known text, everything else is the text as the phone wrote
it. This module only shapes; which submissions are read, and how the answer is framed, is others' business.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final
from urllib.parse import quote

from submissions import values
from submissions.made import once
from submissions.record import Record, instance_path
from submissions.tables import Delivery
from xlsforms.schema import Form, Group, Node, Question, Repeat

ROOT: Final = "Submissions"
SYSTEM: Final = (
    "submissionDate", "updatedAt", "submitterId", "submitterName", "attachmentsPresent",
    "attachmentsExpected", "status", "reviewState", "deviceId", "edits", "formVersion", "deletedAt",
)  # fmt: skip
"""What the server knows of a submission, under `__system`."""


_STATUS: Final = {
    "not decrypted": "notDecrypted",
    "missing encrypted form data": "missingEncryptedFormData",
}
"""Status in a CSV file → in a feed."""


class UnknownNameError(ValueError):
    """A table or a field that the form does not have."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `path` is that of the root or of the repeat; `around` the repeats on the way, its own last;
    `nodes` what its rows hold. `parent` names the key of the row it belongs to; empty for the root."""

    name: str
    path: str
    nodes: tuple[Node, ...]
    around: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. `keys` are the `__id` of the rows on the way to it, that of the submission first,
    its own last; `positions` its place in each of the repeats around it, from 1."""

    keys: tuple[str, ...]
    shown: dict[str, Any]
    positions: tuple[int, ...] = ()


def identifier(name: str) -> str:
    """A name as OData allows it."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", re.sub(r"^([^A-Za-z_])", r"_\1", name))


def unique(name: str, taken: Collection[str]) -> str:
    """The name, or the name with the first number that makes it another than those."""
    numbered = (f"{name}_{number}" for number in count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)


@once
def names(form: Form) -> Mapping[str, str]:
    """Path → the name of a node in the row or group it is in. Where several have the same identifier, as names in
    Cyrillic or Arabic have, one that needs no change keeps its name, else the first; the others are numbered."""
    found: dict[str, str] = {}
    scopes: list[tuple[Sequence[Node], Collection[str]]] = [(form.children, ("__id", "__system"))]
    while scopes:
        nodes, kept = scopes.pop()
        plain = {identifier(node.name) for node in nodes}
        taken = set(kept)
        for node in sorted(nodes, key=lambda one: identifier(one.name) != one.name):
            name = identifier(node.name)
            if name in taken:
                name = unique(name, taken | plain)
            taken.add(name)
            found[node.path] = name
            if not isinstance(node, Question):
                scopes.append((node.children, ("__id",) if isinstance(node, Repeat) else ()))
    return found


@once
def tables(form: Form) -> tuple[Table, ...]:
    """All tables of a form, the root first."""
    root = f"/{form.root}"
    enclosing, named = form.all_enclosing(), names(form)
    found = [Table(ROOT, root, form.children)]
    for repeat in form.repeats():
        around = enclosing[repeat.path]
        parent = "-".join((ROOT, *_steps(named, around[-1] if around else root, root)))
        name = ".".join((ROOT, *_steps(named, repeat.path, root)))
        found.append(Table(name, repeat.path, repeat.children, (*around, repeat.path), f"__{parent}-id"))
    return tuple(found)


def table(form: Form, name: str) -> Table:
    """The table of this name. Raises UnknownNameError."""
    for one in tables(form):
        if one.name == name:
            return one
    raise UnknownNameError(name)


def named(form: Form, table: Table) -> dict[str, Node]:
    """What a row of a table holds, by the names that `$select` and `$filter` use: `home`, `home/place`."""
    return {"/".join(_steps(names(form), node.path, table.path)): node for node in _walk(table.nodes)}


class View:
    """What is shown of each submission, made ready once: a table, and what of it.

    `select` holds fields as `$select` names them, relative to the table: `__id`, `__system/reviewState`,
    `home/place`, `home` for all of a group. `expand` puts the rows of repeats into the rows they belong to;
    without, a link stands there. `wkt` writes geometry as text. `leaves_out` tells of a question's path whether
    it is not shown. Raises UnknownNameError.
    """

    def __init__(
        self,
        form: Form,
        table: Table,
        *,
        select: Collection[str] | None = None,
        expand: bool = False,
        wkt: bool = False,
        leaves_out: Callable[[str], bool] = lambda _path: False,
    ) -> None:
        self.form = form
        self.table = table
        self.root = f"/{form.root}"
        self._names = names(form)
        self._expand = expand
        self._wkt = wkt
        self._tables = {one.path: one for one in tables(form)}
        self._system: Collection[str] = SYSTEM
        self._parent = True
        chosen = self._chosen(select) if select is not None else None
        self._nodes = {
            path: tuple(_kept(one.nodes, chosen if path == table.path else None, leaves_out))
            for path, one in self._tables.items()
        }
        self._questions = {
            node.path: node
            for nodes in self._nodes.values()
            for node in _walk(nodes)
            if isinstance(node, Question)
        }

    def rows(self, record: Record, delivery: Delivery) -> Iterator[Row]:
        """The rows of one submission in the table, in its order."""
        system = _system(delivery)
        shown: dict[str, Any] = {"__id": delivery.key}
        if self.table.name == ROOT and self._system:
            shown["__system"] = {name: system[name] for name in SYSTEM if name in self._system}
        places: dict[tuple[str, tuple[int, ...]], dict[str, Any]] = {}
        found = [Row((delivery.key,), shown)] if self.table.name == ROOT else []
        if found or self._expand:
            self._frame(shown, self.root, self._nodes[self.root], (), (delivery.key,), places)
        for path, positions in record.rows:
            if path not in self._tables or not (self._expand or path == self.table.path):
                continue  # a repeat of an older version, or one that is not asked for
            around = self._tables[path].around
            before = self._keys(delivery.key, around[:-1], positions[:-1])
            own = self._keys(delivery.key, around, positions)
            entity: dict[str, Any] = {"__id": own[-1]}
            if path == self.table.path:
                found.append(Row(own, entity, positions))
                if self._parent:
                    entity[self.table.parent] = before[-1]
            home = places.get((path.rpartition("/")[0], positions[:-1]))
            name = self._names[path]
            if home is not None and name in home:
                home[name].append(entity)
            self._frame(entity, path, self._nodes[path], positions, own, places)
        for answer in record.answers:
            question = self._questions.get(answer.path) if answer.known else None
            home = places.get((answer.path.rpartition("/")[0], answer.row))
            if question is not None and home is not None:
                home[self._names[answer.path]] = _value(question, answer.text, wkt=self._wkt)
        yield from found

    # ---- within

    def _chosen(self, select: Collection[str]) -> set[str]:
        """Paths of the nodes that are selected."""
        known = named(self.form, self.table)
        chosen: set[str] = set()
        system: set[str] = set()
        for name in select:
            if name in known:
                node = known[name]
                chosen.add(node.path)
                if isinstance(node, Group):
                    chosen |= {one.path for one in _walk(node.children) if not isinstance(one, Repeat)}
            elif self.table.name == ROOT and name == "__system":
                system |= set(SYSTEM)
            elif self.table.name == ROOT and name.removeprefix("__system/") in SYSTEM:
                system.add(name.removeprefix("__system/"))
            elif name not in ("__id", self.table.parent or "__id"):
                raise UnknownNameError(name)
        self._system = system
        self._parent = self.table.parent in select
        return chosen

    def _frame(
        self,
        into: dict[str, Any],
        path: str,
        nodes: Sequence[Node],
        positions: tuple[int, ...],
        keys: tuple[str, ...],
        places: dict[tuple[str, tuple[int, ...]], dict[str, Any]],
    ) -> None:
        """Everything that a row holds, still without answers: what was not answered is null."""
        places[path, positions] = into
        for node in nodes:
            name = self._names[node.path]
            if isinstance(node, Question):
                into[name] = None
            elif isinstance(node, Group):
                into[name] = {}
                self._frame(into[name], node.path, node.children, positions, keys, places)
            else:
                into[f"{name}@odata.navigationLink"] = self._link(node.path, keys)
                if self._expand:
                    into[name] = []

    def _keys(self, submission: str, around: tuple[str, ...], positions: tuple[int, ...]) -> tuple[str, ...]:
        """The `__id` of the rows on the way to a row, its own last: a hash of its place, as in Central."""
        found = [submission]
        for depth in range(1, len(around) + 1):
            place = instance_path(around[:depth], positions[:depth])[len(self.root) :]
            found.append(hashlib.sha1(f"{submission}{place}".encode(), usedforsecurity=False).hexdigest())
        return tuple(found)

    def _link(self, path: str, keys: tuple[str, ...]) -> str:
        """Where the rows of a repeat are that belong to a row."""
        around = self._tables[path].around
        link, before = f"{ROOT}('{_quoted(keys[0])}')", self.root
        for repeat, key in zip(around[:-1], keys[1:], strict=True):
            link += "".join(f"/{step}" for step in _steps(self._names, repeat, before)) + f"('{key}')"
            before = repeat
        return link + "".join(f"/{step}" for step in _steps(self._names, path, before))


def _steps(named: Mapping[str, str], path: str, before: str) -> list[str]:
    """The names on the way from one node to another in it."""
    found = []
    while path != before:
        found.append(named[path])
        path = path.rpartition("/")[0]
    return found[::-1]


def _quoted(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def _walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """What a row holds, groups before what is in them; repeats, but not what is in them."""
    for node in nodes:
        yield node
        if isinstance(node, Group):
            yield from _walk(node.children)


def _kept(
    nodes: Sequence[Node], chosen: Collection[str] | None, leaves_out: Callable[[str], bool]
) -> Iterator[Node]:
    """The nodes that are shown; a group with what is shown of it."""
    for node in nodes:
        if isinstance(node, Group):
            inside = tuple(_kept(node.children, chosen, leaves_out))
            if inside:
                yield replace(node, children=inside)
        elif (chosen is None or node.path in chosen) and not (
            isinstance(node, Question) and leaves_out(node.path)
        ):
            yield node


def _system(delivery: Delivery) -> dict[str, Any]:
    return {
        "submissionDate": delivery.submitted_at,
        "updatedAt": delivery.updated_at,
        "submitterId": None if delivery.submitter_id is None else str(delivery.submitter_id),
        "submitterName": delivery.submitter_name,
        "attachmentsPresent": delivery.attachments_present,
        "attachmentsExpected": delivery.attachments_expected,
        "status": _STATUS.get(delivery.status or "", delivery.status),
        "reviewState": delivery.review_state,
        "deviceId": delivery.device_id,
        "edits": delivery.edits,
        "formVersion": delivery.form_version,
        "deletedAt": None,
    }


# --- values


def _value(question: Question, text: str, *, wkt: bool) -> Any:
    """An answer as JSON; null where its type does not read it."""
    try:
        match question.data_type:
            case "int":
                return values.integer(text)
            case "decimal":
                return _number(values.decimal(text))
            case "boolean":
                return values.boolean(text)
            case "geopoint":
                return geometry("Point", values.point(text), wkt=wkt)
            case "geotrace":
                return geometry("LineString", values.trace(text), wkt=wkt)
            case "geoshape":
                return geometry("Polygon", values.trace(text), wkt=wkt)
    except ValueError:
        return None
    return text


def geometry(kind: str, text: str, *, wkt: bool = False) -> Any:
    """`lat lon altitude accuracy; …` → GeoJSON (RFC 7946: longitude first), or well-known text."""
    points = [[_number(part) for part in point.split()] for point in text.split(";")]
    places = [[lon, lat, *rest[:1]] for lat, lon, *rest in points]
    accuracies = [point[3] if len(point) > 3 else None for point in points]
    if wkt:
        said = ",".join(" ".join(map(str, place)) for place in places)
        return {"Point": f"POINT ({said})", "LineString": f"LINESTRING ({said})"}.get(
            kind, f"POLYGON (({said}))"
        )
    coordinates: Any = {"Point": places[0], "LineString": places}.get(kind, [places])
    shape: dict[str, Any] = {"type": kind, "coordinates": coordinates}
    if any(one is not None for one in accuracies):
        shape["properties"] = {"accuracy": accuracies[0]} if kind == "Point" else {"accuracies": accuracies}
    return shape


def _number(text: str) -> int | float:
    found = float(text)
    return int(found) if found.is_integer() else found
