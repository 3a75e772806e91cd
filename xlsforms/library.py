"""What a designer may take into a form of their own: blocks of questions of the two interviews, and the code lists of
the dictionary; each as a workbook whose rows are pasted.

A block stands alone: what in it spoke of a question outside is left out, and said. Its questions keep the fields they
fill.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

import xlsxwriter

from xlsforms import dictionary

Row = Mapping[str, str]

_BLOCKS: Final = {
    "safety": ("screening", "safety"),
    "consent": ("screening", "consent"),
    "consent_review": ("assistance", "consent"),
    "referral_in": ("screening", "referral_in"),
    "person": ("screening", "person"),
    "contact": ("assistance", "profile"),
    "household": ("assistance", "household"),
    "background": ("assistance", "background"),
    "recruitment": ("screening", "recruitment"),
    "journey": ("screening", "journey"),
    "exploitation": ("screening", "exploitation"),
    "episodes": ("assistance", "episodes"),
    "health": ("assistance", "health"),
    "legal": ("assistance", "legal"),
    "risk": ("assistance", "assessment"),
    "support_plan": ("assistance", "plan"),
    "services": ("assistance", "services"),
    "referrals": ("assistance", "referrals"),
    "return": ("assistance", "return"),
    "follow_up": ("assistance", "follow_up"),
}
"""Name of a block → form and group it is. The others hang too closely on the rest of their form."""

PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,15}")
_REFERENCE: Final = re.compile(r"\$\{\s*([^{}\s]+)\s*\}")
_OF_THE_FORM: Final = frozenset({"save_to", "note"})
_GIVEN: Final = {"interview_date": "today()"}
"""What a question outside is instead: most constraints on dates hold against today as well."""
_NAMESPACES: Final = 'case="https://saif.iom.int/case"'
_LABELS: Final = {"en": "label::English (en)", "fr": "label::Français (fr)", "es": "label::Español (es)"}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell of a question that spoke of something outside the block; `column` is `type` where the whole row went."""

    question: str
    column: str
    cell: str


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that belong together, by column; the group around them is the first and the last."""

    name: str
    form: str
    version: str
    survey: tuple[Row, ...]
    choices: tuple[Row, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def title(self) -> str:
        """In English."""
        return self.title_in("en")

    def title_in(self, language: str) -> str:
        """The label of its group, without the letter it has in its form; in English where it has none."""
        label = self.survey[0].get(_LABELS.get(language, "")) or self.survey[0][_LABELS["en"]]
        return re.sub(r"^[A-Z]\.\s+", "", label)

    @property
    def questions(self) -> tuple[Row, ...]:
        """Those somebody is asked."""
        return tuple(
            row
            for row in self.survey
            if not re.match(r"(begin|end)_|calculate|note|csv-external", row["type"])
        )


@cache
def blocks() -> tuple[Block, ...]:
    """All of them, in the order of an interview."""
    return tuple(_block(name, *where) for name, where in _BLOCKS.items())


def block(name: str) -> Block | None:
    """The block of a name."""
    return next((one for one in blocks() if one.name == name), None)


def prefixed(block: Block, prefix: str) -> Block:
    """The block with a prefix before the name of each question, and before it wherever they speak of each other: so
    that it can stand in a form that has such names, or twice. Raises ValueError for what no name begins with."""
    if not prefix:
        return block
    if not PREFIX.fullmatch(prefix):
        raise ValueError(prefix)

    def renamed(row: Row) -> Row:
        cells = {
            column: _REFERENCE.sub(lambda found: f"${{{prefix}{found[1]}}}", cell)
            for column, cell in row.items()
        }
        return {**cells, "name": prefix + cells["name"]} if "name" in cells else cells

    return replace(block, survey=tuple(renamed(row) for row in block.survey))


def workbook(block: Block, prefix: str = "") -> bytes:
    """The .xlsx of a block: its rows, the lists they need, and settings, so that it can be tried as it is."""
    named = prefixed(block, prefix)
    settings = {
        "form_title": block.title,
        "form_id": f"block_{prefix}{block.name}",
        "version": block.version,
        "default_language": "English (en)",
        "namespaces": _NAMESPACES,
    }
    return _written({"survey": named.survey, "choices": named.choices, "settings": [settings]})


def list_workbook(name: str) -> bytes:
    """The .xlsx of a code list: the rows of its choices. Raises KeyError."""
    return _written({"choices": list_rows(name)})


def list_rows(name: str) -> tuple[Row, ...]:
    """A code list as rows of a choices sheet, without the codes that are no longer offered. Raises KeyError."""
    return tuple(
        {
            "list_name": name,
            "name": code.code,
            **{header: code.label.get(language, "") for language, header in _LABELS.items()},
        }
        for code in dictionary.load().code_lists[name].codes.values()
        if code.retired_on is None
    )


def _block(name: str, form: str, group: str) -> Block:
    sheets = _sheets(form)
    survey = tuple(_within(sheets["survey"], group))
    rows, left_out = _alone(survey)
    lists = {word for row in rows for word in row["type"].split()[1:2]}
    choices = tuple(row for row in sheets["choices"] if row["list_name"] in lists)
    filters = " ".join(row.get("choice_filter", "") for row in rows)
    own = {column for row in choices for column in row if "::" not in column} - {"list_name", "name"}
    unused = {column for column in own if not re.search(rf"\b{column}\b", filters)}
    return Block(
        name,
        form,
        sheets["settings"][0]["version"],
        rows,
        tuple({column: cell for column, cell in row.items() if column not in unused} for row in choices),
        left_out,
    )


def _within(rows: Iterable[Row], group: str) -> Iterator[Row]:
    """The rows of a group, from its first to its last."""
    depth = 0
    for row in rows:
        if depth or (row["type"] == "begin_group" and row.get("name") == group):
            yield {column: cell for column, cell in row.items() if column not in _OF_THE_FORM}
            depth += row["type"].startswith("begin_") - row["type"].startswith("end_")
            if not depth:
                return


def _alone(rows: tuple[Row, ...]) -> tuple[tuple[Row, ...], tuple[LeftOut, ...]]:
    """The rows without what speaks of questions that are not among them, until nothing does."""
    left_out: list[LeftOut] = []
    while True:
        names = {row["name"] for row in rows if "name" in row}
        kept: list[Row] = []
        for row in rows:
            cells = dict(row)
            for column, cell in row.items():
                given = _given(cell, names)
                if set(_REFERENCE.findall(given)) <= names:
                    cells[column] = given
                else:
                    left_out.append(LeftOut(row.get("name", ""), column, cell))
                    del cells[column]
            if "constraint" not in cells:
                cells = {
                    column: cell
                    for column, cell in cells.items()
                    if not column.startswith("constraint_message")
                }
            if cells["type"] == "calculate" and "calculation" not in cells:
                continue
            if cells["type"] == "note" and "relevant" in row and "relevant" not in cells:
                continue  # it would be said to everybody
            kept.append(cells)
        if tuple(kept) == rows:
            return rows, tuple(left_out)
        rows = tuple(kept)


def _given(cell: str, names: set[str]) -> str:
    """The cell with what is given in place of questions outside."""

    def instead(found: re.Match[str]) -> str:
        return found[0] if found[1] in names else _GIVEN.get(found[1], found[0])

    return _REFERENCE.sub(instead, cell)


@cache
def _sheets(form: str) -> dict[str, list[dict[str, str]]]:
    """The sheets of one of our own workbooks, as rows without empty cells."""
    import openpyxl  # a quarter of a second, which only who looks at the library needs to wait

    content = (files("xlsforms") / "forms" / f"{form}.xlsx").read_bytes()
    sheets = {}
    for sheet in openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True):
        header, *rows = sheet.iter_rows(values_only=True)
        sheets[sheet.title] = [
            {
                str(name): str(cell)
                for name, cell in zip(header, row, strict=False)
                if name and cell is not None
            }
            for row in rows
            if any(cell is not None for cell in row)
        ]
    return sheets


def _written(sheets: Mapping[str, Iterable[Row]]) -> bytes:
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        head, wrapped = (
            book.add_format({"bold": True, "bottom": 1}),
            book.add_format({"text_wrap": True, "valign": "top"}),
        )
        for name, rows in sheets.items():
            held = list(rows)
            headers = list(dict.fromkeys(column for row in held for column in row))
            page = book.add_worksheet(name)
            page.freeze_panes(1, 0)
            for column, header in enumerate(headers):
                page.write_string(0, column, header, head)
                page.set_column(column, column, 40 if header.startswith(("label", "hint")) else 24)
            for number, row in enumerate(held, start=1):
                for column, header in enumerate(headers):
                    if header in row:
                        page.write_string(
                            number, column, row[header], wrapped
                        )  # a text, even where it begins with =
    return content.getvalue()
