"""Records as tables: one for the form, one for each repeat, laid out as ODK Central's `submissions.csv.zip`.

Names of files and columns, the order of columns, keys and metadata are Central's, so that scripts written
for it read these too. Cells hold the text as the phone wrote it; a geopoint has four columns. This module
only lays out and fills; writing CSV, and what spreadsheet programs must not take for a formula, is the
exporter's.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from submissions.record import Record, instance_path
from xlsforms.schema import Form, Question, Repeat

POINT = ("Latitude", "Longitude", "Altitude", "Accuracy")
METADATA = (
    "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status",
    "ReviewState", "DeviceID", "Edits", "FormVersion",
)  # fmt: skip
"""What follows the answers in the root table; `SubmissionDate` stands before them."""
UNKNOWN = "UnknownAnswers"
"""Column for answers the form has no question for: a JSON object of XPath and text. Central has no such
column."""

Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` is the question's (empty for keys and metadata); `part` the place of a coordinate
    in a geopoint; `code` the choice whose being ticked the column tells."""

    name: str
    path: str = ""
    part: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `path` is that of the root or of the repeat; `around` the repeats on the way, its own
    last."""

    file: str
    path: str
    columns: tuple[Column, ...]
    around: tuple[str, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class Layout:
    """All tables of a form, the root first. `places` tells for each question the table and the columns."""

    tables: tuple[Table, ...]
    places: dict[str, tuple[int, tuple[int, ...]]]
    notes_unknown: bool

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
    group_paths: bool = True,
    split_select_multiples: bool = False,
    notes_unknown: bool = False,
) -> Layout:
    """The layout of a form. `older` versions add the columns and tables the form does not have any more,
    behind its own. Without `group_paths` columns are called by the question's name alone.
    `split_select_multiples` gives each choice of the form a column `question/choice` with 1 or 0.
    `notes_unknown` adds the column UNKNOWN."""
    found: dict[str, tuple[tuple[str, ...], list[Column]]] = {}
    seen: set[str] = set()
    for one in (form, *older):
        own = {repeat.path: (*one.enclosing(repeat.path), repeat.path) for repeat in one.repeats()}
        root = f"/{one.root}"
        found.setdefault(root, ((), []))
        for node in one.nodes():
            if isinstance(node, Repeat):
                found.setdefault(node.path, (own[node.path], []))
            elif isinstance(node, Question) and node.path not in seen:
                seen.add(node.path)
                home = max((path for path in own if node.path.startswith(path + "/")), key=len, default=root)
                name = node.path[len(home) + 1 :].replace("/", "-") if group_paths else node.name
                codes = [choice.name for choice in one.choice_list(node)] if split_select_multiples else []
                found[home][1].extend(_columns(name, node, codes))
    made = []
    for path, (around, columns) in found.items():
        if around:
            file = _file(form.form_id, path, list(found))
            made.append(Table(file, path, (*columns, Column("PARENT_KEY"), Column("KEY")), around))
        else:
            rest = (*METADATA, UNKNOWN) if notes_unknown else METADATA
            whole = (Column("SubmissionDate"), *columns, *map(Column, rest))
            made.append(Table(f"{form.form_id}.csv", path, whole))
    places: dict[str, tuple[int, tuple[int, ...]]] = {}
    for number, table in enumerate(made):
        for place, column in enumerate(table.columns):
            if column.path:
                places[column.path] = (number, (*places.get(column.path, (0, ()))[1], place))
    return Layout(tuple(made), places, notes_unknown)


def rows(record: Record, layout: Layout, delivery: Delivery) -> Iterator[tuple[Table, list[Cell]]]:
    """The rows of one submission: that of the root, then those of the repeats in the order of the
    submission."""
    root, *_ = layout.tables
    cells: dict[tuple[int, tuple[int, ...]], list[Cell]] = {(0, ()): _blank(root)}
    numbers = {table.path: number for number, table in enumerate(layout.tables)}
    for path, positions in record.rows:
        if path in numbers:
            table = layout.tables[numbers[path]]
            row = cells[numbers[path], positions] = _blank(table)
            row[-2] = _key(delivery.key, root.path, table.around[:-1], positions[:-1])
            row[-1] = _key(delivery.key, root.path, table.around, positions)
    unknown: dict[str, str] = {}
    for answer in record.answers:
        number, columns = layout.places.get(answer.path, (-1, ()))
        if answer.known and (number, answer.row) in cells:
            _fill(cells[number, answer.row], layout.tables[number], columns, answer.text)
        elif not answer.path.startswith(f"{root.path}/meta/"):
            unknown[_free(answer.xpath, unknown)] = answer.text
    _deliver(cells[0, ()], delivery, unknown if layout.notes_unknown else None)
    for (number, _), row in cells.items():
        yield layout.tables[number], row


def _columns(name: str, question: Question, codes: list[str]) -> list[Column]:
    if question.type in ("geopoint", "start-geopoint"):
        return [Column(f"{name}-{part}", question.path, place) for place, part in enumerate(POINT)]
    if question.type == "select_multiple":
        return [
            Column(name, question.path),
            *(Column(f"{name}/{code}", question.path, code=code) for code in codes),
        ]
    return [Column(name, question.path)]


def _file(form_id: str, path: str, paths: list[str]) -> str:
    """`FORM-repeat.csv`; repeats of the same name are numbered, `FORM-repeat~2.csv`."""
    name = path.rpartition("/")[2]
    alike = [one for one in paths[1:] if one.rpartition("/")[2] == name]
    return f"{form_id}-{name}~{alike.index(path) + 1}.csv" if len(alike) > 1 else f"{form_id}-{name}.csv"


def _key(key: str, root: str, around: tuple[str, ...], positions: tuple[int, ...]) -> str:
    return key + instance_path(around, positions)[len(root) :] if around else key


def _blank(table: Table) -> list[Cell]:
    return [0 if column.code is not None else None for column in table.columns]


def _fill(row: list[Cell], table: Table, places: tuple[int, ...], text: str) -> None:
    said: list[str] | None = None
    for place in places:
        column = table.columns[place]
        if column.part is None and column.code is None:
            row[place] = text
            continue
        said = text.split() if said is None else said
        if column.code is not None:
            row[place] = int(column.code in said)
        elif column.part is not None and column.part < len(said):
            row[place] = said[column.part]


def _free(xpath: str, taken: dict[str, str]) -> str:
    number = 1
    name = xpath
    while name in taken:
        number += 1
        name = f"{xpath}[{number}]"
    return name


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
