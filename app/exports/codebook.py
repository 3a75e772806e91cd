"""The codebook: every column of every table with its label in each language, and every code of its list."""

from collections.abc import Iterator, Mapping

from submissions.tables import Column, Layout
from xlsforms.schema import Label

HEADER = ("table", "column", "name", "question_type", "kind", "code")
"""Before a column `label` for each language. `name` is what the column is called in a format that shortens names;
`code` is empty in the row of a column, and filled in those of its codes behind it."""


def header(layout: Layout) -> list[str]:
    """What the columns of the codebook are called."""
    return [*HEADER, *(f"label::{language}" if language else "label" for language in _languages(layout))]


def rows(
    layout: Layout,
    *,
    names: Mapping[tuple[str, str], str] | None = None,
    numbers: Mapping[tuple[str, str], Mapping[str, int]] | None = None,
) -> Iterator[list[str]]:
    """The rows of the codebook. `names` are those that were shortened, by table and column; `numbers` what stands for
    a code in a format that has numbers for codes: it is written before it, `2 = female`."""
    languages = _languages(layout)
    for table in layout.tables:
        for column in table.columns:
            key = table.name, column.name
            name = (names or {}).get(key, column.name)
            labels = [_label(column, column.label, language) for language in languages]
            yield [table.name, column.name, name, column.type, column.kind, "", *labels]
            if column.kind in ("code", "codes"):
                known = (numbers or {}).get(key, {})
                for choice in column.choices:
                    code = f"{known[choice.name]} = {choice.name}" if choice.name in known else choice.name
                    labels = [_label(column, choice.label, language) for language in languages]
                    yield [table.name, column.name, name, "", "", code, *labels]


def _languages(layout: Layout) -> tuple[str, ...]:
    return layout.languages or ("",)


def _label(column: Column, label: Label, language: str) -> str:
    said = label.get(language, "")
    return f"{said} ({column.name.rpartition('-')[2]})" if said and column.part is not None else said
