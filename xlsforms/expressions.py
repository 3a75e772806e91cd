"""Checks of the expressions of a form one by one: whether phones can read them, and whether the words in them
mean something.

They look at the cells where there is a workbook, so that they find faults in a form that does not convert
and in columns of which the schema keeps no text; in a form that came as XML they look at its nodes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from xlsforms.cells import END
from xlsforms.choices import selects
from xlsforms.finding import Finding, error, warning
from xlsforms.marked import N_, worded
from xlsforms.schema import Form
from xlsforms.spelling import nearest
from xlsforms.workbook import Workbook
from xlsforms.xpath import Call, Malformed, Path, Text, TooDeep, Tree, parse, parts, tree_of

_SURVEY = ("relevant", "constraint", "calculation", "required", "readonly", "choice_filter", "repeat_count")
_OTHERS = {"settings": ("instance_name",), "entities": ("entity_id", "create_if", "update_if", "label")}
_NODE = {"relevant": "relevant", "constraint": "constraint", "calculation": "calculation",
         "choice_filter": "choice_filter", "count": "repeat_count"}  # fmt: skip
_WORDS = frozenset({"yes", "no", "true", "false"})
"""What XLSForm takes for true() and false() in required and readonly."""
_QUOTES = str.maketrans("‘’“”", "''\"\"")
"""What spreadsheet programs make of quotation marks, and pyxform takes back."""
_PULLED = re.compile(r"\bpulldata\(\s*['\"]([^'\"]+)['\"]")
_GIVEN = frozenset({"__last-saved", "last-saved"})
_PLAIN = re.compile(r"[^\W\d][\w.-]*")


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression and its place: `column` by its plain name, `where` as keywords of a Finding."""

    text: str
    column: str
    where: dict[str, Any]


def check(workbook: Workbook, form: Form | None) -> Iterator[Finding]:
    """What cannot be read, and names that were left without their `${}`."""
    names = set(workbook["survey"].values("name"))
    known = _lists(workbook)
    for one in expressions(workbook, form):
        tree: Tree | None = None
        try:
            tree = parse(one.text)
        except Malformed as fault:
            message = worded(
                "The expression cannot be read: %(fault)s. Phones would refuse the form.", fault=fault.args[0]
            )
            yield error("expression_malformed", message, fault.mend, **one.where)
        except TooDeep:
            pass
        if tree is not None and workbook.sheets:
            yield from _instances(tree, one, known)
            if one.column != "choice_filter":
                yield from _bare(tree, one, names)
    yield from _filters(workbook)


def expressions(workbook: Workbook, form: Form | None) -> Iterator[Expression]:
    """The expressions of the workbook's cells, without one those of the form's nodes."""
    survey = workbook["survey"]
    for number, cells in survey.numbered():
        off = survey.get(cells, "disabled").lower() in ("yes", "true")
        for column in () if off or END.match(survey.get(cells, "type")) else _SURVEY:
            text = survey.get(cells, column)
            if text and text.lower() not in _WORDS:
                yield Expression(text.translate(_QUOTES), column, survey.cell(number, column))
    for name, columns in _OTHERS.items():
        for number, cells in workbook[name].numbered():
            for column in columns:
                if text := workbook[name].get(cells, column):
                    yield Expression(text.translate(_QUOTES), column, workbook[name].cell(number, column))
    if form is not None and not workbook.sheets:
        for node in form.nodes():
            for attribute, column in _NODE.items():
                if expression := getattr(node, attribute, None):
                    yield Expression(expression, column, {"question": node.path, "column": column})


def _bare(tree: Tree, one: Expression, names: set[str]) -> Iterator[Finding]:
    """`again = 'yes'` where `${again} = 'yes'` is meant: the phone looks for something inside the question."""
    predicates = {inner for path in parts(tree) if isinstance(path, Path) for part in path.inside
                  for inner in parts(part)}  # fmt: skip
    for path in parts(tree):
        if isinstance(path, Path) and not path.base and _PLAIN.fullmatch(path.text):
            if path in predicates or path.inside:
                continue
            close = path.text if path.text in names else nearest(path.text, names)
            yield warning(
                "name_without_braces",
                worded("“%(text)s” is no reference: phones find nothing under it.", text=path.text),
                worded(
                    "Write ${%(close)s}, or '%(text)s' with quotes if it is a text or a code.",
                    close=close,
                    text=path.text,
                )
                if close
                else worded("Write '%(text)s' with quotes if it is a text or a code.", text=path.text),
                **one.where,
            )


def _lists(workbook: Workbook) -> set[str]:
    """Names by which instance() finds a list: of the choices sheet, and of attached files."""
    survey = workbook["survey"]
    known = {*workbook["choices"].values("list_name"), *workbook["external_choices"].values("list_name")}
    for _, cells in survey.numbered():
        kind = survey.get(cells, "type")
        known |= {PurePosixPath(word).stem for word in kind.split() if "." in word}
        if kind.endswith("-external"):
            known.add(survey.get(cells, "name"))
        for cell in cells.values():
            known |= set(_PULLED.findall(cell))
    return known


def _instances(tree: Tree, one: Expression, known: set[str]) -> Iterator[Finding]:
    """Lists an expression looks into that the form does not have."""
    for part in parts(tree):
        match part:
            case Call("instance", (Text(name),)) if name not in known and name not in _GIVEN:
                close = nearest(name, known)
                yield error(
                    "instance_unknown",
                    worded("The form has no list “%(name)s”: phones would refuse it.", name=name),
                    worded("Did you mean '%(close)s'?", close=close)
                    if close
                    else N_("Add the list, or the file it stands in."),
                    **one.where,
                )


def _filters(workbook: Workbook) -> Iterator[Finding]:
    """Columns that a choice_filter names and the choices sheet does not have."""
    survey, choices = workbook["survey"], workbook["choices"]
    columns = {*choices.columns, "name", "label", "list_name"}
    for number, _, _ in selects(survey):
        tree = tree_of(survey.get(survey.rows[number - 2], "choice_filter"))
        for name in dict.fromkeys(_columns(tree) if tree else ()):
            if name not in columns:
                close = nearest(name, columns)
                yield error(
                    "filter_column_unknown",
                    worded(
                        "The choices sheet has no column “%(name)s”: no choice would be offered.", name=name
                    ),
                    worded("Did you mean %(close)s?", close=close)
                    if close
                    else N_("Add the column, or mend the filter."),
                    **survey.cell(number, "choice_filter"),
                )


def _columns(tree: Tree) -> Iterator[str]:
    """The bare names of a filter."""
    for part in parts(tree):
        if isinstance(part, Path) and part.base is None and _PLAIN.fullmatch(part.text):
            yield part.text
