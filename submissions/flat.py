"""A record laid flat: the answers of a form version as rows of text, one for the form and one for each instance of a
repeat, each answer at the place of its question.

It is how answers are kept to be read by the thousand (`app.services.packing`), and what downloads are laid out from. It
holds what the record holds, and no more: nothing stands here that a shut consent gate keeps out. It follows from the
XML and the form alone.
"""

from typing import Any, NamedTuple

from submissions.made import once
from submissions.record import Answer, Record, instance_path
from xlsforms.schema import Form, Question, Repeat

Cells = list[str | None]

REVISION = 1
"""Raised when a record would be laid out otherwise than before: what was kept until then is made anew."""


class Flat(NamedTuple):
    """`root` are the answers outside of repeats; `rows` the instances of repeats in the order of the submission: the
    number of the table, the positions on the way, its own last, and the answers. `unknown` are answers that have no
    place: XPath → text. All of it goes through JSON, with lists for tuples."""

    root: Cells
    rows: list[tuple[int, tuple[int, ...], Cells]]
    unknown: dict[str, str]


class Places:
    """Where the answers of a form version are in a flat record. `tables` are the paths of the root and of the repeats;
    `around` the repeats on the way to each, its own last; `columns` the paths of its questions; `home` the table and
    the place of each question."""

    __slots__ = ("around", "columns", "home", "numbers", "root", "tables")

    def __init__(self, form: Form) -> None:
        self.root = f"/{form.root}"
        enclosing = form.all_enclosing()
        repeats = [node.path for node in form.nodes() if isinstance(node, Repeat)]
        self.tables = (self.root, *repeats)
        self.around = ((), *((*enclosing[path], path) for path in repeats))
        self.numbers = {path: number for number, path in enumerate(self.tables)}
        columns: list[list[str]] = [[] for _ in self.tables]
        self.home: dict[str, tuple[int, int]] = {}
        for node in form.nodes():
            if isinstance(node, Question) and node.path not in self.home:
                around = enclosing[node.path]
                number = self.numbers[around[-1]] if around else 0
                self.home[node.path] = number, len(columns[number])
                columns[number].append(node.path)
        self.columns = tuple(map(tuple, columns))


places = once(Places)


def flatten(said: Record, form: Form) -> Flat:
    """A record, laid flat by the form it was read by."""
    where: Places = places(form)
    root: Cells = [None] * len(where.columns[0])
    rows: list[tuple[int, tuple[int, ...], Cells]] = []
    cells: dict[tuple[int, tuple[int, ...]], Cells] = {(0, ()): root}
    for path, positions in said.rows:
        number = where.numbers[path]
        row = cells[number, positions] = [None] * len(where.columns[number])
        rows.append((number, positions, row))
    unknown: dict[str, str] = {}
    meta = f"{where.root}/meta/"
    for answer in said.answers:
        number, place = where.home[answer.path] if answer.known else (-1, 0)
        if (number, answer.row) in cells:
            cells[number, answer.row][place] = answer.text
        elif not answer.path.startswith(meta):
            unknown[_free(answer.xpath, unknown)] = answer.text
    return Flat(root, rows, unknown)


def from_json(said: Any) -> Flat:
    """What `flatten` made, after it was JSON."""
    root, rows, unknown = said
    return Flat(root, [(number, tuple(positions), cells) for number, positions, cells in rows], unknown)


def answers(said: Flat, form: Form) -> Record:
    """The record again, as far as a flat one knows it: its answers as text, row by row, and the instances of
    repeats."""
    where: Places = places(form)
    found = tuple(
        Answer(path, positions, text, None, True, xpath_of(where, number, positions, path))
        for number, positions, cells in ((0, (), said.root), *said.rows)
        for path, text in zip(where.columns[number], cells, strict=True)
        if text is not None
    )
    rows = tuple((where.tables[number], positions) for number, positions, _ in said.rows)
    return Record(form.form_id, form.version, "", None, None, None, None, found, rows, None, ())


def xpath_of(where: Places, number: int, positions: tuple[int, ...], path: str) -> str:
    """The path of an answer with positions on repeats, as ODK clients name nodes."""
    if not positions:
        return path
    return instance_path(where.around[number], positions) + path[len(where.tables[number]) :]


def _free(xpath: str, taken: dict[str, str]) -> str:
    """The XPath, numbered if it is there already."""
    number, name = 1, xpath
    while name in taken:
        number += 1
        name = f"{xpath}[{number}]"
    return name
