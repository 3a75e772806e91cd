"""Records as tables: one for the form, one for each repeat, laid out as ODK Central's `submissions.csv.zip`.

Names of files and columns, the order of columns, keys and metadata are Central's, so that scripts written
for it read these too. Cells hold the text as the phone wrote it; a geopoint has four columns. What a text means
(a number, a date, a code and its label) the column says. This module only lays out and fills; formats are the
exporter's.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from submissions import flat
from submissions.flat import Flat, Places
from submissions.record import instance_path
from xlsforms.schema import Choice, Form, Label, Question, Repeat

POINT = ("Latitude", "Longitude", "Altitude", "Accuracy")
_INTEGERS = ("AttachmentsPresent", "AttachmentsExpected", "Edits")
METADATA = (
    "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status",
    "ReviewState", "DeviceID", "Edits", "FormVersion",
)  # fmt: skip
"""What follows the answers in the root table; `SubmissionDate` stands before them."""
UNKNOWN = "UnknownAnswers"
"""Column for answers the form has no question for: a JSON object of XPath and text. Central has no such
column."""

Cell = str | int | None
Row = tuple[int, list[Cell]]
"""The number of a table in its layout, and the cells of one of its rows."""

_KINDS = {
    "integer": "integer", "decimal": "decimal", "range": "decimal", "date": "date", "today": "date",
    "dateTime": "moment", "start": "moment", "end": "moment", "boolean": "boolean", "select_one": "code",
    "select_multiple": "codes", "rank": "codes",
}  # fmt: skip
_DATA_KINDS = {
    "int": "integer",
    "decimal": "decimal",
    "date": "date",
    "dateTime": "moment",
    "boolean": "boolean",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` is the question's (empty for keys and metadata); `part` the place of a coordinate
    in a geopoint; `code` the choice whose being ticked the column tells. `kind` says what the text of its cells is:
    text integer decimal date moment boolean code codes tick; `type` is the question's. `label` and `choices` are in all
    languages of the form; choices of older versions stand behind those of the newest. `central` is what ODK
    Central calls it where that is another column's name, too."""

    name: str
    path: str = ""
    part: int | None = None
    code: str | None = None
    kind: str = "text"
    type: str = ""
    label: Label = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    central: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `path` is that of the root or of the repeat; `around` the repeats on the way, its own
    last."""

    file: str
    path: str
    columns: tuple[Column, ...]
    around: tuple[str, ...] = ()
    label: Label = field(default_factory=dict)

    @property
    def header(self) -> tuple[str, ...]:
        """What the columns are called in ODK Central's files, where two may have one name."""
        return tuple(column.central or column.name for column in self.columns)

    @property
    def name(self) -> str:
        """What it is called: the form's id, or that and the repeat's name."""
        return self.file.removesuffix(".csv")


@dataclass(frozen=True, slots=True)
class Layout:
    """All tables of a form, the root first."""

    tables: tuple[Table, ...]
    notes_unknown: bool
    languages: tuple[str, ...] = ()
    default_language: str = ""
    title: str = ""

    @property
    def root(self) -> Table:
        return self.tables[0]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the server knows of a submission beside its answers. `key` is the instanceID of its first
    version."""

    key: str
    submitted_at: str
    submitter_id: str | int | None = None
    submitter_name: str | None = None
    attachments_present: int = 0
    attachments_expected: int = 0
    status: str | None = None
    review_state: str | None = None
    device_id: str | None = None
    edits: int = 0
    form_version: str | None = None
    updated_at: str | None = None


def tables(
    form: Form,
    *,
    older: Iterable[Form] = (),
    merged: Iterable[Form] = (),
    group_paths: bool = True,
    split_select_multiples: bool = False,
    notes_unknown: bool = False,
    without: Callable[[str], bool] = lambda _path: False,
) -> Layout:
    """The layout of a form. `older` versions add the columns and tables the form does not have any more,
    behind its own; `merged` only their choices. Without `group_paths` columns are called by the question's name alone.
    `split_select_multiples` gives each choice of the form a column `question/choice` with 1 or 0.
    `notes_unknown` adds the column UNKNOWN. `without` tells of a question's path whether it has no column."""
    older = tuple(older)
    choices = _choices((form, *older, *merged))
    found: dict[str, tuple[tuple[str, ...], Label, list[Column]]] = {}
    seen: set[str] = set()
    for one in (form, *older):
        enclosing = one.all_enclosing()
        root = f"/{one.root}"
        found.setdefault(root, ((), {"": one.title}, []))
        for node in one.nodes():
            if isinstance(node, Repeat):
                found.setdefault(node.path, ((*enclosing[node.path], node.path), node.label, []))
            elif isinstance(node, Question) and node.path not in seen:
                seen.add(node.path)
                home = enclosing[node.path][-1] if enclosing[node.path] else root
                name = node.path[len(home) + 1 :].replace("/", "-") if group_paths else node.name
                if not without(node.path):
                    made = _columns(name, node, choices.get(node.path, ()), split=split_select_multiples)
                    found[home][2].extend(made)
    made_tables = []
    for path, (around, label, columns) in found.items():
        if around:
            file = _file(form.form_id, path, list(found))
            keys = (Column("PARENT_KEY"), Column("KEY"))
            made_tables.append(Table(file, path, _distinct((*columns, *keys)), around, label))
        else:
            rest = (*METADATA, UNKNOWN) if notes_unknown else METADATA
            behind = (Column(name, kind="integer" if name in _INTEGERS else "text") for name in rest)
            whole = (Column("SubmissionDate", kind="moment"), *columns, *behind)
            made_tables.append(Table(f"{form.form_id}.csv", path, _distinct(whole), label=label))
    return Layout(tuple(made_tables), notes_unknown, form.languages, form.default_language, form.title)


class Filling:
    """How flat records of one form version fill the tables of a layout. Made once for both."""

    def __init__(self, layout: Layout, form: Form) -> None:
        self.layout = layout
        self._where: Places = flat.places(form)
        self._steps = [_Step(layout, self._where, number) for number in range(len(self._where.tables))]

    def rows(self, said: Flat, delivery: Delivery) -> Iterator[Row]:
        """The rows of one submission: that of the root, then those of the repeats in the order of the submission."""
        unknown = said.unknown
        if self.layout.notes_unknown:
            unknown = {**self._lost(said), **unknown}
        step = self._steps[0]
        assert step.table is not None
        row = step.fill(said.root)
        _deliver(row, delivery, unknown if self.layout.notes_unknown else None)
        yield step.table, row
        for number, positions, cells in said.rows:
            step = self._steps[number]
            if step.table is not None:
                row = step.fill(cells)
                row[-2] = _key(delivery.key, self._where.root, step.around[:-1], positions[:-1])
                row[-1] = _key(delivery.key, self._where.root, step.around, positions)
                yield step.table, row

    def _lost(self, said: Flat) -> dict[str, str]:
        """Answers the layout has no column for, by XPath."""
        return {
            flat.xpath_of(self._where, number, positions, path): text
            for number, positions, cells in ((0, (), said.root), *said.rows)
            for place, path in self._steps[number].lost
            if (text := cells[place]) is not None
        }


class _Step:
    """How one table of a flat record becomes one of the layout; `table` is its number there, None if it has none."""

    __slots__ = ("_pick", "_special", "around", "lost", "table")

    def __init__(self, layout: Layout, where: Places, number: int) -> None:
        path = where.tables[number]
        numbers = {one.path: place for place, one in enumerate(layout.tables)}
        self.table = 0 if number == 0 else numbers.get(path)
        self.around = where.around[number]
        columns = where.columns[number]
        there = {name: place for place, name in enumerate(columns)}
        target = layout.tables[self.table].columns if self.table is not None else ()
        meta = f"{where.root}/meta/"
        held = {column.path for column in target}
        self.lost = [
            (place, name)
            for place, name in enumerate(columns)
            if name not in held and not name.startswith(meta)
        ]
        # The cell behind the last one is empty: it stands for whatever this version does not have.
        nothing = len(columns)
        self._pick = itemgetter(*(there.get(column.path, nothing) for column in target), nothing)
        self._special = [
            (place, column.part, column.code)
            for place, column in enumerate(target)
            if column.part is not None or column.code is not None
        ]

    def fill(self, cells: list[str | None]) -> list[Cell]:
        row: list[Cell] = list(self._pick([*cells, None]))
        row.pop()
        for place, part, code in self._special:
            text = row[place]
            said = text.split() if isinstance(text, str) else ()
            if code is not None:
                row[place] = int(code in said)
            elif part is not None:
                row[place] = said[part] if part < len(said) else None
        return row


def _choices(forms: Iterable[Form]) -> dict[str, tuple[Choice, ...]]:
    """The choices of each question, those of earlier forms behind those of the first that has it."""
    found: dict[str, dict[str, Choice]] = {}
    for form in forms:
        for question in form.questions():
            if question.choices:
                known = found.setdefault(question.path, {})
                for choice in form.choice_list(question):
                    known.setdefault(choice.name, choice)
    return {path: tuple(known.values()) for path, known in found.items()}


def _columns(name: str, question: Question, choices: tuple[Choice, ...], *, split: bool) -> list[Column]:
    shared: dict[str, Any] = {"path": question.path, "type": question.type}
    if question.type in ("geopoint", "start-geopoint"):
        return [
            Column(f"{name}-{part}", part=place, kind="decimal", label=question.label, **shared)
            for place, part in enumerate(POINT)
        ]
    kind = _KINDS.get(question.type) or _DATA_KINDS.get(question.data_type, "text")
    found = [Column(name, kind=kind, label=question.label, choices=choices, **shared)]
    if split and question.type == "select_multiple":
        found += [
            Column(f"{name}/{one.name}", code=one.name, kind="tick", label=one.label, **shared)
            for one in choices
        ]
    return found


def _distinct(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns with each name once: where two have one name (a question may be called DeviceID) the last keeps it, and
    those before are numbered, `DeviceID~2`."""
    found: list[Column] = []
    taken: set[str] = set()
    for column in reversed(columns):
        number, name = 1, column.name
        while name in taken:
            number += 1
            name = f"{column.name}~{number}"
        taken.add(name)
        found.append(column if number == 1 else replace(column, name=name, central=column.name))
    return tuple(reversed(found))


def _file(form_id: str, path: str, paths: list[str]) -> str:
    """`FORM-repeat.csv`; repeats of the same name are numbered, `FORM-repeat~2.csv`."""
    name = path.rpartition("/")[2]
    alike = [one for one in paths[1:] if one.rpartition("/")[2] == name]
    return f"{form_id}-{name}~{alike.index(path) + 1}.csv" if len(alike) > 1 else f"{form_id}-{name}.csv"


def _key(key: str, root: str, around: tuple[str, ...], positions: tuple[int, ...]) -> str:
    return key + instance_path(around, positions)[len(root) :] if around else key


def _deliver(row: list[Cell], delivery: Delivery, unknown: dict[str, str] | None) -> None:
    row[0] = delivery.submitted_at
    said: list[Cell] = [
        delivery.key,
        delivery.submitter_id,
        delivery.submitter_name,
        delivery.attachments_present,
        delivery.attachments_expected,
        delivery.status,
        delivery.review_state,
        delivery.device_id,
        delivery.edits,
        delivery.form_version,
    ]
    if unknown is not None:
        said.append(json.dumps(unknown, ensure_ascii=False) if unknown else None)
    row[-len(said) :] = said
